use crate::{
    SmartRaidenApi, error::ApiError, mapping::Operation, params::Params,
    values::parse_positive_amount, wire::Amount,
};
use axum::extract::State;
use tally_http::Json;

/// `GET /api/1/debug/balance/{token_address}/{address}`
pub(crate) async fn balance(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<Amount>, ApiError> {
    let operation = Operation::Balance;
    let token = params.address("token_address", operation)?;
    let holder = params.address("address", operation)?;
    let balance = api.node.token_balance(token, holder).await;
    Ok(Json(Amount(balance.map_err(ApiError::during(operation))?)))
}

/// `GET` and `POST /api/1/debug/transfer/{token_address}/{address}/{value}`
pub(crate) async fn transfer(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<&'static str>, ApiError> {
    let operation = Operation::TransferTokens;
    let token = params.address("token_address", operation)?;
    let recipient = params.address("address", operation)?;
    let value = parse_positive_amount(params.text("value")).map_err(|error| error.of("value"))?;
    let transferred = api.node.transfer_tokens(token, recipient, value).await;
    transferred.map_err(ApiError::during(operation))?;
    Ok(Json("ok"))
}
