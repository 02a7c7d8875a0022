//! `Idempotency-Key`: a request that is sent again is answered as the first time.

use crate::{
    access::Caller,
    api::{Face, Inner},
    call::{Call, Handler},
    error::ApiError,
    render,
    server::Embedded,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};
use tally_crypto::sha256;
use tally_deal_node::module::Package;
use tally_deal_store::{Commit, CommitError, REPLY_BYTES_MAX, ReplyKey, StoredReply};

/// How long a reply is kept, in milliseconds.
const KEPT_MS: u64 = 24 * 3_600_000;

/// The longest key.
const KEY_BYTES_MAX: usize = 200;

/// Says that a reply is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The requests with a key that are being answered.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<BTreeSet<ReplyKey>>);

impl InFlight {
    fn enter(self: &Arc<Self>, key: &ReplyKey) -> Option<Entered> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.clone()).then(|| Entered(Arc::clone(self), key.clone()))
    }
}

/// A key's place among the requests in flight.
struct Entered(Arc<InFlight>, ReplyKey);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// A reply as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Answers a request, or repeats what it was answered when it has a key.
pub(crate) async fn once(
    api: Arc<Inner>,
    embedded: &Embedded,
    handler: Handler,
    call: Call,
) -> Result<Response, ApiError> {
    let key = match call.headers.get("idempotency-key") {
        Some(key) if call.is_post => read_key(key)?,
        Some(_) | None => return handler(api, call).await,
    };
    let key = ReplyKey { caller: call.caller.subject.clone(), key };
    let request_hash = hash(api.face, &call);
    let now_ms = api.clock.now_ms();
    let Some(_entered) = api.in_flight.enter(&key) else {
        let message = "a request with this Idempotency-Key is being answered";
        return Err(ApiError::conflict("request_in_flight", message));
    };
    let store = Arc::clone(embedded.server.store());
    let known = store.reply(&key, now_ms).await?;
    if let Some(known) = known {
        return repeat(&known, request_hash);
    }
    let manner = crate::error::Manner { compat: api.config.compat, html: false };
    let answered = handler(Arc::clone(&api), call).await;
    let reply = answered.unwrap_or_else(|error| error.reply(manner));
    // What failed here may be tried again.
    if reply.status().is_server_error() || reply.status() == StatusCode::TOO_MANY_REQUESTS {
        return Ok(reply);
    }
    let (reply, kept) = keep(reply).await?;
    if kept.len() > REPLY_BYTES_MAX {
        return Ok(reply);
    }
    let expires_ms = now_ms + KEPT_MS;
    let stored = StoredReply { key, request_hash, reply: kept, expires_ms };
    match store.commit(Commit { now_ms, reply: Some(stored), ..Commit::default() }).await {
        // Another server was asked the same at the same time; both answers are true.
        Ok(_) | Err(CommitError::Conflict(_)) => {}
        Err(error) => tracing::warn!(%error, "a reply cannot be kept for its repetition"),
    }
    Ok(reply)
}

fn read_key(value: &HeaderValue) -> Result<String, ApiError> {
    let good = (1..=KEY_BYTES_MAX).contains(&value.len())
        && value.as_bytes().iter().all(u8::is_ascii_graphic);
    let text = value.to_str().ok().filter(|_| good).map(str::to_owned);
    text.ok_or_else(|| {
        let message = "Idempotency-Key has 1 to 200 visible ASCII characters";
        ApiError::bad_request(message)
    })
}

/// Returns what makes two requests the same.
///
/// `Authorization` is no part of it: whom it proves is part of the key, and a program that renewed
/// its token is the same program. Where nobody has to say who asks, everybody has the same key, so
/// what else tells callers apart is compared: the site, the module, and what the caller may do.
fn hash(face: Face, call: &Call) -> [u8; 32] {
    let kind = call.header("content-type").unwrap_or("");
    let path = call.spelled.to_ascii_lowercase();
    let mut text = format!("{path}?{}\n{kind}\n", call.query.as_sent()).into_bytes();
    let Caller { reads_all, is_shop, is_operator, .. } = call.caller;
    text.extend_from_slice(format!("{reads_all} {is_shop} {is_operator}\n").as_bytes());
    for name in ["origin", "module-address", "module-fee"] {
        let values = call.headers.get_all(name).iter().map(HeaderValue::as_bytes);
        values.for_each(|value| text.extend_from_slice(value));
        text.push(b'\n');
    }
    match (face, Package::parse(&call.bytes)) {
        // A module that asks again makes another package of the same message: the id is random, and
        // the signature is of now.
        (Face::Server, Ok(package)) => {
            let payload = package.payload.unwrap_or_default();
            let message = std::str::from_utf8(&payload).map(render::unsigned).unwrap_or_default();
            let address = package.address.unwrap_or_default();
            text.extend_from_slice(format!("{address}\n{message}").as_bytes());
        }
        (Face::Server, Err(_)) | (Face::Module, _) => text.extend_from_slice(&call.bytes),
    }
    sha256(&text)
}

fn repeat(known: &StoredReply, request_hash: [u8; 32]) -> Result<Response, ApiError> {
    if known.request_hash != request_hash {
        let message = "another request was sent with this Idempotency-Key";
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            message,
        ));
    }
    let kept: Kept =
        serde_json::from_slice(&known.reply).map_err(|error| ApiError::internal(&error))?;
    let status = StatusCode::from_u16(kept.status).map_err(|error| ApiError::internal(&error))?;
    let mut headers = HeaderMap::new();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok((status, headers, kept.body).into_response())
}

/// Writes a reply down.
async fn keep(reply: Response) -> Result<(Response, Vec<u8>), ApiError> {
    let (parts, body) = reply.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|error| ApiError::internal(&error))?;
    let headers = [header::CONTENT_TYPE, header::LOCATION, header::WWW_AUTHENTICATE];
    let headers = headers.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let kept = Kept {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let kept = serde_json::to_vec(&kept).map_err(|error| ApiError::internal(&error))?;
    Ok((Response::from_parts(parts, Body::from(bytes)), kept))
}
