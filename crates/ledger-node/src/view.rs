//! What readers are told.

use std::sync::Arc;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{AssetId, Block, BlockId, Status, Timestamp, Transaction, TransactionId};
use tally_ledger_store::Reason;

/// A block as others name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRef {
    /// Its id.
    pub id: BlockId,
    /// Its height, or the one that it was proposed for; the genesis block has 0.
    pub height: u64,
    /// When its maker says that it was made.
    pub timestamp: Timestamp,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// It is durable in this node and waits for a block.
    Backlog,
    /// It is in a block that may still be dropped, or on which votes are missing.
    Undecided(BlockRef),
    /// It is in a valid block.
    Valid(BlockRef),
    /// It lost: it was refused after it had been accepted, or is only in a block that was voted
    /// down.
    Invalid(Reason),
}

impl TransactionStatus {
    /// The name that the HTTP API gives it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Undecided(_) => "undecided",
            Self::Valid(_) => "valid",
            Self::Invalid(_) => "invalid",
        }
    }

    /// The block that it is in.
    pub const fn block(&self) -> Option<BlockRef> {
        match self {
            Self::Undecided(block) | Self::Valid(block) => Some(*block),
            Self::Backlog | Self::Invalid(_) => None,
        }
    }
}

/// A transaction and what became of it.
#[derive(Debug, Clone)]
pub struct TransactionView {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// What became of it; never [`TransactionStatus::Invalid`].
    pub status: TransactionStatus,
}

/// A block and what became of it.
#[derive(Debug, Clone)]
pub struct BlockView {
    /// Its height, or the one that it was proposed for.
    pub height: u64,
    /// The block.
    pub block: Arc<Block>,
    /// What became of it.
    pub status: Status,
    /// What is wrong with it, if it broke a rule.
    pub reason: Option<Reason>,
}

/// A block that became valid, as subscribers are told: in the order of heights, none left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidBlock {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub id: BlockId,
    /// Its transactions in its order, each with the asset that it creates or moves.
    pub transactions: Vec<(TransactionId, AssetId)>,
}

impl ValidBlock {
    pub(crate) fn of(height: u64, block: &Block) -> Self {
        let transactions =
            block.transactions().iter().map(|found| (found.id(), found.asset_id())).collect();
        Self { height, id: block.id(), transactions }
    }
}

/// What a node is: the same as long as it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its public key.
    pub public_key: PublicKey,
    /// The other members of the federation, sorted.
    pub keyring: Vec<PublicKey>,
    /// The block that begins the chain.
    pub genesis: BlockId,
}

/// How a node is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// Whether it can be relied on now: it runs, is not far behind, and its federation goes on.
    pub is_ready: bool,
    /// The height of the last block of its chain.
    pub height: u64,
    /// How many blocks it knows to be final and does not have yet; more than a few while it catches
    /// up.
    pub behind: u64,
    /// Up to which height the votes have decided about all blocks.
    pub decided_height: u64,
    /// Transactions in the chain.
    pub transactions: u64,
    /// Own transactions that wait for a block.
    pub backlog: u64,
    /// Transactions of other nodes that are kept to be proposed.
    pub pool: u64,
    /// Posts on their way to an answer.
    pub posts: u64,
    /// Proposed blocks that may still be appended.
    pub undecided_blocks: u64,
    /// Invalid blocks that are kept.
    pub invalid_blocks: u64,
    /// Equivocations of members that are kept.
    pub equivocations: u64,
    /// The members that are connected; none in a federation of one.
    pub connected: Vec<PublicKey>,
    /// The height up to which texts can be searched; `None` before the first.
    pub searchable_height: Option<u64>,
    /// What happened since the start.
    pub counters: Counters,
}

/// What happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions that were accepted.
    pub accepted: u64,
    /// Posts that were refused because the transaction breaks a rule.
    pub refused: u64,
    /// Posts that were refused because too much waited.
    pub busy: u64,
    /// Accepted transactions that lost against another one.
    pub rejected: u64,
    /// Blocks that were appended.
    pub blocks: u64,
    /// Blocks of this node among them.
    pub own_blocks: u64,
    /// Proposals of others that were found invalid.
    pub invalid_proposals: u64,
    /// Messages of peers that were dropped because something was wrong with them.
    pub bad_messages: u64,
}
