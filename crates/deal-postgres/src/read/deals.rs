//! Accounts, deals and feedback.

use super::Found;
use crate::{
    error::unavailable,
    filter,
    rows::{next, page, read_account, read_deal, read_feedback, signed, unsigned},
};
use sqlx::PgPool;
use tally_deal::{Deal, DealCode, account::Account};
use tally_deal_store::{
    DealCursor, DealFilter, FeedbackCursor, FeedbackFilter, FeedbackRecord, HeightCursor, Page,
    Search, Versioned,
};
use tally_primitives::BlockNumber;

pub(crate) async fn account(pool: &PgPool, address: &str) -> Found<Option<Versioned<Account>>> {
    let row =
        sqlx::query("SELECT version, body::text AS body FROM deals_accounts WHERE address = $1")
            .bind(address)
            .fetch_optional(pool)
            .await
            .map_err(unavailable)?;
    row.map(|row| read_account(&row)).transpose()
}

pub(crate) async fn accounts(
    pool: &PgPool,
    module: &str,
    after: Option<&str>,
    limit: usize,
) -> Found<Page<Versioned<Account>, String>> {
    let rows = sqlx::query(
        "SELECT version, body::text AS body FROM deals_accounts
         WHERE module = $1 AND address > $2 ORDER BY address LIMIT $3",
    )
    .bind(module)
    .bind(after.unwrap_or(""))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    let rows = rows.iter().map(read_account).collect::<Result<Vec<_>, _>>()?;
    let next = next(&rows, limit, |account| account.value.address().to_string());
    Ok(Page { rows, next })
}

pub(crate) async fn deal(pool: &PgPool, code: DealCode) -> Found<Option<Versioned<Deal>>> {
    let row = sqlx::query("SELECT version, body::text AS body FROM deals_deals WHERE code = $1")
        .bind(&code.as_bytes()[..])
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    row.map(|row| read_deal(&row)).transpose()
}

pub(crate) async fn deal_at(
    pool: &PgPool,
    payment_address: &str,
) -> Found<Option<Versioned<Deal>>> {
    let row = sqlx::query(
        "SELECT version, body::text AS body FROM deals_deals WHERE payment_address = $1",
    )
    .bind(payment_address)
    .fetch_optional(pool)
    .await
    .map_err(unavailable)?;
    row.map(|row| read_deal(&row)).transpose()
}

pub(crate) async fn unfinished(
    pool: &PgPool,
    after: Option<DealCode>,
    limit: usize,
) -> Found<Page<Versioned<Deal>, DealCode>> {
    let rows = sqlx::query(
        "SELECT version, body::text AS body FROM deals_deals
         WHERE NOT is_finished AND code > $1 ORDER BY code LIMIT $2",
    )
    .bind(after.as_ref().map_or(&[][..], |code| &code.as_bytes()[..]))
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
    let next = next(&rows, limit, |deal| deal.value.code());
    Ok(Page { rows, next })
}

pub(crate) async fn touched_above(
    pool: &PgPool,
    height: BlockNumber,
    after: Option<HeightCursor>,
    limit: usize,
) -> Found<Page<Versioned<Deal>, HeightCursor>> {
    let after_height = after.map_or(-1, |after| signed(after.height.0));
    let after_code = after.map_or_else(Vec::new, |after| after.code.as_bytes().to_vec());
    let rows = sqlx::query(
        "SELECT version, body::text AS body, height FROM deals_deals
         WHERE height > $1 AND (height, code) > ($2, $3) ORDER BY height, code LIMIT $4",
    )
    .bind(signed(height.0))
    .bind(after_height)
    .bind(after_code)
    .bind(page(limit))
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    let last = rows.last().map(|row| unsigned("deals_deals", row, "height")).transpose()?;
    let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
    let cursor = |deal: &Versioned<Deal>| {
        Some(HeightCursor { height: BlockNumber(last?), code: deal.value.code() })
    };
    let next = next(&rows, limit, cursor).flatten();
    Ok(Page { rows, next })
}

pub(crate) async fn deals(
    pool: &PgPool,
    filter: &DealFilter,
    after: Option<DealCursor>,
    limit: usize,
) -> Found<Page<Versioned<Deal>, DealCursor>> {
    let search = Search::of(filter);
    if search.is_impossible() {
        return Ok(Page { rows: vec![], next: None });
    }
    let mut query = filter::deals(filter, &search, after, limit);
    let rows = query.build().fetch_all(pool).await.map_err(unavailable)?;
    let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
    let cursor = |deal: &Versioned<Deal>| DealCursor {
        date: deal.value.terms().date.0,
        code: deal.value.code(),
    };
    let next = next(&rows, limit, cursor);
    Ok(Page { rows, next })
}

pub(crate) async fn feedback(
    pool: &PgPool,
    filter: &FeedbackFilter,
    after: Option<FeedbackCursor>,
    limit: usize,
) -> Found<Page<FeedbackRecord, FeedbackCursor>> {
    let mut query = filter::feedback(filter, after, limit);
    let rows = query.build().fetch_all(pool).await.map_err(unavailable)?;
    let rows = rows.iter().map(read_feedback).collect::<Result<Vec<_>, _>>()?;
    let cursor = |row: &FeedbackRecord| FeedbackCursor { at_ms: row.at_ms, code: row.code };
    let next = next(&rows, limit, cursor);
    Ok(Page { rows, next })
}
