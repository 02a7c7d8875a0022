use crate::{
    NodeConfig, NodeHandle, StartError, StopReason,
    answers::Requests,
    calls::Calls,
    chain_view::ChainView,
    commit::{self, Group, Progress},
    counters::Counters,
    endpoints::Endpoints,
    history::History,
    inbox::Inbox,
    input::Input,
    journal::Followers,
    keys::Keys,
    outbox::Outbox,
    owner::{Ending, Owner},
    payments::Payments,
    perform::Performer,
    receive::{self, Checker, Incoming},
    recovery, store, switch,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::{Duration, Instant},
};
use tally_chain::{ChainSource, ChannelContracts};
use tally_channel::{Changes, Config, Protocol};
use tally_crypto::SecretKey;
use tally_net::{Epoch, Net, NetConfig};
use tally_storage::Store;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

/// Requests that may wait for the owner. A full queue answers "busy" instead of growing.
const COMMANDS_BOUND: usize = 1024;
/// Inputs that may wait for the owner: several turns, so that work piles up while a commit waits
/// for the disk and then shares the next one. A full mailbox slows peers and the chain down.
const MAILBOX_BOUND: usize = 1024;
/// Events that may wait between the transport and the signature checks.
const INBOUND_BOUND: usize = 1024;
/// Groups that may wait for the committer: one is ready when the disk is, and the owner works on
/// the next. More would only hold effects back.
const GROUPS_BOUND: usize = 1;
/// How often callers' patience is looked at.
const TICK: Duration = Duration::from_millis(100);

/// A running node.
///
/// It runs until it is asked to stop or cannot go on; dropping this value does not end it.
#[derive(Debug)]
pub struct Node {
    handle: NodeHandle,
    address: SocketAddr,
    stopped: oneshot::Receiver<StopReason>,
}

impl Node {
    /// Starts a node on what `store` holds; call it within a tokio runtime.
    ///
    /// The store must have been opened with [`TABLES`](crate::TABLES). `source` must go on after
    /// the last of [`recent_blocks`](crate::recent_blocks); `contracts` must send transactions of
    /// `key`'s account. Everything the node started ends when it stops.
    ///
    /// # Errors
    ///
    /// [`StartError`], with nothing left running. Data of another node, chain or registry is
    /// refused and left as it was.
    pub fn start(
        config: NodeConfig,
        key: SecretKey,
        store: Arc<dyn Store>,
        source: impl ChainSource + 'static,
        contracts: Arc<dyn ChannelContracts>,
    ) -> Result<Self, StartError> {
        let identity = store::claim(store.as_ref(), config.chain, config.registry, key.address())?;
        let (mailbox, mut inputs) = mpsc::channel(MAILBOX_BOUND);
        let mut owner = load(config, key, &store, &contracts, mailbox.clone())?;
        let (inbound, from_net) = mpsc::channel(INBOUND_BOUND);
        let net_config = NetConfig {
            received: owner.inbox.marks(),
            limits: owner.config.limits.clone(),
            ..NetConfig::new(owner.config.listen, owner.config.chain, Epoch(identity.epoch))
        };
        let net = Net::bind(net_config, owner.key.clone(), inbound)?;
        let address = net.local_addr();
        let (commands, from_users) = mpsc::channel(COMMANDS_BOUND);
        let handle = NodeHandle::new(owner.key.address(), commands);
        let checker = Checker { chain: owner.config.chain, us: owner.key.address() };

        let mut tasks = JoinSet::new();
        tasks.spawn(receive::run(checker, from_net, mailbox.clone()));
        tasks.spawn(forward_commands(from_users, mailbox.clone()));
        tasks.spawn(follow_chain(source, mailbox.clone()));
        tasks.spawn(tick(mailbox.clone()));
        let performer = Performer {
            net: net.clone(),
            store: Arc::clone(&store),
            contracts,
            runtime: Handle::current(),
            owner: mailbox,
        };
        let (ended, end) = oneshot::channel();
        thread::Builder::new()
            .name("channel-owner".to_owned())
            .spawn(move || {
                let end = work(&mut owner, &mut inputs, performer);
                // Whoever hears of the end may end the process: no store may be open then.
                drop((owner, inputs));
                drop(ended.send(end));
            })
            .map_err(StartError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            let reason = end.await.unwrap_or((StopReason::Panicked, None));
            tasks.shutdown().await;
            net.close().await;
            let (reason, reply) = reason;
            if let Some(reply) = reply {
                drop(reply.send(Ok(())));
            }
            drop(stop.send(reason));
        });
        Ok(Self { handle, address, stopped })
    }

    /// Returns the way to speak to the node.
    pub fn handle(&self) -> NodeHandle {
        self.handle.clone()
    }

    /// Returns the UDP address on which the node listens for peers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the node has stopped and everything it started has ended, and says why.
    pub async fn stopped(self) -> StopReason {
        self.stopped.await.unwrap_or(StopReason::Panicked)
    }
}

