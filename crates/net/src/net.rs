use crate::{
    CloseCode, ConnectionId, Counters, Epoch, Inbound, NetConfig, NetError, PeerAddress,
    PeerStatus, SendOutcome, accept,
    counters::Counting,
    registry::Registry,
    reset,
    shared::GRACE,
    shared::Shared,
    slots::Slots,
    socket::{CountingSocket, DeadSocket},
    tls,
};
use bytes::Bytes;
use quinn::{AsyncUdpSocket as _, Endpoint, Runtime as _, TokioRuntime};
use std::{
    convert::Infallible,
    fmt,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex, PoisonError, Weak, atomic::AtomicU64},
    time::Duration,
};
use tally_crypto::SecretKey;
use tally_primitives::NodeAddress;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// The node's end of the network: a handle, cheap to clone.
///
/// No method waits for a peer, and all but [`close`](Self::close) return at once. What happens is
/// told by [`Inbound`] events. When the last clone is dropped everything stops as if by `close`,
/// without its goodbyes.
///
/// # The node's part
///
/// * Number the messages for each peer 1, 2, 3 … without gaps, and keep each in a durable outbox
///   until it is acknowledged. Send only what is in the outbox.
/// * On `Connected`, drop what `received` covers and send the rest in order. On `Writable`, send
///   on from the message that was refused. In between, send each new message once; outcomes other
///   than [`SendOutcome::Queued`] need no reaction.
/// * Store a message, and the highest number received with the peer's epoch, in one commit; then
///   call [`acknowledge`](Self::acknowledge). Ignore numbers already stored under that epoch.
#[derive(Clone)]
pub struct Net {
    shared: Arc<Shared>,
    /// All tasks have ended when this yields nothing any more.
    ended: Arc<tokio::sync::Mutex<mpsc::Receiver<Infallible>>>,
    /// Tells whether the socket is open still.
    socket: Weak<CountingSocket>,
    /// Stops the tasks when the last handle is dropped.
    _stopper: Arc<Stopper>,
}

/// How often a closing endpoint's socket is looked at.
const SOCKET_POLL: Duration = Duration::from_millis(1);

struct Stopper(Arc<Shared>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
        take(&self.0.alive);
    }
}

