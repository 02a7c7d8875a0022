use crate::{
    SmartRaidenApi,
    error::ApiError,
    mapping::Operation,
    params::Params,
    values::parse_positive_amount,
    wire::{Amount, EthStatus},
};
use axum::extract::State;
use tally_chain::ChainError;
use tally_channel_node::RequestError;
use tally_http::Json;
use tally_primitives::{NodeAddress, TokenAddress, TokenAmount};

/// `GET /api/1/debug/balance/{token_address}/{address}`
pub(crate) async fn balance(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<Amount>, ApiError> {
    let operation = Operation::Balance;
    let token = params.address("token_address", operation)?;
    let holder = params.address("address", operation)?;
    Ok(Json(Amount(read_balance(&api, operation, token, holder).await?)))
}

/// Reads a balance. What fails there for good is the contract: it is not a token.
async fn read_balance(
    api: &SmartRaidenApi,
    operation: Operation,
    token: TokenAddress,
    holder: NodeAddress,
) -> Result<TokenAmount, ApiError> {
    api.node.token_balance(token, holder).await.map_err(|error| {
        let is_permanent = matches!(error, RequestError::Chain(ChainError::Permanent { .. }));
        let error = if is_permanent { RequestError::NotAToken(token) } else { error };
        ApiError::during(operation)(error)
    })
}

/// `GET /api/1/debug/ethbalance/{address}`
pub(crate) async fn coin_balance(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<Amount>, ApiError> {
    let operation = Operation::CoinBalance;
    let holder = params.address("address", operation)?;
    let balance = api.node.coin_balance(holder).await.map_err(ApiError::during(operation))?;
    Ok(Json(Amount(TokenAmount::new(balance.units()))))
}

/// `GET /api/1/debug/ethstatus`
pub(crate) async fn eth_status(
    State(api): State<SmartRaidenApi>,
) -> Result<Json<EthStatus>, ApiError> {
    let connections = api.node.connections().await;
    let connections = connections.map_err(ApiError::during(Operation::EthStatus))?;
    Ok(Json(EthStatus::from(&connections)))
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
    // A call to an address without a contract succeeds on the chain and transfers nothing.
    read_balance(&api, operation, token, api.node.address()).await?;
    let transferred = api.node.transfer_tokens(token, recipient, value).await;
    transferred.map_err(ApiError::during(operation))?;
    Ok(Json("ok"))
}
