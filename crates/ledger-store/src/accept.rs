use crate::{
    CommitError, LedgerStore,
    tables::{BACKLOG, TEXTS},
};
use std::{collections::HashSet, sync::Arc};
use tally_ledger::{Transaction, TransactionId};
use tally_storage::{Batch, Durability};

/// What became of a transaction that was to be accepted. In each case it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acceptance {
    /// It waits for a block from now on.
    Added,
    /// It waited already, or was in this call before.
    Waiting,
    /// It is in the chain already.
    InChain,
}

impl LedgerStore {
    /// Adds new transactions to the end of the backlog, in this order and in one synced commit;
    /// returns what became of each. Nothing is checked but whether they are known.
    ///
    /// Several threads may do this at the same time and while a block is appended; their syncs are
    /// shared. A thread waits only for those that have one of its transactions in hand.
    ///
    /// # Errors
    ///
    /// [`CommitError::Read`] or [`CommitError::Store`]; no transaction was added then.
    pub fn accept(
        &self,
        transactions: &[Arc<Transaction>],
    ) -> Result<Vec<Acceptance>, CommitError> {
        let hold = self.backlog.hold(transactions.iter().map(|transaction| transaction.id()));
        let outcomes = self.classify(transactions)?;
        let added: Vec<&Arc<Transaction>> = transactions
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == Acceptance::Added)
            .map(|(transaction, _)| transaction)
            .collect();
        if !added.is_empty() {
            let first = self.backlog.lock().take_numbers(added.len());
            let mut batch = Batch::new();
            for (number, transaction) in (first..).zip(&added) {
                let key = number.to_be_bytes();
                batch.put(TEXTS, key, transaction.to_json());
                batch.put(BACKLOG, key, transaction.id().as_bytes());
            }
            self.store.commit(batch, Durability::Synced)?;
            let mut backlog = self.backlog.lock();
            for (number, transaction) in (first..).zip(&added) {
                backlog.insert(transaction.id(), number);
            }
        }
        drop(hold);
        Ok(outcomes)
    }

    fn classify(&self, transactions: &[Arc<Transaction>]) -> Result<Vec<Acceptance>, CommitError> {
        let mut seen: HashSet<TransactionId> = HashSet::with_capacity(transactions.len());
        let is_waiting: Vec<bool> = {
            let backlog = self.backlog.lock();
            transactions.iter().map(|found| backlog.number(&found.id()).is_some()).collect()
        };
        transactions
            .iter()
            .zip(is_waiting)
            .map(|(transaction, is_waiting)| {
                let id = transaction.id();
                Ok(if is_waiting || !seen.insert(id) {
                    Acceptance::Waiting
                } else if self.location(&id)?.is_some() {
                    Acceptance::InChain
                } else {
                    Acceptance::Added
                })
            })
            .collect()
    }
}
