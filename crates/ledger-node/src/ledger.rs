use crate::{
    Clock, Limits, NodeInfo, clock::timestamp, counters::Tallies, decided::Decided, fresh::Fresh,
    freshness::Freshness, waiters::Waiters,
};
use std::sync::Arc;
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{
    BlockId, Decision, Rejection, RejectionCode, Timestamp, Transaction, TransactionId, Vote,
    VoteBody,
};
use tally_ledger_store::{LedgerStore, Reason};

/// What all parts of a node share: the stored ledger, who the node is, and what is known of blocks.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) store: LedgerStore,
    pub(crate) key: SigningKey,
    /// All members, sorted.
    pub(crate) members: Vec<PublicKey>,
    pub(crate) genesis: BlockId,
    pub(crate) limits: Limits,
    pub(crate) block_transactions_max: usize,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) decided: Decided,
    pub(crate) waiters: Waiters,
    /// The blocks that the text index has not seen yet, as far as they are kept.
    pub(crate) fresh: Fresh,
    pub(crate) freshness: Freshness,
    pub(crate) tallies: Tallies,
}

impl Ledger {
    pub(crate) fn info(&self) -> NodeInfo {
        let public_key = self.key.public_key();
        let others = self.members.iter().filter(|member| **member != public_key);
        NodeInfo { public_key, keyring: others.copied().collect(), genesis: self.genesis }
    }

    /// Says whether nobody else has to agree.
    pub(crate) fn is_alone(&self) -> bool {
        self.members.len() == 1
    }

    /// The time for what is made now on a block of time `parent`: clocks may go back, chains not.
    pub(crate) fn time_after(&self, parent: Option<Timestamp>) -> Timestamp {
        let now = timestamp(self.clock.now());
        parent.map_or(now, |parent| parent.max(now))
    }

    /// Signs a vote of this node. I4 is the caller's: it makes the vote durable together with what
    /// keeps it from being contradicted, before anybody sees it.
    pub(crate) fn sign_vote(&self, block: BlockId, previous: BlockId, decision: Decision) -> Vote {
        let body = VoteBody {
            voting_for_block: block,
            previous_block: previous,
            decision,
            timestamp: timestamp(self.clock.now()),
        };
        Vote::make(&self.key, body)
    }

    /// Says whether a transaction was accepted or is in a block, at this node.
    pub(crate) fn is_waiting(&self, id: &TransactionId) -> bool {
        self.store.is_waiting(id) || !self.store.candidates_with(id).0.is_empty()
    }
}

/// The reason that is stored for a rejection.
pub(crate) fn reason(rejection: &Rejection) -> Reason {
    Reason { code: rejection.code.as_str().to_owned(), message: rejection.message.clone() }
}

/// Says that an input's transaction is known, but not valid yet, instead of that it does not exist.
pub(crate) fn refine(ledger: &Ledger, transaction: &Transaction, found: Rejection) -> Rejection {
    if found.code != RejectionCode::InputNotFound {
        return found;
    }
    let inputs = transaction.inputs().iter().filter_map(|input| input.spends);
    match inputs.map(|output| output.transaction).find(|id| ledger.is_waiting(id)) {
        Some(id) => {
            let message = format!("input `{id}` does not exist in a valid block");
            Rejection::new(RejectionCode::InputNotValid, message)
        }
        None => found,
    }
}

/// 32 bytes that nobody could foresee, for batches of signatures.
///
/// Without randomness each signature would have to be verified alone. A system that had some when
/// the node started does not run out of it.
pub(crate) fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gave random bytes when the node started");
    bytes
}
