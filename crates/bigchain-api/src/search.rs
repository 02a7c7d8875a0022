use crate::{
    BigchainApi,
    ask::Ask,
    error::{ApiError, Refusal},
    ledger::Ledger,
    page::{self, PAGE_MAX, PageAsk},
};
use axum::{extract::State, response::Response};
use tally_search::Kind;

/// Answers `GET /assets`.
pub(crate) async fn assets(State(api): State<BigchainApi>, ask: Ask) -> Result<Response, Refusal> {
    search(&api, ask, Kind::Asset).await
}

/// Answers `GET /metadata`.
pub(crate) async fn metadata(
    State(api): State<BigchainApi>,
    ask: Ask,
) -> Result<Response, Refusal> {
    search(&api, ask, Kind::Metadata).await
}

async fn search(api: &BigchainApi, mut ask: Ask, kind: Kind) -> Result<Response, Refusal> {
    let text = ask.required("search", |text| Ok(text.to_owned()))?;
    let page = PageAsk::read(&mut ask, PAGE_MAX)?;
    let (limit, offset) = (page.limit, page.after(&ask)?.unwrap_or(0));
    ask.finish()?;
    if text.trim().is_empty() {
        return Err(ask.refuse(ApiError::EmptySearch));
    }
    // One more than fits says whether there is more.
    let hits = api.node.search(kind, text, limit + 1, offset).await;
    let hits = hits.map_err(|error| ask.refuse(error.into()))?;
    let write = move |ledger: &Ledger| ledger.write_hits(kind, &hits, limit, offset);
    let found = api.read(&ask, write).await?;
    Ok(page::reply(&ask, found.items, found.next))
}
