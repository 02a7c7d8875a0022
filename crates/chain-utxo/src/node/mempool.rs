//! What a node is asked about transactions.

use super::{
    NodeError,
    client::{Client, Failure},
};
use crate::{decode_transaction, follow::permanent};
use serde::Deserialize;
use tally_chain::{
    ChainError,
    utxo::{FeeRate, Transaction},
};
use tally_primitives::{Satoshi, Txid};

/// The longest list of waiting transactions that is read: a million ids, several times what nodes
/// keep by default.
const MEMPOOL_BYTES_MAX: u64 = 67 * 1_000_000;
/// The most blocks for which nodes estimate.
const ESTIMATED_BLOCKS_MAX: u16 = 1_008;
/// No estimate is believed above this: a thousandth of a coin for a virtual byte.
const ESTIMATE_MAX: f64 = 1.0;

/// The node's code for a transaction that it does not know.
const RPC_INVALID_ADDRESS_OR_KEY: i64 = -5;
/// The node's code for methods that it does not have.
const RPC_METHOD_NOT_FOUND: i64 = -32_601;

#[derive(Deserialize)]
struct Estimate {
    /// In coins for 1,000 virtual bytes; absent if the node saw too few blocks.
    feerate: Option<f64>,
}

/// An id as the node writes it.
struct TxidText(Txid);

impl<'de> Deserialize<'de> for TxidText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl Client {
    /// Sends a transaction.
    pub(super) fn send(&self, raw: &[u8]) -> Result<Txid, Failure> {
        let parameters = format!("[\"{}\"]", hex::encode(raw));
        let taken: TxidText = self.try_call("sendrawtransaction", &parameters)?;
        Ok(taken.0)
    }

    /// Returns the ids of what waits for a block.
    pub(super) fn mempool(&self) -> Result<Vec<Txid>, ChainError> {
        let method = "getrawmempool";
        let ids: Result<Vec<TxidText>, _> = self.try_call_up_to(method, "[]", MEMPOOL_BYTES_MAX);
        let ids = ids.map_err(|failure| failure.into_chain_error(method))?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }

    /// Returns a transaction that waits for a block, or that the node's index knows.
    pub(super) fn transaction(&self, txid: Txid) -> Result<Option<Transaction>, ChainError> {
        const READING: &str = "reading a transaction of the node";
        let method = "getrawtransaction";
        let digits: String = match self.try_call(method, &format!("[\"{txid}\"]")) {
            Ok(digits) => digits,
            Err(Failure::Refused { code: RPC_INVALID_ADDRESS_OR_KEY, .. }) => return Ok(None),
            Err(failure) => return Err(failure.into_chain_error(method)),
        };
        let wrong = |source| permanent(READING, NodeError::TransactionDigits { txid, source });
        let raw = hex::decode(digits).map_err(wrong)?;
        let transaction = decode_transaction(&raw)
            .map_err(|source| permanent(READING, NodeError::Transaction { txid, source }))?;
        let found = transaction.txid;
        if found == txid {
            Ok(Some(transaction))
        } else {
            Err(permanent(READING, NodeError::AnotherTransaction { txid, found }))
        }
    }

    /// Returns what has to be paid to be in one of the next blocks.
    pub(super) fn fee_rate(&self, blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        let method = "estimatesmartfee";
        let blocks = blocks.clamp(1, ESTIMATED_BLOCKS_MAX);
        match self.try_call(method, &format!("[{blocks}]")) {
            Ok(Estimate { feerate }) => Ok(feerate.and_then(rate)),
            // A node without estimates has no ground for one.
            Err(Failure::Refused { code: RPC_METHOD_NOT_FOUND, .. }) => Ok(None),
            Err(failure) => Err(failure.into_chain_error(method)),
        }
    }
}

/// Satoshi are exact in the node's decimals; only their representation is not.
fn rate(coins: f64) -> Option<FeeRate> {
    let is_sensible = coins > 0.0 && coins <= ESTIMATE_MAX * 1_000.0;
    let satoshi = (coins * Satoshi::COIN.0 as f64).round();
    is_sensible.then(|| FeeRate::per_kvb((satoshi as u64).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_read_exactly_or_not_at_all() {
        for (coins, satoshi) in [(0.000_01, 1_000), (0.000_141_43, 14_143), (1e-9, 1)] {
            assert_eq!(rate(coins), Some(FeeRate::per_kvb(satoshi)), "{coins}");
        }
        for coins in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(rate(coins), None, "{coins}");
        }
    }
}
