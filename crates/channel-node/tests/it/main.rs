//! Integration tests of the payment node: several nodes in one process, over loopback QUIC and the
//! embedded development chain, with stores in memory.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod channels;
mod chaos;
mod crash;
mod hostile;
mod journal;
mod keys;
mod network;
mod pay;
mod pending;
mod progress;
mod reorg;
mod restart;
mod speed;
mod world;
