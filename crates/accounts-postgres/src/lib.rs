//! The accounts of a directory in PostgreSQL, for several servers behind one address.
//!
//! Implements [`Accounts`](tally_accounts::Accounts) with one call of the database each, so that
//! what must hold between servers is decided where they meet: in the locks of the database's rows.
//! Anything that speaks PostgreSQL's protocol and its PL/pgSQL will do.
//!
//! Start with [`PostgresAccounts`].

mod accounts;
mod error;
mod housekeeping;
mod rows;
mod schema;

pub use accounts::PostgresAccounts;
use error::unavailable;
pub use tally_postgres::ConnectError;
