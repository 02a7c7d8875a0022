//! The query language of the directory (FCDSL), without an index.
//!
//! [`Search::parse`] reads a request's `fcdsl` object, applies the limits, the defaults and the
//! blocks that an endpoint forces, and ends in a validated [`Search`]. [`evaluate`] answers a search
//! over plain JSON documents. It is slow and follows the text of the language rule by rule: indexes
//! are tested against it.
//!
//! The crate is pure: no clock, randomness or I/O. It does not know which tables exist; a
//! [`Schema`] describes one. The language is described in docs/fcdsl.md.

mod clause;
mod cursor;
mod error;
mod evaluate;
mod leaves;
mod number;
mod pattern;
mod raw;
mod schema;
mod search;
mod words;

pub use clause::{Block, Check, Clause, Range, Test};
pub use cursor::{After, Key, Last};
pub use error::{Problem, QueryError};
pub use evaluate::{Answer, evaluate};
pub use leaves::{
    Branch, LEAF_DEPTH_MAX, LEAF_PATH_BYTES_MAX, LEAF_VALUE_BYTES_MAX, LEAVES_MAX, Tree, leaves,
};
pub use pattern::Pattern;
pub use schema::{Field, Kind, Schema, Target};
pub use search::{
    CLAUSE_FIELDS_MAX, CLAUSE_VALUES_MAX, Forced, IDS_MAX, Order, Rules, SIZE_DEFAULT, SIZE_MAX,
    SORT_COLUMNS_MAX, Search, Sort, VALUE_CHARS_MAX,
};
pub use words::words;
