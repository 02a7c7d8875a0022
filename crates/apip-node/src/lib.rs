//! The directory: follows a chain, keeps what its records say, answers queries, and finds payments.
//!
//! A [`Directory`] opens a [`Store`](tally_storage::Store) and fills an index in memory from it.
//! [`Directory::follow`] takes a [`Source`](tally_chain::utxo::Source) of blocks or records and
//! keeps the directory at the end of its chain; [`Directory::search`] answers from memory, each
//! answer of one block. The rules of records are those of `tally-feip`, the language that of
//! `tally-fcdsl`; this crate knows no HTTP and decides no price.
//!
//! # Invariants
//!
//! * **I1** The state after a block is a function of the chain up to that block and of the settings
//!   that the store remembers, whatever reorganisations, restarts and crashes came before it.
//! * **I2** What is visible was durable before.
//! * **I3** A block becomes visible whole, together with its height: an answer is of one block.
//! * **I4** An order reaches the accounts at least once, and is taken back if its block is undone;
//!   accounts count an output once. So a payment is credited exactly once.
//! * **I5** Memory does not grow with the chain but for the index, and for the index in proportion
//!   to what it holds.
//! * **I6** Nothing that a record says stops the directory.
//!
//! `docs/apip.md` tells how each is kept, and how the directory works.
//!
//! # Where to start reading
//!
//! `resolve.rs` makes records of blocks, `writer.rs` makes changes of records and undoes them,
//! `layers.rs` is the state between two commits, `follow.rs` the threads, `published.rs` what
//! readers see, `handover.rs` the way of payments. `catalog.rs` describes the searchable tables:
//! another family of records is another description.

mod catalog;
mod changes;
mod committer;
mod config;
mod decimal;
mod directory;
mod error;
mod follow;
mod handover;
mod layers;
mod load;
mod lock;
mod orders;
mod output_row;
mod pace;
mod published;
mod records;
mod resolve;
mod tables;
mod terms;
mod undo;
mod view;
mod warm;
mod writer;

pub use catalog::{Content, INDEX_TABLES, IndexTable, TableId};
pub use config::{AddressVersions, DirectoryConfig, STEP_BYTES, WARM_OUTPUTS};
pub use decimal::{DecimalError, parse_coins};
pub use directory::{Directory, Progress, Status, TableStatus};
pub use error::{BlockError, FollowError, OpenError, ReadError};
pub use follow::Follower;
pub use published::{Answer, Best, OwnService};
pub use tables::TABLES;
pub use terms::{Price, SESSION_DAYS_DEFAULT, SESSION_DAYS_MAX, ServiceTerms, TermsError};
