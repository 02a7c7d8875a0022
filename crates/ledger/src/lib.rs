//! The asset ledger: transactions, blocks and votes, and the rules that they obey.
//!
//! The crate is pure: it has no clock, no randomness and no I/O. Bytes and facts go in, values and
//! refusals come out, the same on every node.
//!
//! Start with [`Transaction`], which every version of the format is read into.
//! [`build`] makes and signs transactions, [`json`] is the JSON that ids are hashes of.

pub mod json;

mod election;
mod form;
mod id;
mod rejection;
mod timestamp;
mod version;
mod vote;

pub use election::{DuplicateVote, Status, elect, elect_verified};
pub use form::FormError;
pub use id::{AssetId, AssetUuid, BlockId, IdParseError, MetadataId, OutputRef, TransactionId};
pub use rejection::{Rejection, RejectionCode};
pub use timestamp::{Timestamp, TimestampError};
pub use version::{IdHash, Operation, Version};
pub use vote::{Decision, InvalidReason, InvalidReasonError, VOTE_BYTES_MAX, Vote, VoteBody};
