//! One request, from its bytes to its reply.

use crate::{
    access::{Caller, Shown},
    api::Inner,
    body::{BODY_BYTES_MAX, Body},
    entrance::SpelledPath,
    error::{ApiError, Manner},
    idempotency,
    query::{Format, Query},
    server::Server,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, Method},
    response::Response,
};
use std::{future::Future, pin::Pin, sync::Arc};
use tally_http::RawBody;

/// What a handler answers, some time.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// What answers the requests of an endpoint.
pub(crate) type Handler = fn(Arc<Inner>, Call) -> Answering;

/// Who may call an endpoint of an embedded server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Everybody: it tells nothing that is anybody's, or proves by itself who asks.
    Open,
    /// Whoever the rule of access says.
    Guarded,
}

/// A request that was read.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) is_post: bool,
    /// The path as the client spelled it.
    pub(crate) spelled: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) caller: Caller,
    parameters: Vec<(String, String)>,
}

impl Call {
    /// Returns the value that stands for `{name}` in the path.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns a header's text; an empty one is absent, and so is what is no text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// Reads the body as what it says that it is. That of a `GET` does not count.
    pub(crate) async fn body(&self) -> Result<Body, ApiError> {
        if self.is_post { Body::read(&self.headers, &self.bytes).await } else { Ok(Body::None) }
    }

    /// Returns the address that the query names.
    pub(crate) fn address(&self) -> Result<Option<String>, ApiError> {
        Ok(self.query.text("address")?.map(str::to_owned))
    }
}

/// Answers a request to an endpoint.
pub(crate) async fn serve(
    api: Arc<Inner>,
    gate: Gate,
    handler: Handler,
    request: Request,
) -> Response {
    let compat = api.config.compat;
    let query = Query::read(request.uri().query().unwrap_or(""));
    let format = query.as_ref().ok().and_then(|query| query.format().ok()).flatten();
    let manner = Manner { compat, html: format == Some(Format::Html) };
    let answered = match query {
        Ok(query) => answer(api, gate, handler, query, request).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| error.reply(manner))
}

async fn answer(
    api: Arc<Inner>,
    gate: Gate,
    handler: Handler,
    query: Query,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let parameters = RawPathParams::from_request_parts(&mut parts, &()).await;
    let parameters = parameters.map_err(|_| ApiError::bad_request("Bad Request"))?;
    let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parameters = parameters.collect();
    let spelled = match parts.extensions.get::<SpelledPath>() {
        Some(SpelledPath(spelled)) => spelled.clone(),
        None => parts.uri.path().to_owned(),
    };
    let (is_post, headers) = (parts.method == Method::POST, parts.headers.clone());
    let request = Request::from_parts(parts, body);
    let RawBody(bytes) = RawBody::<BODY_BYTES_MAX>::from_request(request, &()).await?;
    let caller = Caller::NOBODY;
    let mut call = Call { is_post, spelled, query, headers, bytes, caller, parameters };
    // A module in front of another server knows nobody: that server decides.
    if let Server::Embedded(embedded) = &*api.server {
        let shown = Shown {
            headers: &call.headers,
            path: &call.spelled,
            body: &call.bytes,
            receive_window_ms: call.query.number("receive_window")?,
        };
        call.caller = embedded.access.caller(&shown, gate).await?;
    }
    idempotency::once(api, handler, call).await
}
