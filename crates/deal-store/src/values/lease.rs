use std::any::Any;
use tokio::sync::watch;

/// The right to do what only one of several servers may do: follow the chain, settle, deliver.
/// Dropping it gives it back.
///
/// It is a means against double work, not against double payment: what must not happen twice is
/// decided by the versions of a [`Commit`](crate::Commit), which a server that lost its lease
/// without knowing fails to make.
#[derive(Debug)]
pub struct Lease {
    is_lost: watch::Receiver<bool>,
    _held: Box<dyn Any + Send + Sync>,
}

impl Lease {
    /// Makes a lease; for implementations. It is lost when `is_lost` says so or its sender is
    /// dropped; `held` is dropped with the lease.
    #[must_use]
    pub fn new(is_lost: watch::Receiver<bool>, held: Box<dyn Any + Send + Sync>) -> Self {
        Self { is_lost, _held: held }
    }

    /// Says whether another server may have the right by now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        *self.is_lost.borrow() || self.is_lost.has_changed().is_err()
    }

    /// Waits until the lease [is lost](Self::is_lost).
    pub async fn lost(&self) {
        let mut is_lost = self.is_lost.clone();
        // An error means that the sender is gone, and the lease with it.
        drop(is_lost.wait_for(|is_lost| *is_lost).await);
    }
}
