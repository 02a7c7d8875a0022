//! Writes a group of commits: one statement for each kind of row, whatever their number.

use crate::{error::unavailable, rows::signed};
use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};
use tally_deal_store::{AccountRow, DealRow, DealStoreError, Delivery, Version, Webhook, Writes};

/// Expired rows cleared away by a group of each kind, besides two for each of its commits: more go
/// than come.
const CLEARED_ROWS: usize = 16;

const ACCOUNTS: &str = "INSERT INTO deals_accounts (address, module, version, body)
    SELECT address, module, version, body::json
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
        AS new (address, module, version, body)
    ON CONFLICT (address) DO UPDATE SET module = EXCLUDED.module, version = EXCLUDED.version,
        body = EXCLUDED.body";
const ACCOUNTS_GONE: &str = "DELETE FROM deals_accounts WHERE address = ANY($1)";
const DEALS: &str = "INSERT INTO deals_deals (code, payment_address, date, seller, customer, site,
        module, state, is_finished, height, words, version, body)
    SELECT code, payment_address, date, seller, customer, site, module, state, is_finished, height,
        string_to_array(words, ' '), version, body::json
    FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::smallint[], $9::boolean[], $10::bigint[], $11::text[], $12::bigint[],
        $13::text[])
        AS new (code, payment_address, date, seller, customer, site, module, state, is_finished,
            height, words, version, body)
    ON CONFLICT (code) DO UPDATE SET payment_address = EXCLUDED.payment_address,
        date = EXCLUDED.date, seller = EXCLUDED.seller, customer = EXCLUDED.customer,
        site = EXCLUDED.site, module = EXCLUDED.module, state = EXCLUDED.state,
        is_finished = EXCLUDED.is_finished, height = EXCLUDED.height, words = EXCLUDED.words,
        version = EXCLUDED.version, body = EXCLUDED.body";
const FEEDBACK: &str = "INSERT INTO deals_feedback
    SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::smallint[], $5::text[],
        $6::bigint[], $7::bigint[])
    ON CONFLICT (code) DO UPDATE SET seller = EXCLUDED.seller, customer = EXCLUDED.customer,
        status = EXCLUDED.status, comments = EXCLUDED.comments, sum = EXCLUDED.sum,
        at_ms = EXCLUDED.at_ms";
const EVENTS: &str = "INSERT INTO deals_events
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::text[])";
const WEBHOOKS: &str = "INSERT INTO deals_webhooks (id, body)
    SELECT id, body::json FROM unnest($1::text[], $2::text[]) AS new (id, body)
    ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body";
const WEBHOOKS_GONE: &str = "DELETE FROM deals_webhooks WHERE id = ANY($1)";
const DELIVERIES: &str =
    "INSERT INTO deals_deliveries (webhook, event, due_ms, attempts, last_error)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
    ON CONFLICT (webhook, event) DO UPDATE SET due_ms = EXCLUDED.due_ms,
        attempts = EXCLUDED.attempts, last_error = EXCLUDED.last_error";
const DELIVERIES_GONE: &str = "DELETE FROM deals_deliveries
    WHERE (webhook, event) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))";
const REPLIES: &str = "INSERT INTO deals_replies (caller, key, request_hash, reply, expires_ms)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[])
    ON CONFLICT (caller, key) DO UPDATE SET request_hash = EXCLUDED.request_hash,
        reply = EXCLUDED.reply, expires_ms = EXCLUDED.expires_ms";
const POSITION: &str = "INSERT INTO deals_position (version, body) VALUES ($1, $2::text::json)
    ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body";
const SECRETS: &str = "INSERT INTO deals_secrets (name, value, expires_ms, version)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[])
    ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, expires_ms = EXCLUDED.expires_ms,
        version = EXCLUDED.version";
