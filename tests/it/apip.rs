//! The directory's daemon and its client as their users run them: real processes, on RocksDB and on
//! a real PostgreSQL, that read a scripted node, block files and files of records.

mod billing;
mod crash;
mod dev;
mod directory;
mod negatives;
mod node;
mod raw;
mod shared;
mod sources;
mod startup;
mod story;
