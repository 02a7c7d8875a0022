use crate::lock::lock;
use std::{collections::HashMap, sync::Mutex};
use tally_ledger::TransactionId;
use tokio::sync::oneshot;

/// Who waits for the end of a transaction. Each is a caller whose post is answered late, so the
/// bound on posts is theirs too.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<HashMap<TransactionId, Vec<oneshot::Sender<End>>>>);

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is in a valid block.
    Valid,
    /// In a way that the store knows.
    Other,
}

impl Waiters {
    /// Returns what becomes ready when the transaction has ended. The caller asks whether it has
    /// before it waits, for it may have ended before.
    pub(crate) fn register(&self, id: TransactionId) -> oneshot::Receiver<End> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.0).entry(id).or_default().push(sender);
        receiver
    }

    /// Says whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Tells those who wait for these transactions that they have ended.
    pub(crate) fn ended(&self, end: End, ids: impl IntoIterator<Item = TransactionId>) {
        let mut waiters = lock(&self.0);
        if waiters.is_empty() {
            return;
        }
        for id in ids {
            for waiter in waiters.remove(&id).into_iter().flatten() {
                // An error says that the waiter gave up.
                let _ = waiter.send(end);
            }
        }
    }

    /// Forgets those who gave up.
    pub(crate) fn sweep(&self, id: &TransactionId) {
        let mut waiters = lock(&self.0);
        if let Some(of_id) = waiters.get_mut(id) {
            of_id.retain(|waiter| !waiter.is_closed());
            if of_id.is_empty() {
                waiters.remove(id);
            }
        }
    }
}
