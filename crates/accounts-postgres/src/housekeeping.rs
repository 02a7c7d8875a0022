//! Clears away what has ended, beside the calls and never in their way.

use crate::unavailable;
use sqlx::PgPool;
use std::sync::atomic::{AtomicU64, Ordering};
use tally_accounts::{AccountsError, UNPAID_SESSIONS_MAX};
use tokio::sync::watch;

/// How often ended nonces and sessions are cleared away, by the callers' clock.
const EVERY_MS: u64 = 30_000;

/// Rows deleted by one statement: few enough for it to end soon.
const BATCH_ROWS: i64 = 10_000;

/// Rows that another server deletes in this moment are left to it: nobody waits for anybody.
const NONCES: &str = "DELETE FROM accounts_nonces WHERE expires_ms <= $1 AND ctid = ANY (ARRAY(
    SELECT ctid FROM accounts_nonces WHERE expires_ms <= $1
    ORDER BY expires_ms LIMIT $2 FOR UPDATE SKIP LOCKED))";
const SESSIONS: &str = "DELETE FROM accounts_sessions WHERE expires_ms <= $1 AND ctid = ANY (ARRAY(
    SELECT ctid FROM accounts_sessions WHERE expires_ms <= $1
    ORDER BY expires_ms LIMIT $2 FOR UPDATE SKIP LOCKED))";
/// Of the sessions of users who never paid, those that end after the first so many go. Who has paid
/// since keeps it, and is none of them.
const UNPAID_PAID: &str = "UPDATE accounts_sessions SET is_unpaid = false WHERE name IN (
    SELECT s.name FROM accounts_sessions s JOIN accounts_users u ON u.fid = s.fid
    WHERE s.is_unpaid AND u.credited > 0 AND s.expires_ms > $1
    LIMIT $2 FOR UPDATE OF s SKIP LOCKED)";
const UNPAID: &str = "DELETE FROM accounts_sessions WHERE is_unpaid AND expires_ms > $1
    AND ctid = ANY (ARRAY(
    SELECT ctid FROM accounts_sessions WHERE is_unpaid
    ORDER BY expires_ms DESC OFFSET $3 LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Tells the task that clears what the time is, when it is time again.
#[derive(Debug)]
pub(crate) struct Housekeeping {
    told_ms: AtomicU64,
    due: watch::Sender<u64>,
}

impl Housekeeping {
    /// Starts the task, which ends with the returned value.
    pub(crate) fn start(pool: PgPool) -> Self {
        let (due, mut rounds) = watch::channel(0);
        tokio::spawn(async move {
            while rounds.changed().await.is_ok() {
                let now_ms = *rounds.borrow_and_update();
                if let Err(error) = round(&pool, now_ms).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "ended sessions and nonces are not cleared away");
                }
            }
        });
        Self { told_ms: AtomicU64::new(0), due }
    }

    /// Says what the time is.
    pub(crate) fn tell(&self, now_ms: u64) {
        let last = self.told_ms.load(Ordering::Relaxed);
        let is_due = now_ms.saturating_sub(last) >= EVERY_MS;
        let order = Ordering::Relaxed;
        if is_due && self.told_ms.compare_exchange(last, now_ms, order, order).is_ok() {
            self.due.send_replace(now_ms);
        }
    }
}

/// Clears everything away that is to go at a time.
async fn round(pool: &PgPool, now_ms: u64) -> Result<(), AccountsError> {
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let most = i64::try_from(UNPAID_SESSIONS_MAX).unwrap_or(i64::MAX);
    for statement in [NONCES, SESSIONS, UNPAID_PAID] {
        repeat(|| sqlx::query(statement).bind(now_ms).bind(BATCH_ROWS).execute(pool)).await?;
    }
    repeat(|| sqlx::query(UNPAID).bind(now_ms).bind(BATCH_ROWS).bind(most).execute(pool)).await
}

/// Repeats a statement until it finds less than a batch.
async fn repeat<F>(statement: impl Fn() -> F) -> Result<(), AccountsError>
where
    F: Future<Output = Result<sqlx::postgres::PgQueryResult, sqlx::Error>>,
{
    loop {
        let done = statement().await.map_err(unavailable)?;
        if done.rows_affected() < BATCH_ROWS.unsigned_abs() {
            return Ok(());
        }
    }
}
