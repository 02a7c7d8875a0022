//! The chain ports: what the daemons may ask of chains.
//!
//! For EVM chains, at the top; for chains of outputs as Freecash and Bitcoin, in [`utxo`].
//!
//! [`ChainSource`] delivers blocks and the contracts' events in order, reorganisations included;
//! [`ChannelContracts`] reads the contracts and sends transactions to them. Adapters implement
//! both; this crate talks to no chain.
//!
//! With the feature `test-utils` there are also `fake::FakeChain`, a chain in memory for the tests
//! of what stands on the port, and `contract::check`, the tests that every adapter must pass.

mod contracts;
mod error;
mod event;
mod source;
pub mod utxo;

#[cfg(any(test, feature = "test-utils"))]
pub mod contract;
#[cfg(any(test, feature = "test-utils"))]
pub mod fake;

pub use contracts::{
    BoxFuture, ChannelContracts, Claim, OpenChannel, OpenedChannel, Proof, Receipt, Unmined,
};
pub use error::{ChainError, Refusal, TransactionError};
pub use event::{Block, ChainEvent, LoggedEvent};
pub use source::{ChainSource, ChainUpdate, KnownContracts, SourceStart};
