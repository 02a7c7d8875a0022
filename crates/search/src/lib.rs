//! Full-text search over the assets and metadata of the ledger.
//!
//! A [`SearchIndex`] is derived data: it holds words, transaction ids and heights, never the texts
//! themselves, and everything in it can be made again from the ledger's store. Documents are added
//! and made visible by [`SearchIndex::commit`], which stores the caller's *cursor* (up to where
//! the ledger is indexed) in the same atomic step, so that after a crash the caller goes on from
//! [`SearchIndex::cursor`] and nothing is indexed twice or left out.
//!
//! What a query may contain is said at [`SearchIndex::search`]; which part of a JSON text is
//! indexed, at [`Document::from_json`]. The crate knows nothing of transactions beyond that.

mod document;
mod error;
mod index;
mod leaves;
mod query;
mod words;

pub use document::{Document, Hit, Kind};
pub use error::SearchError;
pub use index::{HITS_MAX, OFFSET_MAX, SearchIndex, WRITER_BYTES};
pub use query::QUERY_WORDS_MAX;
