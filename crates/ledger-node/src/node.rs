use crate::{
    Clock, FederationConfig, NodeConfig, NodeHandle, StartError, StopReason, SystemClock, checker,
    handle::Inner,
    indexer,
    intake::{Intake, Work},
    lifeline::Lifeline,
    open,
    peers::Peers,
    posted::Checked,
    replica::Replica,
    solo,
    watch::{Notice, Sight, Watch},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};
use tally_consensus::{Application, Consensus};
use tally_crypto::ed25519::SigningKey;
use tally_ledger_store::CommitError;
use tally_storage::Store;
use tokio::sync::oneshot;

/// How often the federation is looked after: votes that are missing for longer are asked for.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two reports of catching up.
const REPORT_TICKS: u64 = 10;

/// Missing blocks from which catching up is worth a report.
const REPORT_BEHIND: u64 = 100;

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
        let search = indexer::open(config.search_dir.as_deref(), &ledger)?;
        let lifeline = Lifeline::default();
        let handle = NodeHandle(Arc::new(Inner {
            intake: Arc::new(Intake::new(config.limits, config.checkers)),
            search,
            peers: Peers::default(),
            lifeline: lifeline.clone(),
            commit_patience: config.commit_patience,
            patient: Arc::default(),
            info: ledger.info(),
            ledger,
        }));
        let mut crew = Crew {
            inner: Arc::clone(&handle.0),
            threads: vec![],
            engine: None,
            is_stopping: Arc::default(),
        };
        let peer_address = match crew.start(&config) {
            Ok(address) => address,
            Err(error) => {
                crew.stop();
                return Err(error);
            }
        };
        let (sender, stopped) = oneshot::channel();
        std::thread::Builder::new()
            .name("ledger-node".to_owned())
            .spawn(move || {
                let reason = lifeline.wait();
                if matches!(reason, StopReason::Asked) {
                    tracing::info!("the ledger node stops");
                } else {
                    tracing::error!(error = %reason, "the ledger node cannot go on");
                }
                crew.stop();
                drop(sender.send(reason));
            })
            .map_err(StartError::Thread)?;
        Ok(Self { handle, peer_address, stopped })
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
    engine: Option<Consensus>,
    is_stopping: Arc<AtomicBool>,
}

impl Crew {
    /// Starts everything. Returns where the node listens for the other members.
    fn start(&mut self, config: &NodeConfig) -> Result<Option<SocketAddr>, StartError> {
        let (checked, inbox) = mpsc::channel();
        let address = match &config.federation {
            Some(federation) if !self.inner.ledger.is_alone() => {
                Some(self.start_federation(federation, config.checkers, inbox)?)
            }
            Some(_) | None => {
                let inner = Arc::clone(&self.inner);
                self.spawn("ledger-writer", move || solo::run(&inner.ledger, &inbox))?;
                None
            }
        };
        for _ in 0..config.checkers {
            let (inner, checked) = (Arc::clone(&self.inner), checked.clone());
            self.spawn("ledger-checker", move || check(&inner, &checked))?;
        }
        let (inner, is_stopping) = (Arc::clone(&self.inner), Arc::clone(&self.is_stopping));
        self.spawn("ledger-indexer", move || {
            indexer::run(&inner.ledger, &inner.search, &is_stopping);
            Ok(())
        })?;
        Ok(address)
    }

    /// Starts the engine, what it drives, and what makes posts durable.
    fn start_federation(
        &mut self,
        federation: &FederationConfig,
        threads: usize,
        inbox: Receiver<Vec<Checked>>,
    ) -> Result<SocketAddr, StartError> {
        let Inner { ledger, intake, lifeline, .. } = &*self.inner;
        let intake = Some(Arc::clone(intake));
        let replica = Replica::new(Arc::clone(ledger), intake, lifeline.clone(), threads)?;
        let replica = Arc::new(replica);
        let config = federation.engine(&ledger.key, &ledger.members, *ledger.genesis.as_bytes());
        let engine = Consensus::start(config, Arc::clone(&replica) as Arc<dyn Application>)?;
        let address = engine.local_address();
        self.inner.peers.connect(engine.handle().clone(), Arc::clone(&replica));
        self.engine = Some(engine);
        let inner = Arc::clone(&self.inner);
        self.spawn("ledger-ticker", move || {
            tick(&inner);
            Ok(())
        })?;
        self.spawn("ledger-writer", move || replica.run(&inbox))?;
        Ok(address)
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

    /// Lets what was taken in come to its end, then ends engine and threads.
    fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.inner.lifeline.end(StopReason::Asked);
        self.inner.intake.close();
        if let Some(engine) = self.engine {
            engine.stop();
        }
        for thread in self.threads {
            // A panic has ended the node already, with its reason.
            drop(thread.join());
        }
        self.inner.intake.clear();
    }
}

/// Checks what comes in until nothing does any more. What was checked cannot pile up: it belongs to
/// posts that are on their way, whose number is bounded.
fn check(inner: &Inner, checked: &Sender<Vec<Checked>>) -> Result<(), CommitError> {
    while let Some(work) = inner.intake.take() {
        match work {
            Work::Posts(posts) => {
                let passed = checker::check(&inner.ledger, posts);
                // If nobody receives, the node ends, and whoever waits is told so.
                if !passed.is_empty() && checked.send(passed).is_err() {
                    return Ok(());
                }
            }
            Work::Gossip(messages) => {
                if let Some(replica) = inner.peers.replica() {
                    replica.take_gossip(&messages)?;
                }
            }
        }
    }
    Ok(())
}

/// Looks after the federation until the node ends.
fn tick(inner: &Inner) {
    let mut behind_before = 0;
    let mut ticks = 0_u64;
    let mut watch = Watch::default();
    while !inner.lifeline.wait_at_most(TICK) {
        let engine = inner.peers.status();
        if !engine.is_running {
            inner.lifeline.end(StopReason::Consensus);
            return;
        }
        if let Some(replica) = inner.peers.replica() {
            replica.tick();
        }
        look(inner, &mut watch, engine.connected.len());
        if engine.is_ahead && ticks.is_multiple_of(REPORT_TICKS) {
            tracing::error!(
                height = inner.ledger.store.height(),
                "the ordering engine does not know the last blocks of this ledger: until it has \
                 fetched them from other members this node neither proposes nor votes"
            );
        }
        ticks += 1;
        if ticks.is_multiple_of(REPORT_TICKS) && engine.behind.max(behind_before) > REPORT_BEHIND {
            let height = inner.ledger.store.height();
            tracing::info!(height, behind = engine.behind, "catching up with the federation");
            behind_before = engine.behind;
        }
    }
}

/// Looks at the federation, and tells what is new about it.
fn look(inner: &Inner, watch: &mut Watch, connected: usize) {
    let Inner { ledger, peers, .. } = inner;
    let waiting = ledger.store.counts().backlog + peers.pool();
    let sight = Sight {
        connected,
        members: ledger.members.len(),
        height: ledger.store.height().unwrap_or(0),
        is_waiting: waiting > 0,
    };
    let (others, height) = (sight.members - 1, sight.height);
    for notice in watch.look(sight) {
        match notice {
            Notice::Connected => tracing::info!(connected, others, "members are connected"),
            Notice::QuorumLost => {
                tracing::warn!(connected, others, "too few members are connected to go on");
            }
            Notice::Stalled => {
                tracing::warn!(height, waiting, connected, others, "the chain stands still");
            }
            Notice::Resumed => tracing::info!(height, "the chain grows again"),
        }
    }
    peers.set_stalled(watch.is_stalled() || !sight.has_quorum());
}
