//! An Ethereum chain for development, tests and the demo: one process, no consensus, no disk.

mod block;
mod chain;
mod execute;
mod failure;
mod methods;
mod params;
mod pool;
mod query;
mod server;
mod wire;

pub use chain::Undone;
pub use server::DevServer;

use alloy_primitives::{Address, U256};
use chain::Chain;
pub(crate) use chain::News;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tally_primitives::{
    BlockHash, BlockNumber, BlockRef, ChainId, NodeAddress, TransactionHash, Wei,
};
use tokio::sync::{broadcast, watch};

mod state;

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mining {
    /// A block for every transaction, at once.
    #[default]
    Instant,
    /// A block every so often, with what waits.
    Interval(Duration),
    /// Only when asked.
    OnDemand,
}

/// What a development chain starts with.
#[derive(Debug, Clone)]
pub struct DevChainConfig {
    /// The chain's number.
    pub chain_id: ChainId,
    /// Accounts that hold native coin from the start.
    pub accounts: Vec<(NodeAddress, Wei)>,
    /// When blocks are made.
    pub mining: Mining,
}

/// Why a development chain could not be changed as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain cannot go back {depth} blocks")]
pub struct TooDeepError {
    /// How far it was to go back.
    pub depth: u64,
}

/// An embedded development chain: an EVM, blocks in memory, and the JSON-RPC that clients of real
/// chains speak.
///
/// Cloning gives another handle to the same chain. It has no state roots and keeps no old states:
/// calls see the newest block only. Everything is gone when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct DevChain(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chain: Mutex<Chain>,
    mining: watch::Sender<Mining>,
}

impl DevChain {
    /// Starts a chain with one empty block.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, because a task of its own makes the interval's blocks.
    pub fn start(config: &DevChainConfig) -> Self {
        let accounts: Vec<(Address, U256)> =
            config.accounts.iter().map(|(node, wei)| (node.0, wei.units())).collect();
        let mut chain = Chain::new(config.chain_id.0, &accounts);
        chain.is_instant = config.mining == Mining::Instant;
        let mining = watch::Sender::new(config.mining);
        let modes = mining.subscribe();
        let inner = Arc::new(Inner { chain: Mutex::new(chain), mining });
        tokio::spawn(mine_at_intervals(Arc::downgrade(&inner), modes));
        Self(inner)
    }

    /// Returns the newest block.
    pub fn head(&self) -> BlockRef {
        let head = self.lock().head().num_hash();
        BlockRef { number: BlockNumber(head.number), hash: BlockHash(head.hash) }
    }

    /// Makes `count` blocks, the first with all that waits, and returns the last.
    pub fn mine(&self, count: u64) -> BlockRef {
        let mut chain = self.lock();
        for _ in 0..count {
            chain.mine();
        }
        drop(chain);
        self.head()
    }

    /// Changes when blocks are made.
    pub fn set_mining(&self, mining: Mining) {
        let mut chain = self.lock();
        chain.is_instant = mining == Mining::Instant;
        if chain.is_instant {
            chain.mine_waiting();
        }
        drop(chain);
        self.0.mining.send_replace(mining);
    }

    /// Replaces the newest `depth` blocks by as many others.
    ///
    /// # Errors
    ///
    /// [`TooDeepError`] if there are fewer blocks, or if the changes of that many are not kept;
    /// then nothing has happened.
    pub fn reorg(&self, depth: u64, undone: Undone) -> Result<BlockRef, TooDeepError> {
        self.lock().reorganise(depth, undone).map_err(|_| TooDeepError { depth })?;
        Ok(self.head())
    }

    /// Takes the newest `depth` blocks back without making others.
    ///
    /// # Errors
    ///
    /// As [`reorg`](Self::reorg).
    pub fn take_back(&self, depth: u64, undone: Undone) -> Result<BlockRef, TooDeepError> {
        self.lock().take_back(depth, undone).map_err(|_| TooDeepError { depth })?;
        Ok(self.head())
    }

    /// Returns the transactions that wait to be mined, in no order.
    pub fn waiting(&self) -> Vec<TransactionHash> {
        self.lock().pool.hashes().map(TransactionHash).collect()
    }

    /// Gives an account a balance of native coin out of nothing.
    pub fn set_balance(&self, account: NodeAddress, balance: Wei) {
        self.lock().set_balance(account.0, balance.units());
    }

    fn lock(&self) -> MutexGuard<'_, Chain> {
        // A panic while the lock was held cannot leave the chain half changed in a way that matters
        // more than a development chain that answers nothing.
        self.0.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.lock().news.subscribe()
    }
}

/// Makes the interval's blocks until the chain is gone.
async fn mine_at_intervals(chain: Weak<Inner>, mut modes: watch::Receiver<Mining>) {
    loop {
        let mode = *modes.borrow_and_update();
        let Mining::Interval(every) = mode else {
            if modes.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep(every) => {
                let Some(inner) = chain.upgrade() else { return };
                inner.chain.lock().unwrap_or_else(PoisonError::into_inner).mine();
            }
            changed = modes.changed() => if changed.is_err() { return },
        }
    }
}
