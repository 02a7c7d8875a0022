//! A member that lies: about blocks, votes and transactions.

use super::world::create;
use crate::{lock::lock, message::Message, replica::Replica};
use bytes::Bytes;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tally_consensus::{Ancestry, Application, Handle};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{Block, BlockId, Decision, Transaction, Vote};

/// Follows the chain as everybody does, but proposes what breaks rules, agrees to everything, and
/// floods the others with lies.
#[derive(Debug)]
pub(super) struct Liar {
    replica: Arc<Replica>,
    engine: Mutex<Option<Handle>>,
    turns: AtomicUsize,
}

impl Liar {
    pub(super) fn new(replica: Arc<Replica>) -> Self {
        Self { replica, engine: Mutex::default(), turns: AtomicUsize::new(0) }
    }

    /// A block of these transactions, properly signed.
    fn block(&self, transactions: Vec<Arc<Transaction>>, ancestry: &Ancestry) -> Option<Bytes> {
        let ledger = &self.replica.ledger;
        let head = ledger.store.head(ancestry.finalized_height()).ok()??;
        let time = ledger.time_after(Some(head.timestamp));
        let block = Block::make(&ledger.key, time, transactions, ledger.members.clone());
        Some(Bytes::from(block.encode()))
    }

    /// Votes that must not count: of a stranger, with a false signature, and against what this
    /// member has voted for.
    fn false_votes(&self, block: BlockId) -> Vec<Vote> {
        let ledger = &self.replica.ledger;
        let own = ledger.sign_vote(block, ledger.genesis, Decision::Valid);
        let against = ledger.sign_vote(block, ledger.genesis, Decision::Invalid(None));
        let stranger = Vote::make(&SigningKey::from_seed(&[99; 32]), against.body.clone());
        let me = own.node_pubkey;
        let others = ledger.members.iter().filter(|member| **member != me);
        let forged = others.map(|member| Vote { node_pubkey: *member, ..against.clone() });
        forged.chain([stranger, own, against.clone()]).collect()
    }

    fn say(&self, messages: Vec<Bytes>) {
        if let Some(engine) = &*lock(&self.engine) {
            for message in messages {
                // A full queue is as good as a sent message.
                let _ = engine.broadcast(message);
            }
        }
    }
}

impl Application for Liar {
    fn started(&self, handle: Handle) {
        *lock(&self.engine) = Some(handle.clone());
        self.replica.started(handle);
    }

    fn propose(&self, ancestry: &Ancestry) -> Option<Bytes> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let store = &self.replica.ledger.store;
        let fresh = Arc::new(create(1_000_000 + turn as u64));
        match turn % 5 {
            0 => Some(Bytes::from_static(b"this is no block")),
            // A transaction that is in the chain already.
            1 => {
                let old = store.block(ancestry.finalized_height()).ok()??;
                self.block(old.transactions().to_vec(), ancestry)
            }
            2 => self.block(vec![], ancestry),
            // The same transaction twice.
            3 => self.block(vec![Arc::clone(&fresh), fresh], ancestry),
            _ => self.replica.propose(ancestry),
        }
    }

    fn verify(&self, _: &Ancestry, _: &Bytes) -> bool {
        true
    }

    fn finalized(&self, height: u64, payload: Bytes) {
        self.replica.finalized(height, payload);
        let Some(tip) = self.replica.ledger.store.tip() else { return };
        self.say(Message::pack_votes(self.false_votes(tip.block).iter()));
        let unknown = BlockId::from_bytes([7; 32]);
        self.say(Message::pack_votes(self.false_votes(unknown).iter()));
        let unsigned = create(2_000_000 + height).to_json().replace("2.0", "1.0");
        self.say(Message::pack_transactions([unsigned.as_str(), "{}", "nonsense"].into_iter()));
        self.say(vec![Bytes::from_static(b"\x02garbage"), Bytes::new(), Message::question(0)]);
        for _ in 0..50 {
            self.say(vec![Message::question(0)]);
        }
    }

    fn received(&self, from: PublicKey, message: Bytes) {
        self.replica.received(from, message);
    }

    fn finalized_height(&self) -> u64 {
        self.replica.finalized_height()
    }
}
