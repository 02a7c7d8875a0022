//! Deals in PostgreSQL, for several servers behind one address.
//!
//! Implements [`DealStore`](tally_deal_store::DealStore). What a server commits at the same time
//! goes to the database as one transaction, which first locks the one row that holds the last
//! version and the last event: so the commits of all servers are decided one after another, by the
//! code that decides them in the embedded store, too, and events become visible in the order of
//! their numbers. Reads take no locks.
//!
//! Start with [`PostgresDeals`].

mod error;
mod filter;
mod known;
mod lease;
mod read;
mod rows;
mod schema;
mod store;
mod writer;
mod writes;

pub use store::PostgresDeals;
pub use tally_postgres::ConnectError;
