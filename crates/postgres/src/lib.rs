//! What all adapters of PostgreSQL do first: connect, and bring their tables to the newest version.
//!
//! Start with [`Schema::prepare`].

mod error;
mod schema;

pub use error::ConnectError;
pub use schema::Schema;
