use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::{fmt, net::SocketAddr, str::FromStr};
use tally_net::PeerAddress;
use tally_primitives::NodeAddress;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whose status codes the API answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CompatMode {
    /// Those of the users' document.
    Document,
    /// Those of the original program.
    Upstream,
}

/// A peer and where it can be reached: `ADDRESS=HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PeerArgument {
    pub(crate) node: NodeAddress,
    pub(crate) endpoint: String,
}

impl FromStr for PeerArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(node, endpoint)| {
            let endpoint: PeerAddress = endpoint.parse().ok()?;
            Some(Self { node: node.parse().ok()?, endpoint: endpoint.to_string() })
        });
        parts.ok_or_else(|| format!("{text} is not ADDRESS=HOST:PORT"))
    }
}

impl TryFrom<String> for PeerArgument {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PeerArgument> for String {
    fn from(peer: PeerArgument) -> Self {
        peer.to_string()
    }
}

impl fmt::Display for PeerArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.node, self.endpoint)
    }
}

/// An address to listen on: `IP:PORT`, `localhost:PORT`, or `:PORT` for all interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numeric = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}"),
            Some(("", port)) => format!("0.0.0.0:{port}"),
            Some(_) | None => text.to_owned(),
        };
        numeric.parse().map(Self).map_err(|_| format!("{text} is not IP:PORT"))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.0.to_string()
    }
}
