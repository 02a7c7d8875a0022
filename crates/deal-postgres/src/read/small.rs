//! Replies, secrets and the position in the chain.

use super::Found;
use crate::{
    error::unavailable,
    rows::{POSITION, next, page, read_reply, read_secret, read_versioned, signed},
};
use sqlx::PgPool;
use tally_deal_store::{ChainPosition, Page, ReplyKey, Secret, StoredReply, Versioned};

pub(crate) async fn reply(
    pool: &PgPool,
    key: &ReplyKey,
    now_ms: u64,
) -> Found<Option<StoredReply>> {
    let row = sqlx::query(
        "SELECT * FROM deals_replies WHERE caller = $1 AND key = $2 AND expires_ms > $3",
    )
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .bind(signed(now_ms))
    .fetch_optional(pool)
    .await
    .map_err(unavailable)?;
    row.map(|row| read_reply(&row)).transpose()
}

pub(crate) async fn position(pool: &PgPool) -> Found<Option<Versioned<ChainPosition>>> {
    let row = sqlx::query("SELECT version, body::text AS body FROM deals_position")
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    row.map(|row| read_versioned(POSITION, &row)).transpose()
}

pub(crate) async fn secret(pool: &PgPool, name: &str, now_ms: u64) -> Found<Option<Secret>> {
    let row = sqlx::query(
        "SELECT * FROM deals_secrets
         WHERE name = $1 AND (expires_ms IS NULL OR expires_ms > $2)",
    )
    .bind(name)
    .bind(signed(now_ms))
    .fetch_optional(pool)
    .await
    .map_err(unavailable)?;
    row.map(|row| read_secret(&row)).transpose()
}

pub(crate) async fn secrets(
    pool: &PgPool,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
    now_ms: u64,
) -> Found<Page<Secret, String>> {
    let rows = sqlx::query(
        "SELECT * FROM deals_secrets
         WHERE name >= $1 AND starts_with(name, $1) AND name > $2
            AND (expires_ms IS NULL OR expires_ms > $3)
         ORDER BY name LIMIT $4",
    )
    .bind(prefix)
    .bind(after.unwrap_or(""))
    .bind(signed(now_ms))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    let rows = rows.iter().map(read_secret).collect::<Result<Vec<_>, _>>()?;
    let next = next(&rows, limit, |secret| secret.name.clone());
    Ok(Page { rows, next })
}
