use crate::{Epoch, Received};
use std::{collections::HashMap, net::SocketAddr, time::Duration};
use tally_primitives::{ChainId, NodeAddress};

/// The version of the transport protocol this crate speaks.
pub const PROTOCOL_VERSION: u16 = 1;

/// What a [`crate::Net`] is started with.
#[derive(Debug, Clone)]
pub struct NetConfig {
    /// The UDP socket to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The chain the node works on; peers on another one are refused.
    pub chain_id: ChainId,
    /// The protocol version to speak; peers that speak another one are refused.
    pub protocol_version: u16,
    /// Names the node's data: random, drawn when its database was made. When it changes, peers
    /// know that what they had delivered is forgotten.
    pub epoch: Epoch,
    /// The last message durably received from each peer, from the node's database.
    pub received: HashMap<NodeAddress, Received>,
    /// Bounds on time, memory and connections.
    pub limits: Limits,
}

impl NetConfig {
    /// Makes a configuration with the default limits and nothing received yet.
    pub fn new(listen: SocketAddr, chain_id: ChainId, epoch: Epoch) -> Self {
        Self {
            listen,
            chain_id,
            protocol_version: PROTOCOL_VERSION,
            epoch,
            received: HashMap::new(),
            limits: Limits::default(),
        }
    }
}

/// Bounds on time, memory and connections. The defaults suit a node on the open internet.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Messages that may wait in a peer's send queue.
    pub send_queue_messages: usize,
    /// Bytes that may wait in a peer's send queue; one message always fits an empty queue.
    pub send_queue_bytes: usize,
    /// Connections others may have with us.
    pub accepted_connections: usize,
    /// Connections others may have with us from one IP address.
    pub accepted_connections_per_ip: usize,
    /// Connections that have not proved their identity yet. From half of it on, callers must show
    /// that their IP address is not forged.
    pub half_open_connections: usize,
    /// Time a connection has to prove its identity, and a dial to succeed.
    pub handshake_timeout: Duration,
    /// Silence after which a connection is lost.
    pub idle_timeout: Duration,
    /// Silence after which a sign of life is sent; well below `idle_timeout`.
    pub keep_alive: Duration,
    /// The pause before the first redial; it doubles with every failure.
    pub reconnect_min: Duration,
    /// The longest pause between two dials.
    pub reconnect_max: Duration,
}

/// A second of transfers at the design's goal: a burst passes, a stalled peer is noticed.
const SEND_QUEUE_MESSAGES: usize = 4096;
/// Four megabytes a peer: the messages above at a kilobyte each.
const SEND_QUEUE_BYTES: usize = 4 << 20;
/// A node has tens of channels; the rest is room for strangers and reconnecting peers.
const ACCEPTED_CONNECTIONS: usize = 512;
/// Several nodes behind one address are common, hundreds are not.
const ACCEPTED_CONNECTIONS_PER_IP: usize = 64;
/// Each costs a TLS handshake and some kilobytes for at most the handshake timeout.
const HALF_OPEN_CONNECTIONS: usize = 64;
/// Three lost flights on a slow link still fit.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A dead peer must be known well before a lock expires, a Wi-Fi hiccup must not count.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Three signs of life fit the idle timeout, and address translators keep the mapping.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Short enough that a restarted peer is back before anybody notices.
const RECONNECT_MIN: Duration = Duration::from_millis(100);
/// Long enough to cost nothing, short enough to find a peer soon after it returns.
const RECONNECT_MAX: Duration = Duration::from_secs(30);

impl Default for Limits {
    fn default() -> Self {
        Self {
            send_queue_messages: SEND_QUEUE_MESSAGES,
            send_queue_bytes: SEND_QUEUE_BYTES,
            accepted_connections: ACCEPTED_CONNECTIONS,
            accepted_connections_per_ip: ACCEPTED_CONNECTIONS_PER_IP,
            half_open_connections: HALF_OPEN_CONNECTIONS,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            keep_alive: KEEP_ALIVE,
            reconnect_min: RECONNECT_MIN,
            reconnect_max: RECONNECT_MAX,
        }
    }
}
