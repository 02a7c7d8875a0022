//! The ledger on the storage port: its tables, its indexes and every look-up.
//!
//! A [`LedgerStore`] keeps one chain of finalised blocks, the transactions that wait for one, and
//! what was kept out of it with the reason. [`LedgerStore::accept`] makes new transactions durable,
//! many at once; a [`Commit`] appends a block with all its index rows in one atomic batch. Each
//! look-up reads a number of rows that depends on what it returns and not on how much there is, and
//! listings come in pages ([`Page`]) in chain order.
//!
//! It trusts its caller in one thing: that blocks were checked. It refuses what would break its own
//! indexes, and [`LedgerStore::verify`] checks everything again. The tables are in `tables.rs`, and
//! byte by byte in `docs/formats.md`.

mod accept;
mod append;
mod backlog;
mod blocks;
mod cache;
mod candidates;
mod commit;
mod equivocations;
mod error;
mod first_unspent;
mod lock;
mod owners;
mod page;
mod place;
mod records;
mod ring;
mod status;
mod store;
mod tables;
mod transactions;
mod verify;
mod view;

pub use accept::Acceptance;
pub use candidates::{INVALID_MAX, InvalidBlock, UNDECIDED_MAX, UndecidedBlock};
pub use commit::{Commit, Committed, REJECTED_MAX};
pub use equivocations::{EQUIVOCATIONS_MAX, EVIDENCE_BYTES_MAX, Equivocation, EquivocationKind};
pub use error::{CommitError, OpenError, ReadError, RowKey};
pub use owners::{OutputFilter, OwnedOutput};
pub use page::{PAGE_MAX, Page};
pub use place::{OutputPlace, Place, PlaceParseError};
pub use records::{BlockHead, Reason, Tip};
pub use status::{Counts, Whereabouts};
pub use store::LedgerStore;
pub use tables::TABLES;
pub use transactions::StoredTransaction;
pub use verify::{Finding, Step, Verify};
pub use view::ChainView;
