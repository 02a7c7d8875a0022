use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A block's position in its chain; genesis is 0. Never a count of blocks: see [`BlockSpan`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct BlockNumber(pub u64);

impl BlockNumber {
    /// Returns the position `span` blocks later, or the last position there is.
    pub const fn after(self, span: BlockSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Returns the position `span` blocks earlier, or genesis.
    pub const fn before(self, span: BlockSpan) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Returns how many blocks lie from `earlier` to here; none if it is later.
    pub const fn since(self, earlier: Self) -> BlockSpan {
        BlockSpan(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for BlockNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A number of blocks, such as a settlement window. Never a position: see [`BlockNumber`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct BlockSpan(pub u64);

impl fmt::Display for BlockSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The hash that names one block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockHash(pub B256);

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One block of one branch: its position and its hash, because a position alone names a block only
/// until the next reorganisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct BlockRef {
    /// Position in the chain.
    pub number: BlockNumber,
    /// Which of the blocks at that position.
    pub hash: BlockHash,
}
