use crate::{Block, ChainError};
use std::future::Future;
use tally_primitives::{BlockNumber, BlockRef};

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
