//! The port to chains of outputs: blocks or ready-made records, in order, reorganisations included;
//! and the one for what goes into them.

mod relay;
pub mod script;

use crate::ChainError;
use serde::{Deserialize, Serialize};
use std::{fmt, future::Future, pin::Pin};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};

pub use relay::{BroadcastError, FeeRate, Rejection, Relay, Watched};

/// A transaction's output, named by where it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutPoint {
    /// The transaction that made it.
    pub txid: Txid,
    /// Its position among that transaction's outputs.
    pub vout: u32,
}

/// Money and the script that says who may spend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How much.
    pub value: Satoshi,
    /// The raw locking script.
    pub script: Vec<u8>,
}

/// A transaction as far as anybody here looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its id.
    pub txid: Txid,
    /// What it spends, in order; empty for a coinbase.
    pub inputs: Vec<OutPoint>,
    /// What it makes, in order.
    pub outputs: Vec<Output>,
}

/// A whole block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// The block before it; zeros for genesis.
    pub previous: BlockId,
    /// Position in the chain.
    pub height: BlockNumber,
    /// The header's time, Unix seconds.
    pub time: u64,
    /// In the order of the block; the first is the coinbase. An input may spend an output of a
    /// transaction that stands later in the same block.
    pub transactions: Vec<Transaction>,
}

/// What a transaction wrote into the chain with `OP_RETURN`, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The transaction.
    pub txid: Txid,
    /// Height of its block.
    pub height: BlockNumber,
    /// Position of the transaction in its block.
    pub index: u32,
    /// The block's time, Unix seconds.
    pub time: u64,
    /// Address of the output that the first input spends; `None` if that script has no address.
    pub signer: Option<Fid>,
    /// Address of the first output that is neither the signer's nor without an address.
    pub recipient: Option<Fid>,
    /// Coin-days that the transaction destroyed: the sum over its inputs of
    /// `floor(satoshi × whole days / 10^8)`.
    pub cdd: u64,
    /// What was written, usually UTF-8 and often JSON.
    pub text: Vec<u8>,
    /// The outputs that have an address: payments, for those who sell. Empty if the source knows
    /// the record only.
    pub payments: Vec<Payment>,
}

/// An output with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Position among the transaction's outputs.
    pub vout: u32,
    /// Who may spend it.
    pub to: Fid,
    /// How much.
    pub value: Satoshi,
}

/// All records of one height, from a source that knows no blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Position in the chain.
    pub height: BlockNumber,
    /// The block's time, Unix seconds.
    pub time: u64,
    /// In the order of the block; never empty.
    pub records: Vec<Record>,
}

/// One step of the chain as its followers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The next block.
    Block(Box<Block>),
    /// The records of the next height that has any.
    Records(Records),
    /// Everything above this height was undone.
    RolledBackTo(BlockNumber),
    /// All there is was delivered, up to this height; more may come later.
    CaughtUp(BlockNumber),
}

/// Where a source begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the first block, or the first record.
    Fresh,
    /// After what was delivered when the follower stopped.
    After {
        /// The last height that the follower has.
        height: BlockNumber,
        /// The ids of the follower's newest blocks, the newest first, as many as are known; one of
        /// them is where today's chain continues, should the others have been undone. Empty with
        /// a source of records.
        recent: Vec<(BlockNumber, BlockId)>,
    },
}

/// A future that a trait object returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of blocks or of records.
///
/// # Requirements
///
/// * Updates come in the chain's order, without repeats, starting where the source was told to.
///   Blocks come without gaps: each is the child of the one before it.
/// * A reorganisation is one `RolledBackTo` the fork point, then the blocks of the new branch.
/// * `CaughtUp` comes whenever everything known was delivered and something was delivered before
///   it, and once at the start if there is nothing.
/// * Lost connections, half-written files and lagging servers delay updates; they never lose,
///   repeat or reorder one.
pub trait Source: fmt::Debug + Send {
    /// Waits for the next update. Cancel safe: dropping the future loses no update.
    ///
    /// # Errors
    ///
    /// [`ChainError::Permanent`] when the source can never continue (another network, a
    /// reorganisation deeper than what the follower remembers); transient faults are retried
    /// inside.
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>>;

    /// Returns the newest height that the source knows of, for showing progress; `None` before it
    /// was asked.
    fn head(&self) -> Option<BlockNumber>;
}
