use crate::{
    ApiEra, BigchainApi,
    ask::{Ask, PREFIX},
    error::{ApiError, Refusal},
    ledger::Fate,
    reply, values,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Answers `GET /statuses/{id}`: of a transaction or a block.
pub(crate) async fn by_id(State(api): State<BigchainApi>, ask: Ask) -> Result<Response, Refusal> {
    let id = ask.part("id").to_owned();
    let (transaction, block) = (id.parse(), id.parse());
    let (Ok(transaction), Ok(block)) = (transaction, block) else { return Err(ask.not_found()) };
    let found = api
        .read(&ask, move |ledger| {
            Ok(match ledger.fate(&transaction)? {
                Some(fate) => Some((fate, "transactions")),
                None => ledger.fate_of_block(&block)?.map(|fate| (fate, "blocks")),
            })
        })
        .await?;
    let (fate, kind) = found.ok_or_else(|| ask.not_found())?;
    let location = match (&fate, kind) {
        (Fate::Backlog | Fate::Invalid(_), _) => return Ok(reply::json(&written(&fate))),
        (Fate::Undecided, "blocks") => format!("{PREFIX}/blocks/{id}?status=UNDECIDED"),
        (Fate::Undecided | Fate::Valid, _) => format!("{PREFIX}/{kind}/{id}"),
    };
    let body = reply::json(&written(&fate));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)], body).into_response())
}

/// Answers `GET /transactions/{tx_id}/status`.
pub(crate) async fn of_transaction(
    State(api): State<BigchainApi>,
    ask: Ask,
) -> Result<Response, Refusal> {
    let id = ask.part("tx_id").parse().map_err(|_| ask.not_found())?;
    let fate = api.read(&ask, move |ledger| ledger.fate(&id)).await?;
    Ok(reply::json(&written(&fate.ok_or_else(|| ask.not_found())?)))
}

/// Answers `GET /statuses`: by exactly one of its parameters.
pub(crate) async fn by_parameter(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    // A text that is no id is the id of nothing: the old servers looked for any text here, and the
    // suites of their clients rely on it.
    let old = ask.optional("tx_id", |text| Ok(values::transaction_id(text).ok()))?;
    let new = ask.optional("transaction_id", |text| Ok(values::transaction_id(text).ok()))?;
    let block = ask.optional("block_id", |text| Ok(values::block_id(text).ok()))?;
    ask.finish()?;
    let fate = match (old.or(new), block) {
        (Some(Some(id)), None) => api.read(&ask, move |ledger| ledger.fate(&id)).await?,
        (None, Some(Some(id))) => api.read(&ask, move |ledger| ledger.fate_of_block(&id)).await?,
        (Some(None), None) | (None, Some(None)) => None,
        (Some(_), Some(_)) | (None, None) => return Err(ask.refuse(choice(ask.era))),
    };
    let mut status = written(&fate.ok_or_else(|| ask.not_found())?);
    if let Some(Some(id)) = old {
        status["_links"] = json!({ "tx": format!("/transactions/{id}") });
    }
    Ok(reply::json(&status))
}

fn written(fate: &Fate) -> Value {
    let mut status = json!({ "status": fate.as_str() });
    if let Fate::Invalid(Some(reason)) = fate {
        status["reason"] = json!({ "code": reason.code, "message": reason.message });
    }
    status
}

fn choice(era: ApiEra) -> ApiError {
    ApiError::Choice(match era {
        ApiEra::Seed | ApiEra::V0_9 | ApiEra::V0_10 => ["block_id", "tx_id"],
        ApiEra::V1 | ApiEra::V2 => ["block_id", "transaction_id"],
    })
}
