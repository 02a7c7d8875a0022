use crate::StartError;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tally_consensus::{Peer, Timing};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, VOTERS_MAX};

/// Posts that may be on their way to an answer: some ten blocks, so that the disk always has a full
/// one to write while clients hear within a second.
pub const POSTS_MAX: usize = 10_000;

/// Bytes of such posts.
pub const POSTS_BYTES_MAX: usize = 64 << 20;

/// Accepted transactions of this node that may wait for a block: minutes of a federation's work. In
/// memory each takes some four times its text.
pub const BACKLOG_MAX: usize = 50_000;

/// Bytes of the texts of such transactions.
pub const BACKLOG_BYTES_MAX: usize = 64 << 20;

/// Transactions of other nodes that are kept to be proposed; what is not kept is proposed by the
/// node that accepted it.
pub const POOL_MAX: usize = 25_000;

/// Bytes of the texts of such transactions.
pub const POOL_BYTES_MAX: usize = 32 << 20;

/// How long a post with [`Mode::Commit`](crate::Mode::Commit) waits for its end.
pub const COMMIT_PATIENCE: Duration = Duration::from_secs(20);

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The other members of the federation, in any order; this node's own key may be among them.
    /// Empty for a federation of one. Fixed for the life of a ledger.
    pub keyring: Vec<PublicKey>,
    /// The block that begins the chain. Needed once, when a node of a federation starts with an
    /// empty store; a node that is alone makes one. If given, the store's must be the same.
    pub genesis: Option<Block>,
    /// How the members find each other; needed when there are others.
    pub federation: Option<FederationConfig>,
    /// The bounds of queues.
    pub limits: Limits,
    /// Transactions of a block that this node makes, 1 to [`BLOCK_TRANSACTIONS_MAX`].
    pub block_transactions_max: usize,
    /// Threads that check transactions, at least 1; the number of cores by default.
    pub checkers: usize,
    /// How long a post with [`Mode::Commit`](crate::Mode::Commit) waits for its end.
    pub commit_patience: Duration,
    /// The folder of the text index; in memory if absent, and then made anew at every start.
    pub search_dir: Option<PathBuf>,
}

/// How the members of a federation find each other.
#[derive(Debug, Clone)]
pub struct FederationConfig {
    /// The TCP socket to listen on for the other members; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where they listen.
    pub peers: Vec<Peer>,
    /// The folder of the ordering engine's journals. It belongs to this node and its key alone.
    pub data_dir: PathBuf,
    /// How long the engine waits for what; the same in all nodes.
    pub timing: Timing,
}

impl FederationConfig {
    /// Returns what the ordering engine is started with at the member with this key, all `members`
    /// of the federation given, for the chain that begins with the block `genesis`.
    pub(crate) fn engine(
        &self,
        key: &SigningKey,
        members: &[PublicKey],
        genesis: [u8; 32],
    ) -> tally_consensus::Config {
        tally_consensus::Config {
            peers: self.peers.clone(),
            timing: self.timing,
            payload_bytes_max: BLOCK_BYTES_MAX,
            ..tally_consensus::Config::new(
                key.clone(),
                members.to_vec(),
                genesis,
                self.listen,
                self.data_dir.clone(),
            )
        }
    }
}

/// How much may wait in a node. What is above is refused with
/// [`PostError::Busy`](crate::PostError::Busy) or, from peers, dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Posts on their way to an answer; [`POSTS_MAX`].
    pub posts: usize,
    /// Their bytes; [`POSTS_BYTES_MAX`].
    pub posts_bytes: usize,
    /// Own transactions that wait for a block; [`BACKLOG_MAX`].
    pub backlog: usize,
    /// Their bytes; [`BACKLOG_BYTES_MAX`].
    pub backlog_bytes: usize,
    /// Transactions of others that wait for a block; [`POOL_MAX`].
    pub pool: usize,
    /// Their bytes; [`POOL_BYTES_MAX`].
    pub pool_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            posts: POSTS_MAX,
            posts_bytes: POSTS_BYTES_MAX,
            backlog: BACKLOG_MAX,
            backlog_bytes: BACKLOG_BYTES_MAX,
            pool: POOL_MAX,
            pool_bytes: POOL_BYTES_MAX,
        }
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            keyring: vec![],
            genesis: None,
            federation: None,
            limits: Limits::default(),
            block_transactions_max: BLOCK_TRANSACTIONS_MAX,
            checkers: std::thread::available_parallelism().map_or(1, usize::from),
            commit_patience: COMMIT_PATIENCE,
            search_dir: None,
        }
    }
}

impl NodeConfig {
    /// Returns all members, sorted by key: this node has the given one.
    ///
    /// # Errors
    ///
    /// [`StartError::Config`] if a number is out of its range or a part is missing, and
    /// [`StartError::Consensus`] if the ordering engine could not be started with it.
    pub(crate) fn members(&self, own: &SigningKey) -> Result<Vec<PublicKey>, StartError> {
        let mut members = self.keyring.clone();
        members.push(own.public_key());
        members.sort_unstable();
        members.dedup();
        let wrong = |what| Err(StartError::Config { what });
        if members.len() > VOTERS_MAX {
            return wrong("the keyring has too many members");
        }
        if members.len() > 1 && self.federation.is_none() {
            return wrong("the keyring names others, but nothing says how to reach them");
        }
        if !(1..=BLOCK_TRANSACTIONS_MAX).contains(&self.block_transactions_max) {
            return wrong("a block has 1 to 1000 transactions");
        }
        if self.checkers == 0 {
            return wrong("at least one thread has to check transactions");
        }
        // The engine would find it too, but after a chain was begun for these members.
        if let Some(federation) = &self.federation
            && members.len() > 1
        {
            let checked = federation.engine(own, &members, [0; 32]).check();
            checked.map_err(|error| StartError::Consensus(error.into()))?;
        }
        Ok(members)
    }
}
