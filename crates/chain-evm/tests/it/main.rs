//! The adapter on the embedded development chain, in process and over sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod connections;
mod dev_chain;
mod proofs;
mod suite;
mod transactions;
