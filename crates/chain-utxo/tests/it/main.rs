//! Integration tests: each source against the same chain, and what files and nodes get wrong.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod bitcoind;
#[path = "../../../../tests/it/support/bitcoind.rs"]
mod bitcoind_process;
mod contract;
mod dev;
mod dev_pool;
mod esplora;
mod files;
mod http;
mod node;
mod records;
mod relay;
mod scan;
mod support;
