//! The storage port on RocksDB, and the lock of a data folder.
//!
//! [`DataFolder::lock`] takes a folder for one process; [`RocksStore::open`] opens the database in
//! it, one column family a table, and implements [`tally_storage::Store`]. No type of the database
//! library leaves this crate.
//!
//! A synced commit waits until the write-ahead log is on the disk. Commits that several threads
//! make at the same time share one such wait.

mod error;
mod folder;
mod options;
mod store;

pub use folder::{DataFolder, FolderError};
pub use options::Memory;
pub use store::RocksStore;
