//! One request, from its bytes to its reply.

use crate::{
    access::{Caller, Shown},
    api::Inner,
    body::{BODY_BYTES_MAX, Body},
    entrance::SpelledPath,
    error::{ApiError, Manner},
    idempotency,
    query::{Format, Query},
    relay,
    server::Server,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, Method},
    response::Response,
};
use std::{fmt, future::Future, pin::Pin, sync::Arc};
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

/// What answers an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    /// Whether a module in front of another server passes the request on as it is.
    pub(crate) is_passed: bool,
    pub(crate) handler: Handler,
}

/// A request that was read.
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

    /// Says whether a page in a browser asks, and no program.
    pub(crate) fn is_of_page(&self) -> bool {
        self.headers.contains_key("sec-fetch-site")
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

impl fmt::Debug for Call {
    /// Headers, query and body may have tokens, passwords and keys in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("is_post", &self.is_post)
            .field("spelled", &self.spelled)
            .finish_non_exhaustive()
    }
}

/// Answers a request to an endpoint.
pub(crate) async fn serve(api: Arc<Inner>, endpoint: Endpoint, request: Request) -> Response {
    let compat = api.config.compat;
    let query = Query::read(request.uri().query().unwrap_or(""));
    let format = query.as_ref().ok().and_then(|query| query.format().ok()).flatten();
    let manner = Manner { compat, html: format == Some(Format::Html) };
    let answered = match query {
        Ok(query) => answer(api, endpoint, query, request).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| error.reply(manner))
}

async fn answer(
    api: Arc<Inner>,
    endpoint: Endpoint,
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
    match &*api.server {
        Server::Embedded(embedded) => {
            let shown = Shown {
                headers: &call.headers,
                path: &call.spelled,
                body: &call.bytes,
                receive_window_ms: call.query.number("receive_window")?,
            };
            call.caller = embedded.access.caller(&shown, endpoint.gate).await?;
            // What is open tells no more than it is asked, or gives tokens, which are not kept.
            if endpoint.gate == Gate::Open {
                return (endpoint.handler)(Arc::clone(&api), call).await;
            }
            idempotency::once(Arc::clone(&api), embedded, endpoint.handler, call).await
        }
        // A module in front of another server knows nobody: that server decides, and it repeats
        // its replies itself.
        Server::Remote(front) if endpoint.is_passed => relay::pass(&api, front, &call).await,
        Server::Remote(_) => (endpoint.handler)(api, call).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// Goal: what is logged of a request has no secrets in it.
    #[test]
    fn secrets_are_not_shown() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer hidden-token"));
        let call = Call {
            is_post: true,
            spelled: "/api/v1/account/new".to_owned(),
            query: Query::read("address=hidden-address").unwrap(),
            headers,
            bytes: Bytes::from_static(b"password=hidden-password"),
            caller: Caller::NOBODY,
            parameters: vec![],
        };
        let shown = format!("{call:?}");
        assert!(shown.contains("/api/v1/account/new") && !shown.contains("hidden"), "{shown}");
    }
}
