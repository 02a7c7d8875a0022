//! The vocabulary of the tests: a chain, daemons on it, and their users.

pub(crate) mod accounts;
pub(crate) mod anvil;
pub(crate) mod binaries;
pub(crate) mod bitcoind;
pub(crate) mod chain;
pub(crate) mod client;
pub(crate) mod daemon;
pub(crate) mod launch;
pub(crate) mod network;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod wait;

pub(crate) use chain::Chain;
pub(crate) use client::{Client, Reply};
pub(crate) use daemon::Daemon;
pub(crate) use network::Network;
pub(crate) use wait::eventually;
