//! What all interfaces have in common: methods, bodies, addresses that are none.

use crate::{
    BODY_BYTES_MAX,
    api::Inner,
    cards::{Call, Card},
    code::Code,
    data, free,
    reply::{Answer, plain},
    sign_in,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, Method, header},
    response::Response,
};
use serde_json::json;
use std::sync::Arc;
use tally_accounts::{AccountsError, Balance};
use tally_apip_node::Best;
use tally_http::RawBody;

/// How old servers answered other methods.
const ONLY_POST: &str = "This API accepts only POST request.";
const ONLY_GET: &str = "This API accepts only GET request.";

/// A request that was read.
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    /// The body, or what kept it from being read.
    pub(crate) body: Result<Bytes, String>,
}

impl Asked {
    /// Returns the text of a header; an empty one is absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        // What is no text is there, and is not what it should be.
        Some(value.to_str().unwrap_or("?")).filter(|value| !value.is_empty())
    }
}

/// Answers a request to an interface.
pub(crate) async fn serve(api: Arc<Inner>, card: &'static Card, request: Request) -> Response {
    let method = request.method().clone();
    if method == Method::OPTIONS {
        return options(card);
    }
    let is_get = method == Method::GET || method == Method::HEAD;
    match card.call {
        Call::Free(what, _) if is_get => free::get(&api, what, request.uri()).await,
        Call::Free(_, Some(signed)) | Call::Signed(signed) if method == Method::POST => {
            data::answer(&api, card, signed, read(request).await).await
        }
        Call::SignIn(way) if method == Method::POST => match api.closed() {
            Some(refusal) => refusal.write().unsigned(Balance::default()),
            None => sign_in::answer(&api, card, way, read(request).await).await,
        },
        Call::Free(_, None) => plain(ONLY_GET),
        Call::Free(_, Some(_)) | Call::Signed(_) | Call::SignIn(_) => plain(ONLY_POST),
    }
}

/// Answers a request to what is no interface.
pub(crate) fn unknown(api: &Inner, prefix: &str, request: &Request) -> Response {
    let path = request.uri().path();
    let tail = path.strip_prefix(prefix).unwrap_or(path);
    let (code, reason) = match tail.split('/').collect::<Vec<_>>()[..] {
        [family, version, name]
            if numbered(family, "apip") && numbered(version, "v") && !name.is_empty() =>
        {
            (Code::Other, "there is no such interface here")
        }
        _ => (Code::IllegalUrl, "the path is not apip<number>/v<number>/<interface>"),
    };
    refuse(code, 0, api.directory.best(), json!({ "reason": reason }))
}

/// A refusal to somebody who is not known.
pub(crate) fn refuse(
    code: Code,
    nonce: i64,
    best: Option<Best>,
    data: serde_json::Value,
) -> Response {
    Answer::refusal(code, nonce, best, data).write().unsigned(Balance::default())
}

/// A refusal to somebody who is not known, where the code says all.
pub(crate) fn refuse_bare(code: Code, nonce: i64, best: Option<Best>) -> Response {
    Answer::bare(code, nonce, best).write().unsigned(Balance::default())
}

/// Tells the log, once, why an answer could not be given; clients learn the code only.
pub(crate) fn report(error: &AccountsError) {
    match error {
        AccountsError::Busy { what } => tracing::warn!(what, "the accounts are too busy"),
        AccountsError::Failed
        | AccountsError::Unavailable(_)
        | AccountsError::Damaged(_)
        | AccountsError::Overflow { .. } => {
            let source = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(%error, source, "the accounts do not answer");
        }
    }
}

async fn read(request: Request) -> Asked {
    let headers = request.headers().clone();
    let body = RawBody::<BODY_BYTES_MAX>::from_request(request, &()).await;
    Asked { headers, body: body.map(|body| body.0).map_err(|error| error.to_string()) }
}

fn numbered(text: &str, word: &str) -> bool {
    let number = text.strip_prefix(word).unwrap_or("");
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn options(card: &Card) -> Response {
    let methods = match card.call {
        Call::Free(_, None) => "GET, OPTIONS",
        Call::Free(_, Some(_)) => "GET, POST, OPTIONS",
        Call::Signed(_) | Call::SignIn(_) => "POST, OPTIONS",
    };
    let mut reply = Response::default();
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    reply
}
