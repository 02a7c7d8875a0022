use crate::{lock::lock, replica::Replica};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tally_consensus::{Handle, Status};

/// The other members, as far as the rest of the node sees them; nobody in a federation of one.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    engine: OnceLock<(Handle, Arc<Replica>)>,
    is_stalled: AtomicBool,
}

impl Peers {
    /// Takes the engine's handle and what it drives.
    pub(crate) fn connect(&self, handle: Handle, replica: Arc<Replica>) {
        drop(self.engine.set((handle, replica)));
    }

    /// Returns what the engine drives.
    pub(crate) fn replica(&self) -> Option<&Arc<Replica>> {
        self.engine.get().map(|(_, replica)| replica)
    }

    /// Returns how many transactions of others are kept.
    pub(crate) fn pool(&self) -> u64 {
        self.replica().map_or(0, |replica| lock(&replica.pool).len().1 as u64)
    }

    /// Notes whether the federation cannot make blocks final at present.
    pub(crate) fn set_stalled(&self, is_stalled: bool) {
        self.is_stalled.store(is_stalled, Ordering::Relaxed);
    }

    /// Says whether the federation cannot make blocks final at present.
    pub(crate) fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }

    /// Returns how the engine is doing.
    pub(crate) fn status(&self) -> Status {
        self.engine.get().map(|(handle, _)| handle.status()).unwrap_or_default()
    }
}
