//! Deals in escrow: orders, payment addresses, the state machine, payouts.
//!
//! A seller and a customer agree on terms ([`Terms`]); from the terms and the keys of a service
//! everybody computes the address that the customer pays to ([`PaymentAddress`]). The crate is
//! pure: it has no clock, no randomness and no I/O. It reads what modules and servers send each
//! other ([`Document`], [`Request`]), says what a deal is after each fact, and builds and signs the
//! transactions that pay a deal's money out.
//!
//! Start with [`Request::read`].

pub mod access;
pub mod account;
pub mod bip21;
pub mod message_signature;
pub mod settlement;

mod address;
mod arbiter_key;
mod curve;
mod document;
mod feedback;
mod fees;
mod keys;
mod kind;
mod machine;
mod network;
mod order;
mod payment_address;
mod percent;
mod private_key;
mod rating;
mod request;
mod sum;
mod terms;
mod text;
mod time;

pub use address::{Address, AddressError};
pub use document::{Document, DocumentError, Node};
pub use feedback::{FeedbackStatus, FeedbackStatusParseError};
pub use fees::{Fee, FeeError};
pub use keys::{KeyError, PublicKey, ServiceKeys, ServiceKeysError};
pub use kind::{Kind, KindParseError};
pub use machine::{
    Action, Actor, Cancellation, Command, CommandRefused, Confirmation, Deal, DealOutput,
    DealSettlement, Decision, Dispute, Event, Fact, FeeTooHigh, Feedback, Maker, Marks, NewDeal,
    Opinion, Payee, Plan, Policy, Purpose, RawTransaction, Recipient, Rules, SettlementId, Spend,
    State, Version, Waiting, Wakeup, WrongSettlement,
};
pub use network::{Network, NetworkParseError};
pub use order::{Order, OrderParseError};
pub use payment_address::{PaymentAddress, Scheme, SchemeName, SchemeNameParseError};
pub use percent::{Percent, PercentError};
pub use private_key::{PrivateKey, PrivateKeyError};
pub use rating::{Rating, RatingParseError};
pub use request::{CheckedRequest, FeedbackWords, Refusal, Request};
pub use sum::{Sum, SumParseError, coins};
pub use terms::{DealCode, DealCodeParseError, Terms};
pub use time::{Date, Time, TimeParseError};
