use crate::{
    CloseCode, ConnectFailure, ConnectionId, PeerStatus,
    backoff::{Backoff, STABLE_AFTER},
    dial::dial,
    handshake::Established,
    outbound::Outbound,
    session,
    shared::Shared,
};
use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tally_primitives::NodeAddress;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, Sleep},
};

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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

    fn view(&self) -> MutexGuard<'_, View> {
        // Only whole fields are written.
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Owns everything that happens with one peer: dials it, decides which connection to keep, runs
/// that connection, and ends when nobody is interested.
pub(crate) async fn run(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    mailbox: mpsc::Receiver<Box<Established>>,
) {
    let backoff = Backoff::new(&shared.limits, shared.instance);
    let (session, next, dialling, pause) = (None, None, None, None);
    Owner { shared, peer, mailbox, backoff, session, next, dialling, pause }.run().await;
}

struct Owner {
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    mailbox: mpsc::Receiver<Box<Established>>,
    backoff: Backoff,
    session: Option<Session>,
    /// Starts when `session` has ended.
    next: Option<Box<Established>>,
    dialling: Option<Task<Result<Box<Established>, ConnectFailure>>>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// The connection that runs.
struct Session {
    task: Task<()>,
    outbound: Arc<Outbound>,
    rank: Rank,
    since: Instant,
}

/// What decides between two connections with the same peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rank {
    is_dialled: bool,
    instance: u64,
}

impl Rank {
    const fn of(established: &Established) -> Self {
        Self { is_dialled: established.is_dialled, instance: established.hello.instance }
    }

    /// Says whether a connection made now takes the place of `other`.
    ///
    /// A peer that was restarted, or that dials again, has lost the other one. If both sides
    /// dialled, both keep the dial of the lower address.
    fn supersedes(self, other: Self, is_lower: bool) -> bool {
        self.instance != other.instance
            || self.is_dialled == other.is_dialled
            || self.is_dialled == is_lower
    }
}

enum Step {
    Stop,
    Established(Box<Established>),
    Nudged,
    Dialled(Result<Box<Established>, ConnectFailure>),
    PauseOver,
    SessionEnded,
}

impl Owner {
    async fn run(mut self) {
        loop {
            self.dial_if_due();
            let is_idle = self.session.is_none() && self.dialling.is_none();
            if is_idle && self.shared.registry.retire(&self.peer, &self.mailbox) {
                return;
            }
            match self.step().await {
                Step::Stop => break,
                Step::Established(established) => self.consider(established),
                Step::Nudged => self.nudged(),
                Step::Dialled(Ok(established)) => {
                    self.dialling = None;
                    self.consider(established);
                }
                Step::Dialled(Err(failure)) => self.dial_failed(failure),
                Step::PauseOver => self.pause = None,
                Step::SessionEnded => self.session_ended(),
            }
        }
        // The session says goodbye by itself, within the time for that.
        (self.dialling, self.next) = (None, None);
        if let Some(session) = self.session {
            session.task.await;
        }
    }

    async fn step(&mut self) -> Step {
        tokio::select! {
            biased;
            () = self.shared.stopping() => Step::Stop,
            () = pending_or(self.session.as_mut().map(|session| session.task.as_mut())) => {
                Step::SessionEnded
            }
            established = self.mailbox.recv() => {
                Step::Established(established.expect("the peer holds the sender"))
            }
            () = self.peer.nudge.notified() => Step::Nudged,
            outcome = pending_or(self.dialling.as_mut().map(|task| task.as_mut())) => {
                Step::Dialled(outcome)
            }
            () = pending_or(self.pause.as_mut().map(|sleep| sleep.as_mut())) => Step::PauseOver,
        }
    }

    /// Starts a dial if the peer is wanted, not connected and not waiting.
    fn dial_if_due(&mut self) {
        let is_busy = self.session.is_some() || self.dialling.is_some() || self.pause.is_some();
        if is_busy || !self.peer.is_wanted() {
            return;
        }
        let Some(address) = self.shared.registry.address(self.peer.node) else {
            // A nudge comes when an address is known.
            self.peer.view().last_failure = Some(ConnectFailure::NoAddress);
            return;
        };
        self.peer.view().is_dialling = true;
        self.dialling = Some(Box::pin(dial(Arc::clone(&self.shared), self.peer.node, address)));
    }

