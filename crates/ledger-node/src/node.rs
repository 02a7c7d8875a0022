use crate::{
    Clock, NodeConfig, NodeHandle, StartError, StopReason, SystemClock, checker,
    handle::Inner,
    indexer,
    intake::{Intake, Work},
    ledger::Ledger,
    lifeline::Lifeline,
    open,
    peers::Peers,
    posted::Checked,
    solo,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::JoinHandle,
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger_store::CommitError;
use tally_search::SearchIndex;
use tally_storage::Store;
use tokio::sync::oneshot;

/// A running node.
///
/// It runs until it is asked to stop or cannot go on; dropping this value does not end it.
#[derive(Debug)]
pub struct LedgerNode {
    handle: NodeHandle,
    peer_address: Option<SocketAddr>,
    stopped: oneshot::Receiver<StopReason>,
}

impl LedgerNode {
    /// Starts a node on what `store` holds. Blocks: it reads the store, and may make a chain's
    /// first block.
    ///
    /// The store must have been opened with [`TABLES`](crate::TABLES). A node without others in its
    /// keyring is a federation of one, and makes its genesis block itself.
    ///
    /// # Errors
    ///
    /// [`StartError`], with nothing left running. Data of another node, chain or federation is
    /// refused and left as it was.
    pub fn start(
        config: NodeConfig,
        key: SigningKey,
        store: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        Self::start_at(config, key, store, Arc::new(SystemClock))
    }

    /// As [`start`](Self::start), with another clock.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start_at(
        config: NodeConfig,
        key: SigningKey,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let ledger = Arc::new(open::open(&config, key, clock, store)?);
        let search = match &config.search_dir {
            Some(dir) => SearchIndex::open(dir)?,
            None => SearchIndex::in_memory()?,
        };
        let lifeline = Lifeline::default();
        let handle = NodeHandle(Arc::new(Inner {
            intake: Arc::new(Intake::new(config.limits, config.checkers)),
            search,
            peers: Peers::default(),
            lifeline: lifeline.clone(),
            commit_patience: config.commit_patience,
            info: ledger.info(),
            ledger,
        }));
        let mut crew =
            Crew { inner: Arc::clone(&handle.0), threads: vec![], is_stopping: Arc::default() };
        if let Err(error) = crew.start(&config) {
            crew.stop();
            return Err(error);
        }
        let (sender, stopped) = oneshot::channel();
        std::thread::Builder::new()
            .name("ledger-node".to_owned())
            .spawn(move || {
                let reason = lifeline.wait();
                match &reason {
                    StopReason::Asked => tracing::info!("the ledger node stops"),
                    reason => tracing::error!(error = %reason, "the ledger node cannot go on"),
                }
                crew.stop();
                drop(sender.send(reason));
            })
            .map_err(StartError::Thread)?;
        Ok(Self { handle, peer_address: None, stopped })
    }

    /// Returns the way to speak to the node.
    pub fn handle(&self) -> NodeHandle {
        self.handle.clone()
    }

    /// Returns the TCP address on which the node listens for the other members; `None` in a
    /// federation of one.
    pub const fn peer_address(&self) -> Option<SocketAddr> {
        self.peer_address
    }

    /// Waits until the node has stopped and its threads have ended, and says why.
    pub async fn stopped(self) -> StopReason {
        self.stopped.await.unwrap_or(StopReason::Panicked)
    }
}

/// The threads of a node.
struct Crew {
    inner: Arc<Inner>,
    threads: Vec<JoinHandle<()>>,
    is_stopping: Arc<AtomicBool>,
}

impl Crew {
    fn start(&mut self, config: &NodeConfig) -> Result<(), StartError> {
        let (checked, inbox) = mpsc::channel();
        self.start_writer(inbox)?;
        for _ in 0..config.checkers {
            let (inner, checked) = (Arc::clone(&self.inner), checked.clone());
            self.spawn("ledger-checker", move || {
                check(&inner.ledger, &inner.intake, &checked);
                Ok(())
            })?;
        }
        let (inner, is_stopping) = (Arc::clone(&self.inner), Arc::clone(&self.is_stopping));
        self.spawn("ledger-indexer", move || {
            indexer::run(&inner.ledger, &inner.search, &is_stopping);
            Ok(())
        })
    }

    fn start_writer(&mut self, inbox: Receiver<Vec<Checked>>) -> Result<(), StartError> {
        let inner = Arc::clone(&self.inner);
        self.spawn("ledger-writer", move || solo::run(&inner.ledger, &inbox))
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(), CommitError> + Send + 'static,
    ) -> Result<(), StartError> {
        let thread = self.inner.lifeline.spawn(name, work).map_err(StartError::Thread)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Lets what was taken in come to its end, then ends the threads.
    fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.inner.intake.close();
        self.inner.ledger.decided.wake();
        for thread in self.threads {
            // A panic has ended the node already, with its reason.
            drop(thread.join());
        }
    }
}

/// Checks what comes in until nothing does any more. What was checked cannot pile up: it belongs to
/// posts that are on their way, whose number is bounded.
fn check(ledger: &Ledger, intake: &Intake, checked: &Sender<Vec<Checked>>) {
    while let Some(work) = intake.take() {
        match work {
            Work::Posts(posts) => {
                let passed = checker::check(ledger, posts);
                // If nobody receives, the node ends, and whoever waits is told so.
                if !passed.is_empty() && checked.send(passed).is_err() {
                    return;
                }
            }
            Work::Gossip(..) => {}
        }
    }
}
