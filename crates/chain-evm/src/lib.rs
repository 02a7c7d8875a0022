//! The chain port on EVM chains, and an embedded development chain.

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
