//! `deal`, `deal/<order>` and `deal/status`.

use crate::{
    api::{Face, Inner},
    body::Body,
    call::Call,
    error::ApiError,
    members::Members,
    packages,
    relay::{self, About, Message},
    render,
    server::{Front, Server},
};
use axum::{http::StatusCode, response::Response};
use std::sync::Arc;
use tally_deal::{CheckedRequest, Document, Order, Request, Scheme, Time};
use tally_deal_node::module::action_of_path;

/// The module signs what it sends on, and so speaks for the site; a page that somebody looks at does
/// not.
const NOT_THE_SITE: &str =
    "a page in a browser completes a deal with the customer's signature only";

/// Answers a request that orders something of a deal.
pub(crate) async fn order(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let format = call.query.format()?;
    let is_signed = call.query.wants_signature()?;
    match (&*api.server, api.face) {
        (Server::Remote(front), _) => {
            let document = document(&call).await?;
            let checked = checked(&api, front, document)?;
            if checked.request.order == Order::Complete
                && !checked.request.is_signed_by_customer()
                && call.is_of_page()
            {
                return Err(ApiError::new(StatusCode::FORBIDDEN, "not_the_site", NOT_THE_SITE));
            }
            let payload = Some(packages::signed(&api, &call, checked.text)?);
            let about = About::Deal(checked.request.order, checked.payment_address.address);
            let message = Message { address: call.address()?, payload, about };
            relay::send(&api, front, &call, message).await
        }
        (Server::Embedded(embedded), Face::Module) => {
            let document = document(&call).await?;
            let origin = packages::own_origin(&api, &call);
            let outcome = embedded.deal(document, origin, is_signed).await?;
            Ok(render::outcome(packages::new_id(&api), outcome, None, format))
        }
        (Server::Embedded(embedded), Face::Server) => {
            let package = packages::read(&call)?;
            let text = packages::payload_text(&package)?;
            let origin = packages::foreign_origin(&call);
            let outcome = embedded.deal_text(text, order_of(&call), origin).await?;
            Ok(render::outcome(package.id, outcome, None, format))
        }
    }
}

/// Answers a request for the state of a deal; its `address` is the payment address.
pub(crate) async fn status(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let format = call.query.format()?;
    match (&*api.server, api.face) {
        (Server::Remote(front), _) => {
            let address = payment_address(&call).await?;
            let message = Message { address, payload: None, about: About::DealStatus };
            relay::send(&api, front, &call, message).await
        }
        (Server::Embedded(embedded), Face::Module) => {
            let address = payment_address(&call).await?.unwrap_or_default();
            let is_signed = call.query.wants_signature()?;
            let outcome = embedded.status(&address, is_signed).await?;
            Ok(render::outcome(packages::new_id(&api), outcome, None, format))
        }
        (Server::Embedded(embedded), Face::Server) => {
            let package = packages::read(&call)?;
            let address = package.address.unwrap_or_default();
            let outcome = embedded.status(&address, true).await?;
            Ok(render::outcome(package.id, outcome, None, format))
        }
    }
}

/// Reads the message of a body. The order of the path counts more than that of a form or of JSON; a
/// text is taken as it is.
async fn document(call: &Call) -> Result<Document, ApiError> {
    let order = order_of(call);
    let document = match call.body().await? {
        Body::None => Document::from_fields(&[], order),
        Body::Fields(fields) => Document::from_fields(&fields, order),
        Body::Json(json) => Document::from_json(&json, order),
        Body::Text(text) => Document::from_yaml(text),
    };
    document.map_err(|error| ApiError::validation(error.to_string()))
}

/// Returns the order that the path names.
fn order_of(call: &Call) -> Option<Order> {
    let word = action_of_path(&call.spelled).unwrap_or_default();
    word.parse().ok()
}

/// Does what a module does with a message: checks it, and computes where the deal is paid.
fn checked(api: &Inner, front: &Front, document: Document) -> Result<CheckedRequest, ApiError> {
    let keys = front.service_keys().map_err(|error| ApiError::validation(error.to_string()))?;
    let refuse = |refusal: tally_deal::Refusal| ApiError::validation(refusal.to_string());
    let request = Request::read(document, api.config.network).map_err(refuse)?;
    let now = Time(api.clock.now());
    request.check(now, &Scheme::Service(keys)).map_err(refuse)
}

/// Finds the payment address: in the query, or in the body of a `POST`.
async fn payment_address(call: &Call) -> Result<Option<String>, ApiError> {
    if let Some(address) = call.address()? {
        return Ok(Some(address));
    }
    Ok(match call.body().await? {
        body @ (Body::Fields(_) | Body::Json(_)) => {
            let members = Members::of(body)?;
            let address = members.optional("address").or(members.optional("payment_address"));
            address.map(str::to_owned)
        }
        Body::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Body::None => None,
    })
}
