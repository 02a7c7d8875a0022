//! Pages of lists: a plain list in the body, where more of it is in the headers.

use crate::{
    ask::Ask,
    error::{ApiError, Refusal},
    reply::{self, NEXT_CURSOR},
    values,
};
use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use std::str::FromStr;

/// Items of a page of transactions, blocks or votes when the request does not say: clients of old
/// servers know of no pages and take the list for complete, so it is large.
pub const DOCUMENTS_DEFAULT: usize = 1_000;

/// Items of a page of outputs when the request does not say. Outputs are short.
pub const OUTPUTS_DEFAULT: usize = 10_000;

/// The most items of any page.
pub const PAGE_MAX: usize = 10_000;

/// Which part of a list a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageAsk {
    pub(crate) limit: usize,
    pub(crate) cursor: Option<String>,
}

impl PageAsk {
    /// Reads `limit` (0 stands for as many as there can be) and `cursor`.
    pub(crate) fn read(ask: &mut Ask, default: usize) -> Result<Self, Refusal> {
        let limit = match ask.optional("limit", values::count)? {
            Some(0) => PAGE_MAX,
            Some(limit) => limit.min(PAGE_MAX),
            None => default,
        };
        let cursor = ask.optional("cursor", |text| Ok(text.to_owned()))?;
        Ok(Self { limit, cursor })
    }

    /// Reads what the page starts after.
    pub(crate) fn after<T: FromStr>(&self, ask: &Ask) -> Result<Option<T>, Refusal> {
        let read = |cursor: &String| {
            cursor.parse().map_err(|_| {
                let why = "must be the X-Next-Cursor of an earlier reply".to_owned();
                ask.refuse(ApiError::Parameter { name: "cursor", why })
            })
        };
        self.cursor.as_ref().map(read).transpose()
    }
}

/// Makes the reply of a page: the items, and how to get the next ones.
pub(crate) fn reply<T: AsRef<str>>(
    ask: &Ask,
    items: impl IntoIterator<Item = T>,
    next: Option<String>,
) -> Response {
    let mut reply = reply::text(reply::list(items));
    let Some(next) = next else { return reply };
    let link = format!("<{}>; rel=\"next\"", ask.with_cursor(&next));
    for (name, value) in [(NEXT_CURSOR, next), (header::LINK, link)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}
