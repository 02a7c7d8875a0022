//! Queries that depend on a filter.

use crate::rows::{page, signed};
use sqlx::{Postgres, QueryBuilder};
use tally_deal_store::{
    DealCursor, DealFilter, FeedbackCursor, FeedbackFilter, Search, state_number,
};

/// The query for a page of deals.
pub(crate) fn deals(
    filter: &DealFilter,
    search: &Search,
    after: Option<DealCursor>,
    limit: usize,
) -> QueryBuilder<Postgres> {
    let mut query =
        QueryBuilder::new("SELECT version, body::text AS body FROM deals_deals WHERE true");
    for (column, value) in [
        ("seller", &filter.seller),
        ("customer", &filter.customer),
        ("site", &filter.site),
        ("module", &filter.module),
    ] {
        if let Some(value) = value {
            query.push(format_args!(" AND {column} = ")).push_bind(value.clone());
        }
    }
    if let Some(party) = &filter.party {
        query.push(" AND (seller = ").push_bind(party.clone());
        query.push(" OR customer = ").push_bind(party.clone()).push(")");
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(i16::from(state_number(state)));
    }
    if let Some(since) = filter.since {
        query.push(" AND date >= ").push_bind(signed(since));
    }
    if let Some(before) = filter.before {
        query.push(" AND date < ").push_bind(signed(before));
    }
    if !search.words().is_empty() {
        query.push(" AND words @> ").push_bind(search.words().to_vec());
    }
    if let Some(after) = after {
        query.push(" AND (date, code) < (").push_bind(signed(after.date));
        query.push(", ").push_bind(after.code.as_bytes().to_vec()).push(")");
    }
    query.push(" ORDER BY date DESC, code DESC LIMIT ").push_bind(page(limit));
    query
}

/// The query for a page of feedback.
pub(crate) fn feedback(
    filter: &FeedbackFilter,
    after: Option<FeedbackCursor>,
    limit: usize,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT * FROM deals_feedback WHERE true");
    for (column, value) in [("seller", &filter.seller), ("customer", &filter.customer)] {
        if let Some(value) = value {
            query.push(format_args!(" AND {column} = ")).push_bind(value.clone());
        }
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(i16::from(status.number()));
    }
    if let Some(after) = after {
        query.push(" AND (at_ms, code) < (").push_bind(signed(after.at_ms));
        query.push(", ").push_bind(after.code.as_bytes().to_vec()).push(")");
    }
    query.push(" ORDER BY at_ms DESC, code DESC LIMIT ").push_bind(page(limit));
    query
}
