use crate::{
    BigchainApi,
    ask::Ask,
    error::{ApiError, Refusal},
    ledger::Ledger,
    page::{self, PAGE_MAX, PageAsk},
};
use axum::{extract::State, response::Response};
use std::time::Duration;
use tally_search::Kind;

/// How long a search waits for the index to catch up with the chain: a fraction of a second, unless it is far behind.
const INDEX_PATIENCE: Duration = Duration::from_secs(3);
/// How many blocks the index may be behind for a search to wait for it.
const INDEX_LAG_MAX: u64 = 64;

/// How often a waiting search looks.
const INDEX_POLL_INTERVAL: Duration = Duration::from_millis(20);

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
    wait_for_index(api).await;
    let write = move |ledger: Ledger<'_>| ledger.search(kind, &text, limit, offset);
    let found = api.read(&ask, write).await?;
    Ok(page::reply(&ask, found.items, found.next))
}

/// Waits until the index holds what is valid now, so that a client finds what it was told is valid.
/// An index that is far behind, because it is being made, answers with what it has.
async fn wait_for_index(api: &BigchainApi) {
    let valid = api.node.status().decided_height;
    api.node.freshen_search();
    let lag = || {
        let indexed = api.node.status().searchable_height.map_or(0, |height| height + 1);
        (valid + 1).saturating_sub(indexed)
    };
    let catching_up = async {
        while (1..=INDEX_LAG_MAX).contains(&lag()) {
            tokio::time::sleep(INDEX_POLL_INTERVAL).await;
        }
    };
    let _ = tokio::time::timeout(INDEX_PATIENCE, catching_up).await;
}
