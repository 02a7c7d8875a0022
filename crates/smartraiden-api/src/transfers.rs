use crate::{
    SmartRaidenApi,
    error::ApiError,
    mapping::Operation,
    params::Params,
    values::{read_amount, read_positive_amount},
    wire::{PaymentStatus, Transfer},
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;
use tally_channel::PaymentKey;
use tally_channel_node::{PaymentRequest, RequestError};
use tally_http::{BodyError, Json, JsonBody, Query, read_bool, read_u64};
use tally_primitives::{NodeAddress, PaymentId, TokenAddress, TokenAmount};

/// `POST /api/1/transfers/{token_address}/{target_address}`
pub(crate) async fn pay(
    State(api): State<SmartRaidenApi>,
    params: Params,
    mut query: Query,
    body: Result<JsonBody, BodyError>,
) -> Result<Response, ApiError> {
    let operation = Operation::Pay;
    let is_async = query.optional("async", "true or false")?.unwrap_or(false);
    query.finish()?;
    let token = params.address("token_address", operation)?;
    let target = params.address("target_address", operation)?;
    let patience = if is_async { Duration::ZERO } else { api.patience };
    let request = read_payment(token, target, body?, patience)?;
    match api.node.pay(request).await {
        Ok(receipt) => Ok(Json(Transfer::from(receipt)).into_response()),
        Err(RequestError::PaymentPending { identifier }) if is_async => {
            accepted(&api, PaymentKey { token, target, identifier }).await
        }
        Err(error) => Err(ApiError::during(operation)(error)),
    }
}

/// Says where to ask for the outcome of a payment that is under way and on disk.
async fn accepted(api: &SmartRaidenApi, payment: PaymentKey) -> Result<Response, ApiError> {
    let progress = api.node.payment(payment).await.map_err(ApiError::during(Operation::Pay))?;
    let status = PaymentStatus::from(&progress);
    let location = [(header::LOCATION, status.path())];
    Ok((StatusCode::ACCEPTED, location, Json(status)).into_response())
}

fn read_payment(
    token: TokenAddress,
    target: NodeAddress,
    body: JsonBody,
    patience: Duration,
) -> Result<PaymentRequest, BodyError> {
    let mut fields = body.object()?;
    let amount = fields.required("amount", read_positive_amount)?;
    let identifier = fields.optional("identifier", read_u64)?.filter(|number| *number != 0);
    let fee = fields.optional("fee", read_amount)?.unwrap_or(TokenAmount::ZERO);
    let is_direct = fields.optional("is_direct", read_bool)?.unwrap_or(false);
    // Clients send the reply's object; the path says who pays whom.
    for name in ["initiator_address", "target_address", "token_address"] {
        fields.ignore(name);
    }
    fields.finish()?;
    let identifier = identifier.map(PaymentId);
    Ok(PaymentRequest { token, target, amount, identifier, fee, is_direct, patience })
}
