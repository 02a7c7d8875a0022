//! Nodes for tests, and what is said about them often.

use bytes::Bytes;
use std::{net::SocketAddr, thread::JoinHandle, time::Duration};
use tally_crypto::SecretKey;
use tally_net::{
    ConnectionId, Counters, Epoch, Inbound, Limits, Net, NetConfig, NetError, PeerStatus,
    SendOutcome,
};
use tally_primitives::{ChainId, NodeAddress};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Nothing on loopback takes this long; a test that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How often a condition is looked at that no event announces.
const A_MOMENT: Duration = Duration::from_millis(1);
pub(crate) const CHAIN: ChainId = ChainId(1337);

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::generate([seed; 32])
}

/// Limits that make failures quick.
pub(crate) fn quick() -> Limits {
    Limits {
        handshake_timeout: Duration::from_secs(2),
        reconnect_min: Duration::from_millis(10),
        reconnect_max: Duration::from_millis(50),
        ..Limits::default()
    }
}

/// The configuration of the node made of `seed`, on a free port.
pub(crate) fn config(seed: u8) -> NetConfig {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = NetConfig::new(listen, CHAIN, Epoch(u64::from(seed)));
    NetConfig { limits: quick(), ..config }
}

pub(crate) struct Node {
    pub(crate) net: Net,
    pub(crate) events: mpsc::Receiver<Inbound>,
}

impl Node {
    pub(crate) fn start(seed: u8) -> Self {
        Self::start_with(seed, config(seed), 256)
    }

    pub(crate) fn start_with(seed: u8, config: NetConfig, inbound: usize) -> Self {
        let (sender, events) = mpsc::channel(inbound);
        let net = Net::bind(config, key(seed), sender).unwrap();
        Self { net, events }
    }

    /// Starts a node on a port that another one had. Meanwhile the port may be lent to another
    /// test, so this waits until it is free.
    pub(crate) async fn restart_with(seed: u8, config: NetConfig, inbound: usize) -> Self {
        let binding = async {
            loop {
                let (sender, events) = mpsc::channel(inbound);
                match Net::bind(config.clone(), key(seed), sender) {
                    Ok(net) => return Self { net, events },
                    Err(NetError::Bind { .. }) => tokio::time::sleep(A_MOMENT).await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        timeout(PATIENCE, binding).await.expect("the port becomes free")
    }

    pub(crate) fn node(&self) -> NodeAddress {
        self.net.node()
    }

    pub(crate) fn socket(&self) -> SocketAddr {
        self.net.local_addr()
    }

    /// Dials `other`.
    pub(crate) fn dial(&self, other: &Self) {
        self.net.set_address(other.node(), other.socket().into());
        self.net.connect(other.node());
    }

    pub(crate) async fn next(&mut self) -> Inbound {
        timeout(PATIENCE, self.events.recv()).await.expect("an event comes").expect("net runs")
    }

    /// Waits for a connection and returns its id and what the peer has.
    pub(crate) async fn connected(&mut self) -> (ConnectionId, u64) {
        match self.next().await {
            Inbound::Connected { connection, received, .. } => (connection, received),
            other => panic!("{other:?} instead of Connected"),
        }
    }

    /// Waits for the message `seq` and returns it.
    pub(crate) async fn message(&mut self, expected: u64) -> Bytes {
        match self.next().await {
            Inbound::Message { seq, payload, .. } if seq == expected => payload,
            other => panic!("{other:?} instead of message {expected}"),
        }
    }

    pub(crate) async fn disconnected(&mut self) -> ConnectionId {
        match self.next().await {
            Inbound::Disconnected { connection, .. } => connection,
            other => panic!("{other:?} instead of Disconnected"),
        }
    }

    pub(crate) fn send(&self, to: &Self, connection: ConnectionId, seq: u64) -> SendOutcome {
        let payload = Bytes::copy_from_slice(&seq.to_be_bytes());
        self.net.send(to.node(), Some(connection), seq, payload)
    }

    /// Waits until the counters are as they should be.
    pub(crate) async fn until_counted(&self, is_right: impl Fn(&Counters) -> bool) {
        let waiting = until(|| is_right(&self.net.counters()));
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "{:?}", self.net.counters());
    }

    /// Waits until the peer's status is as it should be.
    pub(crate) async fn until_status(
        &self,
        peer: NodeAddress,
        is_right: impl Fn(&PeerStatus) -> bool,
    ) {
        let waiting = until(|| is_right(&self.net.peer_status(peer)));
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "{:?}", self.net.peer_status(peer));
    }
}

/// A node in a runtime of its own, which can end from one instant to the next.
pub(crate) struct Mortal {
    pub(crate) node: Node,
    seed: u8,
    config: NetConfig,
    end: oneshot::Sender<()>,
    driver: JoinHandle<()>,
}

impl Mortal {
    pub(crate) fn start(seed: u8, config: NetConfig) -> Self {
        // Nothing runs in it but while its thread drives it: no task gets to say goodbye.
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let node = {
            let _entered = runtime.enter();
            Node::start_with(seed, config.clone(), 16)
        };
        let (end, ended) = oneshot::channel();
        let driver = std::thread::spawn(move || drop(runtime.block_on(ended)));
        Self { node, seed, config, end, driver }
    }

    /// Ends the node without a word, and starts it again at the same port with nothing in memory.
    pub(crate) async fn dies_in_silence(self) -> Node {
        let config = NetConfig { listen: self.node.socket(), ..self.config };
        self.end.send(()).unwrap();
        self.driver.join().unwrap();
        drop(self.node);
        Node::restart_with(self.seed, config, 16).await
    }
}

/// Polls a condition that no event announces.
async fn until(is_right: impl Fn() -> bool) {
    while !is_right() {
        tokio::time::sleep(A_MOMENT).await;
    }
}

/// Returns two connected nodes, the first of which dialled, and the ids of the connection on
/// either side.
pub(crate) async fn pair() -> (Node, Node, ConnectionId, ConnectionId) {
    connect(Node::start(1), Node::start(2)).await
}

pub(crate) async fn connect(a: Node, b: Node) -> (Node, Node, ConnectionId, ConnectionId) {
    let (mut a, mut b) = (a, b);
    a.dial(&b);
    let (at_a, _) = a.connected().await;
    let (at_b, _) = b.connected().await;
    (a, b, at_a, at_b)
}
