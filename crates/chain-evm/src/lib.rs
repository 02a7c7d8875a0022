//! The chain port on EVM chains, and an embedded development chain.
//!
//! * [`EvmSource`] follows a chain: blocks and events in order, reorganisations included.
//! * [`EvmContracts`] calls the contracts as one account.
//! * [`Endpoint`] says where the chain is: a JSON-RPC server, or a [`DevChain`] in this process.
//! * [`Deployment`] finds or creates the contracts, [`TestToken`] a token for development.
//! * [`keystore`] opens key files.
//!
//! No type of alloy or revm is part of the interface, no private key ever leaves the process, and no
//! server is trusted further than the hashes it gives. Start with [`Endpoint`]; docs/chain.md says
//! what is guaranteed.
//!
//! # Features
//!
//! * `remote` (default): endpoints behind URLs. Without it only chains in this process are reached.
//! * `anvil-tests`: the tests that need the anvil binary; they fail without it.

mod abi;
mod allowance;
mod contracts;
mod deployment;
mod dev;
pub mod keystore;
mod refusal;
mod rpc;
mod source;
mod transactions;

pub use contracts::EvmContracts;
pub use deployment::{Deployment, TestToken};
pub use dev::{DevChain, DevChainConfig, DevServer, Mining, TooDeepError, Undone};
pub use rpc::{Endpoint, EndpointError};
pub use source::{EvmSource, SourceSettings};
pub use tally_chain::{KnownContracts, SourceStart};
pub use transactions::TransactionSettings;
