use crate::lock::lock;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};
use tally_ledger::TransactionId;

/// Which transactions wait for a block, in memory: about 150 bytes each. Their texts are on disk.
///
/// Two kinds of writers share it, without holding it while the disk works: those that accept
/// transactions, and the one that appends blocks. A writer first waits until no other one has any of
/// its transactions in hand, then takes them in hand all at once, so writers never wait for each
/// other in a circle.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    held: Mutex<Held>,
    released: Condvar,
}

/// The backlog's content.
#[derive(Debug, Default)]
pub(crate) struct Held {
    numbers: HashMap<TransactionId, u64>,
    by_number: BTreeMap<u64, TransactionId>,
    in_hand: HashSet<TransactionId>,
    next_number: u64,
}

/// Transactions that one writer has in hand, until this is dropped.
#[derive(Debug)]
pub(crate) struct Hold<'a> {
    backlog: &'a Backlog,
    ids: Vec<TransactionId>,
}

impl Backlog {
    /// Makes the backlog that a store holds; `next_number` is above all that were given.
    pub(crate) fn load(by_number: BTreeMap<u64, TransactionId>, next_number: u64) -> Self {
        let numbers = by_number.iter().map(|(number, id)| (*id, *number)).collect();
        let held = Held { numbers, by_number, in_hand: HashSet::new(), next_number };
        Self { held: Mutex::new(held), released: Condvar::new() }
    }

    /// Looks at the content.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }

    /// Takes transactions in hand; waits while another writer has one of them.
    pub(crate) fn hold(&self, ids: impl IntoIterator<Item = TransactionId>) -> Hold<'_> {
        let mut ids: Vec<TransactionId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let is_taken = |held: &mut Held| ids.iter().any(|id| held.in_hand.contains(id));
        let mut held =
            self.released.wait_while(self.lock(), is_taken).unwrap_or_else(PoisonError::into_inner);
        held.in_hand.extend(&ids);
        drop(held);
        Hold { backlog: self, ids }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut held = self.backlog.lock();
        self.ids.iter().for_each(|id| {
            held.in_hand.remove(id);
        });
        drop(held);
        self.backlog.released.notify_all();
    }
}

impl Held {
    /// Returns the number under which the backlog holds a transaction.
    pub(crate) fn number(&self, id: &TransactionId) -> Option<u64> {
        self.numbers.get(id).copied()
    }

    /// Returns how many transactions wait.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns those accepted after `after`, in order.
    pub(crate) fn after(&self, after: Option<u64>, limit: usize) -> Vec<(u64, TransactionId)> {
        let from = after.map_or(Some(0), |after| after.checked_add(1));
        let Some(from) = from else { return vec![] };
        self.by_number.range(from..).take(limit).map(|(number, id)| (*number, *id)).collect()
    }

    /// Gives out the next `count` numbers, from the one returned.
    pub(crate) fn take_numbers(&mut self, count: usize) -> u64 {
        let first = self.next_number;
        self.next_number += count as u64;
        first
    }

    /// Adds a transaction that is on disk now.
    pub(crate) fn insert(&mut self, id: TransactionId, number: u64) {
        self.numbers.insert(id, number);
        self.by_number.insert(number, id);
    }

    /// Removes a transaction that is gone from the disk's backlog now.
    pub(crate) fn remove(&mut self, id: &TransactionId) {
        if let Some(number) = self.numbers.remove(id) {
            self.by_number.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, thread};

    const A: TransactionId = TransactionId::from_bytes([1; 32]);
    const B: TransactionId = TransactionId::from_bytes([2; 32]);

    /// Goal: two writers never have one transaction in hand, and a free one is not waited for.
    #[test]
    fn a_transaction_is_in_one_hand() {
        let backlog = Backlog::default();
        let (sender, receiver) = mpsc::channel();
        let first = backlog.hold([A]);
        drop(backlog.hold([B]));
        thread::scope(|scope| {
            scope.spawn(|| {
                let _second = backlog.hold([B, A, A]);
                sender.send("taken").unwrap();
            });
            assert!(receiver.try_recv().is_err(), "the first writer still has it");
            drop(first);
            assert_eq!(receiver.recv(), Ok("taken"));
        });
        assert!(backlog.lock().in_hand.is_empty());
    }

    #[test]
    fn waiting_transactions_are_listed_in_order_of_acceptance() {
        let backlog = Backlog::load(BTreeMap::from([(3, B), (7, A)]), 9);
        let mut held = backlog.lock();
        assert_eq!(held.after(None, 5), [(3, B), (7, A)]);
        assert_eq!(held.after(Some(3), 5), [(7, A)]);
        assert_eq!(held.after(None, 1), [(3, B)]);
        assert_eq!(held.after(Some(u64::MAX), 1), []);
        assert_eq!((held.take_numbers(2), held.take_numbers(1)), (9, 11));
        held.remove(&B);
        assert_eq!((held.number(&B), held.number(&A), held.len()), (None, Some(7), 1));
    }
}
