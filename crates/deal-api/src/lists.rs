//! What there is: accounts, deals, feedback; in flat objects, as the module's page shows them.

use crate::{
    access::{Caller, forbidden},
    api::Inner,
    call::Call,
    error::ApiError,
    members::Members,
    render,
    server::Embedded,
};
use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tally_deal::{
    Deal, DealCode, FeedbackStatus, Order, State,
    account::{Account, Page, Viewer},
    coins,
};
use tally_deal_store::{
    DealCursor, DealFilter, FeedbackCursor, FeedbackFilter, FeedbackRecord, PAGE_ROWS_MAX,
};

/// Items of a page when the request does not say.
const LIMIT_DEFAULT: usize = 100;

/// Pages that are looked at for one reply: what a filter leaves out may fill whole ones.
const PAGES_MAX: usize = 16;

/// Says where the next page begins.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Answers `GET /api/v1/account/get`.
pub(crate) async fn account(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let address = call.query.required("bitcoin")?;
    let found = api.embedded()?.server.find_account(address).await?;
    let account = found.ok_or_else(|| ApiError::unknown("account"))?.account;
    Ok(render::json(&shown(&call.caller, account)))
}

/// Answers `GET /api/v1/account/list`.
pub(crate) async fn accounts(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_reader()?;
    let module = call.query.text("module")?.map(str::to_owned);
    let module = module.or_else(|| api.config.module.address.clone());
    let module = module.ok_or_else(|| ApiError::bad_request("module is missing"))?;
    let (limit, after) = (limit(&call)?, call.query.text("cursor")?);
    let page = api.embedded()?.server.accounts(&module, after, limit).await?;
    let rows = page.rows.into_iter().map(|account| shown(&call.caller, account)).collect();
    paged(rows, page.next)
}

/// Answers `GET /api/v1/deal/get`.
pub(crate) async fn deal(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let found = embedded.server.find_deal_at(call.query.required("payment")?).await?;
    let found = found.ok_or_else(|| ApiError::unknown("deal"))?;
    Ok(render::json(&flat_deal(embedded, &found)?))
}

/// Answers `GET /api/v1/deal/list`.
pub(crate) async fn deals(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let (filter, limit) = (filter(&call)?, limit(&call)?);
    let mut after = call.query.text("cursor")?.map(deal_cursor).transpose()?;
    let mut rows = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = embedded.server.deals(&filter, after, limit - rows.len()).await?;
        for deal in &page.rows {
            rows.push(flat_deal(embedded, deal)?);
        }
        after = page.next;
        if after.is_none() || rows.len() >= limit {
            break;
        }
    }
    paged(rows, after.map(|after| format!("{}-{}", after.date, after.code)))
}

/// Answers `POST /api/v1/deal/feedback/list`: a search by `sellercode`, `customercode` and `status`.
pub(crate) async fn feedback(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let members = Members::read(&call).await?;
    let filter = feedback_filter(members.value("search"))?;
    let limit = limit(&call)?;
    let mut after = call.query.text("cursor")?.map(feedback_cursor).transpose()?;
    let mut rows = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = embedded.server.feedback(&filter, after, limit - rows.len()).await?;
        rows.extend(page.rows.iter().map(|record| written(&api, record)));
        after = page.next;
        if after.is_none() || rows.len() >= limit {
            break;
        }
    }
    paged(rows, after.map(|after| format!("{}-{}", after.at_ms, after.code)))
}

/// Reads which deals are wanted. A party sees those that it takes part in.
fn filter(call: &Call) -> Result<DealFilter, ApiError> {
    let text = |name| Ok::<_, ApiError>(call.query.text(name)?.map(str::to_owned));
    let mut filter = DealFilter {
        seller: text("seller")?,
        customer: text("customer")?,
        party: text("party")?,
        state: text("state")?.map(|word| state(&word)).transpose()?,
        site: text("site")?,
        module: text("module")?,
        since: call.query.number("since")?,
        before: call.query.number("before")?,
        text: text("text")?,
    };
    if !call.caller.reads_all {
        let own = call.caller.subject.as_str();
        if own.is_empty() || filter.party.as_deref().is_some_and(|party| party != own) {
            return Err(forbidden("only a shop's program may see the deals of others"));
        }
        filter.party = Some(own.to_owned());
    }
    Ok(filter)
}

fn state(word: &str) -> Result<State, ApiError> {
    let order: Option<Order> = word.parse().ok();
    let state = State::ALL.into_iter().find(|state| Some(state.order()) == order);
    state.ok_or_else(|| ApiError::bad_request("state must be Created, Paid or another state"))
}

fn limit(call: &Call) -> Result<usize, ApiError> {
    let limit = call.query.number("limit")?;
    let limit = limit.map_or(LIMIT_DEFAULT, |it| usize::try_from(it).unwrap_or(usize::MAX));
    if (1..=PAGE_ROWS_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::bad_request(format!("limit is 1 to {PAGE_ROWS_MAX}")))
    }
}

fn deal_cursor(text: &str) -> Result<DealCursor, ApiError> {
    let (date, code) = cursor(text)?;
    Ok(DealCursor { date, code })
}

fn feedback_cursor(text: &str) -> Result<FeedbackCursor, ApiError> {
    let (at_ms, code) = cursor(text)?;
    Ok(FeedbackCursor { at_ms, code })
}

