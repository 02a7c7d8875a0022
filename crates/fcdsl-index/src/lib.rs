//! Documents of one table in memory, indexed for the directory's query language.
//!
//! An [`Index`] takes documents as JSON text, keeps them packed, and answers a
//! [`Search`](tally_fcdsl::Search) with exact totals and one page. Its answers are those of
//! [`tally_fcdsl::evaluate`]; what that finds by looking at every document is found here by sets of
//! rows: each document has a number, its *row*, and for every value of every field there is the set
//! of rows that have it.
//!
//! What a page costs does not depend on which page it is: the order is walked from the cursor on.
//! The crate does no I/O and keeps nothing on disk; whoever owns an index fills it again at start.
//!
//! Start with `index.rs`; `search.rs` carries a search out: `filter.rs` turns its conditions
//! into a set of rows, `walk.rs` takes a page out of it in order. Sizes and times: docs/adr/0013-index-of-the-directory.md.

mod arena;
mod chunks;
mod document;
mod fields;
mod filter;
mod hits;
mod index;
mod memo;
mod node;
mod numbers;
mod order;
mod packed;
mod page;
mod postings;
mod search;
mod terms;
mod walk;

pub use document::DocumentError;
pub use index::Index;
pub use page::Page;
