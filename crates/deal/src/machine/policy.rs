use crate::Percent;
use serde::{Deserialize, Serialize};
use tally_primitives::Satoshi;

/// What the operator of a server decides about all deals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How many blocks, the payment's own included, a payment must lie under to count; at least 1.
    pub confirmations: u64,
    /// How long after the end of the time to pay a deal still waits for the block of a payment in
    /// time, in seconds.
    pub grace_seconds: u64,
    /// What a deal that is made now is told about disputes.
    pub rules: Rules,
    /// Smaller outputs are not looked at, unless one alone is worth the sum: to spend them costs more
    /// than they are worth when blocks are full.
    pub output_min: Satoshi,
    /// What part of the sum the owner of the module may take, and the service as much again; a deal
    /// with a higher fee is not made.
    pub fee_max: Percent,
    /// What must have come in before money is sent back to the customer: less would go to the
    /// miner.
    pub refund_min: Satoshi,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            confirmations: 1,
            grace_seconds: 120,
            rules: Rules::default(),
            output_min: Satoshi(3_000),
            fee_max: Percent::whole(10).expect("a tenth is a part"),
            refund_min: Satoshi(1_000),
        }
    }
}

/// The rules about disputes that a deal was made under. They are kept with the deal: nobody can
/// change them afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// How long a dispute waits for the arbiter, in seconds.
    pub dispute_seconds: u64,
    /// What part of the sum the customer gets back of a dispute that nobody resolved in that time.
    pub undecided_refund: Percent,
}

impl Default for Rules {
    /// Thirty days, then half to each: who has nothing to gain by waiting talks.
    fn default() -> Self {
        Self {
            dispute_seconds: 30 * 86_400,
            undecided_refund: Percent::whole(50).expect("a half is a part"),
        }
    }
}
