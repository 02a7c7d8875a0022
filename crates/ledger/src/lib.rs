//! The asset ledger: transactions, blocks and votes, and the rules that they obey.
//!
//! The crate is pure: it has no clock, no randomness and no I/O. Bytes and facts go in, values and
//! refusals come out, the same on every node.
//!
//! Start with [`Transaction`], which every version of the format is read into.
//! [`build`] makes and signs transactions, [`json`] is the JSON that ids are hashes of.

pub mod json;

mod id;
mod rejection;
mod version;

pub use id::{AssetId, AssetUuid, BlockId, IdParseError, MetadataId, OutputRef, TransactionId};
pub use rejection::{Rejection, RejectionCode};
pub use version::{IdHash, Operation, Version};
