//! The asset ledger: transactions, blocks and votes, and the rules that they obey.
//!
//! The crate is pure: it has no clock, no randomness and no I/O. Bytes and facts go in, values and
//! refusals come out, the same on every node.
//!
//! Start with [`Transaction`], which every version of the format is read into.
//! [`build`] makes and signs transactions, [`json`] is the JSON that ids are hashes of.

pub mod build;
pub mod json;

mod block;
mod codec;
mod details;
mod election;
mod form;
mod id;
mod overlay;
mod rejection;
mod signatures;
mod state;
mod timestamp;
mod transaction;
mod version;
mod view;
mod vote;

pub use block::{
    BLOCK_AHEAD_SECONDS_MAX, BLOCK_BEHIND_SECONDS_MAX, BLOCK_BYTES_MAX, BLOCK_JSON_BYTES_MAX,
    BLOCK_TRANSACTIONS_MAX, BLOCK_WORK_MAX, Block, BlockBody, BlockContext, BlockDraft, BlockError,
    BlockFault, BlockFrame, BlockVerdict, DecodeError, FrameError, FramedTransaction, Offer,
    VOTERS_MAX,
};
pub use election::{DuplicateVote, Status, elect, elect_verified};
pub use form::FormError;
pub use id::{AssetId, AssetUuid, BlockId, IdParseError, MetadataId, OutputRef, TransactionId};
pub use overlay::{Layer, Overlay};
pub use rejection::{Rejection, RejectionCode};
pub use signatures::verify_signatures;
pub use state::check_state;
pub use timestamp::{Timestamp, TimestampError};
pub use transaction::{
    AMOUNT_MAX, Input, NESTING_MAX, Output, SIGNED_BYTES_MAX, TRANSACTION_BYTES_MAX, Transaction,
};
pub use version::{IdHash, Operation, Version};
pub use view::{LedgerView, ViewError};
pub use vote::{Decision, InvalidReason, InvalidReasonError, VOTE_BYTES_MAX, Vote, VoteBody};
