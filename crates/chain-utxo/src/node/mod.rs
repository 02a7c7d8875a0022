//! Blocks and transactions of a node, asked for over JSON-RPC.

mod client;
mod mempool;
mod relay;
mod sought;

use crate::{
    Network, decode_block,
    feed::Feed,
    follow::{View, follow, permanent},
};
use client::Client;
pub use client::NodeError;
pub use relay::NodeRelay;
use std::{fmt, path::PathBuf, time::Duration};
use tally_chain::{
    ChainError,
    utxo::{Block, BoxFuture, Source, Start, Update},
};
use tally_primitives::{BlockId, BlockNumber};

/// How the node knows its clients.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password, as in the node's configuration (`rpcuser`, `rpcpassword`).
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// The file `.cookie` that the node writes anew at each start; it is read again when the node
    /// refuses what it said before.
    CookieFile(PathBuf),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => {
                f.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
            Self::CookieFile(path) => f.debug_tuple("CookieFile").field(path).finish(),
        }
    }
}

/// Where a node is and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSettings {
    /// The network that the node is on.
    pub network: Network,
    /// The address of its JSON-RPC, `http://127.0.0.1:8332`. Nodes do not speak TLS: what lies
    /// between must be trusted.
    pub url: String,
    /// How it knows us.
    pub credentials: Credentials,
    /// How often it is asked for new blocks once all were read.
    pub poll: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How many requests are under way at once while catching up. Freecash and Bitcoin serve 4 by
    /// default.
    pub requests: usize,
}

impl NodeSettings {
    /// Settings for a node on `network` at `url`: asked every 2 seconds, 4 requests at once, which
    /// may take a minute each.
    pub fn new(network: Network, url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            network,
            url: url.into(),
            credentials,
            poll: Duration::from_secs(2),
            timeout: Duration::from_secs(60),
            requests: 4,
        }
    }
}

/// The blocks of a node.
#[derive(Debug)]
pub struct NodeSource {
    feed: Feed,
}

impl NodeSource {
    /// Starts following a node, which need not be reachable yet.
    ///
    /// # Errors
    ///
    /// [`NodeError::Url`] if the address is none that can be asked.
    pub fn start(settings: NodeSettings, start: Start) -> Result<Self, NodeError> {
        let client = Client::new(&settings)?;
        let feed = Feed::start("utxo-node", move |output| {
            let view = NodeView { client, workers: settings.requests.max(1) };
            follow(&view, &settings.network, start, settings.poll, output)
        });
        Ok(Self { feed })
    }
}

impl Source for NodeSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        self.feed.next()
    }

    fn head(&self) -> Option<BlockNumber> {
        self.feed.head()
    }
}

struct NodeView {
    client: Client,
    workers: usize,
}

impl View for NodeView {
    fn refresh(&self) -> Result<Option<BlockNumber>, ChainError> {
        self.client.block_count().map(Some)
    }

    fn id_at(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        self.client.block_id(height)
    }

    fn block_at(&self, height: BlockNumber) -> Result<Option<Block>, ChainError> {
        let Some(id) = self.client.block_id(height)? else { return Ok(None) };
        let raw = self.client.block(id)?;
        let refused = |error| {
            permanent("reading a block of the node", NodeError::Block { id, source: error })
        };
        let block = decode_block(&raw, height).map_err(refused)?;
        if block.id == id {
            Ok(Some(block))
        } else {
            Err(permanent(
                "reading a block of the node",
                NodeError::AnotherBlock { id, found: block.id },
            ))
        }
    }

    fn workers(&self) -> usize {
        self.workers
    }
}
