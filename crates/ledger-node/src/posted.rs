use crate::PostError;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tally_ledger::Transaction;
use tokio::sync::oneshot;

/// When a post is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// When the transaction is durable.
    #[default]
    Async,
    /// When the transaction was checked, which is before it becomes durable: the same as
    /// [`Async`](Self::Async).
    Sync,
    /// When the transaction is valid; an error if it turns out to be impossible, or if it takes too
    /// long.
    Commit,
}

/// A transaction that was accepted: it is durable, and ends valid or rejected.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Whether it was unknown before. Posting a known one has no effect.
    pub is_new: bool,
    /// Whether it is known to be in a valid block already.
    pub is_valid: bool,
}

/// Where the outcome of a post goes. Counts as load until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Answer {
    sender: oneshot::Sender<Result<Posted, PostError>>,
    _load: Load,
}

impl Answer {
    pub(crate) fn new(load: Load) -> (Self, oneshot::Receiver<Result<Posted, PostError>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender, _load: load }, receiver)
    }

    /// Sends it. Whoever asked may be gone; what was accepted stays accepted.
    pub(crate) fn send(self, outcome: Result<Posted, PostError>) {
        drop(self.sender.send(outcome));
    }
}

/// A checked transaction, and whom to answer; nobody if it was accepted in an earlier run.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) transaction: Arc<Transaction>,
    pub(crate) answer: Option<Answer>,
}

impl Checked {
    pub(crate) fn answer(self, outcome: Result<Posted, PostError>) {
        if let Some(answer) = self.answer {
            answer.send(outcome);
        }
    }
}

/// How much is on its way through the node.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    posts: AtomicUsize,
    bytes: AtomicUsize,
}

/// One post's share of [`InFlight`], given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Load {
    of: Arc<InFlight>,
    bytes: usize,
}

impl InFlight {
    /// Returns how many posts are on their way.
    pub(crate) fn posts(&self) -> usize {
        self.posts.load(Ordering::Relaxed)
    }

    /// Takes a share, if no bound is passed with it.
    pub(crate) fn take(
        self: &Arc<Self>,
        bytes: usize,
        posts_max: usize,
        bytes_max: usize,
    ) -> Option<Load> {
        let posts = self.posts.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let load = Load { of: Arc::clone(self), bytes };
        (posts <= posts_max && total <= bytes_max).then_some(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.of.posts.fetch_sub(1, Ordering::Relaxed);
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: bounds hold for count and bytes, and a refused or answered post gives its share back.
    #[test]
    fn load_is_bounded_and_given_back() {
        let flight = Arc::new(InFlight::default());
        let first = flight.take(60, 2, 100).unwrap();
        assert!(flight.take(41, 2, 100).is_none(), "too many bytes");
        let second = flight.take(40, 2, 100).unwrap();
        assert!(flight.take(0, 2, 100).is_none(), "too many posts");
        assert_eq!(flight.posts(), 2);
        drop((first, second));
        assert_eq!(flight.posts(), 0);
        assert!(flight.take(100, 1, 100).is_some());
    }
}
