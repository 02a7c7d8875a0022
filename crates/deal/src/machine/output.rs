use crate::Time;
use serde::{Deserialize, Serialize};
use tally_chain::utxo::OutPoint;
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// Money at a deal's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealOutput {
    /// The output.
    pub outpoint: OutPoint,
    /// How much.
    pub value: Satoshi,
    /// Its block; `None` in the mempool.
    pub confirmation: Option<Confirmation>,
    /// Its transaction is neither in a block nor in the mempool. It is remembered because a signed
    /// settlement spends it.
    pub is_gone: bool,
    /// The transaction in a block that spends it.
    pub spend: Option<Spend>,
}

/// The block of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its position.
    pub height: BlockNumber,
    /// The time in its header.
    pub time: Time,
    /// Enough blocks lie upon it.
    pub is_deep: bool,
}

/// The transaction in a block that spends an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// The transaction.
    pub by: Txid,
    /// The position of its block.
    pub height: BlockNumber,
}

impl DealOutput {
    pub(super) const fn new(outpoint: OutPoint, value: Satoshi) -> Self {
        Self { outpoint, value, confirmation: None, is_gone: false, spend: None }
    }

    /// Returns whether it lies deep enough to be spent by a settlement, and is there.
    pub(super) fn is_available(&self) -> bool {
        self.is_deep() && self.spend.is_none()
    }

    pub(super) fn is_deep(&self) -> bool {
        !self.is_gone && self.confirmation.is_some_and(|confirmation| confirmation.is_deep)
    }

    /// Returns whether a block has it whose time is not after `until`.
    pub(super) fn is_in_time(&self, until: Time) -> bool {
        !self.is_gone && self.confirmation.is_some_and(|confirmation| confirmation.time <= until)
    }

    /// Undoes what blocks above `height` said. Returns whether anything changed.
    pub(super) fn roll_back(&mut self, height: BlockNumber, confirmations: u64) -> bool {
        let before = (self.confirmation, self.spend);
        self.confirmation = self.confirmation.filter(|block| block.height <= height);
        self.spend = self.spend.filter(|spend| spend.height <= height);
        self.sink(height, confirmations);
        before != (self.confirmation, self.spend)
    }

    /// Says whether enough blocks lie upon it when `tip` is the newest. Returns whether that
    /// changed.
    pub(super) fn sink(&mut self, tip: BlockNumber, confirmations: u64) -> bool {
        let Some(block) = &mut self.confirmation else { return false };
        let was_deep = block.is_deep;
        // A tip below the block is that of a server that lags: the block itself is known.
        block.is_deep = tip.since(block.height).0.saturating_add(1) >= confirmations;
        was_deep != block.is_deep
    }
}
