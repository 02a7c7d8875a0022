use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tally_ledger::{Transaction, TransactionId};

/// Text of the transactions that are kept parsed. Parsed they take several times as much: some
/// tens of megabytes in all.
const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Transactions of the chain that were appended or asked for last, parsed: who spends an output asks
/// for its transaction when it is posted, when it is put into a block and when that is appended.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    transactions: HashMap<TransactionId, Arc<Transaction>>,
    oldest_first: VecDeque<TransactionId>,
    text_bytes: usize,
}

impl Cache {
    pub(crate) fn get(&self, id: &TransactionId) -> Option<Arc<Transaction>> {
        self.transactions.get(id).map(Arc::clone)
    }

    /// Adds a transaction and drops the oldest ones while there is too much text.
    pub(crate) fn insert(&mut self, transaction: &Arc<Transaction>) {
        let id = transaction.id();
        if self.transactions.contains_key(&id) {
            return;
        }
        self.transactions.insert(id, Arc::clone(transaction));
        self.oldest_first.push_back(id);
        self.text_bytes += transaction.to_json().len();
        while self.text_bytes > TEXT_BYTES_MAX {
            let Some(oldest) = self.oldest_first.pop_front() else { return };
            if let Some(dropped) = self.transactions.remove(&oldest) {
                self.text_bytes -= dropped.to_json().len();
            }
        }
    }
}
