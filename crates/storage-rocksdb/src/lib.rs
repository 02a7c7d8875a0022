//! The storage port on RocksDB.
