//! JSON-RPC 1.0 over HTTP, as bitcoind and its relatives speak it.

use super::{Credentials, NodeSettings};
use crate::{
    BLOCK_BYTES_MAX, BlockError, MalformedTransaction,
    follow::{permanent, transient},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tally_chain::ChainError;
use tally_primitives::{BlockId, BlockNumber, Txid};
use ureq::{Agent, http::Uri};

/// The longest answer that is read: the largest block in hexadecimal digits and what surrounds it.
const ANSWER_BYTES_MAX: u64 = 2 * BLOCK_BYTES_MAX as u64 + 4_096;
/// The longest cookie that is read; they have some 80 bytes.
const COOKIE_BYTES_MAX: u64 = 1_024;
/// How long it may take to reach the node.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const HTTP_UNAUTHORIZED: u16 = 401;
const HTTP_FORBIDDEN: u16 = 403;
/// The node's code for a parameter out of range, such as a height above the newest block.
const RPC_INVALID_PARAMETER: i64 = -8;
/// The node's code for methods that it does not have.
const RPC_METHOD_NOT_FOUND: i64 = -32_601;

/// What is wrong with a node's address or answer.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The address is not one of plain HTTP.
    #[error("{0:?} is not an address of the form http://host:port")]
    Url(String),
    /// The node does not accept the user and the password, or this machine.
    #[error("the node refused the credentials (HTTP status {0})")]
    Unauthorized(u16),
    /// The cookie file holds something else.
    #[error("{} holds no cookie of the form user:password", .0.display())]
    Cookie(PathBuf),
    /// The answer has another HTTP status than nodes use.
    #[error("the server answered with HTTP status {0}, which nodes do not")]
    Status(u16),
    /// The answer is not JSON-RPC.
    #[error("the answer to {method} makes no sense")]
    Answer {
        /// What was asked.
        method: &'static str,
        /// Why it makes no sense.
        #[source]
        source: serde_json::Error,
    },
    /// The node refused.
    #[error("{method} failed with code {code}: {message}")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// The node's code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The answer has neither result nor error.
    #[error("the answer to {0} is empty")]
    Empty(&'static str),
    /// The answer should be hexadecimal digits.
    #[error("block {id} is not written in hexadecimal digits")]
    Digits {
        /// Which block.
        id: BlockId,
        /// What stands there.
        #[source]
        source: hex::FromHexError,
    },
    /// The node's block cannot be read.
    #[error("block {id} cannot be read")]
    Block {
        /// Which block.
        id: BlockId,
        /// Why.
        #[source]
        source: BlockError,
    },
    /// The transaction should be hexadecimal digits.
    #[error("transaction {txid} is not written in hexadecimal digits")]
    TransactionDigits {
        /// Which transaction.
        txid: Txid,
        /// What stands there.
        #[source]
        source: hex::FromHexError,
    },
    /// The node's transaction cannot be read.
    #[error("transaction {txid} cannot be read")]
    Transaction {
        /// Which transaction.
        txid: Txid,
        /// Why.
        #[source]
        source: MalformedTransaction,
    },
    /// The node speaks of another transaction than it was asked about.
    #[error("asked about transaction {txid}, the node spoke of {found}")]
    AnotherTransaction {
        /// The one that was asked about.
        txid: Txid,
        /// The one that came.
        found: Txid,
    },
    /// The node sent another block than it was asked for.
    #[error("asked for block {id}, the node sent {found}")]
    AnotherBlock {
        /// The one that was asked for.
        id: BlockId,
        /// The one that came.
        found: BlockId,
    },
}

/// Asks one node; used by several threads at once.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
    credentials: Credentials,
    /// The header that the node accepted last, or that was made last.
    authorization: Mutex<Option<Authorization>>,
}

/// The value of the header `Authorization`.
#[derive(Clone, PartialEq, Eq)]
struct Authorization(String);

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authorization(..)")
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    result: Option<T>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
}

