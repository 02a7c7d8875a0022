use crate::{
    SmartRaidenApi,
    compat::Upstream,
    error::ApiError,
    mapping::Operation,
    params::Params,
    wire::{ManagerReply, OwnAddress, Partner},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tally_http::{Json, PageRequest, Query};

/// `GET /api/1/address`
pub(crate) async fn own_address(State(api): State<SmartRaidenApi>) -> Json<OwnAddress> {
    Json(OwnAddress { our_address: api.node.address().to_string() })
}

/// `GET /api/1/tokens`
pub(crate) async fn list(
    State(api): State<SmartRaidenApi>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let tokens = api.node.tokens().await.map_err(ApiError::during(Operation::Tokens))?;
    let page = page.cut_by_key(tokens, |token| *token)?;
    Ok(page.map(|token| token.to_string()).into_response())
}

/// `PUT /api/1/tokens/{token_address}`
pub(crate) async fn register(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Response, ApiError> {
    let operation = Operation::RegisterToken;
    let token = params.address("token_address", operation)?;
    let manager = api.node.register_token(token).await.map_err(ApiError::during(operation))?;
    let reply = Json(ManagerReply { channel_manager_address: manager.to_string() });
    Ok(Upstream::status(StatusCode::OK).mark((StatusCode::CREATED, reply)))
}

/// `GET /api/1/tokens/{token_address}/partners`
pub(crate) async fn partners(
    State(api): State<SmartRaidenApi>,
    params: Params,
    mut query: Query,
) -> Result<Response, ApiError> {
    let operation = Operation::Partners;
    let token = params.address("token_address", operation)?;
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let mut partners = api.node.partners(token).await.map_err(ApiError::during(operation))?;
    partners.sort_unstable_by_key(|partner| partner.channel);
    let page = page.cut_by_key(partners, |partner| partner.channel)?;
    Ok(page.map(Partner::from).into_response())
}
