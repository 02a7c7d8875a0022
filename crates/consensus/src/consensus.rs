use crate::{Application, Config, Handle, StartError};
use std::{net::SocketAddr, ops::Deref, sync::Arc};

/// A running engine. Dropping it stops the engine like [`stop`](Self::stop).
#[derive(Debug)]
pub struct Consensus {
    handle: Handle,
    local_address: SocketAddr,
}

impl Consensus {
    /// Starts the engine on threads of its own, and returns when it listens.
    ///
    /// The application is given its handle, then what it misses, then its part in the federation.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config, application: Arc<dyn Application>) -> Result<Self, StartError> {
        let _ = (config, application);
        Err(StartError::Ended)
    }

    /// Returns the handle, for others to keep.
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Returns the address that the engine listens on.
    pub const fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Stops the engine: no method of the application runs or is called any more when this
    /// returns, all threads have ended and the port is free.
    pub fn stop(self) {}
}

impl Deref for Consensus {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}
