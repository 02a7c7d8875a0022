use crate::{
    Compat, SmartRaidenApi,
    compat::Upstream,
    error::ApiError,
    mapping::Operation,
    params::Params,
    values::{idempotency_key, read_address, read_amount},
    wire::{Channel, ChannelDetail},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use tally_channel_node::{DepositRequest, OpenRequest};
use tally_http::{
    BodyError, FieldProblem, Json, JsonBody, PageRequest, Query, read_text, read_u64,
};
use tally_primitives::{BlockSpan, TokenAmount};

/// `GET /api/1/channels`
pub(crate) async fn list(
    State(api): State<SmartRaidenApi>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let page = PageRequest::read(&mut query)?;
    query.finish()?;
    let channels = api.node.channels().await.map_err(ApiError::during(Operation::Channels))?;
    let page = page.cut_by_key(channels, |view| view.channel)?;
    Ok(page.map(|view| Channel::from(&view)).into_response())
}

/// `GET /api/1/channels/{channel_address}`
pub(crate) async fn show(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<Json<ChannelDetail>, ApiError> {
    let operation = Operation::Channel;
    let channel = params.address("channel_address", operation)?;
    let view = api.node.channel(channel).await.map_err(ApiError::during(operation))?;
    Ok(Json(ChannelDetail::from(&view)))
}

/// `PUT /api/1/channels`
pub(crate) async fn open(
    State(api): State<SmartRaidenApi>,
    headers: HeaderMap,
    body: Result<JsonBody, BodyError>,
) -> Result<Response, ApiError> {
    let key = idempotency_key(&headers)?;
    let request = read_open(body?)?;
    let opened = match key {
        Some(key) => api.node.open_channel_once(request, key).await,
        None => api.node.open_channel(request).await,
    };
    let view = opened.map_err(ApiError::during(Operation::Open))?;
    let reply = Json(Channel::from(&view));
    Ok(Upstream::status(StatusCode::OK).mark((StatusCode::CREATED, reply)))
}

fn read_open(body: JsonBody) -> Result<OpenRequest, BodyError> {
    let mut fields = body.object()?;
    let partner = fields.required("partner_address", read_address)?;
    let token = fields.required("token_address", read_address)?;
    let deposit = fields.optional("balance", read_amount)?.unwrap_or(TokenAmount::ZERO);
    let settle_timeout = fields.optional("settle_timeout", read_u64)?.filter(|blocks| *blocks > 0);
    let state = fields.optional("state", read_text)?.unwrap_or_default();
    if !state.is_empty() {
        let expected = "absent: a new channel is opened";
        return Err(fields.error("state", FieldProblem::Malformed { expected }).into());
    }
    // Clients send back what they once got. The original ignored it, too.
    fields.ignore("reveal_timeout");
    fields.finish()?;
    let settle_timeout = settle_timeout.map(BlockSpan);
    Ok(OpenRequest { token, partner, deposit, settle_timeout })
}

/// What a `PATCH` asks for.
enum Change {
    Deposit(TokenAmount),
    Close,
    Settle,
}

/// `PATCH /api/1/channels/{channel_address}`
pub(crate) async fn change(
    State(api): State<SmartRaidenApi>,
    params: Params,
    headers: HeaderMap,
    body: Result<JsonBody, BodyError>,
) -> Result<Json<Channel>, ApiError> {
    let key = idempotency_key(&headers)?;
    let channel = params.address("channel_address", Operation::Deposit)?;
    let view = match read_change(body?, api.compat)? {
        Change::Deposit(amount) => {
            let request = DepositRequest { channel, amount };
            let deposited = match key {
                Some(key) => api.node.deposit_once(request, key).await,
                None => api.node.deposit(request).await,
            };
            deposited.map_err(ApiError::during(Operation::Deposit))
        }
        Change::Close => api.node.close(channel).await.map_err(ApiError::during(Operation::Close)),
        Change::Settle => {
            api.node.settle(channel).await.map_err(ApiError::during(Operation::Settle))
        }
    };
    Ok(Json(Channel::from(&view?)))
}

/// A zero balance and an empty state count as absent: clients of the original send them.
fn read_change(body: JsonBody, compat: Compat) -> Result<Change, ApiError> {
    let mut fields = body.object()?;
    let deposit = fields.optional("balance", read_amount).map_err(BodyError::from)?;
    let state = fields.optional("state", read_text).map_err(BodyError::from)?;
    let bad_state = FieldProblem::Malformed { expected: "\"closed\" or \"settled\"" }.of("state");
    fields.finish().map_err(BodyError::from)?;
    let deposit = deposit.filter(|amount| !amount.is_zero());
    match (deposit, state.as_deref().filter(|state| !state.is_empty())) {
        (Some(amount), None) => Ok(Change::Deposit(amount)),
        (Some(amount), Some(_)) if compat == Compat::Upstream => Ok(Change::Deposit(amount)),
        (Some(_), Some(_)) => Err(ApiError::DepositAndState),
        (None, Some("closed")) => Ok(Change::Close),
        (None, Some("settled")) => Ok(Change::Settle),
        (None, Some(_)) => Err(BodyError::from(bad_state).into()),
        (None, None) => Err(ApiError::NothingToDo),
    }
}
