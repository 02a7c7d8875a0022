use crate::{
    Application, Config, Handle, PeerAddress, StartError,
    desk::Desk,
    engine::{self, Parts},
    folder::Folder,
    handle::Outgoing,
    listening::Listening,
    members::{self, Members},
    network::{Channels, Topic, message_bytes_max},
};
use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_p2p::{
    Address, AddressableManager as _, Ingress,
    authenticated::lookup::{self, Network},
};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use commonware_stream::{
    SakeCups,
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{Hostname, NZUsize, TryCollect as _, ordered::Map};
use futures_util::future::{Either, select, select_all};
use std::{
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    ops::Deref,
    pin::pin,
    sync::{Arc, mpsc::SyncSender},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

/// How far the clock of a peer may be ahead when it connects.
const CLOCK_AHEAD_MAX: Duration = Duration::from_secs(5);
/// How old a peer's greeting may be, by its clock, when it connects.
const GREETING_AGE_MAX: Duration = Duration::from_secs(10);
/// The time before a lost peer is dialled again.
const REDIAL: Duration = Duration::from_secs(1);
/// The time between two dials. The application of a restarted node waits this long for each peer.
const DIAL: Duration = Duration::from_millis(250);
/// The time that a message may be on its way, and that a peer may be silent. It says something
/// every five seconds. A block of 8 MiB needs a link of 2.5 megabits a second.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Threads for calls of the application and for files. They end after seconds without work.
const BLOCKING_THREADS: usize = 64;

/// A running engine. Dropping it stops the engine like [`stop`](Self::stop).
#[derive(Debug)]
pub struct Consensus {
    handle: Handle,
    local_address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Consensus {
    /// Starts the engine on threads of its own, and returns when it listens.
    ///
    /// The application is given its handle, then what it misses, then its part in the federation.
    /// Blocks while the engine reads its journal: milliseconds, seconds after a long life.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config, application: Arc<dyn Application>) -> Result<Self, StartError> {
        let members = members::check(&config)?;
        let folder = Folder::open(&config.data_dir, &members)?;
        // The engine could not say what is wrong with an address.
        let unusable = |source| StartError::Listen { address: config.listen, source };
        drop(TcpListener::bind(config.listen).map_err(unusable)?);

        let (handle, outgoing) = Handle::new(config.key.public_key());
        let (stop, stopped) = oneshot::channel();
        // Not a channel that awaits: this may be called where blocking on one is forbidden.
        let (started, starting) = std::sync::mpsc::sync_channel(1);
        let node = Node { config, members, desk: Desk::new(application), handle: handle.clone() };
        let running = handle.clone();
        let thread = thread::Builder::new()
            .name("consensus".into())
            .spawn(move || node.run(&folder, outgoing, started, stopped, &running))
            .map_err(StartError::Thread)?;
        let mut consensus = Self {
            handle,
            local_address: SocketAddr::from(([0, 0, 0, 0], 0)),
            stop: Some(stop),
            thread: Some(thread),
        };
        // A failed start leaves nothing behind: dropping waits for the thread.
        consensus.local_address = starting.recv().map_err(|_| StartError::Ended)?;
        Ok(consensus)
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
    ///
    /// Blocks for as long as the application's running call; must not be called by one.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the engine of the federation ended with a panic");
        }
    }
}

impl Drop for Consensus {
    fn drop(&mut self) {
        self.end();
    }
}

impl Deref for Consensus {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

type Handshake = SakeCups<ed25519::PrivateKey, ChaCha20Poly1305>;

/// Everything that the thread of an engine needs.
struct Node {
    config: Config,
    members: Members,
    desk: Desk,
    handle: Handle,
}

/// Says that the engine does not run any more, also when it panics.
struct Ending<'a>(&'a Handle);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.update(|status| {
            status.is_running = false;
            status.connected.clear();
        });
    }
}

