use crate::{
    ApiEra, BigchainApi,
    ask::Ask,
    error::{ApiError, Refusal},
    ledger::BlockAsk,
    page::{self, DOCUMENTS_DEFAULT, PageAsk},
    reply, values,
};
use axum::{extract::State, response::Response};
use tally_ledger::Status;

/// Answers `GET /blocks/{block_id}`: by id, or by height.
pub(crate) async fn show(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    let id = ask.part("block_id").to_owned();
    if values::is_number(&id) {
        ask.finish()?;
        let height = id.parse().map_err(|_| ask.not_found())?;
        let found = api.read(&ask, move |ledger| ledger.block_at(height)).await?;
        return Ok(reply::text(found.ok_or_else(|| ask.not_found())?));
    }
    let by_default = (ask.era == ApiEra::Seed).then_some(Status::Valid);
    let wanted = ask.optional("status", values::block_status)?.or(by_default);
    ask.finish()?;
    let id = id.parse().map_err(|_| ask.not_found())?;
    let found = api.read(&ask, move |ledger| ledger.block(&id)).await?;
    let found = found.filter(|(_, status)| wanted.is_none_or(|wanted| *status == wanted));
    Ok(reply::text(found.ok_or_else(|| ask.not_found())?.0))
}

/// Answers `GET /blocks`: those that hold a transaction.
pub(crate) async fn list(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    if ask.is_bare() && ask.era == ApiEra::Seed {
        return Err(ask.not_found());
    }
    let id = match ask.optional("tx_id", values::transaction_id)? {
        Some(id) => id,
        None => ask.optional("transaction_id", values::transaction_id)?.ok_or_else(|| {
            let old = matches!(ask.era, ApiEra::Seed | ApiEra::V0_9 | ApiEra::V0_10);
            ask.refuse(ApiError::Missing(if old { "tx_id" } else { "transaction_id" }))
        })?,
    };
    let status = ask.optional("status", values::block_status)?;
    let page = PageAsk::read(&mut ask, DOCUMENTS_DEFAULT)?;
    let start = page.after(&ask)?.unwrap_or(0);
    ask.finish()?;
    let written = match ask.era {
        ApiEra::Seed => BlockAsk::Whole,
        ApiEra::V0_9 | ApiEra::V0_10 | ApiEra::V1 => BlockAsk::Ids,
        ApiEra::V2 => BlockAsk::Heights,
    };
    let found = api
        .read(&ask, move |ledger| {
            let found = ledger.blocks_with(&id, status)?;
            ledger.write_blocks(&found, written, page.limit, start)
        })
        .await?;
    Ok(page::reply(&ask, found.items, found.next))
}
