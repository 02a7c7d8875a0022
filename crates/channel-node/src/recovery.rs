//! What a node finds when it starts.

use crate::{
    StartError,
    store::{BLOCKS, CHANNELS, MEDIATIONS, PAYMENTS, RECEIPTS, REGISTERED, decode, load},
};
use serde::de::DeserializeOwned;
use tally_channel::Snapshot;
use tally_primitives::BlockRef;
use tally_storage::{KeyRange, Store, StoreError, Table};

/// Returns the newest blocks whose events the store holds, oldest first: a chain source goes on
/// after the last of them, and finds a fork among the others.
///
/// Empty in a new store.
///
/// # Errors
///
/// [`StartError`] if the store cannot be read.
pub fn recent_blocks(store: &dyn Store) -> Result<Vec<BlockRef>, StartError> {
    Ok(values(store, BLOCKS)?)
}

/// Reads the core's state.
pub(crate) fn snapshot(
    store: &dyn Store,
    newest: Option<&BlockRef>,
) -> Result<Snapshot, StoreError> {
    let block = newest.map(|block| block.number).unwrap_or_default();
    Ok(Snapshot {
        channels: values(store, CHANNELS)?,
        payments: values(store, PAYMENTS)?,
        mediations: values(store, MEDIATIONS)?,
        receipts: values(store, RECEIPTS)?,
        registered: values(store, REGISTERED)?,
        head: block,
        confirmed: block,
    })
}

fn values<T: DeserializeOwned>(store: &dyn Store, table: Table) -> Result<Vec<T>, StoreError> {
    let mut found = vec![];
    load(store, table, KeyRange::all(), |entry| {
        found.push(decode(table, &entry.key, &entry.value)?);
        Ok(())
    })?;
    Ok(found)
}
