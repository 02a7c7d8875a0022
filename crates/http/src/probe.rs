use crate::Sample;
use std::{future::Future, pin::Pin};

/// A boxed future, so that a [`Probe`] is object safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whether a daemon can do its work now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot yet or any more, and why.
    NotReady(&'static str),
}

/// A look into a daemon's state, for `/readyz` and `/metrics`.
///
/// # Requirements
///
/// * Asking changes nothing, and an answer that is not there in time counts as "not ready".
/// * Cancel safe.
pub trait Probe: Send + Sync + 'static {
    /// Says whether the daemon can do its work now.
    fn readiness(&self) -> BoxFuture<'_, Readiness>;

    /// Reports the daemon's own metrics.
    fn samples(&self) -> BoxFuture<'_, Vec<Sample>>;
}
