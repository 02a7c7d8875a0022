use std::{io, path::PathBuf, time::Duration};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{BlockFault, BlockId, Rejection, TransactionId, build::BuildError};
use tally_ledger_store::{CommitError, OpenError};
use tally_search::SearchError;

/// Why a post was not accepted, or not in time.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PostError {
    /// The transaction breaks a rule. Nothing of it is kept.
    #[error("the transaction was refused")]
    Rejected(#[source] Rejection),
    /// Too much waits already. Nothing of the post was looked at.
    #[error("too many transactions wait")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// [`Mode::Commit`](crate::Mode::Commit) only: the transaction was accepted and has not ended
    /// within the time that the node is configured to wait. It will; ask for its status.
    #[error("transaction {id} was accepted, but is not valid yet")]
    Late {
        /// The transaction.
        id: TransactionId,
    },
    /// The node stops. Whether the transaction was accepted is unknown; posting it again does no
    /// harm.
    #[error("the node stops")]
    Stopping,
    /// The store could not be read; the log says why. Nothing of the post is kept.
    #[error("the ledger could not be read")]
    Storage,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed or is damaged.
    #[error("the ledger could not be read")]
    Store(#[from] tally_ledger_store::ReadError),
    /// The text search failed or cannot be used like this.
    #[error("the text index could not be searched")]
    Search(#[from] SearchError),
    /// The reading thread ended before its answer.
    #[error("the node stops")]
    Stopping,
}

/// Why a node could not be started. Nothing runs afterwards.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("{what}")]
    Config {
        /// What is wrong.
        what: &'static str,
    },
    /// The store cannot be opened.
    #[error("the ledger cannot be opened")]
    Open(#[from] OpenError),
    /// The store cannot be read.
    #[error("the ledger cannot be read")]
    Read(#[from] tally_ledger_store::ReadError),
    /// The store cannot be written.
    #[error("the ledger cannot be written")]
    Commit(#[from] CommitError),
    /// The store is empty, there are other members, and no genesis block was given.
    #[error(
        "the ledger is empty, and a federation's chain begins with a block that all its members \
         share: give this node the genesis file"
    )]
    NoGenesis,
    /// The store's chain begins with another block than the one that was given.
    #[error("the ledger in the store begins with block {found}, not with {expected}")]
    OtherGenesis {
        /// The block that was given.
        expected: BlockId,
        /// The store's.
        found: BlockId,
    },
    /// The block that was given cannot begin this federation's chain.
    #[error("the genesis block is not one of this federation")]
    InvalidGenesis(#[source] BlockFault),
    /// The store belongs to a node with another key.
    #[error("the ledger in the store belongs to a node with another key")]
    OtherKey {
        /// That node's key; `None` if what the store says is none.
        owner: Option<PublicKey>,
    },
    /// The store belongs to a federation with other members.
    #[error("the ledger in the store belongs to a federation with other members")]
    OtherMembers,
    /// The text index cannot be opened.
    #[error("the text index cannot be opened")]
    Search(#[from] SearchError),
    /// The folder of a text index that belongs to another ledger cannot be removed.
    #[error("cannot remove the text index in {}", path.display())]
    SearchFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The ordering engine cannot start.
    #[error("the ordering engine cannot start")]
    Consensus(#[from] tally_consensus::StartError),
    /// A thread cannot be started.
    #[error("a thread cannot be started")]
    Thread(#[source] io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// The transaction that begins the chain cannot be made.
    #[error("the transaction that begins the chain cannot be made")]
    Genesis(#[source] BuildError),
}

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// Somebody asked for it.
    #[error("it was asked to")]
    Asked,
    /// The store failed. What was acknowledged is in it.
    #[error("the store failed")]
    Store(#[from] CommitError),
    /// The ordering engine ended.
    #[error("the ordering engine ended")]
    Consensus,
    /// The federation made a block final that breaks a rule: more members lie than may, or they run
    /// other rules.
    #[error("the federation made an invalid block final")]
    InvalidFinal,
    /// A thread of the node panicked.
    #[error("a thread panicked")]
    Panicked,
}
