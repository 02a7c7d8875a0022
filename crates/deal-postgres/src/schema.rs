//! The tables and their versions.

use crate::{ConnectError, error::database};
use sqlx::{Connection, PgConnection, Row};

/// What makes each version of the schema of the one before it.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/1.sql")];

/// Serialises the servers that start at the same time. Any number, as long as all use it.
const LOCK: i64 = 0x7461_6c6c_7964_6561;

/// Brings the database to the newest version of the schema, one server at a time.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let mut transaction = connection.begin().await.map_err(database)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(database)?;
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS deals_schema (
            one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL)",
    )
    .execute(&mut *transaction)
    .await
    .map_err(database)?;
    let row = sqlx::query("SELECT version FROM deals_schema")
        .fetch_optional(&mut *transaction)
        .await
        .map_err(database)?;
    let found = row.map_or(Ok(0), |row| row.try_get::<i32, _>(0)).map_err(database)?;
    let supported = i32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    if found > supported {
        return Err(ConnectError::Newer { found, supported });
    }
    for (version, migration) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(database)?;
        sqlx::query(
            "INSERT INTO deals_schema (version) VALUES ($1)
             ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version",
        )
        .bind(version)
        .execute(&mut *transaction)
        .await
        .map_err(database)?;
    }
    transaction.commit().await.map_err(database)
}
