//! Blocks and transactions of a server that speaks Esplora's HTTP API.

mod client;
mod relay;
mod sought;
mod trust;

use crate::{
    BLOCK_BYTES_MAX, Network, decode_block,
    feed::Feed,
    follow::{View, follow},
};
pub use client::EsploraError;
use client::{Client, doubtful};
pub use relay::EsploraRelay;
use std::time::Duration;
use tally_chain::{
    ChainError,
    utxo::{Block, BoxFuture, Source, Start, Update},
};
use tally_primitives::{BlockId, BlockNumber};
pub use trust::{Trust, TrustError};

/// Where an Esplora server is and how it is asked.
#[derive(Debug, Clone)]
pub struct EsploraSettings {
    /// The network that the server is on.
    pub network: Network,
    /// The address under which its API is: `https://blockstream.info/testnet/api`. With plain HTTP
    /// what lies between must be trusted; with HTTPS the server must be, all the same.
    pub url: String,
    /// Whose certificates it may have.
    pub trust: Trust,
    /// How often it is asked for new blocks once all were read.
    pub poll: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How many requests are under way at once.
    pub requests: usize,
    /// For how many scripts it is asked at most whenever somebody looks for transactions that wait;
    /// the others have their turn the next time.
    pub scripts_per_look: usize,
}

impl EsploraSettings {
    /// Settings for a server on `network` at `url`: asked every 10 seconds, 2 requests at once,
    /// which may take half a minute each, 25 scripts a look. Public servers endure that.
    pub fn new(network: Network, url: impl Into<String>) -> Self {
        Self {
            network,
            url: url.into(),
            trust: Trust::default(),
            poll: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            requests: 2,
            scripts_per_look: 25,
        }
    }
}

/// The blocks of an Esplora server.
///
/// A server that is busy (HTTP 429, 5xx), unreachable, or answers nonsense is asked again, first
/// soon and then every half minute.
#[derive(Debug)]
pub struct EsploraSource {
    feed: Feed,
}

impl EsploraSource {
    /// Starts following a server, which need not be reachable yet.
    ///
    /// # Errors
    ///
    /// [`EsploraError::Url`] if the address is none that can be asked.
    pub fn start(settings: EsploraSettings, start: Start) -> Result<Self, EsploraError> {
        let client = Client::new(&settings)?;
        let feed = Feed::start("utxo-esplora", move |output| {
            let view = EsploraView { client, workers: settings.requests.max(1) };
            follow(&view, &settings.network, start, settings.poll, output)
        });
        Ok(Self { feed })
    }
}

impl Source for EsploraSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        self.feed.next()
    }

    fn head(&self) -> Option<BlockNumber> {
        self.feed.head()
    }
}

struct EsploraView {
    client: Client,
    workers: usize,
}

impl View for EsploraView {
    fn refresh(&self) -> Result<Option<BlockNumber>, ChainError> {
        self.client.height().map(Some)
    }

    fn id_at(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        self.client.block_id(height)
    }

    fn block_at(&self, height: BlockNumber) -> Result<Option<Block>, ChainError> {
        let Some(id) = self.client.block_id(height)? else { return Ok(None) };
        let path = format!("/block/{id}/raw");
        // The block may have been undone meanwhile, and forgotten.
        let Some(raw) = self.client.get(&path, BLOCK_BYTES_MAX as u64)? else { return Ok(None) };
        let block = decode_block(&raw, height)
            .map_err(|source| doubtful(EsploraError::Block { id, source }))?;
        if block.id == id {
            Ok(Some(block))
        } else {
            Err(doubtful(EsploraError::AnotherBlock { id, found: block.id }))
        }
    }

    fn workers(&self) -> usize {
        self.workers
    }
}
