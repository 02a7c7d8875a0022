use crate::{
    SmartRaidenApi,
    error::ApiError,
    mapping::Operation,
    params::Params,
    values::{read_amount, read_positive_amount},
    wire::Transfer,
};
use axum::extract::State;
use std::time::Duration;
use tally_channel_node::PaymentRequest;
use tally_http::{BodyError, Json, JsonBody, read_bool, read_u64};
use tally_primitives::{NodeAddress, PaymentId, TokenAddress, TokenAmount};

/// `POST /api/1/transfers/{token_address}/{target_address}`
pub(crate) async fn pay(
    State(api): State<SmartRaidenApi>,
    params: Params,
    body: Result<JsonBody, BodyError>,
) -> Result<Json<Transfer>, ApiError> {
    let operation = Operation::Pay;
    let token = params.address("token_address", operation)?;
    let target = params.address("target_address", operation)?;
    let request = read_payment(token, target, body?, api.patience)?;
    let receipt = api.node.pay(request).await.map_err(ApiError::during(operation))?;
    Ok(Json(Transfer::from(receipt)))
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
