//! What became of payments, and what is still under way.

use crate::{
    SmartRaidenApi,
    error::ApiError,
    mapping::Operation,
    params::Params,
    values::ADDRESS,
    wire::{OldTransfer, Payment, PaymentStatus, Pending},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use tally_channel::PaymentKey;
use tally_channel_node::{BlockRange, PaymentFilter, PaymentRole};
use tally_http::{FieldError, FieldProblem, Json, PageRequest, Query};
use tally_primitives::BlockNumber;

/// `GET /api/1/payments`
pub(crate) async fn list(
    State(api): State<SmartRaidenApi>,
    query: Query,
) -> Result<Response, ApiError> {
    let (filter, page) = read_filter(query)?;
    let found = api.node.payments(filter).await;
    let found = found.map_err(ApiError::during(Operation::Payments))?;
    let page = page.cut_by_key(found, |entry| entry.number)?;
    Ok(page.map(|entry| Payment::of(&entry)).into_response())
}

fn read_filter(mut query: Query) -> Result<(PaymentFilter, PageRequest), FieldError> {
    let token = query.optional("token", ADDRESS)?;
    let partner = query.optional("partner", ADDRESS)?;
    let target = query.optional("target", ADDRESS)?;
    let role = query.optional("role", "initiator, mediator or target")?.map(|role| match role {
        Role::Initiator => PaymentRole::Initiator,
        Role::Mediator => PaymentRole::Mediator,
        Role::Target => PaymentRole::Target,
    });
    let state: Option<Outcome> = query.optional("state", "succeeded or failed")?;
    let succeeded = state.map(|state| state == Outcome::Succeeded);
    let (since, until) = (query.number("since")?, query.number("until")?);
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let after = page.after()?.unwrap_or(0);
    let all = PaymentFilter::all(page.wanted());
    Ok((
        PaymentFilter { token, partner, target, role, succeeded, since, until, after, ..all },
        page,
    ))
}

/// `GET /api/1/querysenttransfer`
pub(crate) async fn sent(
    State(api): State<SmartRaidenApi>,
    query: Query,
) -> Result<Response, ApiError> {
    old_list(&api, query, PaymentRole::Initiator).await
}

/// `GET /api/1/queryreceivedtransfer`
pub(crate) async fn received(
    State(api): State<SmartRaidenApi>,
    query: Query,
) -> Result<Response, ApiError> {
    old_list(&api, query, PaymentRole::Target).await
}

/// Lists what arrived in one direction, as the original did.
async fn old_list(
    api: &SmartRaidenApi,
    mut query: Query,
    role: PaymentRole,
) -> Result<Response, ApiError> {
    let from = query.number("from_block")?.map(BlockNumber);
    let to = query.number("to_block")?.map(BlockNumber);
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let filter = PaymentFilter {
        role: Some(role),
        succeeded: Some(true),
        blocks: BlockRange { from, to },
        after: page.after()?.unwrap_or(0),
        ..PaymentFilter::all(page.wanted())
    };
    let found = api.node.payments(filter).await;
    let found = found.map_err(ApiError::during(Operation::Payments))?;
    let page = page.cut_by_key(found, |entry| entry.number)?;
    Ok(page.map(|entry| OldTransfer::of(&entry)).into_response())
}

/// `GET /api/1/payments/{token_address}/{target_address}/{identifier}`
pub(crate) async fn status(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<PaymentStatus>, ApiError> {
    let operation = Operation::Payment;
    let token = params.address("token_address", operation)?;
    let target = params.address("target_address", operation)?;
    let identifier = params.identifier()?;
    let status = api.node.payment(PaymentKey { token, target, identifier }).await;
    Ok(Json(PaymentStatus::from(&status.map_err(ApiError::during(operation))?)))
}

/// `GET /api/1/pending_transfers`
pub(crate) async fn pending(
    State(api): State<SmartRaidenApi>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let pending = api.node.pending_transfers().await;
    let pending = pending.map_err(ApiError::during(Operation::Payments))?;
    let page = page.cut_by_position(pending)?;
    Ok(page.map(|transfer| Pending::from(&transfer)).into_response())
}

/// Makes a parameter that is one of a few words.
macro_rules! words {
    ($name:ident { $($word:literal => $variant:ident),* }) => {
        #[derive(Clone, Copy, PartialEq, Eq)]
        enum $name {
            $($variant),*
        }

        impl std::str::FromStr for $name {
            type Err = FieldProblem;

            fn from_str(text: &str) -> Result<Self, FieldProblem> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(FieldProblem::Malformed { expected: "one of the words" }),
                }
            }
        }
    };
}

words!(Role { "initiator" => Initiator, "mediator" => Mediator, "target" => Target });
words!(Outcome { "succeeded" => Succeeded, "failed" => Failed });
