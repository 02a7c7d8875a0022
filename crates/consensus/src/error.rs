use std::{io, net::SocketAddr, path::PathBuf};
use tally_crypto::ed25519::PublicKey;

/// A configuration that no node can run with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is nobody, or there are too many.
    #[error("a federation has 1 to {max} participants, not {count}")]
    Participants {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A participant is listed twice.
    #[error("participant {key} is listed twice")]
    Duplicate {
        /// Which one.
        key: PublicKey,
    },
    /// The bytes are not a key that can sign.
    #[error("participant {key} is no Ed25519 key")]
    Key {
        /// Which one.
        key: PublicKey,
    },
    /// The node's own key is not a participant's.
    #[error("this node's key {key} is not a participant")]
    NotAParticipant {
        /// The node's key.
        key: PublicKey,
    },
    /// An address is given for somebody who is not a participant.
    #[error("peer {key} is not a participant")]
    UnknownPeer {
        /// Which one.
        key: PublicKey,
    },
    /// Two addresses are given for one peer, or one for the node itself.
    #[error("peer {key} has an address already")]
    SecondAddress {
        /// Which one.
        key: PublicKey,
    },
    /// The text is not an address.
    #[error("not an address, host:port: {text:?}")]
    Address {
        /// The text.
        text: String,
    },
    /// A number is out of its range.
    #[error("{name} must be {range}")]
    Range {
        /// The name of the field.
        name: &'static str,
        /// What it must be.
        range: &'static str,
    },
}

/// The engine cannot start. Nothing runs and nothing is held afterwards.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("the configuration of the federation is wrong")]
    Config(#[from] ConfigError),
    /// The socket cannot be bound.
    #[error("cannot listen on TCP {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The folder cannot be made or written.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another engine uses the folder.
    #[error("another process uses {}", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder belongs to another chain, key or set of participants.
    #[error("{} belongs to another node or chain", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The thread of the engine cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The engine ended while it started; the log says why.
    #[error("the engine ended while it started")]
    Ended,
}

/// A message of the side channel was not taken. It is best effort anyway: the sender repeats what
/// matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The message is longer than [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX).
    #[error("a message of {bytes} bytes is too long")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Too many messages wait.
    #[error("the queue is full")]
    Full,
    /// The engine was stopped.
    #[error("the engine is stopped")]
    Stopped,
}
