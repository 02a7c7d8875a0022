//! Following a chain of blocks, wherever the blocks come from.

use crate::{Network, feed::Output, prefetch, queue::Closed};
use std::{collections::VecDeque, error::Error, ops::ControlFlow, time::Duration};
use tally_chain::{
    ChainError,
    utxo::{Block, Start, Update},
};
use tally_primitives::{BlockId, BlockNumber, BlockSpan};

/// The first and the longest pause after something failed; it doubles in between, for ever.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Why a chain cannot be followed any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The chain begins with another block than the configured network's.
    #[error("this is {}: its first block is {found}; {expected} begins with {genesis}", name(*.found))]
    AnotherNetwork {
        /// The chain's first block.
        found: BlockId,
        /// The name of the network that was expected.
        expected: &'static str,
        /// Its first block.
        genesis: BlockId,
    },
    /// More blocks were undone than the network allows.
    #[error("{depth} blocks up to {height} were undone, more than the {max} that may be")]
    TooDeep {
        /// The last block that was delivered.
        height: BlockNumber,
        /// How many of the newest blocks are not in the chain any more.
        depth: BlockSpan,
        /// How many may be.
        max: BlockSpan,
    },
    /// None of the blocks that are remembered is in the chain any more.
    #[error("none of the {known} blocks known from {oldest} to {height} is in the chain any more")]
    Forgotten {
        /// The last block that was delivered.
        height: BlockNumber,
        /// The oldest one that is remembered.
        oldest: BlockNumber,
        /// How many are.
        known: usize,
    },
    /// The follower has a chain but does not say which.
    #[error("to continue after {0}, the id of that block is needed")]
    UnknownStart(BlockNumber),
}

fn name(genesis: BlockId) -> &'static str {
    Network::with_genesis(genesis).map_or("another network", |network| network.name)
}

impl FollowError {
    fn into_permanent(self) -> ChainError {
        ChainError::Permanent { operation: "following the chain", source: Box::new(self) }
    }
}

/// Wraps what may pass.
pub(crate) fn transient(
    operation: &'static str,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> ChainError {
    ChainError::Transient { operation, source: source.into() }
}

/// Wraps what will not.
pub(crate) fn permanent(
    operation: &'static str,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> ChainError {
    ChainError::Permanent { operation, source: source.into() }
}

/// Today's chain as something knows it. Every method may block; all but `refresh` are called from
/// several threads at once.
pub(crate) trait View: Send + Sync {
    /// Looks for new blocks. Returns the height of the newest one, `None` if there is none at all.
    fn refresh(&self) -> Result<Option<BlockNumber>, ChainError>;

    /// Returns the id of the chain's block at a height, `None` above the newest one.
    fn id_at(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError>;

    /// Returns the chain's block at a height. The chain may change between any two calls.
    fn block_at(&self, height: BlockNumber) -> Result<Option<Block>, ChainError>;

    /// How many threads fetch and decode blocks at once.
    fn workers(&self) -> usize;

    /// Waits until there may be news, but no longer than `poll`.
    fn wait(&self, poll: Duration, output: &Output) -> Result<(), Closed> {
        output.pause(poll)
    }
}

/// Follows a chain until nobody reads any more, or until it cannot be followed.
pub(crate) fn follow(
    view: &dyn View,
    network: &Network,
    start: Start,
    poll: Duration,
    output: &Output,
) -> Result<Closed, ChainError> {
    let known = Known::new(start, network.reorganisation_max)?;
    let mut follower =
        Follower { view, network, output, known, owes_caught_up: true, is_checked: false };
    let mut backoff = BACKOFF_MIN;
    loop {
        let outcome = follower.step();
        let waited = match outcome {
            Ok(Step::Moved) => {
                backoff = BACKOFF_MIN;
                Ok(())
            }
            Ok(Step::Idle) => {
                backoff = BACKOFF_MIN;
                view.wait(poll, output)
            }
            Ok(Step::Closed) => return Ok(Closed),
            Err(error @ ChainError::Permanent { .. }) => return Err(error),
            Err(error) => {
                report(&error, backoff);
                let waited = output.pause(backoff);
                backoff = (backoff * 2).min(BACKOFF_MAX);
                waited
            }
        };
        if waited.is_err() {
            return Ok(Closed);
        }
    }
}

/// The first failure of a row may be chance; those that last are worth a look.
fn report(error: &ChainError, backoff: Duration) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if backoff > Duration::from_secs(1) {
        tracing::warn!(%error, cause, retry_in = ?backoff, "the chain cannot be read");
    } else {
        tracing::debug!(%error, cause, retry_in = ?backoff, "the chain cannot be read");
    }
}

enum Step {
    /// Something was delivered; there may be more.
    Moved,
    /// There is nothing to do now.
    Idle,
    /// Nobody reads any more.
    Closed,
}

struct Follower<'a> {
    view: &'a dyn View,
    network: &'a Network,
    output: &'a Output,
    known: Known,
    owes_caught_up: bool,
    is_checked: bool,
}

