use crate::{Failure, HiddenText, secret_in};
use std::path::PathBuf;

const SHARED: &str = "Several servers";

/// A database of default settings takes a hundred, for all servers together.
const CONNECTIONS: u32 = 16;

crate::settings! {
    /// The database that several servers behind one address share.
    pub struct PostgresSettings {}

    /// File with the address of a PostgreSQL database that several servers share:
    /// postgres://USER:PASSWORD@HOST/DATABASE. A variable of this name without _FILE may hold the
    /// address itself. Without it, what they would share is in --data-dir.
    #[arg(long, value_name = "FILE", help_heading = SHARED)]
    postgres_url_file [PathBuf]

    /// Connections to the database. [default: 16]
    #[arg(long, value_name = "NUMBER", help_heading = SHARED)]
    postgres_connections [u32]
}

/// Where the database is; checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postgres {
    /// Its address, with a password in it.
    pub url: HiddenText,
    /// How many connections to it; at least 1.
    pub connections: u32,
}

impl PostgresSettings {
    /// Returns the defaults.
    pub fn defaults() -> Self {
        Self { postgres_connections: Some(CONNECTIONS), ..Self::default() }
    }

    /// Checks them; `None` if nothing is shared. `url` is that of the variable `POSTGRES_URL`;
    /// `is_known` says whether the program was built with PostgreSQL.
    ///
    /// # Errors
    ///
    /// A failure about the settings: a file that is not readable, no connections, or a program that
    /// does not know PostgreSQL.
    pub fn check(
        &self,
        url: Option<HiddenText>,
        is_known: bool,
    ) -> Result<Option<Postgres>, Failure> {
        let url = match (&self.postgres_url_file, url) {
            (Some(path), _) => HiddenText(secret_in(path, "--postgres-url-file")?),
            (None, Some(url)) => url,
            (None, None) => return Ok(None),
        };
        if !is_known {
            return Err(Failure::settings("this build knows no PostgreSQL (it lacks the feature)"));
        }
        match self.postgres_connections {
            Some(connections @ 1..) => Ok(Some(Postgres { url, connections })),
            Some(0) | None => Err(Failure::settings("--postgres-connections must be at least 1")),
        }
    }
}
