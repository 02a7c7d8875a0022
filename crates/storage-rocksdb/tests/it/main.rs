//! The RocksDB adapter against the contract of the storage port, and against the ends of its own
//! process.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod contract;
mod damage;
mod kill;

use std::path::Path;
use tally_storage::{Store as _, StoreError, Table};
use tally_storage_rocksdb::{DataFolder, RocksStore};

const ROWS: Table = Table::new("rows");

/// Opens the store in `folder` with the one table of these tests.
fn open(folder: &Path) -> Result<RocksStore, StoreError> {
    RocksStore::open(DataFolder::lock(folder).expect("nobody else uses the folder"), &[ROWS])
}

/// Reads a number stored by the test.
fn number(store: &RocksStore, key: &[u8]) -> Option<u64> {
    let value = store.get(ROWS, key).expect("the store can be read")?;
    Some(u64::from_be_bytes(value.try_into().expect("the test wrote 8 bytes")))
}
