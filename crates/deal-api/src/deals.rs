//! One deal beside the protocol: as JSON, as a URI to pay, as a picture of it.

use crate::{api::Inner, call::Call, error::ApiError, render, server::Embedded};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use qrcode::{QrCode, render::svg};
use serde_json::json;
use std::sync::Arc;
use tally_deal::{Address, Deal, DealCode, bip21};

/// Answers `GET /api/v1/deal/{code}`.
pub(crate) async fn show(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let deal = find(embedded, &call).await?;
    written(embedded, &deal)
}

/// Answers `GET /api/v1/deal/{code}/uri`.
pub(crate) async fn uri(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let deal = find(api.embedded()?, &call).await?;
    Ok(render::json(&json!({ "uri": uri_of(&deal) })))
}

/// Answers `GET /api/v1/deal/{code}/qr.svg`.
pub(crate) async fn qr(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let deal = find(api.embedded()?, &call).await?;
    let code = QrCode::new(uri_of(&deal)).map_err(|error| ApiError::internal(&error))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(256, 256).build();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
    ];
    Ok((StatusCode::OK, headers, picture).into_response())
}

/// Writes a deal as JSON.
pub(crate) fn written(embedded: &Embedded, deal: &Deal) -> Result<Response, ApiError> {
    let text = embedded.server.deal_json(deal)?;
    Ok(render::shown(text, crate::query::Format::Json))
}

/// Finds the deal that a path names: by its code, or by where it is paid.
pub(crate) async fn find(embedded: &Embedded, call: &Call) -> Result<Deal, ApiError> {
    let name = call.parameter("code");
    let found = match name.parse::<DealCode>() {
        Ok(code) => embedded.server.find_deal(code).await?,
        Err(_) => embedded.server.find_deal_at(name).await?,
    };
    found.ok_or_else(|| ApiError::unknown("deal"))
}

/// Finds the code of the deal that a path names.
pub(crate) async fn code(embedded: &Embedded, call: &Call) -> Result<DealCode, ApiError> {
    find(embedded, call).await.map(|deal| deal.code())
}

/// Refuses a `POST` to a path of one segment below `deal`: the methods of a deal, or an order that
/// there is not.
pub(crate) fn no_order(api: &Inner, call: &Call) -> ApiError {
    let name = call.parameter("code");
    let is_deal =
        name.parse::<DealCode>().is_ok() || Address::parse(name, api.config.network).is_ok();
    if is_deal { ApiError::method_not_allowed("GET, HEAD, OPTIONS") } else { ApiError::not_found() }
}

fn uri_of(deal: &Deal) -> String {
    let label = format!("Deal {}", deal.code());
    bip21::uri(deal.address(), deal.terms().sum.satoshi(), &label, "")
}
