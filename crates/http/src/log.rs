use crate::{body::has_body, metrics::HttpMetrics, service::READINESS_PATH};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header::RETRY_AFTER},
    middleware::Next,
    response::Response,
};
use std::{sync::Arc, time::Instant};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id (the client's own, if it is a sensible one), counts it, times it and
/// logs how it ended. The reply carries the id.
pub(crate) async fn trace(
    State(metrics): State<Arc<HttpMetrics>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let _in_flight = metrics.began();
    let id = request.headers().get(REQUEST_ID).filter(|id| is_sensible(id.as_bytes()));
    let id = id.cloned().unwrap_or_else(fresh_id);
    let method = request.method().clone();
    let has_body = has_body(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or(""),
        %method,
        path = request.uri().path(),
    );

    let mut response = next.run(request).instrument(span.clone()).await;
    let (took, status) = (started.elapsed(), response.status().as_u16());
    metrics.answered(route, known(&method), status, took);
    let is_overload = response.headers().contains_key(RETRY_AFTER);
    span.in_scope(|| {
        // Not being ready is an answer of its own, asked for every few seconds.
        if status >= 500 && !is_overload && route != READINESS_PATH {
            tracing::warn!(status, ?took, "answered");
        } else {
            tracing::debug!(status, ?took, "answered");
        }
    });
    if is_overload && let Some(replies) = metrics.overload.count(Instant::now()) {
        tracing::warn!(replies, "clients were told to come back later: there is too much to do");
    }
    if has_body
        && (400..500).contains(&status)
        && let Some(requests) = metrics.refused.count(Instant::now())
    {
        span.in_scope(|| {
            tracing::info!(requests, status, "requests with a body were refused, this one last");
        });
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn is_sensible(id: &[u8]) -> bool {
    (1..=64).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn fresh_id() -> HeaderValue {
    let mut bytes = [0; 8];
    // Without randomness the id is dull, not dangerous: it only ties log lines together.
    let _ = getrandom::fill(&mut bytes);
    HeaderValue::from_str(&format!("{:016x}", u64::from_be_bytes(bytes)))
        .expect("hexadecimal digits make a header value")
}

/// Names a method for the metrics; invented ones are one, so that they do not fill the memory.
fn known(method: &Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => name,
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sensible_ids_are_taken_over() {
        assert!(is_sensible(b"order-17_a.b"));
        for odd in [&b""[..], b"a b", b"\"", &[b'a'; 65]] {
            assert!(!is_sensible(odd));
        }
        assert_ne!(fresh_id(), fresh_id());
    }
}
