use crate::{
    ApiEra, BigchainApi,
    ask::Ask,
    error::Refusal,
    ledger::{Ledger, OutputForm, Outputs},
    page::{self, DOCUMENTS_DEFAULT, OUTPUTS_DEFAULT, PAGE_MAX, PageAsk},
    values,
};
use axum::{extract::State, response::Response};

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
    let form = match ask.era {
        ApiEra::V0_9 | ApiEra::V0_10 => {
            // Those servers let this endpoint have any parameters.
            ask.ignore_others(&["public_key", "limit", "cursor"]);
            OutputForm::Path
        }
        ApiEra::Seed | ApiEra::V1 | ApiEra::V2 => {
            match ask.optional("details", values::boolean)? {
                Some(true) => OutputForm::Detailed,
                Some(false) | None => OutputForm::Object,
            }
        }
    };
    of_owner(&api, ask, wanted, form).await
}

/// Answers `GET /unspents`.
pub(crate) async fn unspents(
    State(api): State<BigchainApi>,
    ask: Ask,
) -> Result<Response, Refusal> {
    of_owner(&api, ask, Outputs::Unspent, OutputForm::Path).await
}

async fn of_owner(
    api: &BigchainApi,
    mut ask: Ask,
    wanted: Outputs,
    form: OutputForm,
) -> Result<Response, Refusal> {
    let owner = ask.required("public_key", values::public_key)?;
    let page = PageAsk::read(&mut ask, OUTPUTS_DEFAULT)?;
    let after = page.after(&ask)?;
    ask.finish()?;
    // Details are read from the transactions, one by one.
    let most = if form == OutputForm::Detailed { DOCUMENTS_DEFAULT } else { PAGE_MAX };
    let limit = page.limit.min(most);
    let read = move |ledger: Ledger<'_>| ledger.outputs(&owner, wanted, limit, after, form);
    let found = api.read(&ask, read).await?;
    Ok(page::reply(&ask, found.items, found.next))
}
