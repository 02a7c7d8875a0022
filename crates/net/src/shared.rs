use crate::{
    ConnectFailure, ConnectionId, Epoch, Inbound, Limits, Received, counters::Counting,
    registry::Registry, slots::Slots,
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tally_crypto::SecretKey;
use tally_primitives::{ChainId, NodeAddress};
use tokio::sync::{mpsc, watch};

/// Time a stopping node has to write what is queued and to say goodbye.
pub(crate) const GRACE: Duration = Duration::from_millis(300);

/// What all tasks of one [`crate::Net`] have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) key: SecretKey,
    pub(crate) chain_id: ChainId,
    pub(crate) protocol_version: u16,
    pub(crate) epoch: Epoch,
    /// Names this process to its peers; a peer with another one was restarted.
    pub(crate) instance: u64,
    pub(crate) limits: Limits,
    /// The QUIC endpoint, until it is closed.
    pub(crate) endpoint: Mutex<Option<quinn::Endpoint>>,
    pub(crate) local_addr: SocketAddr,
    pub(crate) inbound: mpsc::Sender<Inbound>,
    pub(crate) counting: Arc<Counting>,
    pub(crate) registry: Registry,
    pub(crate) slots: Arc<Slots>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) connections: AtomicU64,
    /// Every task holds a clone; when all are gone, all tasks have ended.
    pub(crate) alive: Mutex<Option<mpsc::Sender<Infallible>>>,
}

impl Shared {
    pub(crate) fn node(&self) -> NodeAddress {
        self.key.address()
    }

    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns how far the node has the messages of `peer`, to tell it.
    pub(crate) fn received_from(&self, peer: NodeAddress) -> Received {
        self.registry.received(peer)
    }

    /// Returns the QUIC endpoint; none once it is closed.
    pub(crate) fn endpoint(&self) -> Option<quinn::Endpoint> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a task that [`crate::Net::close`] waits for; does nothing once that was called.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(alive) = alive {
            tokio::spawn(async move {
                task.await;
                drop(alive);
            });
        }
    }

    /// Waits until the node stops. Cancel safe.
    pub(crate) async fn stopping(&self) {
        // An error means that the sender is gone, which `self` owns.
        let _ = self.stop.subscribe().wait_for(|is_stopping| *is_stopping).await;
    }

    /// Waits until the node stops and the time for goodbyes is over. Cancel safe.
    pub(crate) async fn overdue(&self) {
        self.stopping().await;
        tokio::time::sleep(GRACE).await;
    }

    /// Hands an event to the node, waiting for room, and says whether it was taken.
    pub(crate) async fn deliver(&self, event: Inbound) -> bool {
        match self.inbound.try_send(event) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(event)) => tokio::select! {
                taken = self.inbound.send(event) => taken.is_ok(),
                () = self.overdue() => false,
            },
        }
    }

    /// Counts a connection that did not come about.
    pub(crate) fn count_failure(&self, failure: &ConnectFailure) {
        let counting = &self.counting;
        match failure {
            ConnectFailure::NoAddress | ConnectFailure::Unresolved => return,
            ConnectFailure::TimedOut => &counting.handshakes_timed_out,
            ConnectFailure::Lost | ConnectFailure::RefusedByPeer(_) => &counting.handshakes_failed,
            ConnectFailure::Version(_) => &counting.refused_version,
            ConnectFailure::Chain(_) => &counting.refused_chain,
            ConnectFailure::Identity(_) => &counting.refused_identity,
            ConnectFailure::Signature => &counting.refused_signature,
            ConnectFailure::OwnAddress => &counting.refused_self,
            ConnectFailure::Greeting => &counting.refused_greeting,
        }
        .count();
    }
}
