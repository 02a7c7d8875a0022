use serde::{Deserialize, Serialize};
use std::fmt;
use tally_chain::utxo::OutPoint;
use tally_primitives::Satoshi;

/// Names a settlement within its deal: 1 is the first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SettlementId(pub u32);

impl fmt::Display for SettlementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Who can get money of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The seller.
    Seller,
    /// The customer.
    Customer,
    /// The owner of the module that the deal was made at.
    Module,
    /// The service.
    Service,
}

/// What a settlement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The deal's outcome: the seller's money, less fees and what the customer gets back.
    Payout,
    /// Everything back to the customer.
    Refund,
}

/// Who gets what of which outputs.
///
/// Invariant: the shares sum up to the inputs exactly; the miner's fee is taken out of the shares
/// when the transaction is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which settlement of the deal this is.
    pub id: SettlementId,
    /// What it is for.
    pub purpose: Purpose,
    /// What it spends, in order of the outpoints, with the values.
    pub inputs: Vec<(OutPoint, Satoshi)>,
    /// Who gets what before the miner's fee; in the order of [`Recipient`], none of them zero.
    pub shares: Vec<(Recipient, Satoshi)>,
    /// The miner's fee of the signed transaction that this one replaces; the new fee must be
    /// higher.
    pub replaces_fee: Option<Satoshi>,
}

impl Plan {
    /// Returns what the inputs are worth.
    pub fn total(&self) -> Satoshi {
        sum(self.inputs.iter().map(|(_, value)| *value))
    }

    /// Returns what `recipient` gets before the miner's fee.
    pub fn share(&self, recipient: Recipient) -> Satoshi {
        sum(self.shares.iter().filter(|(to, _)| *to == recipient).map(|(_, value)| *value))
    }
}

/// Sums up values of outputs that exist at the same time.
pub(super) fn sum(mut values: impl Iterator<Item = Satoshi>) -> Satoshi {
    values
        .try_fold(Satoshi(0), Satoshi::checked_add)
        .expect("all coins together are less than 2^51 satoshi")
}