impl Follower<'_> {
    fn step(&mut self) -> Result<Step, ChainError> {
        let Some(head) = self.view.refresh()? else { return Ok(Step::Idle) };
        self.check_network()?;
        self.output.set_head(head);
        let Some(fork) = self.fork(head)? else { return Ok(Step::Idle) };
        if let Fork::Below(height) = fork {
            self.known.forget_above(height);
            self.owes_caught_up = true;
            return Ok(self.delivered(Update::RolledBackTo(height)));
        }
        let first = self.known.last().map_or(0, |(height, _)| height.0 + 1);
        if first <= head.0 {
            return self.deliver(first, head.0);
        }
        if self.owes_caught_up {
            self.owes_caught_up = false;
            return Ok(self.delivered(Update::CaughtUp(head)));
        }
        Ok(Step::Idle)
    }

    fn delivered(&self, update: Update) -> Step {
        if self.output.push(update).is_ok() { Step::Moved } else { Step::Closed }
    }

    fn check_network(&mut self) -> Result<(), ChainError> {
        if self.is_checked {
            return Ok(());
        }
        let found = self.view.id_at(BlockNumber(0))?;
        let found =
            found.ok_or_else(|| transient("asking for the first block", "there is none"))?;
        let Network { name, genesis, .. } = *self.network;
        if found != genesis {
            let error = FollowError::AnotherNetwork { found, expected: name, genesis };
            return Err(error.into_permanent());
        }
        self.is_checked = true;
        Ok(())
    }

    /// Compares what was delivered with the chain. `None` if the chain is behind.
    ///
    /// A node that restarts or reads its blocks anew may know fewer blocks than were delivered. As
    /// long as they are the same ones nothing was undone: it is only late.
    fn fork(&self, head: BlockNumber) -> Result<Option<Fork>, ChainError> {
        let Some((last, _)) = self.known.last() else { return Ok(Some(Fork::None)) };
        let mut shared = self.known.up_to(head);
        let Some((height, id)) = shared.next() else { return Ok(None) };
        if self.view.id_at(height)? == Some(id) {
            return Ok((height == last).then_some(Fork::None));
        }
        for (height, id) in shared {
            if self.view.id_at(height)? == Some(id) {
                return self.allowed(last, height).map(Some);
            }
        }
        Err(self.known.forgotten(last).into_permanent())
    }

    fn allowed(&self, last: BlockNumber, fork: BlockNumber) -> Result<Fork, ChainError> {
        let (depth, max) = (last.since(fork), self.network.reorganisation_max);
        if depth > max {
            return Err(FollowError::TooDeep { height: last, depth, max }.into_permanent());
        }
        Ok(Fork::Below(fork))
    }

    fn deliver(&mut self, first: u64, last: u64) -> Result<Step, ChainError> {
        let (view, output) = (self.view, self.output);
        let mut moved = false;
        let fetch = |height| view.block_at(BlockNumber(height));
        let broken = prefetch::in_order(first, last, view.workers(), fetch, |block| {
            let block = match block {
                Ok(Some(block)) => block,
                // The chain became shorter meanwhile.
                Ok(None) => return ControlFlow::Break(Ok(Step::Moved)),
                Err(error) => return ControlFlow::Break(Err(error)),
            };
            if self.known.last().is_some_and(|(_, id)| id != block.previous) {
                // The chain changed meanwhile: the next step finds out where.
                return ControlFlow::Break(Ok(Step::Moved));
            }
            self.known.remember(block.height, block.id);
            moved = true;
            self.owes_caught_up = true;
            if output.push(Update::Block(Box::new(block))).is_err() {
                return ControlFlow::Break(Ok(Step::Closed));
            }
            ControlFlow::Continue(())
        });
        match broken {
            Some(Ok(Step::Moved)) if !moved => {
                Err(transient("reading the next block", "the chain changes faster than it is read"))
            }
            Some(outcome) => outcome,
            None => Ok(Step::Moved),
        }
    }
}

enum Fork {
    /// What was delivered is in the chain.
    None,
    /// What was delivered above this height is not.
    Below(BlockNumber),
}

/// The newest blocks that were delivered, the oldest first.
struct Known {
    blocks: VecDeque<(BlockNumber, BlockId)>,
    kept_max: usize,
}

impl Known {
    fn new(start: Start, reorganisation_max: BlockSpan) -> Result<Self, ChainError> {
        let mut blocks = VecDeque::new();
        if let Start::After { height, mut recent } = start {
            recent.sort_unstable();
            if recent.last().is_none_or(|(newest, _)| *newest != height) {
                return Err(FollowError::UnknownStart(height).into_permanent());
            }
            blocks.extend(recent);
        }
        // One more than may be undone: the block that stays.
        let kept_max =
            usize::try_from(reorganisation_max.0).unwrap_or(usize::MAX).saturating_add(1);
        Ok(Self { blocks, kept_max })
    }

    fn last(&self) -> Option<(BlockNumber, BlockId)> {
        self.blocks.back().copied()
    }

    /// Returns the blocks up to a height, the newest first.
    fn up_to(&self, height: BlockNumber) -> impl Iterator<Item = (BlockNumber, BlockId)> {
        self.blocks.iter().rev().copied().skip_while(move |(known, _)| *known > height)
    }

    fn remember(&mut self, height: BlockNumber, id: BlockId) {
        self.blocks.push_back((height, id));
        while self.blocks.len() > self.kept_max {
            self.blocks.pop_front();
        }
    }

    fn forget_above(&mut self, height: BlockNumber) {
        while self.last().is_some_and(|(newest, _)| newest > height) {
            self.blocks.pop_back();
        }
    }

    fn forgotten(&self, height: BlockNumber) -> FollowError {
        let oldest = self.blocks.front().map_or(height, |(oldest, _)| *oldest);
        FollowError::Forgotten { height, oldest, known: self.blocks.len() }
    }
}
