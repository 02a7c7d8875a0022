use serde::{Deserialize, Serialize};
use tally_primitives::BlockNumber;

/// What operators may decide differently. Everybody who shares them has the same state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Above this height a record counts only if its transaction destroyed a coin-day or more.
    pub cdd_check_height: BlockNumber,
    /// How many coin-days publishing takes above that height; 100 was asked until 2024.
    pub publish_cdd_factor: u64,
    /// Whether a rating is a latest operation of what it rates, as the original servers had it.
    pub rating_touches_last: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            cdd_check_height: BlockNumber(4_000_000),
            publish_cdd_factor: 1,
            rating_touches_last: false,
        }
    }
}
