//! The payment-channel protocol: facts in, actions out.
//!
//! [`Protocol`] holds a node's channels and the transfers in flight through them, as initiator,
//! mediator and target. [`Protocol::apply`] takes one [`Event`] and returns what must be done
//! about it. The crate has no clock, no randomness, no I/O and no concurrency: the same events
//! always give the same states and actions. Time is the newest block; keys, seeds and routes
//! arrive as values.
//!
//! Start reading with [`Protocol`], then `initiator`, `mediator` and `target`.

mod action;
mod error;
mod event;
mod lock;
mod merkle;
mod message;
mod proof;
mod wire;

pub use action::{Action, LockClaim, PaymentFailure, PaymentKey, Report};
pub use error::{Class, ProtocolError};
pub use event::{Candidate, ChainFact, ChannelFact, Event, PaymentOrder, StoredProof};
pub use lock::Lock;
pub use merkle::{LockTree, spent_marker};
pub use message::{
    Content, Envelope, MediatedTransfer, Message, Outgoing, Refund, Rejected, SecretRequest,
    Verified,
};
pub use proof::{BalanceProof, SignedProof};
pub use wire::WIRE_VERSION;
