//! A chain in memory.

mod pool;
mod records;
mod relay;
mod state;
mod story;
mod transaction;

use crate::{
    Network,
    block::decode_block,
    encode::Made,
    feed::{Feed, Output},
    follow::{View, follow, permanent},
    queue::Closed,
};
use pool::Rules;
pub use relay::{DevRelay, RelayFault};
use state::State;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
pub use story::{Entry, Story};
use tally_chain::{
    ChainError,
    utxo::{Block, OutPoint, Start, Transaction},
};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};
pub use transaction::{Coin, DevTransaction};

/// How long a source waits before it looks whether its reader is still there.
const POLL: Duration = Duration::from_millis(50);

/// Why the development chain refuses a block or a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DevError {
    /// A transaction spends an output that is not there, or was spent.
    #[error("output {vout} of transaction {txid} is not there to be spent")]
    Unspendable {
        /// The transaction that made it, if any did.
        txid: Txid,
        /// Its position.
        vout: u32,
    },
    /// A transaction pays more than it spends.
    #[error("transaction {txid} pays {paid} satoshi but spends {spent}")]
    Overspent {
        /// Which.
        txid: Txid,
        /// What it pays.
        paid: Satoshi,
        /// What it spends.
        spent: Satoshi,
    },
    /// Another transaction that waits spends the same, and this one may not replace it.
    #[error("transaction {txid} spends what {with} spends, and does not pay enough to replace it")]
    Conflict {
        /// Which.
        txid: Txid,
        /// The one that waits.
        with: Txid,
    },
    /// A transaction pays less than nodes ask for its size.
    #[error("transaction {txid} pays a fee of {fee} satoshi, less than {needed}")]
    FeeTooLow {
        /// Which.
        txid: Txid,
        /// What it pays.
        fee: Satoshi,
        /// The least for its size.
        needed: Satoshi,
    },
    /// An output is worth less than spending it would cost.
    #[error("output {vout} of transaction {txid} is dust")]
    Dust {
        /// Which transaction.
        txid: Txid,
        /// Which output.
        vout: u32,
    },
    /// A transaction spends nothing.
    #[error("transaction {0} has no inputs")]
    NoInputs(Txid),
    /// Bytes are not a transaction.
    #[error("{0}")]
    Malformed(String),
    /// Too many transactions wait for a block.
    #[error("{0} transactions wait already")]
    Full(usize),
    /// A text is no address of the chain's network.
    #[error("{0} is not an address of this network")]
    Address(Fid),
    /// A time does not fit into a header.
    #[error("{0} is not a time that a block can have")]
    Time(u64),
    /// The chain has fewer blocks than are to be undone; the first one stays.
    #[error("{depth} blocks cannot be undone at height {height}")]
    TooDeep {
        /// How many are to be undone.
        depth: u64,
        /// The newest block.
        height: BlockNumber,
    },
}

/// A block to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevBlock {
    /// Its time, Unix seconds.
    pub time: u64,
    /// Coins that its first transaction makes out of nothing.
    pub funded: Vec<(Fid, Satoshi)>,
    /// What it holds. Each may spend outputs of the others; they are sorted by id, as Freecash
    /// demands it.
    pub transactions: Vec<DevTransaction>,
}

impl DevBlock {
    /// A block without transactions.
    pub fn empty(time: u64) -> Self {
        Self { time, ..Self::default() }
    }
}

/// A chain of real blocks in memory; nothing but the caller makes them.
///
/// Clones are the same chain. The first block is the network's own. There are no rules but that
/// transactions spend what is there, once, and no more than that: neither signatures and scripts
/// nor maturity are asked for, and anybody may be funded. The same calls make the same blocks.
///
/// Transactions made elsewhere wait for a block as they do at a node, witnesses included: they pay
/// for their size, make no dust, and replace others only by paying more. It is a chain for trying
/// things out: whoever reaches it can spend everything.
#[derive(Debug, Clone)]
pub struct DevChain {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    network: Network,
    state: Mutex<State>,
    changed: Condvar,
}

impl DevChain {
    /// Makes a chain with a network's first block and addresses.
    pub fn new(network: Network) -> Self {
        let state = Mutex::new(State::new(&network));
        Self { shared: Arc::new(Shared { network, state, changed: Condvar::new() }) }
    }

    /// Returns the network whose addresses and first block the chain has.
    pub fn network(&self) -> Network {
        self.shared.network
    }

    /// Adds a block. Returns it as followers get it.
    ///
    /// # Errors
    ///
    /// [`DevError`], and the chain is as it was.
    pub fn mine(&self, block: DevBlock) -> Result<Block, DevError> {
        self.reorganise(0, vec![block]).map(|mut blocks| blocks.remove(0))
    }

    /// Undoes the newest `depth` blocks and adds others, in one step. Returns those that were
    /// added. To be followed, the new branch should not be shorter.
    ///
    /// What the undone blocks held waits for a block again, as far as the new ones leave it to be
    /// spent; not so the first transaction of each, nor what spends its outputs.
    ///
    /// # Errors
    ///
    /// [`DevError`], and the chain is as it was.
    pub fn reorganise(&self, depth: u64, blocks: Vec<DevBlock>) -> Result<Vec<Block>, DevError> {
        let mut state = self.lock();
        let made = state.replace(&self.shared.network, depth, blocks)?;
        drop(state);
        self.shared.changed.notify_all();
        Ok(made)
    }

    /// Undoes the newest `depth` blocks and adds one more than that without transactions, with the
    /// times of those that were undone.
    ///
    /// # Errors
    ///
    /// [`DevError::TooDeep`], and the chain is as it was.
    pub fn reorganise_empty(&self, depth: u64) -> Result<Vec<Block>, DevError> {
        let newest = self.lock().time();
        let blocks = (0..=depth).map(|_| DevBlock::empty(newest)).collect();
        self.reorganise(depth, blocks)
    }

