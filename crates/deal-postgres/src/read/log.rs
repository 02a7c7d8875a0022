//! Events, webhooks and deliveries.

use super::Found;
use crate::{
    error::unavailable,
    rows::{next, page, read_delivery, read_event, read_webhook, signed, unsigned},
};
use sqlx::PgPool;
use tally_deal::DealCode;
use tally_deal_store::{Delivery, Event, EventId, Page, Webhook};

pub(crate) async fn last_event(pool: &PgPool) -> Found<EventId> {
    let row = sqlx::query("SELECT event FROM deals_numbers")
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    unsigned("deals_numbers", &row, "event").map(EventId)
}

pub(crate) async fn events(pool: &PgPool, after: EventId, limit: usize) -> Found<Vec<Event>> {
    let rows = sqlx::query("SELECT * FROM deals_events WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(signed(after.0))
        .bind(page(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    rows.iter().map(read_event).collect()
}

pub(crate) async fn events_of(
    pool: &PgPool,
    code: DealCode,
    after: EventId,
    limit: usize,
) -> Found<Vec<Event>> {
    let rows =
        sqlx::query("SELECT * FROM deals_events WHERE deal = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(&code.as_bytes()[..])
            .bind(signed(after.0))
            .bind(page(limit))
            .fetch_all(pool)
            .await
            .map_err(unavailable)?;
    rows.iter().map(read_event).collect()
}

pub(crate) async fn webhook(pool: &PgPool, id: &str) -> Found<Option<Webhook>> {
    let row = sqlx::query("SELECT body::text AS body FROM deals_webhooks WHERE id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    row.map(|row| read_webhook(&row)).transpose()
}

pub(crate) async fn webhooks(
    pool: &PgPool,
    after: Option<&str>,
    limit: usize,
) -> Found<Page<Webhook, String>> {
    let rows = sqlx::query(
        "SELECT body::text AS body FROM deals_webhooks WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after.unwrap_or(""))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    let rows = rows.iter().map(read_webhook).collect::<Result<Vec<_>, _>>()?;
    let next = next(&rows, limit, |webhook| webhook.id.clone());
    Ok(Page { rows, next })
}

pub(crate) async fn due_deliveries(
    pool: &PgPool,
    now_ms: u64,
    limit: usize,
) -> Found<Vec<Delivery>> {
    let rows = sqlx::query(
        "SELECT * FROM deals_deliveries WHERE due_ms <= $1
         ORDER BY due_ms, event, webhook LIMIT $2",
    )
    .bind(signed(now_ms))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    rows.iter().map(read_delivery).collect()
}

pub(crate) async fn deliveries_of(
    pool: &PgPool,
    webhook: &str,
    after: EventId,
    limit: usize,
) -> Found<Vec<Delivery>> {
    let rows = sqlx::query(
        "SELECT * FROM deals_deliveries WHERE webhook = $1 AND event > $2
         ORDER BY event LIMIT $3",
    )
    .bind(webhook)
    .bind(signed(after.0))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    rows.iter().map(read_delivery).collect()
}
