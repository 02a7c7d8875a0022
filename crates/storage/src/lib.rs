//! The storage port: what the daemons may ask of a database.
//!
//! A [`Store`] keeps named [`Table`]s of ordered byte keys and changes them in atomic [`Batch`]es.
//! The tables belong to the crate that fills them; this crate knows none but [`schema::META`]. It
//! also holds what every store needs beside the trait: a [`MemoryStore`] that can fail on purpose
//! and lose its power, the [`contract`] that every adapter has to pass, the [`schema`] version with
//! its migrations, and the form of most values, [`row`].
//!
//! It links no database and does no I/O. Start with the requirements of [`Store`].

mod batch;
pub mod contract;
mod error;
mod memory;
mod range;
pub mod row;
pub mod schema;
mod store;
mod table;

pub use batch::{Batch, Durability, Write};
pub use error::{Operation, StoreError};
pub use memory::{MemoryDisk, MemoryStore};
pub use range::{Direction, KeyRange};
pub use store::{Entry, Store};
pub use table::{Access, Table};
