use std::{error::Error, io, net::SocketAddr};
use tally_primitives::{ChainId, NodeAddress};

/// The transport cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The socket cannot be bound.
    #[error("cannot listen on UDP {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The TLS identity of this process cannot be made.
    #[error("cannot make a TLS identity")]
    Identity(#[source] Box<dyn Error + Send + Sync>),
    /// A limit has a value that QUIC cannot express.
    #[error("the idle timeout is out of range")]
    IdleTimeout,
    /// The operating system gave no randomness.
    #[error("no randomness")]
    Randomness(#[source] getrandom::Error),
}

/// Why one side closed a connection; sent to the other.
///
/// The number is on the wire: never renumber, never reuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// The node stops.
    Shutdown = 0,
    /// The other side speaks another protocol version.
    Version = 1,
    /// The other side works on another chain.
    Chain = 2,
    /// The other side did not prove that it is who it claims, or is not who was dialled.
    Identity = 3,
    /// The other side broke the protocol.
    Protocol = 4,
    /// Another connection between the two nodes is kept.
    Superseded = 5,
    /// The other side was too slow to prove its identity, or too many connections wait.
    Busy = 6,
    /// The node has no interest in the connection.
    Unwanted = 7,
}

impl CloseCode {
    /// Reads a code from the wire.
    pub(crate) const fn from_wire(code: u64) -> Option<Self> {
        Some(match code {
            0 => Self::Shutdown,
            1 => Self::Version,
            2 => Self::Chain,
            3 => Self::Identity,
            4 => Self::Protocol,
            5 => Self::Superseded,
            6 => Self::Busy,
            7 => Self::Unwanted,
            _ => return None,
        })
    }

    pub(crate) fn to_wire(self) -> quinn::VarInt {
        quinn::VarInt::from_u32(self as u32)
    }
}

/// Why a connection did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    /// No address of the peer is known.
    #[error("no address is known")]
    NoAddress,
    /// The host name has no address that this socket can reach.
    #[error("the address does not resolve")]
    Unresolved,
    /// Nobody answered in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection was lost before identities were proved.
    #[error("the connection was lost during the handshake")]
    Lost,
    /// The other side refused.
    #[error("refused by the other side: {0:?}")]
    RefusedByPeer(CloseCode),
    /// The other side speaks another protocol version.
    #[error("the other side speaks protocol version {0}")]
    Version(u16),
    /// The other side works on another chain.
    #[error("the other side works on chain {0}")]
    Chain(ChainId),
    /// The other side is another node than the one dialled.
    #[error("the other side is node {0}")]
    Identity(NodeAddress),
    /// The other side did not prove that it owns the key of the address it claims.
    #[error("the other side did not prove its identity")]
    Signature,
    /// The address is our own.
    #[error("the other side is this node itself")]
    OwnAddress,
    /// The other side does not speak this protocol.
    #[error("the other side sent no greeting")]
    Greeting,
}

impl ConnectFailure {
    /// Says whether the same dial will most likely fail again until somebody changes something.
    pub(crate) const fn is_lasting(&self) -> bool {
        match self {
            Self::NoAddress | Self::Unresolved | Self::TimedOut | Self::Lost => false,
            Self::Version(_)
            | Self::Chain(_)
            | Self::Identity(_)
            | Self::Signature
            | Self::OwnAddress
            | Self::Greeting => true,
            Self::RefusedByPeer(code) => match code {
                CloseCode::Version | CloseCode::Chain | CloseCode::Identity => true,
                CloseCode::Shutdown
                | CloseCode::Protocol
                | CloseCode::Superseded
                | CloseCode::Busy
                | CloseCode::Unwanted => false,
            },
        }
    }

    /// Returns the code to close the connection with.
    pub(crate) const fn close_code(&self) -> CloseCode {
        match self {
            Self::Version(_) => CloseCode::Version,
            Self::Chain(_) => CloseCode::Chain,
            Self::Identity(_) | Self::Signature | Self::OwnAddress => CloseCode::Identity,
            Self::Greeting => CloseCode::Protocol,
            Self::NoAddress
            | Self::Unresolved
            | Self::TimedOut
            | Self::Lost
            | Self::RefusedByPeer(_) => CloseCode::Busy,
        }
    }
}