const SECRETS_GONE: &str = "DELETE FROM deals_secrets WHERE name = ANY($1)";
const EXPIRED_REPLIES: &str = "DELETE FROM deals_replies WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM deals_replies WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2))";
const EXPIRED_SECRETS: &str = "DELETE FROM deals_secrets WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM deals_secrets WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2))";

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Removes some of what has expired; before the group is written, which may write it again.
pub(crate) async fn clear_expired(
    connection: &mut PgConnection,
    now_ms: u64,
    commits: usize,
) -> Result<(), DealStoreError> {
    let limit = i64::try_from(CLEARED_ROWS + 2 * commits).unwrap_or(i64::MAX);
    for statement in [EXPIRED_REPLIES, EXPIRED_SECRETS] {
        execute(connection, sqlx::query(statement).bind(signed(now_ms)).bind(limit)).await?;
    }
    Ok(())
}

/// Writes a group.
pub(crate) async fn write(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    write_accounts(connection, writes).await?;
    write_deals(connection, writes).await?;
    write_feedback(connection, writes).await?;
    write_events(connection, writes).await?;
    write_webhooks(connection, writes).await?;
    write_deliveries(connection, writes).await?;
    write_replies(connection, writes).await?;
    write_secrets(connection, writes).await?;
    if let Some((version, position)) = &writes.position {
        let body = serde_json::to_string(position).expect("plain values are encoded in memory");
        let statement = sqlx::query(POSITION).bind(signed(version.0)).bind(body);
        execute(connection, statement).await?;
    }
    Ok(())
}

async fn execute(
    connection: &mut PgConnection,
    statement: Statement<'_>,
) -> Result<(), DealStoreError> {
    statement.execute(connection).await.map_err(unavailable)?;
    Ok(())
}

/// Removes the rows of these names, if there are names.
async fn remove(
    connection: &mut PgConnection,
    statement: &'static str,
    names: Vec<&str>,
) -> Result<(), DealStoreError> {
    if names.is_empty() {
        return Ok(());
    }
    execute(connection, sqlx::query(statement).bind(names)).await
}