fn cursor(text: &str) -> Result<(u64, DealCode), ApiError> {
    let read = || {
        let (number, code) = text.split_once('-')?;
        Some((number.parse().ok()?, code.parse().ok()?))
    };
    read().ok_or_else(|| ApiError::bad_request("cursor must be the X-Next-Cursor of a reply"))
}

fn feedback_filter(search: Option<&Value>) -> Result<FeedbackFilter, ApiError> {
    let wrong = || {
        ApiError::validation(
            "search is a list of {\"field\", \"value\"}; fields are sellercode, customercode and \
             status",
        )
    };
    let mut filter = FeedbackFilter::default();
    let conditions = match search {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(conditions)) => conditions,
        Some(_) => return Err(wrong()),
    };
    for condition in conditions {
        let field = condition.get("field").and_then(Value::as_str).ok_or_else(wrong)?;
        let value = condition.get("value").ok_or_else(wrong)?;
        let text = || value.as_str().map(str::to_owned).ok_or_else(wrong);
        match field {
            "sellercode" => filter.seller = Some(text()?),
            "customercode" => filter.customer = Some(text()?),
            "status" => filter.status = Some(status(value).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        }
    }
    Ok(filter)
}

fn status(value: &Value) -> Option<FeedbackStatus> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match number {
        Some(-1) => Some(FeedbackStatus::Negative),
        Some(0) => Some(FeedbackStatus::Neutral),
        Some(1) => Some(FeedbackStatus::Positive),
        Some(_) => None,
        None => value.as_str()?.parse().ok(),
    }
}

const fn number(status: FeedbackStatus) -> i64 {
    match status {
        FeedbackStatus::Negative => -1,
        FeedbackStatus::Neutral => 0,
        FeedbackStatus::Positive => 1,
    }
}

fn written(api: &Inner, record: &FeedbackRecord) -> Value {
    let status = number(record.status);
    json!({
        "code": record.code.to_string(),
        "sellercode": record.seller,
        "customercode": record.customer,
        "comments": record.comments,
        "sum": format!("{} {}", coins(record.sum), api.config.network.symbol()),
        "date": tally_deal::Time(record.at_ms / 1000).to_string(),
        "status": status,
        "rating": status,
    })
}

/// Writes an account as the caller may see it.
fn shown(caller: &Caller, account: Account) -> Value {
    let is_own = caller.is_operator || caller.subject == account.address().to_string();
    let viewer = if is_own { Viewer::Owner } else { Viewer::Other };
    let page = Page::Account { message: "", account: Box::new(account), viewer };
    flat(page.json())
}

fn flat_deal(embedded: &Embedded, deal: &Deal) -> Result<Value, ApiError> {
    let text = embedded.server.deal_json(deal)?;
    let value = serde_json::from_str(&text).map_err(|error| ApiError::internal(&error))?;
    Ok(flat(value))
}

/// Makes one level of an object: `{"seller": {"address": …}}` becomes `{"seller_address": …}`. Lists
/// of texts become texts, lists of anything else their length.
fn flat(value: Value) -> Value {
    let mut flattened = Map::new();
    flatten("", value, &mut flattened);
    Value::Object(flattened)
}

fn flatten(prefix: &str, value: Value, into: &mut Map<String, Value>) {
    let Value::Object(members) = value else { return };
    for (name, value) in members {
        let name = if prefix.is_empty() { name } else { format!("{prefix}_{name}") };
        match value {
            Value::Object(_) => flatten(&name, value, into),
            Value::Array(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                let value = match texts {
                    Some(texts) => texts.join(" ").into(),
                    None => items.len().into(),
                };
                into.insert(name, value);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                into.insert(name, value);
            }
        }
    }
}

/// Answers with a page: the list, and in a header where the next one begins.
fn paged(rows: Vec<Value>, next: Option<String>) -> Result<Response, ApiError> {
    let mut reply = render::json(&Value::Array(rows));
    if let Some(next) = next {
        let next = HeaderValue::try_from(next).map_err(|error| ApiError::internal(&error))?;
        reply.headers_mut().insert(NEXT_CURSOR, next);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_flat() {
        let deep = json!({
            "code": "c",
            "seller": { "address": "a", "rating": null },
            "urls": ["x", "y"],
            "outputs": [{ "vout": 0 }],
        });
        let expected = json!({
            "code": "c",
            "seller_address": "a",
            "seller_rating": null,
            "urls": "x y",
            "outputs": 1,
        });
        assert_eq!(flat(deep), expected);
    }

    #[test]
    fn searches_say_what_they_look_for() {
        let search = json!([
            { "field": "sellercode", "value": "a" },
            { "field": "status", "value": -1 },
        ]);
        let filter = feedback_filter(Some(&search)).unwrap();
        assert_eq!(filter.seller.as_deref(), Some("a"));
        assert_eq!(filter.status, Some(FeedbackStatus::Negative));
        for bad in [json!({}), json!([{}]), json!([{ "field": "x", "value": 1 }])] {
            assert!(feedback_filter(Some(&bad)).is_err(), "{bad}");
        }
        assert!(cursor("1-x").is_err() && cursor("").is_err());
    }
}