impl Net {
    /// Opens the socket and starts to accept connections. Events go to `inbound`, which should
    /// have room for hundreds: while it is full, peers wait.
    ///
    /// # Errors
    ///
    /// [`NetError`]; nothing is left running.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn bind(
        config: NetConfig,
        identity: SecretKey,
        inbound: mpsc::Sender<Inbound>,
    ) -> Result<Self, NetError> {
        let (server, client) = tls::configs(&config.limits)?;
        let bind_error = |source| NetError::Bind { address: config.listen, source };
        let socket = UdpSocket::bind(config.listen).map_err(bind_error)?;
        let runtime = Arc::new(TokioRuntime);
        let counting = Arc::new(Counting::default());
        let socket = runtime.wrap_udp_socket(socket).map_err(bind_error)?;
        let socket = Arc::new(CountingSocket::new(socket, Arc::clone(&counting)));
        let local_addr = socket.local_addr().map_err(bind_error)?;
        let weak_socket: Weak<CountingSocket> = Arc::downgrade(&socket);
        let mut instance = [0; 8];
        getrandom::fill(&mut instance).map_err(NetError::Randomness)?;
        let mut endpoint_config = reset::endpoint_config(&identity, instance);
        endpoint_config.grease_quic_bit(false);
        let mut endpoint =
            Endpoint::new_with_abstract_socket(endpoint_config, Some(server), socket, runtime)
                .map_err(bind_error)?;
        endpoint.set_default_client_config(client);
        let (alive, ended) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            key: identity,
            chain_id: config.chain_id,
            protocol_version: config.protocol_version,
            epoch: config.epoch,
            instance: u64::from_be_bytes(instance),
            slots: Slots::new(&config.limits),
            limits: config.limits,
            endpoint: Mutex::new(Some(endpoint)),
            local_addr,
            inbound,
            counting,
            registry: Registry::new(config.received),
            stop: watch::Sender::new(false),
            connections: AtomicU64::new(1),
            alive: Mutex::new(Some(alive)),
        });
        shared.spawn(accept::run(Arc::clone(&shared)));
        let stopper = Arc::new(Stopper(Arc::clone(&shared)));
        let ended = Arc::new(tokio::sync::Mutex::new(ended));
        Ok(Self { shared, ended, socket: weak_socket, _stopper: stopper })
    }

    /// Returns the address of the socket, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local_addr
    }

    /// Returns the address of the node that this end speaks for.
    pub fn node(&self) -> NodeAddress {
        self.shared.node()
    }

    /// Sends a message by the connection that [`Inbound::Connected`] told of, or drops it.
    ///
    /// Without a connection, or with one that is gone, this is [`connect`](Self::connect).
    pub fn send(
        &self,
        peer: NodeAddress,
        connection: Option<ConnectionId>,
        seq: u64,
        payload: Bytes,
    ) -> SendOutcome {
        let outbound = self.shared.registry.peer(peer).and_then(|peer| {
            peer.want();
            peer.outbound()
        });
        match outbound.filter(|outbound| Some(outbound.id()) == connection) {
            Some(outbound) => {
                let outcome = outbound.push(seq, payload);
                if outcome == SendOutcome::QueueFull {
                    self.shared.counting.queue_refusals.count();
                }
                outcome
            }
            None => {
                self.shared.want(peer);
                SendOutcome::NotConnected
            }
        }
    }

    /// Tells a peer that its messages up to `seq` are durable here; call it after the commit.
    ///
    /// `epoch` is the peer's, as [`Inbound::Connected`] gave it with those messages. If the peer
    /// is not connected, it is told when it is.
    pub fn acknowledge(&self, peer: NodeAddress, epoch: Epoch, seq: u64) {
        self.shared.registry.set_received(peer, epoch, seq);
        let outbound = self.shared.registry.peer(peer).and_then(|peer| peer.outbound());
        if let Some(outbound) = outbound.filter(|outbound| outbound.peer_epoch() == epoch) {
            outbound.acknowledge(seq);
        }
    }

    /// Dials a peer now and whenever the connection is lost, until [`disconnect`](Self::disconnect).
    ///
    /// Does nothing for the node's own address, and waits if no address is known.
    pub fn connect(&self, peer: NodeAddress) {
        self.shared.want(peer);
    }

    /// Ends the connection with a peer and stops dialling it. The peer may still call.
    pub fn disconnect(&self, peer: NodeAddress) {
        if let Some(peer) = self.shared.registry.peer(peer) {
            peer.forget();
        }
    }

    /// Sets where a peer listens. A peer that is waiting to be dialled is dialled at once if that
    /// is news; a connection stays as it is.
    pub fn set_address(&self, peer: NodeAddress, address: PeerAddress) {
        let is_news = self.shared.registry.set_address(peer, address);
        if is_news && let Some(peer) = self.shared.registry.peer(peer) {
            peer.address_changed();
        }
    }

    /// Forgets where a peer listens; a connection stays as it is.
    pub fn remove_address(&self, peer: NodeAddress) {
        self.shared.registry.remove_address(peer);
    }

    /// Returns where a peer listens.
    pub fn address_of(&self, peer: NodeAddress) -> Option<PeerAddress> {
        self.shared.registry.address(peer)
    }

    /// Says whether there is a connection with a peer. Cheap.
    pub fn is_connected(&self, peer: NodeAddress) -> bool {
        self.shared.registry.peer(peer).is_some_and(|peer| peer.outbound().is_some())
    }

    /// Says how things stand with a peer.
    pub fn peer_status(&self, peer: NodeAddress) -> PeerStatus {
        self.shared.registry.peer(peer).map_or(PeerStatus::Unknown, |peer| peer.status())
    }

    /// Returns the peers that somebody asked for or that are connected, by address.
    pub fn peers(&self) -> Vec<(NodeAddress, PeerStatus)> {
        let peers = self.shared.registry.peers();
        let mut list: Vec<_> = peers.iter().map(|peer| (peer.node, peer.status())).collect();
        list.sort_unstable_by_key(|(node, _)| *node);
        list
    }

    /// Returns what happened since the start.
    pub fn counters(&self) -> Counters {
        self.shared.counting.snapshot()
    }

    /// Stops: writes what is queued, says goodbye to the peers, ends all tasks and releases the
    /// socket, within about two seconds. Events may still arrive until it returns; further calls
    /// do nothing.
    ///
    /// Cancel safe: what remains is done in the background.
    pub async fn close(&self) {
        self.shared.stop.send_replace(true);
        take(&self.shared.alive);
        while self.ended.lock().await.recv().await.is_some() {}
        let Some(endpoint) = take(&self.shared.endpoint) else { return };
        endpoint.close(CloseCode::Shutdown.to_wire(), b"");
        // A peer that does not confirm the goodbye does not hold us up.
        let _ = timeout(GRACE, endpoint.wait_idle()).await;
        // The endpoint keeps its previous socket for a while, so the real one must be the last
        // but one.
        for _ in 0..2 {
            let dead = Arc::new(DeadSocket(self.shared.local_addr));
            // Cannot fail: a dead socket has an address.
            let _ = endpoint.rebind_abstract(dead);
        }
        // The tasks of lingering connections drop the socket when they notice.
        let released = async {
            while self.socket.strong_count() > 0 {
                tokio::time::sleep(SOCKET_POLL).await;
            }
        };
        let _ = timeout(GRACE, released).await;
    }
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").field("node", &self.node()).finish_non_exhaustive()
    }
}