/// Why the node ended and who waits for that.
type End = (StopReason, Option<crate::Reply<()>>);

/// The owner's thread: works until the end, then lets the committer finish.
fn work(owner: &mut Owner, inputs: &mut mpsc::Receiver<Input>, mut performer: Performer) -> End {
    let (groups, waiting) = sync_channel::<Group>(GROUPS_BOUND);
    let (store, progress) = (Arc::clone(&owner.store), Arc::clone(&owner.progress));
    let (ending, committed) = thread::scope(|scope| {
        let committer =
            scope.spawn(move || commit::run(&store, &waiting, &mut performer, &progress));
        let ending = owner.run(inputs, &groups);
        drop(groups);
        (ending, committer.join())
    });
    match (committed, ending) {
        (Err(_), _) => (StopReason::Panicked, None),
        (Ok(Err(error)), ending) => {
            tracing::error!(%error, "a commit failed: the node stops before anything of it happens");
            drop(ending);
            (StopReason::Store(error), None)
        }
        (Ok(Ok(())), Ending::Asked(reply)) => (StopReason::Asked, reply),
        (Ok(Ok(())), Ending::Chain(error)) => {
            tracing::error!(%error, "the chain cannot be followed any more");
            (StopReason::Chain(error), None)
        }
        (Ok(Ok(())), Ending::Storage) => (StopReason::Panicked, None),
    }
}

/// Reads all that an earlier run left.
fn load(
    config: NodeConfig,
    key: SecretKey,
    store: &Arc<dyn Store>,
    contracts: &Arc<dyn ChannelContracts>,
    mailbox: mpsc::Sender<Input>,
) -> Result<Owner, StartError> {
    let disk = store.as_ref();
    let block = recovery::recent_blocks(disk)?.pop();
    let core = Config {
        address: key.address(),
        chain: config.chain,
        reveal_timeout: config.reveal_timeout,
        mediates: config.mediates,
        mediation_fee: config.mediation_fee,
    };
    let mut protocol = Protocol::restore(core, recovery::snapshot(disk, block.as_ref())?);
    protocol.set_direct_only(switch::load(disk)?);
    let start_grace = Instant::now() + config.connect_grace;
    let mut inbox = Inbox::<Incoming>::load(disk)?;
    protocol.channels().for_each(|channel| inbox.add_partner(channel.partner()));
    Ok(Owner {
        protocol,
        inbox,
        chain: ChainView::load(disk)?,
        endpoints: Endpoints::load(disk, &config.peers)?,
        outbox: Outbox::load(disk)?,
        history: History::load(disk)?,
        followers: Followers::default(),
        keys: Keys::default(),
        calls: Calls::default(),
        held: vec![],
        payments: Payments::default(),
        requests: Requests::default(),
        counters: Counters::default(),
        connected: BTreeMap::new(),
        guests: BTreeMap::new(),
        start_grace,
        route_waits: BTreeMap::new(),
        grace_until: Some(start_grace),
        synced: block
            .zip(config.head)
            .is_some_and(|(block, head)| head.since(block.number) <= config.confirmations),
        block,
        block_time: None,
        changes: Changes::default(),
        group: Group::default(),
        groups: 0,
        progress: Arc::new(Progress::default()),
        probe: false,
        ending: None,
        store: Arc::clone(store),
        contracts: Arc::clone(contracts),
        mailbox,
        config,
        key,
    })
}

async fn forward_commands(
    mut commands: mpsc::Receiver<crate::Command>,
    mailbox: mpsc::Sender<Input>,
) {
    while let Some(command) = commands.recv().await {
        if mailbox.send(Input::Command(command)).await.is_err() {
            return;
        }
    }
}

async fn follow_chain(mut source: impl ChainSource, mailbox: mpsc::Sender<Input>) {
    loop {
        let (input, is_last) = match source.next_update().await {
            Ok(update) => (Input::Chain(update), false),
            Err(error) => (Input::ChainLost(error), true),
        };
        if mailbox.send(input).await.is_err() || is_last {
            return;
        }
    }
}

async fn tick(mailbox: mpsc::Sender<Input>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if mailbox.send(Input::Tick).await.is_err() {
            return;
        }
    }
}
