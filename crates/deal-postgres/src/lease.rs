//! One of several servers: a lock of the database that ends with the connection that holds it.

use crate::error::unavailable;
use sqlx::{Connection, PgConnection, Row, postgres::PgConnectOptions};
use std::time::Duration;
use tally_deal_store::{DealStoreError, Lease};
use tokio::sync::{oneshot, watch};

/// The lock. Any number, as long as all use it.
const LOCK: i64 = 0x7461_6c6c_796c_6561;

/// How often it is looked whether the connection is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the connection may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Tries to take the lock, on a connection of its own.
pub(crate) async fn take(options: &PgConnectOptions) -> Result<Option<Lease>, DealStoreError> {
    let mut connection = PgConnection::connect_with(options).await.map_err(unavailable)?;
    let row = sqlx::query("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await
        .map_err(unavailable)?;
    if !row.try_get::<bool, _>(0).map_err(unavailable)? {
        connection.close().await.map_err(unavailable)?;
        return Ok(None);
    }
    let (lost, is_lost) = watch::channel(false);
    let (held, given_back) = oneshot::channel::<()>();
    tokio::spawn(async move {
        tokio::select! {
            () = watch_over(&mut connection) => {
                tracing::warn!("the connection that holds the lease is lost, and the lease with it");
                lost.send_replace(true);
            }
            // It is dropped, never sent.
            _ = given_back => {}
        }
        // The database gives the lock to others when the connection ends, however it does.
        drop(connection.close().await);
    });
    Ok(Some(Lease::new(is_lost, Box::new(held))))
}

/// Returns when the connection is gone.
async fn watch_over(connection: &mut PgConnection) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let answer = tokio::time::timeout(ANSWER_WITHIN, connection.ping()).await;
        if !matches!(answer, Ok(Ok(()))) {
            return;
        }
    }
}
