use serde::{Deserialize, Serialize};
use tally_deal::{DealCode, FeedbackStatus};
use tally_primitives::Satoshi;

/// What a customer thought of a deal, as lists of feedback show it. A deal has one at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackRecord {
    /// The deal.
    pub code: DealCode,
    /// The seller's address.
    pub seller: String,
    /// The customer's address.
    pub customer: String,
    /// What the customer thinks.
    pub status: FeedbackStatus,
    /// In words; empty if there are none.
    pub comments: String,
    /// The deal's sum.
    pub sum: Satoshi,
    /// When it was given, Unix milliseconds.
    pub at_ms: u64,
}
