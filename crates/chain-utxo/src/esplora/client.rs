//! Requests to an Esplora server.

use super::EsploraSettings;
use crate::{
    BlockError, MalformedTransaction,
    follow::{permanent, transient},
};
use serde::de::DeserializeOwned;
use std::{str::FromStr, time::Duration};
use tally_chain::ChainError;
use tally_primitives::{BlockId, BlockNumber, Txid};
use ureq::{
    Agent,
    http::{Response, Uri},
    tls::TlsConfig,
};

/// How long it may take to reach the server, its certificate included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer of a line: a height, an id, why a transaction was refused.
pub(super) const LINE_BYTES_MAX: u64 = 16_384;

const HTTP_OK: u16 = 200;
const HTTP_BAD_REQUEST: u16 = 400;
const HTTP_NOT_FOUND: u16 = 404;

/// What is wrong with an Esplora server's address or answer.
#[derive(Debug, thiserror::Error)]
pub enum EsploraError {
    /// The address is not one of HTTP.
    #[error("{0:?} is not an address of the form https://host/path")]
    Url(String),
    /// The server does not do what it was asked for.
    #[error("the server answered to {path} with HTTP status {status}")]
    Status {
        /// What was asked.
        path: String,
        /// What it said.
        status: u16,
    },
    /// The server does not know what every server of this kind knows.
    #[error("the server knows no {0}: is it an Esplora server?")]
    Unknown(String),
    /// The answer is something else than what was asked for.
    #[error("the answer to {0} makes no sense")]
    Answer(String),
    /// A block cannot be read.
    #[error("block {id} cannot be read")]
    Block {
        /// Which block.
        id: BlockId,
        /// Why.
        #[source]
        source: BlockError,
    },
    /// The server sent another block than it was asked for.
    #[error("asked for block {id}, the server sent {found}")]
    AnotherBlock {
        /// The one that was asked for.
        id: BlockId,
        /// The one that came.
        found: BlockId,
    },
    /// A transaction cannot be read.
    #[error("transaction {txid} cannot be read")]
    Transaction {
        /// Which transaction.
        txid: Txid,
        /// Why.
        #[source]
        source: MalformedTransaction,
    },
    /// The server speaks of another transaction than it was asked about.
    #[error("asked about transaction {txid}, the server spoke of {found}")]
    AnotherTransaction {
        /// The one that was asked about.
        txid: Txid,
        /// The one that came.
        found: Txid,
    },
}

const ASKING: &str = "asking the Esplora server";

/// Servers stand behind caches and proxies, which say many things in their place: whatever makes no
/// sense may make sense later.
pub(super) fn doubtful(error: EsploraError) -> ChainError {
    transient(ASKING, error)
}

/// What a server says to a transaction.
#[derive(Debug)]
pub(super) enum Sent {
    Taken(Txid),
    Refused(String),
}

/// Asks one server; used by several threads at once.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
}

impl Client {
    pub(super) fn new(settings: &EsploraSettings) -> Result<Self, EsploraError> {
        let wrong = || EsploraError::Url(settings.url.clone());
        let uri: Uri = settings.url.parse().map_err(|_| wrong())?;
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || uri.host().is_none() || has_user || uri.query().is_some() {
            return Err(wrong());
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(settings.timeout))
            .max_redirects(0)
            .max_idle_connections_per_host(settings.requests.max(1))
            .user_agent("tallystick")
            .tls_config(TlsConfig::builder().root_certs(settings.trust.0.clone()).build())
            // The server is asked directly, whatever the environment says about proxies.
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self { agent, url: settings.url.trim_end_matches('/').to_owned() })
    }

    /// Returns the height of the newest block.
    pub(super) fn height(&self) -> Result<BlockNumber, ChainError> {
        let path = "/blocks/tip/height";
        let text = self.line(path)?.ok_or_else(|| doubtful(EsploraError::Unknown(path.into())))?;
        parse(path, &text).map(BlockNumber)
    }

    /// Returns the id of the block at a height, `None` above the newest block.
    pub(super) fn block_id(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        let path = format!("/block-height/{height}");
        self.line(&path)?.map(|text| parse(&path, &text)).transpose()
    }

    /// Asks for something that has no more than `bytes_max` bytes; `None` if it is not there.
    pub(super) fn get(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, ChainError> {
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let response = response.map_err(|error| transient(ASKING, error))?;
        match response.status().as_u16() {
            HTTP_OK => read(response, bytes_max).map(Some),
            HTTP_NOT_FOUND => Ok(None),
            status => Err(doubtful(EsploraError::Status { path: path.to_owned(), status })),
        }
    }

    /// Asks for JSON; `None` if it is not there.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        path: &str,
        bytes_max: u64,
    ) -> Result<Option<T>, ChainError> {
        let Some(bytes) = self.get(path, bytes_max)? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|_| doubtful(EsploraError::Answer(path.to_owned())))
    }

    /// Sends a transaction.
    pub(super) fn send(&self, raw: &[u8]) -> Result<Sent, ChainError> {
        let path = "/tx";
        let request = self.agent.post(format!("{}{path}", self.url));
        let response = request.header("Content-Type", "text/plain").send(hex::encode(raw));
        let response = response.map_err(|error| transient(ASKING, error))?;
        let status = response.status().as_u16();
        if status != HTTP_OK && status != HTTP_BAD_REQUEST {
            return Err(doubtful(EsploraError::Status { path: path.to_owned(), status }));
        }
        let text = read(response, LINE_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&text);
        if status == HTTP_BAD_REQUEST {
            return Ok(Sent::Refused(text.into_owned()));
        }
        parse(path, text.trim()).map(Sent::Taken)
    }

    fn line(&self, path: &str) -> Result<Option<String>, ChainError> {
        let Some(bytes) = self.get(path, LINE_BYTES_MAX)? else { return Ok(None) };
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| doubtful(EsploraError::Answer(path.to_owned())))?;
        Ok(Some(text.trim().to_owned()))
    }
}

fn read(response: Response<ureq::Body>, bytes_max: u64) -> Result<Vec<u8>, ChainError> {
    let mut body = response.into_body();
    body.with_config().limit(bytes_max).read_to_vec().map_err(|error| {
        let is_endless = matches!(error, ureq::Error::BodyExceedsLimit(_));
        if is_endless { permanent(ASKING, error) } else { transient(ASKING, error) }
    })
}

fn parse<T: FromStr>(path: &str, text: &str) -> Result<T, ChainError> {
    text.parse().map_err(|_| doubtful(EsploraError::Answer(path.to_owned())))
}
