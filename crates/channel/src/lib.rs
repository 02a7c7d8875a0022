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
mod chain_facts;
mod channel;
mod end;
mod error;
mod event;
mod initiator;
mod invariants;
mod lock;
mod mediator;
mod merkle;
mod message;
mod on_chain;
mod overlay;
mod payer;
mod proof;
mod protocol;
mod step;
mod target;
mod transfer;
mod wire;

pub use action::{Action, LockClaim, PaymentFailure, PaymentKey, Report};
pub use channel::{Channel, Phase, Side};
pub use end::{End, PENDING_LOCKS_MAX, PendingLock};
pub use error::{Class, ProtocolError};
pub use event::{Candidate, ChainFact, ChannelFact, Event, PaymentOrder, StoredProof};
pub use lock::Lock;
pub use merkle::{LockTree, spent_marker};
pub use message::{
    Content, Envelope, MediatedTransfer, Message, Outgoing, Refund, Rejected, SecretRequest,
    Verified,
};
pub use proof::{BalanceProof, SignedProof};
pub use protocol::{Changes, Config, Outcome, Protocol, Snapshot};
pub use transfer::{Leg, Mediation, Payee, Payment, PaymentStage, Receipt};
pub use wire::{MessageKind, WIRE_VERSION, WireError};
