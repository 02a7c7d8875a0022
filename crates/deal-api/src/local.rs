//! What the module answers itself: `ping`, `time`, `signature`.

use crate::{
    api::Inner, body::Body, call::Call, error::ApiError, members::Members, render, server::Server,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;
use tally_pgp::{NO_MEANINGFUL_MESSAGE, PublicKey, VerifyError, verify_clear};

/// Answers `GET /api/v1/ping`.
pub(crate) async fn ping(_api: Arc<Inner>, _call: Call) -> Result<Response, ApiError> {
    Ok(render::json(&json!({})))
}

/// Answers `GET /api/v1/time`: milliseconds.
pub(crate) async fn time(api: Arc<Inner>, _call: Call) -> Result<Response, ApiError> {
    Ok(render::json(&json!({ "serverTime": api.clock.now_ms() })))
}

/// Answers `POST /api/v1/signature`: whether the server has signed a text.
pub(crate) async fn signature(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let message = match call.body().await? {
        Body::None => return Ok(StatusCode::NO_CONTENT.into_response()),
        Body::Text(text) => text,
        body @ (Body::Fields(_) | Body::Json(_)) => {
            Members::of(body)?.required("message")?.to_owned()
        }
    };
    let keys = keys(&api);
    if keys.is_empty() {
        return Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no_server_key",
            "Server PGP key not added.",
        ));
    }
    let (verified, message) = match verify_clear(&message, &keys, api.clock.now()) {
        Ok(signed) => (true, signed.text),
        Err(VerifyError::NotCleartext | VerifyError::TooLong) => {
            return Err(ApiError::validation(NO_MEANINGFUL_MESSAGE));
        }
        Err(error) => (false, error.reason().to_owned()),
    };
    Ok(render::json(&json!({ "verified": verified, "message": message })))
}

fn keys(api: &Inner) -> Vec<PublicKey> {
    match &*api.server {
        Server::Embedded(embedded) => vec![embedded.server.pgp_key().clone()],
        Server::Remote(front) => front.verifying_keys(),
    }
}
