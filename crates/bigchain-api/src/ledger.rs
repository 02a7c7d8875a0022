//! What the API reads of the ledger, in its own words. Each look-up is a few reads of indexes;
//! everything here blocks and is called through [`BigchainApi::read`](crate::BigchainApi).

mod blocks;
mod filter;
mod outputs;
mod search;

pub(crate) use blocks::BlockAsk;
pub(crate) use filter::{Filter, Outputs};
pub(crate) use outputs::OutputForm;

use tally_ledger::{BlockId, Status, Timestamp, Transaction, TransactionId, Version};
use tally_ledger_node::{ReadError, Reader, Reason, TransactionStatus};
use tally_ledger_store::LedgerStore;

/// Bytes of the texts of one page, more or less: a page ends after the item that reaches this.
pub(crate) const PAGE_BYTES_MAX: usize = 16 << 20;

/// The ledger as one node stores it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger<'a>(pub(crate) Reader<'a>);

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

impl From<TransactionStatus> for Fate {
    fn from(status: TransactionStatus) -> Self {
        match status {
            TransactionStatus::Backlog => Self::Backlog,
            TransactionStatus::Undecided(_) => Self::Undecided,
            TransactionStatus::Valid(_) => Self::Valid,
            TransactionStatus::Invalid(reason) => Self::Invalid(Some(reason)),
        }
    }
}

impl<'a> Ledger<'a> {
    const fn store(&self) -> &'a LedgerStore {
        self.0.store()
    }

    /// Finds a transaction in a block that is valid or undecided, or, if its version's servers
    /// showed that, in the backlog.
    pub(crate) fn transaction(&self, id: &TransactionId) -> Result<Option<Found>, ReadError> {
        // What leaves the backlog or the undecided blocks is in the chain by then.
        let waiting = self.store().waiting(id)?;
        let (undecided, _) = self.store().candidates_with(id);
        if let Some(stored) = self.store().stored(id)? {
            let head = self.store().head(stored.place.height())?;
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
        Ok(self.0.status(id)?.map(Fate::from))
    }

    /// Says what became of a block.
    pub(crate) fn fate_of_block(&self, id: &BlockId) -> Result<Option<Fate>, ReadError> {
        let Some(status) = self.0.block_status(id)? else { return Ok(None) };
        let reason = self.store().invalid(id).map(|known| known.reason.clone());
        Ok(Some(if status == Status::Invalid { Fate::Invalid(reason) } else { status.into() }))
    }
}

/// Says whether the servers of a transaction's version showed it while it waited for a block.
fn is_shown_early(transaction: &Transaction) -> bool {
    match transaction.version() {
        Version::Flat0_9 | Version::Flat0_10 => true,
        Version::Nested1 | Version::Flat1_0 | Version::Flat2_0 => false,
    }
}
