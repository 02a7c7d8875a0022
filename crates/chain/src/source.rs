use crate::{Block, ChainError};
use std::future::Future;
use tally_primitives::{BlockNumber, BlockRef, ChannelAddress, ManagerAddress, TokenAddress};

/// One step of the chain as the node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainUpdate {
    /// The next block that is deep enough to be believed.
    Connected {
        /// The block with its events.
        block: Block,
        /// The newest block there is; `confirmations` or more above `block`.
        head: BlockNumber,
    },
    /// All blocks above this one were undone.
    RolledBackTo(BlockRef),
}

/// A source of blocks.
///
/// # Requirements
///
/// * Updates come in chain order, without gaps and without repeats, starting after the block the
///   source was made with.
/// * A reorganisation deeper than the configured confirmations is one `RolledBackTo` the fork
///   point, then the `Connected` blocks of the new branch.
/// * Lost connections, lagging servers and repeated logs delay updates; they never lose, repeat
///   or reorder one.
pub trait ChainSource: Send {
    /// Waits for the next update. Cancel safe: dropping the future loses no update.
    ///
    /// # Errors
    ///
    /// [`ChainError::Permanent`] when the source can never continue (another chain, another
    /// genesis, a reorganisation below what it remembers); transient faults are retried inside.
    fn next_update(&mut self) -> impl Future<Output = Result<ChainUpdate, ChainError>> + Send;
}

/// The contracts that were made by others up to some block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownContracts {
    /// The tokens and the managers of their channels.
    pub managers: Vec<(TokenAddress, ManagerAddress)>,
    /// The channels, settled ones included.
    pub channels: Vec<ChannelAddress>,
}

/// Where a source begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceStart {
    /// With the deployment's first block.
    Fresh,
    /// After the block that was the last when the node stopped.
    After {
        /// That block.
        block: BlockRef,
        /// Blocks before it on the same branch, as many as are known: one of them is where the
        /// branch of today begins, should `block` have been undone meanwhile.
        recent: Vec<BlockRef>,
        /// The contracts made up to `block`; `None` reads them from the chain's logs.
        known: Option<KnownContracts>,
    },
}
