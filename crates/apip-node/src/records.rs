//! The values of the tables that are written by postcard; `docs/formats.md` specifies them.

use crate::ReadError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tally_accounts::{Order, OrderPlace};
use tally_primitives::{BlockId, Txid};
pub(crate) use tally_storage::row::encode;
use tally_storage::{Table, row};

/// Value of `directory_state` under `tip`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tip {
    /// Height up to which everything is in the directory.
    pub(crate) height: u64,
    /// The block at that height; `None` with a source of records.
    pub(crate) block: Option<BlockId>,
    /// Its time, or that of the last record, Unix seconds.
    pub(crate) time: u64,
    /// The lowest height that the chain can be rolled back to.
    pub(crate) undo_floor: u64,
    /// Records read, whatever became of them.
    pub(crate) records: u64,
    /// Those that changed the state.
    pub(crate) accepted: u64,
}

/// Value of `directory_state` under `settings`: what the state depends on beside the chain, in words
/// that change whenever one of them does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings(pub(crate) String);

/// Value of `orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    /// The service that was bought.
    pub(crate) service: Txid,
    pub(crate) order: Order,
}

/// Value of `directory_state` under `revocation`: what happened to orders and the accounts were not
/// told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revocation {
    /// The lowest height that was rolled back to.
    pub(crate) above: u64,
    /// The orders of the operator's service that stood in blocks which were undone.
    pub(crate) undone: Vec<OrderPlace>,
}

/// Decodes a value, as [`row::decode`] does.
pub(crate) fn decode<T: DeserializeOwned>(
    table: Table,
    key: &[u8],
    bytes: &[u8],
) -> Result<T, ReadError> {
    Ok(row::decode(table, key, bytes)?)
}