async fn write_accounts(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let gone = writes.accounts.iter().filter(|(_, (_, row))| row.is_none());
    remove(connection, ACCOUNTS_GONE, gone.map(|(address, _)| address.as_str()).collect()).await?;
    let rows: Vec<(&str, Version, &AccountRow)> = writes
        .accounts
        .iter()
        .filter_map(|(address, (version, row))| Some((address.as_str(), *version, row.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(ACCOUNTS)
        .bind(column(&rows, |(address, ..)| *address))
        .bind(column(&rows, |(.., row)| row.module.as_deref()))
        .bind(column(&rows, |(_, version, _)| signed(version.0)))
        .bind(column(&rows, |(.., row)| text(&row.body)));
    execute(connection, statement).await
}

async fn write_deals(connection: &mut PgConnection, writes: &Writes) -> Result<(), DealStoreError> {
    let rows: Vec<&(Version, DealRow)> = writes.deals.values().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let words = |keys: &tally_deal_store::DealKeys| {
        keys.words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let statement = sqlx::query(DEALS)
        .bind(column(&rows, |(_, row)| &row.keys.code.as_bytes()[..]))
        .bind(column(&rows, |(_, row)| row.keys.payment_address.as_str()))
        .bind(column(&rows, |(_, row)| signed(row.keys.date)))
        .bind(column(&rows, |(_, row)| row.keys.seller.as_str()))
        .bind(column(&rows, |(_, row)| row.keys.customer.as_str()))
        .bind(column(&rows, |(_, row)| row.keys.site.as_str()))
        .bind(column(&rows, |(_, row)| row.keys.module.as_deref()))
        .bind(column(&rows, |(_, row)| i16::from(row.keys.state)))
        .bind(column(&rows, |(_, row)| row.keys.is_finished))
        .bind(column(&rows, |(_, row)| row.keys.height.map(|height| signed(height.0))))
        .bind(column(&rows, |(_, row)| words(&row.keys)))
        .bind(column(&rows, |(version, _)| signed(version.0)))
        .bind(column(&rows, |(_, row)| text(&row.body)));
    execute(connection, statement).await
}

async fn write_feedback(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let rows: Vec<_> = writes.feedback.values().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(FEEDBACK)
        .bind(column(&rows, |row| &row.code.as_bytes()[..]))
        .bind(column(&rows, |row| row.seller.as_str()))
        .bind(column(&rows, |row| row.customer.as_str()))
        .bind(column(&rows, |row| i16::from(row.status.number())))
        .bind(column(&rows, |row| row.comments.as_str()))
        .bind(column(&rows, |row| signed(row.sum.0)))
        .bind(column(&rows, |row| signed(row.at_ms)));
    execute(connection, statement).await
}

async fn write_events(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let rows = &writes.events;
    if rows.is_empty() {
        return Ok(());
    }
    let deal =
        |event: &tally_deal_store::Event| event.event.deal.map(|code| code.as_bytes().to_vec());
    let statement = sqlx::query(EVENTS)
        .bind(column(rows, |event| signed(event.id.0)))
        .bind(column(rows, deal))
        .bind(column(rows, |event| event.event.kind.as_str()))
        .bind(column(rows, |event| signed(event.event.at_ms)))
        .bind(column(rows, |event| event.event.data.as_str()));
    execute(connection, statement).await
}

async fn write_webhooks(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let gone = writes.webhooks.iter().filter(|(_, webhook)| webhook.is_none());
    remove(connection, WEBHOOKS_GONE, gone.map(|(id, _)| id.as_str()).collect()).await?;
    let rows: Vec<&Webhook> = writes.webhooks.values().flatten().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let body = |webhook: &&Webhook| {
        serde_json::to_string(webhook).expect("plain values are encoded in memory")
    };
    let statement =
        sqlx::query(WEBHOOKS).bind(column(&rows, |row| row.id.as_str())).bind(column(&rows, body));
    execute(connection, statement).await
}

async fn write_deliveries(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let gone: Vec<_> = writes
        .deliveries
        .iter()
        .filter(|(_, delivery)| delivery.is_none())
        .map(|(id, _)| id)
        .collect();
    if !gone.is_empty() {
        let statement = sqlx::query(DELIVERIES_GONE)
            .bind(column(&gone, |id| id.webhook.as_str()))
            .bind(column(&gone, |id| signed(id.event.0)));
        execute(connection, statement).await?;
    }
    let rows: Vec<&Delivery> = writes.deliveries.values().flatten().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(DELIVERIES)
        .bind(column(&rows, |row| row.id.webhook.as_str()))
        .bind(column(&rows, |row| signed(row.id.event.0)))
        .bind(column(&rows, |row| signed(row.due_ms)))
        .bind(column(&rows, |row| i64::from(row.attempts)))
        .bind(column(&rows, |row| row.last_error.as_str()));
    execute(connection, statement).await
}

async fn write_replies(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let rows: Vec<_> = writes.replies.values().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(REPLIES)
        .bind(column(&rows, |row| row.key.caller.as_str()))
        .bind(column(&rows, |row| row.key.key.as_str()))
        .bind(column(&rows, |row| &row.request_hash[..]))
        .bind(column(&rows, |row| row.reply.as_slice()))
        .bind(column(&rows, |row| signed(row.expires_ms)));
    execute(connection, statement).await
}

async fn write_secrets(
    connection: &mut PgConnection,
    writes: &Writes,
) -> Result<(), DealStoreError> {
    let gone = writes.secrets.iter().filter(|(_, (_, value))| value.is_none());
    remove(connection, SECRETS_GONE, gone.map(|(name, _)| name.as_str()).collect()).await?;
    let rows: Vec<_> = writes
        .secrets
        .iter()
        .filter_map(|(name, (version, value))| Some((name.as_str(), *version, value.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(SECRETS)
        .bind(column(&rows, |(name, ..)| *name))
        .bind(column(&rows, |(.., (value, _))| value.as_slice()))
        .bind(column(&rows, |(.., (_, end))| end.map(signed)))
        .bind(column(&rows, |(_, version, _)| signed(version.0)));
    execute(connection, statement).await
}

/// One column of rows.
fn column<'r, R, T>(rows: &'r [R], value: impl FnMut(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).expect("JSON is a text")
}