impl Node {
    /// Runs until it is told to stop or a part of the engine fails.
    fn run(
        self,
        folder: &Folder,
        outgoing: mpsc::Receiver<Outgoing>,
        started: SyncSender<SocketAddr>,
        stopped: oneshot::Receiver<()>,
        handle: &Handle,
    ) {
        let _ending = Ending(handle);
        let settings = runtime::Config::new()
            .with_storage_directory(folder.store())
            .with_worker_threads(self.config.threads)
            .with_read_write_timeout(SILENCE_MAX)
            .with_max_blocking_threads(BLOCKING_THREADS);
        runtime::Runner::new(settings).start(|context| async move {
            let starting = pin!(self.start(context, outgoing));
            let stopped = pin!(stopped);
            let (running, stopped) = match select(starting, stopped).await {
                Either::Left((running, stopped)) => (running, stopped),
                Either::Right(_) => return,
            };
            let Some((address, tasks)) = running else { return };
            handle.update(|status| status.is_running = true);
            // Nobody waits when the start was given up; the stop follows.
            let _ = started.send(address);
            if let Either::Left(_) = select(select_all(tasks), stopped).await {
                error!("a part of the engine of the federation has ended");
            }
        });
    }

    /// Starts network and engine; `None` when the socket cannot be bound.
    async fn start(
        self,
        context: runtime::Context,
        outgoing: mpsc::Receiver<Outgoing>,
    ) -> Option<(SocketAddr, Vec<commonware_runtime::Handle<()>>)> {
        let settings = self.network_settings();
        let (listening, address) = Listening::new(context.child("network"));
        let (mut network, mut peers) = Network::new(listening, settings);
        peers.track(0, self.addresses());
        let channels =
            Channels::new(Topic::ALL.map(|topic| network.register(topic.channel(), topic.quota())));
        let parts = Parts {
            members: self.members,
            timing: self.config.timing,
            payload_bytes_max: self.config.payload_bytes_max,
            files: "engine".into(),
            desk: self.desk,
            handle: self.handle,
            outgoing,
        };
        let mut tasks = engine::start(&context, parts, channels, peers.clone(), peers).await;
        tasks.push(network.start());
        Some((address.await.ok()?, tasks))
    }

    fn network_settings(&self) -> lookup::Config<Handshake> {
        let sake = Sake {
            signer: self.members.signer.clone(),
            synchrony_bound: CLOCK_AHEAD_MAX,
            max_handshake_age: GREETING_AGE_MAX,
            version: sake::Version::V1,
        };
        let namespace = members::namespace(self.members.genesis, b"/connections");
        let count = NonZeroUsize::new(self.members.all.len()).expect("there are participants");
        let mut settings = lookup::Config::local(
            Cups::new(sake, cups::Version::V1),
            &namespace,
            self.config.listen,
            count,
            message_bytes_max(self.members.count(), self.config.payload_bytes_max),
            NZUsize!(1024),
        );
        // Who a peer is, its key proves; where it calls from does not matter.
        settings.bypass_ip_check = true;
        settings.peer_connection_cooldown = REDIAL;
        settings.dial_frequency = DIAL;
        settings.tracked_peer_sets = NZUsize!(1);
        settings
    }

    fn addresses(&self) -> Map<ed25519::PublicKey, Address> {
        let own = (self.members.me.clone(), Address::Symmetric(self.config.listen));
        let peers = self.config.peers.iter().map(|peer| {
            let key = members::inward(&peer.key).expect("the participants are checked");
            (key, address(&peer.address))
        });
        peers.chain([own]).try_collect().expect("no peer has two addresses")
    }
}

/// Translates an address for the network.
fn address(address: &PeerAddress) -> Address {
    match address {
        PeerAddress::Socket(address) => Address::Symmetric(*address),
        PeerAddress::Name { host, port } => Address::Asymmetric {
            ingress: Ingress::Dns {
                host: Hostname::new(host.as_str()).expect("a peer's address is checked"),
                port: *port,
            },
            // Where a peer calls from is not looked at.
            egress: SocketAddr::from(([0, 0, 0, 0], *port)),
        },
    }
}
