use clap::ValueEnum;
use serde::Serialize;
use std::{fmt, str::FromStr};
use tally_net::PeerAddress;
use tally_primitives::NodeAddress;

/// Whose status codes the API answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CompatMode {
    /// Those of the users' document.
    Document,
    /// Those of the original program.
    Upstream,
}

/// A peer and where it can be reached: `ADDRESS=HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
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
