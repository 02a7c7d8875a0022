use crate::PeerEndpoint;
use std::{net::SocketAddr, time::Duration};
use tally_net::Limits;
use tally_primitives::{Address, BlockNumber, BlockSpan, ChainId, TokenAmount};

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The chain that holds the channels.
    pub chain: ChainId,
    /// The registry of tokens on it.
    pub registry: Address,
    /// Blocks that a block must lie below the newest one before its events are believed; as the
    /// chain source was told.
    pub confirmations: BlockSpan,
    /// The chain's newest block when the node is started, if known. A node that stored all blocks
    /// up to it has caught up with the chain without waiting for another one.
    pub head: Option<BlockNumber>,
    /// Blocks kept in reserve to bring a secret to the chain.
    pub reveal_timeout: BlockSpan,
    /// The settlement window of channels that are opened without naming one.
    pub settle_timeout: BlockSpan,
    /// Whether the node passes transfers of others on.
    pub mediates: bool,
    /// What it keeps of each transfer it passes on.
    pub mediation_fee: TokenAmount,
    /// The UDP address to listen on for peers; port 0 picks one.
    pub listen: SocketAddr,
    /// Bounds of the transport.
    pub limits: Limits,
    /// Where peers can be reached. Weighs more than what they publish on the chain, and less than
    /// what [`NodeHandle::update_nodes`](crate::NodeHandle::update_nodes) says.
    pub peers: Vec<PeerEndpoint>,
    /// `host:port` to publish on the chain, if any.
    pub publish_endpoint: Option<String>,
    /// After a start, how long transfers to pass on wait for neighbours that are not connected
    /// yet.
    pub connect_grace: Duration,
    /// How long a request waits for the event of its mined transaction.
    pub event_patience: Duration,
}

/// Peers that run are back within a dial or two; a transfer that waits this long loses nothing.
const CONNECT_GRACE: Duration = Duration::from_secs(10);
/// A few blocks of a slow chain, with some confirmations.
const EVENT_PATIENCE: Duration = Duration::from_secs(180);
/// Source: spec §2.2, the values of the node in Python; nine reveal timeouts to a window.
const REVEAL_TIMEOUT: BlockSpan = BlockSpan(10);
const SETTLE_TIMEOUT: BlockSpan = BlockSpan(90);

impl NodeConfig {
    /// Makes a configuration with everything else at its default: events believed at once,
    /// mediation for free, nothing published.
    pub fn new(chain: ChainId, registry: Address, listen: SocketAddr) -> Self {
        Self {
            chain,
            registry,
            confirmations: BlockSpan(0),
            head: None,
            reveal_timeout: REVEAL_TIMEOUT,
            settle_timeout: SETTLE_TIMEOUT,
            mediates: true,
            mediation_fee: TokenAmount::ZERO,
            listen,
            limits: Limits::default(),
            peers: vec![],
            publish_endpoint: None,
            connect_grace: CONNECT_GRACE,
            event_patience: EVENT_PATIENCE,
        }
    }
}
