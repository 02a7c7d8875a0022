use crate::ConnectError;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions};
use std::time::Duration;

/// The tables of an adapter, version by version.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// What the tables hold, one word: the table `<name>_schema` keeps their version.
    pub name: &'static str,
    /// Serialises the servers that start at the same time. Any number that no other schema has.
    pub lock: i64,
    /// What makes each version of the one before it.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// Brings the tables in the database at `url` to the newest version. Returns how to connect for
    /// calls that take `call_timeout` at most: the database gives their statements up before.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]; the tables are as they were.
    pub async fn prepare(
        &self,
        url: &str,
        call_timeout: Duration,
    ) -> Result<PgConnectOptions, ConnectError> {
        let options: PgConnectOptions = url.parse().map_err(ConnectError::Address)?;
        // The server may have another default; who waited for a lock must see what was changed.
        let options = options
            .application_name(&format!("tallystick {}", self.name))
            .options([("default_transaction_isolation", "read committed")]);
        let mut connection =
            PgConnection::connect_with(&options).await.map_err(ConnectError::Database)?;
        self.migrate(&mut connection).await?;
        connection.close().await.map_err(ConnectError::Database)?;
        // A call waits for a connection and then for its statement: less than its time together.
        let statement_timeout = (call_timeout / 2).as_millis().max(1).to_string();
        Ok(options.options([("statement_timeout", statement_timeout)]))
    }

    /// Makes the versions that are missing, one server at a time, all or none.
    async fn migrate(&self, connection: &mut PgConnection) -> Result<(), ConnectError> {
        let Self { name, lock, migrations } = *self;
        let mut transaction = connection.begin().await.map_err(ConnectError::Database)?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(lock)
            .execute(&mut *transaction)
            .await
            .map_err(ConnectError::Database)?;
        let table = format!(
            "CREATE TABLE IF NOT EXISTS {name}_schema (
                one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL)"
        );
        sqlx::raw_sql(AssertSqlSafe(table))
            .execute(&mut *transaction)
            .await
            .map_err(ConnectError::Database)?;
        let row = sqlx::query(AssertSqlSafe(format!("SELECT version FROM {name}_schema")))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(ConnectError::Database)?;
        let found = row.map_or(Ok(0), |row| row.try_get::<i32, _>(0));
        let found = found.map_err(ConnectError::Database)?;
        let supported = i32::try_from(migrations.len()).expect("there are few migrations");
        if found > supported {
            return Err(ConnectError::Newer { name, found, supported });
        }
        for (version, migration) in (1..).zip(migrations).filter(|(version, _)| *version > found) {
            sqlx::raw_sql(*migration)
                .execute(&mut *transaction)
                .await
                .map_err(ConnectError::Database)?;
            let stored = format!(
                "INSERT INTO {name}_schema (version) VALUES ($1)
                 ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version"
            );
            sqlx::query(AssertSqlSafe(stored))
                .bind(version)
                .execute(&mut *transaction)
                .await
                .map_err(ConnectError::Database)?;
        }
        transaction.commit().await.map_err(ConnectError::Database)
    }
}
