//! Reads what commits are decided by.

use crate::{
    error::{damaged, unavailable},
    rows::{DEALS, POSITION, code, get, signed, unsigned},
};
use sqlx::{PgConnection, postgres::PgRow};
use tally_deal_store::{DealStoreError, EventId, Known, ReplyKey, Version, Wanted};

/// Makes all others wait who want to change something, until the transaction ends, and reads what
/// is wanted as they left it.
pub(crate) async fn lock_and_read(
    connection: &mut PgConnection,
    wanted: &Wanted,
) -> Result<Known, DealStoreError> {
    let mut known = Known::default();
    let row = sqlx::query("SELECT version, event FROM deals_numbers FOR UPDATE")
        .fetch_optional(&mut *connection)
        .await
        .map_err(unavailable)?;
    let row = row.ok_or_else(|| damaged("deals_numbers"))?;
    known.last_version = Version(unsigned("deals_numbers", &row, "version")?);
    known.last_event = EventId(unsigned("deals_numbers", &row, "event")?);
    // A statement after the lock: it sees what those before it have committed.
    if wanted.position {
        let row = sqlx::query("SELECT version FROM deals_position")
            .fetch_optional(&mut *connection)
            .await
            .map_err(unavailable)?;
        known.position = row.map(|row| version(POSITION, &row)).transpose()?;
    }
    read_accounts(connection, wanted, &mut known).await?;
    read_deals(connection, wanted, &mut known).await?;
    read_replies(connection, wanted, &mut known).await?;
    read_secrets(connection, wanted, &mut known).await?;
    Ok(known)
}

async fn read_accounts(
    connection: &mut PgConnection,
    wanted: &Wanted,
    known: &mut Known,
) -> Result<(), DealStoreError> {
    if wanted.accounts.is_empty() {
        return Ok(());
    }
    let addresses: Vec<&str> = wanted.accounts.iter().map(String::as_str).collect();
    let rows = sqlx::query("SELECT address, version FROM deals_accounts WHERE address = ANY($1)")
        .bind(addresses)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    for row in rows {
        known.accounts.insert(get(&row, "address")?, version("deals_accounts", &row)?);
    }
    Ok(())
}

async fn read_deals(
    connection: &mut PgConnection,
    wanted: &Wanted,
    known: &mut Known,
) -> Result<(), DealStoreError> {
    if wanted.deals.is_empty() {
        return Ok(());
    }
    let codes: Vec<&[u8]> = wanted.deals.iter().map(|code| &code.as_bytes()[..]).collect();
    let addresses: Vec<&str> = wanted.payment_addresses.iter().map(String::as_str).collect();
    let rows = sqlx::query(
        "SELECT code, version, payment_address FROM deals_deals WHERE code = ANY($1)
         UNION SELECT code, version, payment_address FROM deals_deals
            WHERE payment_address = ANY($2)",
    )
    .bind(codes)
    .bind(addresses)
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    for row in rows {
        let code = code(DEALS, &row, "code")?;
        known.deals.insert(code, version(DEALS, &row)?);
        known.payment_addresses.insert(get(&row, "payment_address")?, code);
    }
    Ok(())
}

async fn read_replies(
    connection: &mut PgConnection,
    wanted: &Wanted,
    known: &mut Known,
) -> Result<(), DealStoreError> {
    if wanted.replies.is_empty() {
        return Ok(());
    }
    let (callers, keys): (Vec<&str>, Vec<&str>) =
        wanted.replies.iter().map(|key| (key.caller.as_str(), key.key.as_str())).unzip();
    let rows = sqlx::query(
        "SELECT caller, key, expires_ms FROM deals_replies
         WHERE (caller, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
    )
    .bind(callers)
    .bind(keys)
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    for row in rows {
        let key = ReplyKey { caller: get(&row, "caller")?, key: get(&row, "key")? };
        known.replies.insert(key, unsigned("deals_replies", &row, "expires_ms")?);
    }
    Ok(())
}

async fn read_secrets(
    connection: &mut PgConnection,
    wanted: &Wanted,
    known: &mut Known,
) -> Result<(), DealStoreError> {
    if wanted.secrets.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = wanted.secrets.iter().map(String::as_str).collect();
    let rows =
        sqlx::query("SELECT name, version, expires_ms FROM deals_secrets WHERE name = ANY($1)")
            .bind(names)
            .fetch_all(connection)
            .await
            .map_err(unavailable)?;
    for row in rows {
        let end: Option<i64> = get(&row, "expires_ms")?;
        let end = end.map(u64::try_from).transpose().map_err(|_| damaged("deals_secrets"))?;
        known.secrets.insert(get(&row, "name")?, (version("deals_secrets", &row)?, end));
    }
    Ok(())
}

fn version(table: &'static str, row: &PgRow) -> Result<Version, DealStoreError> {
    unsigned(table, row, "version").map(Version)
}

/// Writes the last version and event.
pub(crate) async fn write_numbers(
    connection: &mut PgConnection,
    version: Version,
    event: EventId,
) -> Result<(), DealStoreError> {
    sqlx::query("UPDATE deals_numbers SET version = $1, event = $2")
        .bind(signed(version.0))
        .bind(signed(event.0))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}
