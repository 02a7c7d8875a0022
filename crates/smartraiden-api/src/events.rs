use crate::{SmartRaidenApi, error::ApiError, mapping::Operation, params::Params, wire::Event};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use tally_channel_node::BlockRange;
use tally_http::{FieldError, PageRequest, Query};
use tally_primitives::BlockNumber;

fn read_range(mut query: Query) -> Result<(BlockRange, PageRequest), FieldError> {
    let from = query.number("from_block")?.map(BlockNumber);
    let to = query.number("to_block")?.map(BlockNumber);
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    Ok((BlockRange { from, to }, page))
}

/// `GET /api/1/events/network`
pub(crate) async fn of_network(
    State(api): State<SmartRaidenApi>,
    query: Query,
) -> Result<Response, ApiError> {
    let (range, page) = read_range(query)?;
    let events = api.node.network_events(range).await;
    let events = events.map_err(ApiError::during(Operation::NetworkEvents))?;
    Ok(page.cut_by_position(events)?.map(Event::of_network).into_response())
}

/// `GET /api/1/events/tokens/{token_address}`
pub(crate) async fn of_token(
    State(api): State<SmartRaidenApi>,
    params: Params,
    query: Query,
) -> Result<Response, ApiError> {
    let operation = Operation::TokenEvents;
    let token = params.address("token_address", operation)?;
    let (range, page) = read_range(query)?;
    let events = api.node.token_events(token, range).await.map_err(ApiError::during(operation))?;
    Ok(page.cut_by_position(events)?.map(Event::of_token).into_response())
}

/// `GET /api/1/events/channels/{channel_address}`
pub(crate) async fn of_channel(
    State(api): State<SmartRaidenApi>,
    params: Params,
    query: Query,
) -> Result<Response, ApiError> {
    let operation = Operation::ChannelEvents;
    let channel = params.address("channel_address", operation)?;
    let (range, page) = read_range(query)?;
    let events = api.node.channel_events(channel, range).await;
    let events = events.map_err(ApiError::during(operation))?;
    let page = page.cut_by_position(events)?;
    Ok(page.map(|event| Event::of_channel(channel, event)).into_response())
}
