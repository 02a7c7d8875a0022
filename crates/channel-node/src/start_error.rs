use std::io;
use tally_chain::ChainError;
use tally_net::NetError;
use tally_primitives::{Address, ChainId, NodeAddress};
use tally_storage::{StoreError, schema::SchemaError};

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data is of another program or version.
    #[error("the data cannot be used")]
    Schema(#[from] SchemaError),
    /// The store failed, or holds what does not decode.
    #[error("the data cannot be read")]
    Store(#[from] StoreError),
    /// The data is another node's.
    #[error("the data belongs to node {found}, but the key is that of {expected}")]
    OtherNode {
        /// Whose it is.
        found: NodeAddress,
        /// Whose key was given.
        expected: NodeAddress,
    },
    /// The data is of another chain.
    #[error("the data belongs to chain {found}, not to chain {expected}")]
    OtherChain {
        /// Which one.
        found: ChainId,
        /// Which one was given.
        expected: ChainId,
    },
    /// The data is of another registry on the same chain.
    #[error("the data belongs to registry {found}, not to registry {expected}")]
    OtherRegistry {
        /// Which one.
        found: Address,
        /// Which one was given.
        expected: Address,
    },
    /// The transport cannot start.
    #[error("the transport cannot start")]
    Net(#[from] NetError),
    /// The owner's thread cannot be started.
    #[error("no thread for the node")]
    Thread(#[source] io::Error),
    /// The operating system gave no randomness.
    #[error("no randomness")]
    Randomness(#[from] getrandom::Error),
}

/// Why a node stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// Somebody asked for it.
    #[error("the node was asked to stop")]
    Asked,
    /// A commit failed. Nothing that was not on disk happened; a restart goes on from there.
    #[error("the node stopped because its data cannot be written")]
    Store(#[source] StoreError),
    /// The chain can never be followed again.
    #[error("the node stopped because the chain cannot be followed")]
    Chain(#[source] ChainError),
    /// A thread of the node panicked: a bug. A restart goes on from what is on disk.
    #[error("the node stopped because of a bug")]
    Panicked,
}