impl Client {
    pub(super) fn new(settings: &NodeSettings) -> Result<Self, NodeError> {
        let wrong = || NodeError::Url(settings.url.clone());
        let uri: Uri = settings.url.parse().map_err(|_| wrong())?;
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if uri.scheme_str() != Some("http") || uri.host().is_none() || has_user {
            return Err(wrong());
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(settings.timeout))
            .max_redirects(0)
            .max_idle_connections_per_host(settings.requests.max(1))
            // The node is asked directly, whatever the environment says about proxies.
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            url: settings.url.clone(),
            credentials: settings.credentials.clone(),
            authorization: Mutex::new(None),
        })
    }

    /// Returns the height of the node's newest block.
    pub(super) fn block_count(&self) -> Result<BlockNumber, ChainError> {
        self.call("getblockcount", "[]").map(BlockNumber)
    }

    /// Returns the id of the block at a height, `None` above the newest block.
    pub(super) fn block_id(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        let text: Result<BlockIdText, _> = self.try_call("getblockhash", &format!("[{height}]"));
        match text {
            Ok(text) => Ok(Some(text.0)),
            Err(Failure::Refused { code: RPC_INVALID_PARAMETER, .. }) => Ok(None),
            Err(failure) => Err(failure.into_chain_error("getblockhash")),
        }
    }

    /// Returns a block as the node stores it.
    pub(super) fn block(&self, id: BlockId) -> Result<Vec<u8>, ChainError> {
        let digits: String = self.call("getblock", &format!("[\"{id}\",0]"))?;
        hex::decode(digits).map_err(|source| {
            permanent("reading a block of the node", NodeError::Digits { id, source })
        })
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        parameters: &str,
    ) -> Result<T, ChainError> {
        self.try_call(method, parameters).map_err(|failure| failure.into_chain_error(method))
    }

    pub(super) fn try_call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        parameters: &str,
    ) -> Result<T, Failure> {
        self.try_call_up_to(method, parameters, ANSWER_BYTES_MAX)
    }

    /// Asks; an answer of more than `bytes_max` bytes is not read.
    pub(super) fn try_call_up_to<T: DeserializeOwned>(
        &self,
        method: &'static str,
        parameters: &str,
        bytes_max: u64,
    ) -> Result<T, Failure> {
        let body = format!(
            r#"{{"jsonrpc":"1.0","id":"tally","method":"{method}","params":{parameters}}}"#
        );
        let authorization = self.authorization()?;
        let response = self
            .agent
            .post(&self.url)
            .header("Authorization", &authorization.0)
            .header("Content-Type", "application/json")
            .send(&body)
            .map_err(Failure::Http)?;
        let status = response.status().as_u16();
        if status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN {
            return Err(self.unauthorized(status, &authorization));
        }
        let mut body = response.into_body();
        let bytes = body.with_config().limit(bytes_max).read_to_vec().map_err(Failure::Http)?;
        let answer: Answer<T> = match serde_json::from_slice(&bytes) {
            Ok(answer) => answer,
            // A full queue of a node is told in plain text (503), and so is what a proxy says.
            Err(_) if status >= 400 => return Err(Failure::Status(status)),
            Err(source) => return Err(Failure::Answer(source)),
        };
        match answer {
            Answer { error: Some(Refusal { code, message }), .. } => {
                Err(Failure::Refused { code, message })
            }
            Answer { result: Some(result), error: None } => Ok(result),
            Answer { result: None, error: None } => Err(Failure::Empty),
        }
    }

    fn authorization(&self) -> Result<Authorization, Failure> {
        let mut kept = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authorization) = kept.as_ref() {
            return Ok(authorization.clone());
        }
        let text = match &self.credentials {
            Credentials::Password { user, password } => format!("{user}:{password}"),
            Credentials::CookieFile(path) => read_cookie(path)?,
        };
        let authorization = Authorization(format!("Basic {}", BASE64_STANDARD.encode(text)));
        *kept = Some(authorization.clone());
        Ok(authorization)
    }

    /// A node that was started again has another cookie; a password does not change.
    fn unauthorized(&self, status: u16, used: &Authorization) -> Failure {
        let mut kept = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref() == Some(used) {
            *kept = None;
        }
        let is_final = matches!(self.credentials, Credentials::Password { .. });
        Failure::Unauthorized { status, is_final }
    }
}

/// An id as the node writes it.
struct BlockIdText(BlockId);

impl<'de> Deserialize<'de> for BlockIdText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

fn read_cookie(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(Failure::CookieFile)?;
    io::Read::read_to_string(&mut io::Read::take(file, COOKIE_BYTES_MAX), &mut text)
        .map_err(Failure::CookieFile)?;
    let cookie = text.trim_end_matches(['\r', '\n']);
    if cookie.contains(':') { Ok(cookie.to_owned()) } else { Err(Failure::Cookie(path.to_owned())) }
}

pub(super) enum Failure {
    Http(ureq::Error),
    CookieFile(io::Error),
    Cookie(PathBuf),
    Unauthorized { status: u16, is_final: bool },
    Status(u16),
    Answer(serde_json::Error),
    Refused { code: i64, message: String },
    Empty,
}

impl Failure {
    /// Judges whether asking again may help.
    pub(super) fn into_chain_error(self, method: &'static str) -> ChainError {
        const ASKING: &str = "asking the node";
        match self {
            Self::Http(error @ ureq::Error::BodyExceedsLimit(_)) => permanent(ASKING, error),
            Self::Http(error) => transient(ASKING, error),
            Self::CookieFile(error) => transient("reading the node's cookie", error),
            Self::Cookie(path) => transient("reading the node's cookie", NodeError::Cookie(path)),
            Self::Unauthorized { status, is_final: true } => {
                permanent(ASKING, NodeError::Unauthorized(status))
            }
            Self::Unauthorized { status, is_final: false } => {
                transient(ASKING, NodeError::Unauthorized(status))
            }
            Self::Status(status) => transient(ASKING, NodeError::Status(status)),
            Self::Answer(source) => transient(ASKING, NodeError::Answer { method, source }),
            Self::Empty => transient(ASKING, NodeError::Empty(method)),
            Self::Refused { code, message } => {
                // A node that threw old blocks away will not get them back.
                let is_final = code == RPC_METHOD_NOT_FOUND || message.contains("pruned");
                let error = NodeError::Refused { method, code, message };
                if is_final { permanent(ASKING, error) } else { transient(ASKING, error) }
            }
        }
    }
}
