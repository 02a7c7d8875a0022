//! What columns hold.

use crate::error::{damaged, unavailable};
use sqlx::{Row, postgres::PgRow};
use tally_deal::{Deal, DealCode, FeedbackStatus, account::Account};
use tally_deal_store::{
    DealStoreError, Delivery, DeliveryId, Event, EventId, FeedbackRecord, NewEvent, ReplyKey,
    Secret, StoredReply, Version, Versioned, Webhook, from_body,
};
use tally_primitives::Satoshi;
use zeroize::Zeroizing;

pub(crate) const ACCOUNTS: &str = "deals_accounts";
pub(crate) const DEALS: &str = "deals_deals";
pub(crate) const POSITION: &str = "deals_position";
const FEEDBACK: &str = "deals_feedback";
const EVENTS: &str = "deals_events";
const WEBHOOKS: &str = "deals_webhooks";
const DELIVERIES: &str = "deals_deliveries";
const REPLIES: &str = "deals_replies";

pub(crate) fn read_account(row: &PgRow) -> Result<Versioned<Account>, DealStoreError> {
    read_versioned(ACCOUNTS, row)
}

pub(crate) fn read_deal(row: &PgRow) -> Result<Versioned<Deal>, DealStoreError> {
    read_versioned(DEALS, row)
}

/// Reads the columns `version` and `body`.
pub(crate) fn read_versioned<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: &PgRow,
) -> Result<Versioned<T>, DealStoreError> {
    let value = from_body(table, get::<&str>(row, "body")?.as_bytes())?;
    Ok(Versioned { version: Version(unsigned(table, row, "version")?), value })
}

pub(crate) fn read_feedback(row: &PgRow) -> Result<FeedbackRecord, DealStoreError> {
    let number: i16 = get(row, "status")?;
    let status =
        FeedbackStatus::ALL.into_iter().find(|status| i16::from(status.number()) == number);
    Ok(FeedbackRecord {
        code: code(FEEDBACK, row, "code")?,
        seller: get(row, "seller")?,
        customer: get(row, "customer")?,
        status: status.ok_or_else(|| damaged(FEEDBACK))?,
        comments: get(row, "comments")?,
        sum: Satoshi(unsigned(FEEDBACK, row, "sum")?),
        at_ms: unsigned(FEEDBACK, row, "at_ms")?,
    })
}

pub(crate) fn read_event(row: &PgRow) -> Result<Event, DealStoreError> {
    let deal: Option<&[u8]> = get(row, "deal")?;
    let event = NewEvent {
        deal: deal.map(|_| code(EVENTS, row, "deal")).transpose()?,
        kind: get(row, "kind")?,
        at_ms: unsigned(EVENTS, row, "at_ms")?,
        data: get(row, "data")?,
    };
    Ok(Event { id: EventId(unsigned(EVENTS, row, "id")?), event })
}

pub(crate) fn read_webhook(row: &PgRow) -> Result<Webhook, DealStoreError> {
    from_body(WEBHOOKS, get::<&str>(row, "body")?.as_bytes())
}

pub(crate) fn read_delivery(row: &PgRow) -> Result<Delivery, DealStoreError> {
    let event = EventId(unsigned(DELIVERIES, row, "event")?);
    let attempts = unsigned(DELIVERIES, row, "attempts")?;
    Ok(Delivery {
        id: DeliveryId { event, webhook: get(row, "webhook")? },
        due_ms: unsigned(DELIVERIES, row, "due_ms")?,
        attempts: attempts.try_into().map_err(|_| damaged(DELIVERIES))?,
        last_error: get(row, "last_error")?,
    })
}

pub(crate) fn read_reply(row: &PgRow) -> Result<StoredReply, DealStoreError> {
    let hash: &[u8] = get(row, "request_hash")?;
    Ok(StoredReply {
        key: ReplyKey { caller: get(row, "caller")?, key: get(row, "key")? },
        request_hash: hash.try_into().map_err(|_| damaged(REPLIES))?,
        reply: get(row, "reply")?,
        expires_ms: unsigned(REPLIES, row, "expires_ms")?,
    })
}

pub(crate) fn read_secret(row: &PgRow) -> Result<Secret, DealStoreError> {
    const TABLE: &str = "deals_secrets";
    let expires_ms: Option<i64> = get(row, "expires_ms")?;
    let expires_ms = expires_ms.map(u64::try_from).transpose().map_err(|_| damaged(TABLE))?;
    Ok(Secret {
        name: get(row, "name")?,
        value: Zeroizing::new(get(row, "value")?),
        expires_ms,
        version: Version(unsigned(TABLE, row, "version")?),
    })
}

pub(crate) fn code(
    table: &'static str,
    row: &PgRow,
    column: &str,
) -> Result<DealCode, DealStoreError> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map(DealCode::from_bytes).map_err(|_| damaged(table))
}

pub(crate) fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r PgRow,
    column: &str,
) -> Result<T, DealStoreError> {
    row.try_get(column).map_err(unavailable)
}

pub(crate) fn unsigned(
    table: &'static str,
    row: &PgRow,
    column: &str,
) -> Result<u64, DealStoreError> {
    get::<i64>(row, column)?.try_into().map_err(|_| damaged(table))
}

/// A number as columns hold it; the largest of those stands for larger ones.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number of rows of a page, of at most as many as pages have.
pub(crate) fn page(limit: usize) -> i64 {
    i64::try_from(limit.min(tally_deal_store::PAGE_ROWS_MAX)).unwrap_or(i64::MAX)
}

/// Where the page after this one begins: at the last row of a full page.
pub(crate) fn next<T, C>(rows: &[T], limit: usize, cursor: impl FnOnce(&T) -> C) -> Option<C> {
    let is_full = rows.len() >= limit.min(tally_deal_store::PAGE_ROWS_MAX);
    rows.last().filter(|_| is_full).map(cursor)
}
