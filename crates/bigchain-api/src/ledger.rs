//! What the API reads of the ledger, in its own words. Each look-up is a few reads of indexes;
//! everything here blocks and is called through [`BigchainApi::read`](crate::BigchainApi).

mod blocks;
mod filter;
mod outputs;
mod search;

pub(crate) use blocks::BlockAsk;
pub(crate) use filter::{Filter, Outputs};

use crate::Node;
use std::sync::Arc;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    BlockId, Status, Timestamp, Transaction, TransactionId, Version, elect_verified,
};
use tally_ledger_store::{BlockHead, LedgerStore, ReadError, Reason, Whereabouts};

/// Bytes of the texts of one page, more or less: a page ends after the item that reaches this.
pub(crate) const PAGE_BYTES_MAX: usize = 16 << 20;

/// The ledger as one node stores it.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    pub(crate) store: Arc<LedgerStore>,
    node: Arc<dyn Node>,
    /// The federation's members, this node included.
    pub(crate) federation: Arc<[PublicKey]>,
}

/// A transaction that was found by its id.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its canonical JSON.
    pub(crate) text: String,
    /// When the block was made that it is in.
    pub(crate) timestamp: Option<Timestamp>,
}

/// What became of a transaction or a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The transaction waits for a block.
    Backlog,
    /// Not decided yet.
    Undecided,
    /// Valid.
    Valid,
    /// Invalid, and why, if that is known.
    Invalid(Option<Reason>),
}

/// Items of a list, and where the list goes on.
#[derive(Debug)]
pub(crate) struct Part {
    /// JSON texts.
    pub(crate) items: Vec<String>,
    pub(crate) next: Option<String>,
}

impl Fate {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Undecided => "undecided",
            Self::Valid => "valid",
            Self::Invalid(_) => "invalid",
        }
    }
}

impl From<Status> for Fate {
    fn from(status: Status) -> Self {
        match status {
            Status::Undecided => Self::Undecided,
            Status::Valid => Self::Valid,
            Status::Invalid => Self::Invalid(None),
        }
    }
}

impl Ledger {
    /// The ledger of a node.
    pub(crate) fn of(node: Arc<dyn Node>) -> Self {
        let others = node.keyring().iter().copied();
        let federation = others.chain([node.public_key()]).collect();
        Self { store: Arc::clone(node.store()), node, federation }
    }

    /// Finds a transaction in a block that is valid or undecided, or, if its version's servers
    /// showed that, in the backlog.
    pub(crate) fn transaction(&self, id: &TransactionId) -> Result<Option<Found>, ReadError> {
        // What leaves the backlog or the undecided blocks is in the chain by then.
        let waiting = self.node.waiting(id)?;
        let (undecided, _) = self.store.candidates_with(id);
        if let Some(stored) = self.store.stored(id)? {
            let head = self.store.head(stored.place.height())?;
            let timestamp = head.map(|head| head.timestamp);
            return Ok(Some(Found { text: stored.text, timestamp }));
        }
        let proposed = undecided.iter().find_map(|candidate| {
            let block = &candidate.block;
            let found = block.transactions().iter().find(|found| found.id() == *id)?;
            Some((found, Some(block.timestamp())))
        });
        let waiting = waiting.filter(|found| is_shown_early(found));
        let found = proposed.or_else(|| waiting.as_ref().map(|found| (found, None)));
        Ok(found.map(|(found, timestamp)| Found { text: found.to_json().to_owned(), timestamp }))
    }

    /// Says what became of a transaction.
    pub(crate) fn fate(&self, id: &TransactionId) -> Result<Option<Fate>, ReadError> {
        Ok(match self.store.whereabouts(id)? {
            Some(Whereabouts::Chain { block, .. }) => Some(self.status(&block)?.into()),
            Some(Whereabouts::Undecided(_)) => Some(Fate::Undecided),
            Some(Whereabouts::Backlog) => Some(Fate::Backlog),
            Some(Whereabouts::Rejected(reason)) => Some(Fate::Invalid(Some(reason))),
            Some(Whereabouts::InvalidBlock(block)) => {
                Some(Fate::Invalid(Some(block.reason.clone())))
            }
            None => None,
        })
    }

    /// Says what became of a block.
    pub(crate) fn fate_of_block(&self, id: &BlockId) -> Result<Option<Fate>, ReadError> {
        let undecided = self.store.undecided(id);
        if let Some(height) = self.store.block_height(id)?
            && let Some(head) = self.store.head(height)?
        {
            return Ok(Some(self.status(&head)?.into()));
        }
        let invalid = || Some(Fate::Invalid(Some(self.store.invalid(id)?.reason.clone())));
        Ok(undecided.map(|_| Fate::Undecided).or_else(invalid))
    }

    /// Holds the election over a block of the chain. The first block needs no votes.
    pub(crate) fn status(&self, head: &BlockHead) -> Result<Status, ReadError> {
        if head.height == 0 {
            return Ok(Status::Valid);
        }
        let votes = self.store.votes(&head.id)?;
        let elected = elect_verified(&head.id, &head.voters, &self.federation, &votes);
        Ok(elected.expect("the store keeps one vote of each voter"))
    }
}

/// Says whether the servers of a transaction's version showed it while it waited for a block.
fn is_shown_early(transaction: &Transaction) -> bool {
    match transaction.version() {
        Version::Flat0_9 | Version::Flat0_10 => true,
        Version::Nested1 | Version::Flat1_0 | Version::Flat2_0 => false,
    }
}
