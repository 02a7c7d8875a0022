use crate::{
    CloseCode, ConnectFailure,
    backoff::{Backoff, STABLE_AFTER},
    dial::dial,
    handshake::Established,
    outbound::Outbound,
    peer::Peer,
    rank::Rank,
    session,
    shared::Shared,
};
use std::{pin::Pin, sync::Arc};
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep},
};

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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
            () = self.peer.nudged() => Step::Nudged,
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
            self.peer.set_failure(Some(ConnectFailure::NoAddress));
            return;
        };
        self.peer.set_dialling(true);
        self.dialling = Some(Box::pin(dial(Arc::clone(&self.shared), self.peer.node, address)));
    }

    fn nudged(&mut self) {
        if self.peer.take_new_address() {
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
        self.peer.set_dialling(false);
        self.peer.set_failure(Some(failure));
    }

    /// Waits before the next dial, longer each time.
    fn wait(&mut self, is_lasting: bool) {
        let pause = self.backoff.next_pause(self.peer.node, is_lasting);
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        self.peer.set_failures(self.backoff.failures());
    }

    fn stop_dialling(&mut self) {
        self.dialling = None;
        self.peer.set_dialling(false);
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
        self.peer.set_dialling(self.dialling.is_some());
        self.peer.set_failure(None);
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
