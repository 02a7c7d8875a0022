//! Who wants to be told of events by HTTP.

use crate::{
    api::Inner, call::Call, error::ApiError, events, members::Members, render, server::Embedded,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tally_deal_node::{HookError, NewWebhook};
use tally_deal_store::{EventId, Webhook};
use zeroize::Zeroizing;

/// Deliveries of one page.
const DELIVERIES_MAX: usize = 100;

/// Whose the webhooks are of programs that need not say who they are.
const NOBODYS: &str = "-";

/// Answers `POST /api/v1/webhooks`. The reply alone tells the secret.
pub(crate) async fn add(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_shop()?;
    let members = Members::read(&call).await?;
    let new = NewWebhook {
        owner: owner(&call).to_owned(),
        url: members.required("url")?.to_owned(),
        secret: members.optional("secret").map(|it| Zeroizing::new(it.to_owned())),
        kinds: members.texts("events")?,
    };
    let webhook = api.embedded()?.server.add_webhook(new).await.map_err(|error| match error {
        HookError::Target(_) | HookError::Member { .. } => ApiError::validation(error.to_string()),
        HookError::TooMany => ApiError::conflict("too_many", error.to_string()),
        HookError::Server(error) => error.into(),
    })?;
    let mut written = written(&webhook);
    written["secret"] = webhook.secret.as_str().into();
    let place = format!("/api/v1/webhooks/{}", webhook.id);
    let place = HeaderValue::try_from(place).map_err(|error| ApiError::internal(&error))?;
    let mut reply = render::json(&written);
    *reply.status_mut() = StatusCode::CREATED;
    reply.headers_mut().insert(header::LOCATION, place);
    Ok(reply)
}

/// Answers `GET /api/v1/webhooks`.
pub(crate) async fn list(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_shop()?;
    let owner = (!call.caller.is_operator).then(|| owner(&call));
    let webhooks = api.embedded()?.server.webhooks(owner).await?;
    Ok(render::json(&webhooks.iter().map(written).collect()))
}

/// Answers `GET /api/v1/webhooks/{id}`.
pub(crate) async fn show(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    Ok(render::json(&written(&find(api.embedded()?, &call).await?)))
}

/// Answers `POST /api/v1/webhooks/{id}`: turns it on or off.
pub(crate) async fn change(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let webhook = find(embedded, &call).await?;
    let members = Members::read(&call).await?;
    let enabled = match members.value("enabled") {
        Some(Value::Bool(enabled)) => *enabled,
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        _ => return Err(ApiError::validation("enabled must be true or false")),
    };
    if !embedded.server.enable_webhook(&webhook.id, enabled).await? {
        return Err(ApiError::unknown("webhook"));
    }
    Ok(render::json(&written(&Webhook { is_enabled: enabled, ..webhook })))
}

/// Answers `DELETE /api/v1/webhooks/{id}`.
pub(crate) async fn remove(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let webhook = find(embedded, &call).await?;
    embedded.server.remove_webhook(&webhook.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Answers `GET /api/v1/webhooks/{id}/deliveries`: what was not delivered yet.
pub(crate) async fn deliveries(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let webhook = find(embedded, &call).await?;
    let after = EventId(call.query.number("after")?.unwrap_or(0));
    let pending = embedded.server.deliveries(&webhook.id, after, DELIVERIES_MAX).await?;
    let written = pending.iter().map(|delivery| {
        json!({
            "event": delivery.id.event.0,
            "due": delivery.due_ms,
            "attempts": delivery.attempts,
            "lastError": delivery.last_error,
        })
    });
    Ok(render::json(&written.collect()))
}

/// Answers `POST /api/v1/webhooks/{id}/deliveries`: delivers an event again.
pub(crate) async fn redeliver(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let webhook = find(embedded, &call).await?;
    let members = Members::read(&call).await?;
    let event = match members.value("event") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let event =
        event.ok_or_else(|| ApiError::validation("event must be the number of an event"))?;
    if !embedded.server.redeliver(&webhook.id, EventId(event)).await? {
        return Err(ApiError::unknown("event"));
    }
    let store = embedded.server.store();
    let events = store.events(EventId(event.saturating_sub(1)), 1).await?;
    Ok(render::json(&events.first().map_or(Value::Null, events::written)))
}

/// Finds the webhook that a path names; those of others are not there.
async fn find(embedded: &Embedded, call: &Call) -> Result<Webhook, ApiError> {
    call.caller.check_shop()?;
    let found = embedded.server.webhook(call.parameter("id")).await?;
    let own = found.filter(|it| call.caller.is_operator || it.owner == owner(call));
    own.ok_or_else(|| ApiError::unknown("webhook"))
}

fn owner(call: &Call) -> &str {
    let subject = call.caller.subject.as_str();
    if subject.is_empty() { NOBODYS } else { subject }
}

/// Writes a webhook without its secret.
fn written(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.kinds,
        "enabled": webhook.is_enabled,
        "created": webhook.created_ms,
    })
}
