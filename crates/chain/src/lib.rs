//! The chain port: what the payment node may ask of an EVM chain.
//!
//! [`ChainSource`] delivers blocks and the contracts' events in order, reorganisations included;
//! [`ChannelContracts`] reads the contracts and sends transactions to them. Adapters implement

mod contracts;
mod error;
mod event;
mod source;

pub use contracts::{
    BoxFuture, ChannelContracts, Claim, OpenChannel, OpenedChannel, Proof, Receipt,
};
pub use error::{ChainError, Refusal, TransactionError};
pub use event::{Block, ChainEvent, LoggedEvent};
pub use source::{ChainSource, ChainUpdate};
