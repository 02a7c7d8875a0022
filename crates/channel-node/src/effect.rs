use crate::{Reply, RequestError, call::Call};
use bytes::Bytes;
use std::{fmt, future::Future, pin::Pin};
use tally_net::{ConnectionId, PeerAddress, Received};
use tally_primitives::NodeAddress;
use tally_storage::Store;

/// Something to do outside the owner, once the state that justifies it is on disk.
///
/// All may be repeated after a crash, so each is harmless the second time.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Hand a message to the transport.
    Send { peer: NodeAddress, connection: ConnectionId, seq: u64, payload: Bytes },
    /// Tell a peer that its messages up to there are on disk.
    Acknowledge { peer: NodeAddress, received: Received },
    /// Connect to a peer and stay connected.
    Connect(NodeAddress),
    /// End the connection with a peer; it may come back.
    Disconnect(NodeAddress),
    /// Tell the transport where a peer listens; `None` to forget it.
    Locate(NodeAddress, Option<PeerAddress>),
    /// Call a contract.
    Call(Call),
    /// Answer a request.
    Answer(Answer),
    /// Run a request's own work: it waits for the chain.
    Task(Task),
    /// Read from the store for a request.
    Query(Query),
}

/// An answer on its way.
pub(crate) struct Answer(Box<dyn FnOnce() + Send>);

/// Work that waits for others.
pub(crate) struct Task(pub(crate) Pin<Box<dyn Future<Output = ()> + Send>>);

/// Reading that may take a while.
pub(crate) struct Query(pub(crate) Box<Read>);

/// Reads and answers.
type Read = dyn FnOnce(&dyn Store) + Send;

impl Answer {
    /// Gives the answer; a caller that no longer waits is no fault.
    pub(crate) fn give(self) {
        (self.0)();
    }
}

impl Effect {
    /// Answers a request.
    pub(crate) fn answer<T: Send + 'static>(
        reply: Reply<T>,
        result: Result<T, RequestError>,
    ) -> Self {
        Self::Answer(Answer(Box::new(move || drop(reply.send(result)))))
    }

    /// Runs a request's own work.
    pub(crate) fn task(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Task(Task(Box::pin(work)))
    }

    /// Reads from the store and answers a request with the result.
    pub(crate) fn query<T: Send + 'static>(
        reply: Reply<T>,
        read: impl FnOnce(&dyn Store) -> Result<T, tally_storage::StoreError> + Send + 'static,
    ) -> Self {
        Self::Query(Query(Box::new(move |store| {
            let result = read(store).map_err(|error| {
                tracing::error!(%error, "the store cannot be read");
                RequestError::Stopping
            });
            drop(reply.send(result));
        })))
    }
}

macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

opaque!(Answer, Task, Query);
