use crate::{ConfigError, members};
use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};
use tally_crypto::ed25519::{PublicKey, SigningKey};

/// The most bytes of one payload, unless configured lower: a block of a thousand transactions of
/// eight kilobytes.
pub const PAYLOAD_BYTES_MAX: usize = 8 << 20;

/// The most bytes of one message of the side channel.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// The most members of a federation. A block is sent to each of them by its proposer, and each
/// votes to each: beyond this the engine needs another way to spread blocks.
pub const PARTICIPANTS_MAX: usize = 100;

/// What a node is started with.
///
/// `genesis`, `participants`, `timing` and `payload_bytes_max` are the same in all nodes of a
/// federation.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key of this node; one of the participants'.
    pub key: SigningKey,
    /// The members of the federation, in any order, 1 to [`PARTICIPANTS_MAX`]. Of `3f + 1` members
    /// `f` may be down or lie.
    pub participants: Vec<PublicKey>,
    /// Names the chain, for example the id of the ledger's genesis block. Nodes with different
    /// values never understand each other.
    pub genesis: [u8; 32],
    /// The TCP socket to listen on; port 0 picks a free one, see
    /// [`Consensus::local_address`](crate::Consensus::local_address).
    pub listen: SocketAddr,
    /// Where the other participants listen. A participant without an address here cannot be
    /// reached by this node and cannot reach it.
    pub peers: Vec<Peer>,
    /// The folder of the engine's journals and archives. It belongs to this node alone, and to
    /// this key: losing it makes the node forget its votes (see docs/consensus.md).
    pub data_dir: PathBuf,
    /// How long the engine waits for what.
    pub timing: Timing,
    /// The most bytes of a payload, 1 to [`PAYLOAD_BYTES_MAX`].
    pub payload_bytes_max: usize,
    /// The threads that carry messages and timers. One is enough for a federation of ten.
    pub threads: usize,
}

impl Config {
    /// Makes a configuration with the default timing and bounds, and no peers.
    pub fn new(
        key: SigningKey,
        participants: Vec<PublicKey>,
        genesis: [u8; 32],
        listen: SocketAddr,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            key,
            participants,
            genesis,
            listen,
            peers: Vec::new(),
            data_dir,
            timing: Timing::default(),
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            threads: 1,
        }
    }

    /// Checks everything that needs no look at the machine, as [`start`](crate::Consensus::start)
    /// does. The genesis plays no part.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        members::check(self).map(drop)
    }
}

/// Where a participant listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub key: PublicKey,
    /// Its address.
    pub address: PeerAddress,
}

/// A TCP address: an IP address or a host name, and a port. Text: `10.0.0.7:9986`,
/// `[2001:db8::7]:9986`, `ledger.example.org:9986`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PeerAddress {
    /// An IP address.
    Socket(SocketAddr),
    /// A host name, looked up at every dial.
    Name {
        /// The name.
        host: String,
        /// The port.
        port: u16,
    },
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Socket(address)
    }
}

impl FromStr for PeerAddress {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        let invalid = || ConfigError::Address { text: text.to_owned() };
        let (host, port) = text.rsplit_once(':').ok_or_else(invalid)?;
        let port = port.parse().map_err(|_| invalid())?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if host.is_empty() || host.len() > 253 || port == 0 || !host.chars().all(is_plain) {
            return Err(invalid());
        }
        Ok(Self::Name { host: host.to_owned(), port })
    }
}

/// How long the engine waits, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The turn of a leader: without a proposal by then the next one leads. A shorter turn finds
    /// dead leaders sooner; a longer one makes an idle federation quieter.
    pub leader_ms: u64,
    /// The time for a proposal to be agreed on, from the start of the turn; more than `leader_ms`.
    pub agreement_ms: u64,
    /// The pause before votes that had no effect are sent again.
    pub retry_ms: u64,
    /// The wait for a peer's answer when blocks are fetched.
    pub fetch_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { leader_ms: 2_000, agreement_ms: 4_000, retry_ms: 5_000, fetch_ms: 2_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address is what it was after its way through text; what is none is refused.
    #[test]
    fn addresses() {
        for text in ["10.0.0.7:9986", "[2001:db8::7]:9986", "ledger-1.example.org:9986"] {
            assert_eq!(text.parse::<PeerAddress>().unwrap().to_string(), text);
        }
        for text in ["", "host", ":1", "host:", "host:0", "host:65536", "a b:1", "h:1:2", "é:1"] {
            let refused = text.parse::<PeerAddress>();
            assert_eq!(refused, Err(ConfigError::Address { text: text.into() }));
        }
    }
}
