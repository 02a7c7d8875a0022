use crate::{
    ApiEra, BigchainApi,
    ask::{Ask, PREFIX},
    error::{ApiError, Refusal},
    ledger::{Filter, Found, Ledger, Outputs},
    page::{self, DOCUMENTS_DEFAULT, PageAsk},
    post::{Posting, era_of},
    reply::{self, TIMESTAMP},
    values,
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tally_ledger::Version;

/// What a list of transactions can be asked by, in the words of the seed's refusal.
const SELECTORS: &str = "owners_after, asset_id or metadata_id";

/// Answers `POST /transactions`.
pub(crate) async fn post(
    State(api): State<BigchainApi>,
    mut ask: Ask,
    Posting(body): Posting,
) -> Result<Response, Refusal> {
    let mode = ask.optional("mode", values::mode)?.unwrap_or_default();
    let posted = api.node.post(body.clone(), mode).await;
    let posted =
        posted.map_err(|error| Refusal { era: era_of(&body, ask.era), error: error.into() })?;
    let mut reply = (StatusCode::ACCEPTED, reply::text(posted.transaction.to_json().to_owned()))
        .into_response();
    let id = posted.transaction.id();
    let location = match era(posted.transaction.version()) {
        ApiEra::Seed => format!("{PREFIX}/statuses/{id}"),
        ApiEra::V1 => format!("../statuses?transaction_id={id}"),
        ApiEra::V0_9 | ApiEra::V0_10 | ApiEra::V2 => return Ok(reply),
    };
    let location = HeaderValue::try_from(location).expect("ids are ASCII");
    reply.headers_mut().insert(header::LOCATION, location);
    Ok(reply)
}

/// Says which release's format a version is.
const fn era(version: Version) -> ApiEra {
    match version {
        Version::Nested1 => ApiEra::Seed,
        Version::Flat0_9 => ApiEra::V0_9,
        Version::Flat0_10 => ApiEra::V0_10,
        Version::Flat1_0 => ApiEra::V1,
        Version::Flat2_0 => ApiEra::V2,
    }
}

/// Answers `GET /transactions/{tx_id}`.
pub(crate) async fn show(State(api): State<BigchainApi>, ask: Ask) -> Result<Response, Refusal> {
    let id = ask.part("tx_id").parse().map_err(|_| ask.not_found())?;
    let found = api.read(&ask, move |ledger| ledger.transaction(&id)).await?;
    let Found { text, timestamp } = found.ok_or_else(|| ask.not_found())?;
    let mut reply = reply::text(text);
    if let Some(timestamp) = timestamp {
        reply.headers_mut().insert(TIMESTAMP, HeaderValue::from(timestamp.seconds()));
    }
    Ok(reply)
}

/// Answers `GET /transactions`.
pub(crate) async fn list(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    if ask.is_bare() && ask.era == ApiEra::Seed {
        return Err(ask.not_found());
    }
    let filter = filter(&mut ask)?;
    let page = PageAsk::read(&mut ask, DOCUMENTS_DEFAULT)?;
    let after = page.after(&ask)?;
    let read = move |ledger: Ledger<'_>| ledger.transactions(&filter, page.limit, after);
    let found = api.read(&ask, read).await?;
    Ok(page::reply(&ask, found.items, found.next))
}

/// Reads what a list of transactions is asked by.
fn filter(ask: &mut Ask) -> Result<Filter, Refusal> {
    let era = ask.era;
    let owner = ask.optional("owners_after", values::public_key)?;
    let fulfilled = ask.optional("fulfilled", values::boolean)?;
    let asset = ask.optional("asset_id", |text| values::asset_id(text, era))?;
    let operation = ask.optional("operation", |text| values::operation(text, era))?;
    let metadata = ask.optional("metadata_id", values::metadata_id)?;
    let last = ask.optional("last_tx", values::boolean)?.unwrap_or(false);
    let missing = |name| Err(ask.refuse(ApiError::Missing(name)));
    if owner.is_none() && fulfilled.is_some() {
        return missing("owners_after");
    }
    if asset.is_none() && (operation.is_some() || last || era != ApiEra::Seed) {
        return missing("asset_id");
    }
    if owner.is_none() && asset.is_none() && metadata.is_none() {
        return missing(SELECTORS);
    }
    let outputs = match fulfilled {
        Some(true) => Outputs::Spent,
        Some(false) => Outputs::Unspent,
        None => Outputs::Any,
    };
    let owner = owner.map(|owner| (owner, outputs));
    Ok(Filter { owner, asset, operation, metadata, last, undecided: era == ApiEra::Seed })
}
