//! The port through which transactions go into a chain of outputs, before a block holds them.

use super::{BoxFuture, OutPoint, Transaction};
use crate::ChainError;
use std::{collections::BTreeSet, fmt};
use tally_primitives::{BlockId, BlockNumber, Satoshi, Txid};

/// What a transaction pays for its size, in satoshi for 1,000 virtual bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeRate(u64);

impl FeeRate {
    /// What nodes of Bitcoin ask for at least before they pass a transaction on: 1 satoshi a
    /// virtual byte.
    pub const RELAYED_MIN: Self = Self(1_000);

    /// A rate in satoshi for 1,000 virtual bytes.
    pub const fn per_kvb(satoshi: u64) -> Self {
        Self(satoshi)
    }

    /// Returns the satoshi for 1,000 virtual bytes.
    pub const fn sat_per_kvb(self) -> u64 {
        self.0
    }

    /// Returns the fee of `vsize` virtual bytes, rounded up; `None` beyond all amounts.
    pub fn fee(self, vsize: u64) -> Option<Satoshi> {
        let fee = (u128::from(self.0) * u128::from(vsize)).div_ceil(1_000);
        u64::try_from(fee).ok().map(Satoshi)
    }
}

impl fmt::Display for FeeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sat/kvB", self.0)
    }
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastError {
    /// The network refuses it.
    #[error("the network refuses the transaction: {reason}")]
    Rejected {
        /// What can be done about it.
        kind: Rejection,
        /// The node's words.
        reason: String,
    },
    /// Nobody could be asked. The transaction may have been taken all the same; sending it again
    /// is safe.
    #[error("the transaction could not be sent")]
    Unavailable(#[source] ChainError),
}

/// What a refusal means for whoever made the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// An output that it spends is not there: never made, undone, or spent in a block. A
    /// transaction that is in a block already, and whose own outputs were all spent since, is
    /// refused so by nodes that keep no index: look into the chain before another one is made.
    InputsMissing,
    /// Another unconfirmed transaction spends the same, and this one does not pay enough to
    /// replace it.
    Conflict,
    /// It pays too little now. The same with a higher fee would do, or the same at another time.
    FeeTooLow,
    /// It breaks a rule, and will do so tomorrow: signatures, amounts, dust, form.
    Invalid,
}

/// Whose unconfirmed transactions are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// Locking scripts: transactions that pay to one of them.
    pub scripts: BTreeSet<Vec<u8>>,
    /// Outputs with such scripts: transactions that spend one of them.
    pub outputs: BTreeSet<OutPoint>,
}

impl Watched {
    /// Returns whether a transaction is one of those that are looked for.
    pub fn concerns(&self, transaction: &Transaction) -> bool {
        transaction.outputs.iter().any(|output| self.scripts.contains(&output.script))
            || transaction.inputs.iter().any(|input| self.outputs.contains(input))
    }
}

/// A way into the network, and a look at what waits for a block there.
///
/// # Requirements
///
/// * Sending is idempotent: a transaction that waits for a block already, or is in one, is taken.
/// * A transaction that was taken may still vanish: replaced, dropped, or undone with its block.
///   Whoever sent it looks into the chain and sends it again.
/// * What waits for a block is told as far as it is known: late, but never invented. A transaction
///   that was told once is told until it does not wait any more.
/// * Every call ends in bounded time and can be made from several tasks at once. Dropping a future
///   may leave the request under way.
pub trait Relay: fmt::Debug + Send + Sync {
    /// Sends a transaction, in the form in which nodes store it, witnesses included. Returns its
    /// id once somebody took it, and also if it waits for a block already, or is in one.
    ///
    /// # Errors
    ///
    /// [`BroadcastError`]; unless it is refused the transaction may have been taken.
    fn broadcast(&self, raw: Vec<u8>) -> BoxFuture<'_, Result<Txid, BroadcastError>>;

    /// Estimates what has to be paid to be in one of the next `blocks` blocks, 1 at least; `None`
    /// if there is no ground for an estimate.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if nobody could be asked.
    fn fee_rate(&self, blocks: u16) -> BoxFuture<'_, Result<Option<FeeRate>, ChainError>>;

    /// Returns the transactions that wait for a block and pay to, or spend, what is watched; in no
    /// particular order, each once.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if nobody could be asked.
    fn unconfirmed<'a>(
        &'a self,
        watched: &'a Watched,
    ) -> BoxFuture<'a, Result<Vec<Transaction>, ChainError>>;

    /// Returns a transaction that waits for a block; one that is in a block only if whoever is
    /// asked keeps an index of them. `None` if it is not known.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if nobody could be asked.
    fn transaction(&self, txid: Txid) -> BoxFuture<'_, Result<Option<Transaction>, ChainError>>;

    /// Returns the newest `count` blocks of the chain, the newest first, fewer if there are fewer:
    /// where a follower begins that needs no past, see [`Start::After`](super::Start::After). One
    /// block is enough unless it is undone; give as many as may be.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if nobody could be asked.
    fn recent(&self, count: u16) -> BoxFuture<'_, Result<Vec<(BlockNumber, BlockId)>, ChainError>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utxo::Output;

    #[test]
    fn fees_are_rounded_up_and_bounded() {
        assert_eq!(FeeRate::per_kvb(1_000).fee(141), Some(Satoshi(141)));
        assert_eq!(FeeRate::per_kvb(1_001).fee(141), Some(Satoshi(142)));
        assert_eq!(FeeRate::per_kvb(1).fee(1), Some(Satoshi(1)));
        assert_eq!(FeeRate::per_kvb(0).fee(1_000), Some(Satoshi(0)));
        assert_eq!(FeeRate::per_kvb(u64::MAX).fee(1_000), Some(Satoshi(u64::MAX)));
        assert_eq!(FeeRate::per_kvb(u64::MAX).fee(1_001), None);
        assert_eq!(FeeRate::per_kvb(1_500).to_string(), "1500 sat/kvB");
    }

    /// Goal: who pays to a script or spends a known output concerns its owner, and nobody else
    /// does. Method: one transaction of each kind.
    #[test]
    fn payments_and_spendings_concern_who_watches() {
        let point = |vout| OutPoint { txid: Txid::from_shown([1; 32]), vout };
        let watched = Watched { scripts: [vec![0x51]].into(), outputs: [point(1)].into() };
        let transaction = |script: u8, vout| Transaction {
            txid: Txid::from_shown([2; 32]),
            inputs: vec![point(vout)],
            outputs: vec![Output { value: Satoshi(1), script: vec![script] }],
        };
        assert!(watched.concerns(&transaction(0x51, 0)));
        assert!(watched.concerns(&transaction(0x52, 1)));
        assert!(!watched.concerns(&transaction(0x52, 0)));
        assert!(!Watched::default().concerns(&transaction(0x51, 1)));
    }
}
