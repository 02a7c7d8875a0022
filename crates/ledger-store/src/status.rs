use crate::{
    BlockHead, InvalidBlock, LedgerStore, Page, Place, ReadError, Reason, UndecidedBlock,
    lock::lock,
    records::{Rejected, decode},
    tables::{BLOCKS, REJECTED},
};
use std::sync::Arc;
use tally_ledger::{Transaction, TransactionId};

/// Where a transaction is. Of several places the one that counts: the chain, then undecided blocks,
/// then the backlog, then what was refused.
#[derive(Debug, Clone)]
pub enum Whereabouts {
    /// In a block of the chain.
    Chain {
        /// Where in the chain.
        place: Place,
        /// The block.
        block: BlockHead,
    },
    /// In a block that may still be appended; the oldest of them.
    Undecided(UndecidedBlock),
    /// Waiting for a block.
    Backlog,
    /// Refused after it had been accepted.
    Rejected(Reason),
    /// In an invalid block, and nowhere else; the newest of them.
    InvalidBlock(Arc<InvalidBlock>),
}

/// How much a ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Blocks of the chain.
    pub blocks: u64,
    /// Transactions of the chain.
    pub transactions: u64,
    /// Outputs of these transactions.
    pub outputs: u64,
    /// How many of these outputs are spent.
    pub spent_outputs: u64,
    /// Transactions that wait for a block.
    pub backlog: u64,
    /// Rejections whose reasons are kept; some more than there are if a transaction was rejected
    /// twice.
    pub rejected: u64,
    /// Proposed blocks that may still be appended.
    pub undecided_blocks: u64,
    /// Invalid blocks that are kept.
    pub invalid_blocks: u64,
    /// Equivocations that are kept.
    pub equivocations: u64,
}

impl LedgerStore {
    /// Says where a transaction is; `None` if it is nowhere.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn whereabouts(&self, id: &TransactionId) -> Result<Option<Whereabouts>, ReadError> {
        // Transactions move from here to what is asked afterwards, never back, so that one that is
        // known is found however many blocks are appended meanwhile.
        let is_waiting = self.is_waiting(id);
        let undecided = self.candidates().undecided_with(id).next().cloned();
        if let Some(place) = self.place(id)? {
            let block = self.head(place.height())?;
            let missing = || ReadError::missing(BLOCKS, &place.height().to_be_bytes());
            return Ok(Some(Whereabouts::Chain { place, block: block.ok_or_else(missing)? }));
        }
        if let Some(undecided) = undecided {
            return Ok(Some(Whereabouts::Undecided(undecided)));
        }
        if is_waiting {
            return Ok(Some(Whereabouts::Backlog));
        }
        if let Some(rejected) = self.rejected_row(id)? {
            return Ok(Some(Whereabouts::Rejected(rejected.reason)));
        }
        let candidates = self.candidates();
        Ok(candidates.invalid_with(id).last().map(Arc::clone).map(Whereabouts::InvalidBlock))
    }

    /// Returns the undecided and the invalid blocks that contain a transaction, oldest first each.
    /// [`place`](Self::place) says which block of the chain does.
    #[must_use]
    pub fn candidates_with(
        &self,
        id: &TransactionId,
    ) -> (Vec<UndecidedBlock>, Vec<Arc<InvalidBlock>>) {
        let candidates = self.candidates();
        let undecided = candidates.undecided_with(id).cloned().collect();
        (undecided, candidates.invalid_with(id).map(Arc::clone).collect())
    }

    /// Returns why a transaction was rejected last, whatever became of it since.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn rejected(&self, id: &TransactionId) -> Result<Option<Reason>, ReadError> {
        Ok(self.rejected_row(id)?.map(|row| row.reason))
    }

    /// Says whether a transaction waits for a block.
    #[must_use]
    pub fn is_waiting(&self, id: &TransactionId) -> bool {
        self.backlog.lock().number(id).is_some()
    }

    /// Returns a transaction that waits for a block; `None` if it does not, or not any more.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn waiting(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ReadError> {
        let number = self.backlog.lock().number(id);
        let Some(number) = number else { return Ok(None) };
        match self.text(number) {
            Ok(text) => Self::parse(&text, number).map(Some),
            // It left the backlog since, and its text with it.
            Err(ReadError::Missing { .. }) if !self.is_waiting(id) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the transactions that wait for a block, in order of acceptance, from after the one
    /// with the number `after`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn backlog(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Page<Arc<Transaction>, u64>, ReadError> {
        Page::read(limit, |count| {
            let mut found = Vec::new();
            let mut after = after;
            while found.len() < count {
                let waiting = self.backlog.lock().after(after, count - found.len());
                let Some((last, _)) = waiting.last() else { break };
                after = Some(*last);
                for (number, id) in waiting {
                    match self.text(number) {
                        Ok(text) => found.push((number, Self::parse(&text, number)?)),
                        // It left the backlog since, and its text with it.
                        Err(ReadError::Missing { .. }) if !self.is_waiting(&id) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(found)
        })
    }

    /// Returns how much there is of everything, without reading the store.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let chain = self.tip().map_or_else(Counts::default, |tip| Counts {
            blocks: tip.height + 1,
            transactions: tip.transactions,
            outputs: tip.outputs,
            spent_outputs: tip.spent,
            ..Counts::default()
        });
        let (rejected, equivocations) = *lock(&self.ring_lengths);
        let candidates = self.candidates();
        Counts {
            backlog: self.backlog.lock().len() as u64,
            rejected,
            undecided_blocks: candidates.all_undecided().len() as u64,
            invalid_blocks: candidates.all_invalid().len() as u64,
            equivocations,
            ..chain
        }
    }

    pub(crate) fn rejected_row(&self, id: &TransactionId) -> Result<Option<Rejected>, ReadError> {
        let Some(row) = self.store.get(REJECTED, id.as_bytes())? else { return Ok(None) };
        Ok(Some(decode(REJECTED, id.as_bytes(), &row)?))
    }
}
