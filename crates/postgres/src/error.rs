/// Why what a database holds cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The text is no address of a PostgreSQL server, as `postgres://user:password@host/database`.
    #[error("the address of the database is malformed")]
    Address(#[source] sqlx::Error),
    /// The database cannot be reached, or refuses what is needed of it.
    #[error("the database cannot be used")]
    Database(#[source] sqlx::Error),
    /// A newer version of this program has been at the database.
    #[error("the {name} in the database have version {found}; this program knows {supported}")]
    Newer {
        /// What the schema holds.
        name: &'static str,
        /// The version of the schema in the database.
        found: i32,
        /// The newest version that this program knows.
        supported: i32,
    },
}
