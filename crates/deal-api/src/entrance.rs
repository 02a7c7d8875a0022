//! What stands before the routes: paths, methods, and who may read replies in a browser.

use crate::error::{ApiError, Manner};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// The methods of the API.
const ALLOWED: &str = "GET, POST, HEAD, OPTIONS";

/// Those of the endpoints for webhooks, which can be removed.
const ALLOWED_WITH_DELETE: &str = "GET, POST, DELETE, HEAD, OPTIONS";

/// The headers that pages may send.
const ALLOWED_HEADERS: &str = "Content-Type, Authorization, Session, Secret, Nonce, Signature, \
                               Idempotency-Key, Last-Event-ID";

/// The headers that pages may read.
const EXPOSED_HEADERS: &str =
    "Payload-Signature, X-Next-Cursor, X-Request-Id, Idempotency-Replayed, Retry-After, Location";

/// Words of paths. Others are values, which keep their case.
const WORDS: &[&str] = &[
    "api",
    "v1",
    "ping",
    "time",
    "help",
    "signature",
    "account",
    "status",
    "new",
    "add",
    "update",
    "delete",
    "token",
    "get",
    "list",
    "deal",
    "create",
    "pay",
    "complete",
    "cancel",
    "feedback",
    "uri",
    "qr.svg",
    "psbt",
    "events",
    "dispute",
    "resolve",
    "retry",
    "verify",
    "bc",
    "history",
    "user",
    "profile",
    "key",
    "public",
    "sign",
    "out",
    "webhooks",
    "deliveries",
    "oauth2",
    "authorize",
    "faucet",
    "mine",
    "dev",
    "whoami",
];

/// How a client spelled the path, which is how a server is to see it.
#[derive(Debug, Clone)]
pub(crate) struct SpelledPath(pub(crate) String);

/// What the entrance knows.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    /// The web origins whose pages may read replies; `*` for all.
    pub(crate) origins: Arc<[String]>,
    pub(crate) compat: bool,
}

impl Entrance {
    /// Puts itself before the routes.
    pub(crate) fn before(self, router: Router) -> Router {
        Router::new().fallback_service(router).layer(from_fn_with_state(self, enter))
    }

    /// Says whether the page that asks may read the reply; returns its origin.
    fn admitted(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let is_listed = |listed: &String| listed == "*" || listed.as_bytes() == origin.as_bytes();
        self.origins.iter().any(is_listed).then(|| origin.clone())
    }
}

async fn enter(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    let origin = entrance.admitted(request.headers());
    let path = request.uri().path();
    let allowed = if is_below(path, "/api/v1/webhooks") { ALLOWED_WITH_DELETE } else { ALLOWED };
    let mut reply = if is_bad(path) {
        refuse(&entrance, ApiError::bad_request("Bad Request"))
    } else if request.method() == Method::OPTIONS {
        (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]).into_response()
    } else if is_allowed(request.method(), allowed) {
        next.run(folded(request)).await
    } else {
        refuse(&entrance, ApiError::method_not_allowed(allowed))
    };
    let headers = reply.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, allowed),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    let server = concat!("tallystick/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::SERVER, HeaderValue::from_static(server));
    let nosniff = HeaderName::from_static("x-content-type-options");
    headers.insert(nosniff, HeaderValue::from_static("nosniff"));
    reply
}

fn refuse(entrance: &Entrance, error: ApiError) -> Response {
    tracing::debug!(?error, "refused before the routes");
    error.reply(Manner { compat: entrance.compat, html: false })
}

fn is_allowed(method: &Method, allowed: &str) -> bool {
    allowed.split(", ").any(|name| name == method.as_str())
}

/// Says whether a path leads up: as it is, or with its percent escapes undone.
fn is_bad(path: &str) -> bool {
    !path.starts_with('/') || path.to_ascii_lowercase().replace("%2e", ".").contains("..")
}

fn is_below(path: &str, parent: &str) -> bool {
    fold(path).strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns a path without empty segments, with the words that are known in lower case.
fn fold(path: &str) -> String {
    let mut folded = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let lower = segment.to_ascii_lowercase();
        folded.push('/');
        folded.push_str(if WORDS.contains(&lower.as_str()) { &lower } else { segment });
    }
    if folded.is_empty() { "/".to_owned() } else { folded }
}

/// Returns the request with the path that the routes know, and how it was spelled.
fn folded(mut request: Request) -> Request {
    let spelled = request.uri().path().to_owned();
    let path = fold(&spelled);
    if path != spelled {
        let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
        if let Ok(uri) = Uri::try_from(format!("{path}{query}")) {
            *request.uri_mut() = uri;
        }
    }
    request.extensions_mut().insert(SpelledPath(spelled));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case_and_values_keep_theirs() {
        for (path, folded) in [
            ("/API/v1/Deal/CREATE", "/api/v1/deal/create"),
            ("//api///v1/ping/", "/api/v1/ping"),
            ("/api/v1/deal/2MvQAGkf/URI", "/api/v1/deal/2MvQAGkf/uri"),
            ("/", "/"),
        ] {
            assert_eq!(fold(path), folded, "{path}");
        }
        assert!(is_below("/API/v1//webhooks/x", "/api/v1/webhooks"));
        assert!(!is_below("/api/v1/webhooksx", "/api/v1/webhooks"));
    }

    #[test]
    fn paths_do_not_lead_up() {
        for bad in ["*", "/../x", "/a/..", "/a/%2e%2E/b", "/a..b", "/.%2e/"] {
            assert!(is_bad(bad), "{bad}");
        }
        assert!(!is_bad("/api/v1/deal/./qr.svg"));
    }
}
