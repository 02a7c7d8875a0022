use crate::{
    CloseCode, ConnectFailure, ConnectionId, PeerStatus, handshake::Established, outbound::Outbound,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tally_primitives::NodeAddress;
use tokio::sync::{Notify, mpsc};

/// What others see of a peer, and how they reach its task.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) node: NodeAddress,
    pub(crate) mailbox: mpsc::Sender<Box<Established>>,
    is_wanted: AtomicBool,
    has_new_address: AtomicBool,
    nudge: Notify,
    view: Mutex<View>,
}

#[derive(Debug, Default)]
struct View {
    current: Option<Current>,
    is_dialling: bool,
    failures: u32,
    last_failure: Option<ConnectFailure>,
}

#[derive(Debug, Clone)]
struct Current {
    outbound: Arc<Outbound>,
    remote: SocketAddr,
}

impl Peer {
    pub(crate) fn new(node: NodeAddress, mailbox: mpsc::Sender<Box<Established>>) -> Self {
        Self {
            node,
            mailbox,
            is_wanted: AtomicBool::new(false),
            has_new_address: AtomicBool::new(false),
            nudge: Notify::new(),
            view: Mutex::default(),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Notes that the peer is to be dialled whenever it is not connected.
    pub(crate) fn want(&self) {
        if !self.is_wanted.swap(true, Ordering::AcqRel) {
            self.nudge.notify_one();
        }
    }

    /// Ends the interest in the peer and its connection.
    pub(crate) fn forget(&self) {
        self.is_wanted.store(false, Ordering::Release);
        if let Some(outbound) = self.outbound() {
            outbound.evict(CloseCode::Unwanted);
        }
        self.nudge.notify_one();
    }

    /// Dials at once if the peer is waiting to be dialled.
    pub(crate) fn address_changed(&self) {
        self.has_new_address.store(true, Ordering::Release);
        self.nudge.notify_one();
    }

    /// Returns the sending side of the connection, if there is one.
    pub(crate) fn outbound(&self) -> Option<Arc<Outbound>> {
        self.view().current.as_ref().map(|current| Arc::clone(&current.outbound))
    }

    pub(crate) fn status(&self) -> PeerStatus {
        let view = self.view();
        match &view.current {
            Some(Current { outbound, remote }) => {
                PeerStatus::Connected { connection: outbound.id(), remote: *remote }
            }
            None if view.is_dialling => PeerStatus::Dialling { failures: view.failures },
            None => PeerStatus::Waiting {
                failures: view.failures,
                last_failure: view.last_failure.clone(),
            },
        }
    }

    /// Makes a connection the one that is sent to.
    pub(crate) fn attach(&self, outbound: Arc<Outbound>, remote: SocketAddr) {
        self.view().current = Some(Current { outbound, remote });
    }

    /// Takes that connection away again.
    pub(crate) fn detach(&self, connection: ConnectionId) {
        let mut view = self.view();
        if view.current.as_ref().is_some_and(|current| current.outbound.id() == connection) {
            view.current = None;
        }
    }

    /// Waits until interest or address changed. Cancel safe.
    pub(crate) async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// Says whether there is an address that was not dialled yet, once.
    pub(crate) fn take_new_address(&self) -> bool {
        self.has_new_address.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn set_dialling(&self, is_dialling: bool) {
        self.view().is_dialling = is_dialling;
    }

    pub(crate) fn set_failures(&self, failures: u32) {
        self.view().failures = failures;
    }

    pub(crate) fn set_failure(&self, failure: Option<ConnectFailure>) {
        self.view().last_failure = failure;
    }

    fn view(&self) -> MutexGuard<'_, View> {
        // Only whole fields are written.
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
