use serde::{Deserialize, Serialize};
use tally_primitives::{BlockId, BlockNumber};

/// The most recent blocks that a position remembers.
pub const RECENT_BLOCKS_MAX: usize = 300;

/// How far the chain has been read: whoever follows it goes on after this block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainPosition {
    /// The height of the last block whose payments are counted.
    pub height: BlockNumber,
    /// The ids of that block and of blocks before it, highest first, at most
    /// [`RECENT_BLOCKS_MAX`]: where a reorganisation is found to have begun.
    pub recent: Vec<(BlockNumber, BlockId)>,
}
