use crate::{BigchainApi, ask::Ask, error::Refusal, reply, values};
use axum::{extract::State, response::Response};

/// Answers `GET /votes`: those on a block. There are no more than members of the federation.
pub(crate) async fn list(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    let block = ask.required("block_id", values::block_id)?;
    let voter = ask.optional("voter", values::public_key)?;
    ask.finish()?;
    let votes = api.read(&ask, move |ledger| ledger.votes(&block, voter.as_ref())).await?;
    Ok(reply::text(reply::list(votes)))
}
