use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use tally_primitives::{BlockId, BlockNumber, Fid, IdParseError, Satoshi, Txid};

/// Names one output of the chain: the double SHA-256 of its transaction's id and its position.
///
/// 32 bytes in the order in which they are shown; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CashId([u8; 32]);

impl CashId {
    /// Makes an id of its bytes in the order in which they are shown.
    #[must_use]
    pub const fn from_shown(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes in the order in which they are shown.
    #[must_use]
    pub const fn as_shown(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for CashId {
    type Err = IdParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Txid>().map(|id| Self(*id.as_shown()))
    }
}

impl fmt::Display for CashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Txid::from_shown(self.0).fmt(f)
    }
}

impl fmt::Debug for CashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A payment on the chain that bought service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The output that paid; no output is counted twice.
    pub cash_id: CashId,
    /// Who paid and is credited.
    pub from: Fid,
    /// Who was paid: the service's account.
    pub to: Fid,
    /// How much.
    pub amount: Satoshi,
    /// The block's time, Unix seconds.
    pub time: u64,
    /// The transaction.
    pub txid: Txid,
    /// Position of the transaction in its block.
    pub index: u32,
    /// Height of its block.
    pub height: BlockNumber,
    /// Its block, if the source of payments knows blocks.
    pub block: Option<BlockId>,
    /// Who brought the sale, as the buy mark says.
    pub via: Option<Box<str>>,
}

impl Order {
    /// Returns where the order stands among all.
    #[must_use]
    pub const fn position(&self) -> OrderPosition {
        OrderPosition { height: self.height, cash_id: self.cash_id }
    }

    /// Returns in which block the order was found.
    #[must_use]
    pub const fn place(&self) -> OrderPlace {
        OrderPlace { cash_id: self.cash_id, height: self.height, block: self.block }
    }

    /// Returns the order as it stands in the block where `other`, which the same output paid, was
    /// found. Payer, payee and amount are the output's and stay.
    #[must_use]
    pub fn moved_to(&self, other: &Self) -> Self {
        let Self { time, index, height, block, .. } = *other;
        Self { time, index, height, block, ..self.clone() }
    }
}

/// An order in one block. A transaction that the chain took back may stand in another block later:
/// that is the same order in another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderPlace {
    /// The output that paid.
    pub cash_id: CashId,
    /// Height of the block.
    pub height: BlockNumber,
    /// The block, if the source of payments knows blocks.
    pub block: Option<BlockId>,
}

/// Where an order stands among all: by height, then by the output that paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderPosition {
    /// Height of its block.
    pub height: BlockNumber,
    /// The output that paid.
    pub cash_id: CashId,
}