    fn nudged(&mut self) {
        if self.peer.has_new_address.swap(false, Ordering::AcqRel) {
            self.backoff.reset();
            self.pause = None;
        }
        if !self.peer.is_wanted() {
            self.stop_dialling();
            self.pause = None;
        }
    }

    fn dial_failed(&mut self, failure: ConnectFailure) {
        self.dialling = None;
        self.shared.counting.dials_failed.count();
        self.shared.count_failure(&failure);
        tracing::debug!(peer = %self.peer.node, %failure, "dial failed");
        if self.session.is_none() {
            self.wait(failure.is_lasting());
        }
        let mut view = self.peer.view();
        view.is_dialling = false;
        view.last_failure = Some(failure);
    }

    /// Waits before the next dial, longer each time.
    fn wait(&mut self, is_lasting: bool) {
        let pause = self.backoff.next_pause(self.peer.node, is_lasting);
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        self.peer.view().failures = self.backoff.failures();
    }

    fn stop_dialling(&mut self) {
        self.dialling = None;
        self.peer.view().is_dialling = false;
    }

    /// Decides what to do with a new connection.
    fn consider(&mut self, established: Box<Established>) {
        let rank = Rank::of(&established);
        let is_lower = self.shared.node() < self.peer.node;
        let rival = self.next.as_deref().map(Rank::of);
        let rival = rival.or(self.session.as_ref().map(|session| session.rank));
        if rival.is_some_and(|rival| !rank.supersedes(rival, is_lower)) {
            self.shared.counting.connections_superseded.count();
            established.close(CloseCode::Superseded);
            return;
        }
        if !is_lower {
            // Our own dial would lose against this connection.
            self.stop_dialling();
        }
        let Some(session) = &self.session else { return self.start(established) };
        session.outbound.evict(CloseCode::Superseded);
        self.shared.counting.connections_superseded.count();
        if let Some(displaced) = self.next.replace(established) {
            displaced.close(CloseCode::Superseded);
        }
    }

    fn start(&mut self, established: Box<Established>) {
        self.pause = None;
        self.peer.view().is_dialling = self.dialling.is_some();
        let (rank, since) = (Rank::of(&established), Instant::now());
        let outbound = session::outbound(&self.shared, &established);
        let (shared, peer) = (Arc::clone(&self.shared), Arc::clone(&self.peer));
        let task = Box::pin(session::run(shared, peer, established, Arc::clone(&outbound)));
        self.session = Some(Session { task, outbound, rank, since });
    }

    fn session_ended(&mut self) {
        let Some(session) = self.session.take() else { return };
        if session.since.elapsed() >= STABLE_AFTER {
            self.backoff.reset();
        }
        match self.next.take() {
            Some(established) => self.start(established),
            None if self.dialling.is_none() => self.wait(false),
            None => {}
        }
    }
}

/// Waits for a task, or for ever if there is none.
async fn pending_or<F: Future + Unpin>(task: Option<F>) -> F::Output {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: two nodes that dialled each other keep the same connection, whichever they see first.
    #[test]
    fn both_sides_keep_the_dial_of_the_lower_address() {
        // Seen by the lower node and by the higher one: the lower one's dial and the higher one's.
        for (is_lower, instance) in [(true, 1), (false, 2)] {
            let by_lower = Rank { is_dialled: is_lower, instance };
            let by_higher = Rank { is_dialled: !is_lower, instance };
            assert!(by_lower.supersedes(by_higher, is_lower));
            assert!(!by_higher.supersedes(by_lower, is_lower));
        }
    }

    #[test]
    fn a_restarted_or_returning_peer_takes_over() {
        let old = Rank { is_dialled: true, instance: 1 };
        for is_lower in [true, false] {
            assert!(Rank { is_dialled: false, instance: 2 }.supersedes(old, is_lower));
            assert!(old.supersedes(old, is_lower));
        }
    }
}
