use crate::{
    ApiEra, BigchainApi,
    ask::Ask,
    error::Refusal,
    ledger::{Ledger, Outputs},
    page::{self, OUTPUTS_DEFAULT, PageAsk},
    values,
};
use axum::{extract::State, response::Response};
use tally_ledger::OutputRef;

/// Answers `GET /outputs`.
pub(crate) async fn list(
    State(api): State<BigchainApi>,
    mut ask: Ask,
) -> Result<Response, Refusal> {
    let unspent = ask.optional("unspent", values::boolean)?;
    let spent = ask.optional("spent", values::boolean)?;
    let wanted = match (unspent, spent) {
        (Some(true), _) | (_, Some(false)) => Outputs::Unspent,
        (_, Some(true)) => Outputs::Spent,
        (Some(false) | None, None) => Outputs::Any,
    };
    of_owner(&api, ask, wanted).await
}

/// Answers `GET /unspents`.
pub(crate) async fn unspents(
    State(api): State<BigchainApi>,
    ask: Ask,
) -> Result<Response, Refusal> {
    of_owner(&api, ask, Outputs::Unspent).await
}

async fn of_owner(api: &BigchainApi, mut ask: Ask, wanted: Outputs) -> Result<Response, Refusal> {
    let owner = ask.required("public_key", values::public_key)?;
    let page = PageAsk::read(&mut ask, OUTPUTS_DEFAULT)?;
    let (write, tolerant): (fn(&OutputRef) -> String, bool) = match ask.era {
        ApiEra::V0_9 | ApiEra::V0_10 => (as_path, true),
        ApiEra::Seed | ApiEra::V1 | ApiEra::V2 => (as_object, false),
    };
    // Servers 0.9 and 0.10 let this endpoint have any parameters.
    if !tolerant {
        ask.finish()?;
    }
    let after = page.after(&ask)?;
    let limit = page.limit;
    let read = move |ledger: Ledger<'_>| ledger.outputs(&owner, wanted, limit, after, write);
    let found = api.read(&ask, read).await?;
    Ok(page::reply(&ask, found.items, found.next))
}

fn as_object(output: &OutputRef) -> String {
    let OutputRef { transaction, index } = output;
    format!("{{\"transaction_id\":\"{transaction}\",\"output_index\":{index}}}")
}

fn as_path(output: &OutputRef) -> String {
    let OutputRef { transaction, index } = output;
    format!("\"../transactions/{transaction}/outputs/{index}\"")
}