    /// Takes a transaction that waits for a block from now on, by the rules by which nodes pass
    /// transactions on; its signatures are not verified. One that waits already or is in a block
    /// is fine.
    ///
    /// # Errors
    ///
    /// [`DevError`], and nothing changed.
    pub fn broadcast(&self, raw: &[u8]) -> Result<Txid, DevError> {
        let made = Made::read(raw).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            DevError::Malformed(format!("{error}{}", cause.unwrap_or_default()))
        })?;
        self.lock().add_pending(made, Rules::Relay)
    }

    /// Lets an unsigned transaction wait for a block, whatever it pays for its size.
    ///
    /// # Errors
    ///
    /// [`DevError`], and nothing changed.
    pub fn submit(&self, transaction: &DevTransaction) -> Result<Txid, DevError> {
        let made = State::build(&self.shared.network, transaction)?;
        self.lock().add_pending(made, Rules::Block)
    }

    /// Drops a transaction that waits, and all that spend its outputs, and lets another one wait
    /// in its place, whatever that pays.
    ///
    /// # Errors
    ///
    /// [`DevError`], and nothing changed.
    pub fn replace(&self, txid: Txid, by: &DevTransaction) -> Result<Txid, DevError> {
        let made = State::build(&self.shared.network, by)?;
        let mut state = self.lock();
        let before = state.pool().clone();
        state.evict(txid);
        let outcome = state.add_pending(made, Rules::Block);
        if outcome.is_err() {
            state.restore_pool(before);
        }
        outcome
    }

    /// Drops a transaction that waits, and all that spend its outputs. Returns whether it was
    /// there.
    pub fn evict(&self, txid: Txid) -> bool {
        self.lock().evict(txid)
    }

    /// Pays out of nothing to a locking script, with a transaction that waits for a block.
    ///
    /// # Errors
    ///
    /// [`DevError::Full`], and nothing changed.
    pub fn faucet(&self, script: Vec<u8>, value: Satoshi) -> Result<Txid, DevError> {
        self.lock().give(script, value)
    }

    /// Adds a block with what waits for one, the first come first, as much as fits. Returns it as
    /// followers get it.
    ///
    /// # Errors
    ///
    /// [`DevError::Time`], and the chain is as it was.
    pub fn mine_pending(&self, time: u64) -> Result<Block, DevError> {
        let block = self.lock().mine_pending(&self.shared.network, time)?;
        self.shared.changed.notify_all();
        Ok(block)
    }

    /// Returns what waits for a block, in the order in which it came.
    pub fn pending(&self) -> Vec<Transaction> {
        self.lock().pool().iter().cloned().collect()
    }

    /// Returns a transaction that waits or is in a block.
    pub fn transaction(&self, txid: Txid) -> Option<Transaction> {
        self.lock().transaction(txid).map(|made| made.facts())
    }

    /// Returns a transaction that waits or is in a block, as nodes store it.
    pub fn raw_transaction(&self, txid: Txid) -> Option<Vec<u8>> {
        self.lock().transaction(txid).map(|made| made.raw())
    }

    /// Returns the height of the block that holds a transaction; `None` if none does.
    pub fn height_of(&self, txid: Txid) -> Option<BlockNumber> {
        self.lock().place(txid)
    }

    /// Returns a way into the chain, as nodes offer it.
    pub fn relay(&self) -> DevRelay {
        DevRelay::new(self.clone())
    }

    /// Returns the height of the newest block.
    pub fn height(&self) -> BlockNumber {
        self.lock().height()
    }

    /// Returns the id of the block at a height.
    pub fn id_at(&self, height: BlockNumber) -> Option<BlockId> {
        self.lock().at(height).map(|(id, _)| id)
    }

    /// Returns a block as nodes store it, if it is in the chain now.
    pub fn raw_block(&self, id: BlockId) -> Option<Vec<u8>> {
        self.lock().raw(id)
    }

    /// Returns the blocks of the chain as nodes store them, the first one included.
    pub fn raw_blocks(&self) -> Vec<Vec<u8>> {
        self.lock().all_raw()
    }

    /// Returns the unspent outputs of an address, the oldest first.
    pub fn coins(&self, owner: &Fid) -> Vec<Coin> {
        self.lock().coins(owner)
    }

    /// Starts a source that follows the chain.
    pub fn source(&self, start: Start) -> Feed {
        let chain = self.clone();
        Feed::start("utxo-dev", move |output| {
            let network = chain.shared.network;
            follow(&DevView { chain }, &network, start, POLL, output)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct DevView {
    chain: DevChain,
}

impl View for DevView {
    fn refresh(&self) -> Result<Option<BlockNumber>, ChainError> {
        Ok(Some(self.chain.height()))
    }

    fn id_at(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        Ok(self.chain.id_at(height))
    }

    fn block_at(&self, height: BlockNumber) -> Result<Option<Block>, ChainError> {
        let Some((_, raw)) = self.chain.lock().at(height) else { return Ok(None) };
        let wrong = |error| permanent("reading the development chain", error);
        decode_block(&raw, height).map(Some).map_err(wrong)
    }

    fn workers(&self) -> usize {
        1
    }

    /// Blocks are made at any moment; whoever makes one wakes the followers.
    fn wait(&self, poll: Duration, output: &Output) -> Result<(), Closed> {
        let state = self.chain.lock();
        let version = state.version();
        let waiting = self
            .chain
            .shared
            .changed
            .wait_timeout_while(state, poll, |state| state.version() == version);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
        if output.is_closed() { Err(Closed) } else { Ok(()) }
    }
}
