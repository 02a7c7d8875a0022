//! A chain in memory, for tests of whatever stands on the port.

mod calls;
mod channel;
mod source;
mod world;

pub use calls::FakeContracts;
pub use source::FakeSource;

use crate::{ChainError, SourceStart};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tally_primitives::{BlockRef, BlockSpan, NodeAddress, TokenAddress, TokenAmount, Wei};
use tokio::sync::watch;
use world::World;

/// A chain in memory with the contracts' rules, but for signatures, which it does not check.
///
/// Every transaction makes a block. Reorganisations and failures happen when told to. Cloning gives
/// another handle to the same chain.
#[derive(Debug, Clone)]
pub struct FakeChain(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    failures: Mutex<Failures>,
    changed: watch::Sender<()>,
}

/// How the next calls fail.
#[derive(Debug, Default)]
struct Failures {
    unreached: u32,
    unanswered: u32,
}

/// What a call meets on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    Unreached,
    Unanswered,
}

impl Default for FakeChain {
    fn default() -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(World::default()),
            failures: Mutex::default(),
            changed: watch::Sender::new(()),
        }))
    }
}

impl FakeChain {
    /// Creates a token, not registered yet, with these balances.
    pub fn create_token(&self, balances: &[(NodeAddress, TokenAmount)]) -> TokenAddress {
        self.change(|world| world.create_token(balances))
    }

    /// Returns the contracts as `account` calls them. It has coin enough.
    pub fn contracts(&self, account: NodeAddress) -> FakeContracts {
        FakeContracts::new(self.clone(), account, Wei::from_units(u64::MAX))
    }

    /// Starts a source that delivers blocks with so many above them.
    pub fn source(&self, start: SourceStart, confirmations: BlockSpan) -> FakeSource {
        FakeSource::new(self.clone(), start, confirmations)
    }

    /// Returns the newest block.
    pub fn head(&self) -> BlockRef {
        self.lock().head().at
    }

    /// Makes `count` empty blocks and returns the last.
    pub fn mine(&self, count: u64) -> BlockRef {
        self.change(|world| {
            for _ in 0..count {
                world.mine(Vec::new());
            }
            world.head().at
        })
    }

    /// Replaces the newest `depth` blocks by as many empty ones and returns the newest.
    ///
    /// # Panics
    ///
    /// If the chain is not that deep.
    pub fn reorg(&self, depth: u64) -> BlockRef {
        self.change(|world| {
            world.take_back(depth);
            for _ in 0..depth {
                world.mine(Vec::new());
            }
            world.head().at
        })
    }

    /// Makes the next `count` calls fail before they reach the chain.
    pub fn fail_calls(&self, count: u32) {
        self.failures().unreached = count;
    }

    /// Makes the next `count` transactions happen without their senders hearing of it.
    pub fn lose_answers(&self, count: u32) {
        self.failures().unanswered = count;
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.0.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world and wakes the sources.
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.lock());
        self.0.changed.send_replace(());
        result
    }

    fn next_fate(&self) -> Fate {
        let mut failures = self.failures();
        if failures.unreached > 0 {
            failures.unreached -= 1;
            Fate::Unreached
        } else if failures.unanswered > 0 {
            failures.unanswered -= 1;
            Fate::Unanswered
        } else {
            Fate::Fine
        }
    }
}

/// The error of a call that fails on order.
fn ordered_failure() -> ChainError {
    ChainError::Transient { operation: "calling the fake chain", source: "as told".into() }
}

#[cfg(test)]
mod tests;
