//! `key/public`, `sign/out`, `user/profile` and `bc/history`.

use crate::{api::Inner, call::Call, error::ApiError, members::Members, render};
use axum::{http::StatusCode, response::Response};
use serde_json::json;
use std::sync::Arc;

/// Answers `GET /api/v1/key/public`.
pub(crate) async fn public(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let account = call.query.required("account")?;
    let key = api.embedded()?.server.public_key(account).await?;
    let key = key.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "not_found", "Not found."))?;
    Ok(render::json(&json!({ "data": key })))
}

/// Answers `GET` and `POST /api/v1/sign/out`: the session ends, and its tokens with it.
pub(crate) async fn sign_out(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let session = call.caller.session.as_deref().ok_or_else(ApiError::unauthorized)?;
    api.embedded()?.access.sessions.end(session).await?;
    Ok(render::json(&json!({ "result": true })))
}

/// Answers `POST /api/v1/user/profile`.
pub(crate) async fn profile(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let members = Members::read(&call).await?;
    let address = members.required("code")?;
    let found = api.embedded()?.server.find_account(address).await?;
    let found = found.ok_or_else(|| ApiError::unknown("account"))?;
    Ok(render::json(&found.profile))
}

/// Answers `POST /api/v1/bc/history`.
pub(crate) async fn history(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let members = Members::read(&call).await?;
    let address = members.required("account")?;
    let transfers = api.embedded()?.server.history(address).await?;
    let transfers = transfers.ok_or_else(|| {
        let address = crate::text::printable(address);
        ApiError::validation(format!("Invalid Bitcoin address: {address}"))
    })?;
    let written = serde_json::to_value(&transfers).map_err(|error| ApiError::internal(&error))?;
    Ok(render::json(&written))
}
