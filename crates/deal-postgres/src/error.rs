use tally_deal_store::{Damage, DealStoreError};

/// Why the deals in a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The text is no address of a PostgreSQL server, as `postgres://user:password@host/database`.
    #[error("the address of the database is malformed")]
    Address(#[source] sqlx::Error),
    /// The database cannot be reached, or refuses what the deals need.
    #[error("the database cannot be used")]
    Database(#[source] sqlx::Error),
    /// A newer version of this program has been at the database.
    #[error("the deals in the database have version {found}; this program knows {supported}")]
    Newer {
        /// The version of the schema in the database.
        found: i32,
        /// The newest version that this program knows.
        supported: i32,
    },
}

pub(crate) fn database(error: sqlx::Error) -> ConnectError {
    ConnectError::Database(error)
}

pub(crate) fn unavailable(error: sqlx::Error) -> DealStoreError {
    DealStoreError::Unavailable(Box::new(error))
}

pub(crate) fn damaged(table: &'static str) -> DealStoreError {
    DealStoreError::Damaged(Damage::Row { table })
}
