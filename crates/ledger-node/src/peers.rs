use std::sync::{OnceLock, atomic::AtomicU64};
use tally_consensus::{Handle, Status};

/// The other members, as far as the rest of the node sees them; nobody in a federation of one.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    engine: OnceLock<Handle>,
    /// How many of their transactions are kept.
    pub(crate) pool: AtomicU64,
}

impl Peers {
    /// Takes the engine's handle.
    pub(crate) fn connect(&self, handle: Handle) {
        drop(self.engine.set(handle));
    }

    /// Returns how the engine is doing.
    pub(crate) fn status(&self) -> Status {
        self.engine.get().map(Handle::status).unwrap_or_default()
    }
}
