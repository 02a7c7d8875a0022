use crate::{
    ErrorShape, Guard, HEADERS_BYTES_MAX, HEADERS_MAX, PROBE_TIMEOUT, Probe, REQUEST_TIMEOUT,
    REQUESTS_MAX, Readiness, body::check_content_type, docs_page, log, metrics::HttpMetrics,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{any::Any, fmt, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

/// An API and everything around it: limits, access, logs, health, metrics, documentation.
pub struct Service {
    api: Router,
    title: &'static str,
    openapi: String,
    around: Around,
    entrance: Option<Entrance>,
}

/// What stands before the routes.
type Entrance = Box<dyn FnOnce(Router) -> Router + Send>;

/// Where a service says whether it can work.
pub(crate) const READINESS_PATH: &str = "/readyz";

/// What the middlewares and the built-in endpoints need.
#[derive(Clone)]
struct Around {
    shape: Arc<dyn ErrorShape>,
    probe: Arc<dyn Probe>,
    guard: Arc<Guard>,
    metrics: Arc<HttpMetrics>,
    places: Arc<Semaphore>,
    request_timeout: Duration,
    any_content_type: bool,
}

impl Service {
    /// Puts an API into its surroundings. `api` has its state already and no fallback; `openapi`
    /// is the text of its OpenAPI document.
    pub fn new(
        title: &'static str,
        api: Router,
        openapi: String,
        shape: impl ErrorShape,
        probe: impl Probe,
    ) -> Self {
        let around = Around {
            shape: Arc::new(shape),
            probe: Arc::new(probe),
            guard: Arc::new(Guard::default()),
            metrics: Arc::new(HttpMetrics::default()),
            places: Arc::new(Semaphore::new(REQUESTS_MAX)),
            request_timeout: REQUEST_TIMEOUT,
            any_content_type: false,
        };
        Self { api, title, openapi, around, entrance: None }
    }

    /// Says who may use the API; without this, whoever reaches it.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.around.guard = Arc::new(guard);
        self
    }

    /// Says how long a request may take at most, if the API itself waits longer than
    /// [`REQUEST_TIMEOUT`].
    #[must_use]
    pub const fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.around.request_timeout = timeout;
        self
    }

    /// Takes bodies that are not declared as JSON, as some old servers did. Only for an API whose
    /// bodies are safe to take from anybody: this opens it to the forms of other sites.
    #[must_use]
    pub const fn with_any_content_type(mut self) -> Self {
        self.around.any_content_type = true;
        self
    }

    /// Puts something before everything, even before a route is looked for: what changes the paths of
    /// requests, or answers in the place of all routes.
    #[must_use]
    pub fn behind(mut self, entrance: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        self.entrance = Some(Box::new(entrance));
        self
    }

    /// Returns the whole as a router, for a [`Server`](crate::Server) or for a test.
    pub fn into_router(self) -> Router {
        let around = self.around;
        let cors = around.guard.cors();
        let guarded = self
            .api
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(around.clone(), bound))
            .merge(Router::new().route("/metrics", get(metrics)))
            .layer(from_fn_with_state(around.clone(), check_token));
        let mut router = built_in(self.title, self.openapi)
            .merge(guarded)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(around.clone(), check_page))
            .layer(from_fn_with_state(around.clone(), check_head))
            .layer(axum::Extension(around.clone()));
        if let Some(cors) = cors {
            router = router.layer(cors);
        }
        let shape = Arc::clone(&around.shape);
        let on_panic = move |panic: Box<dyn Any + Send>| {
            tracing::error!(message = panic_message(&*panic), "a request handler panicked");
            shape.reply(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        };
        let router = router
            .layer(CatchPanicLayer::custom(on_panic))
            .layer(from_fn_with_state(Arc::clone(&around.metrics), log::trace));
        match self.entrance {
            Some(entrance) => entrance(router),
            None => router,
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("title", &self.title).finish_non_exhaustive()
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The endpoints that need no token: they show nothing of the daemon's state but that it is ready.
fn built_in(title: &'static str, openapi: String) -> Router {
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    let openapi = move || async move { ([(header::CONTENT_TYPE, json)], openapi) };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route(READINESS_PATH, get(ready))
        .route("/openapi.json", get(openapi))
        .route("/docs", get(async move || docs_page::page(title)))
}

type Outside = axum::Extension<Around>;

async fn not_found(around: Outside) -> Response {
    around.shape.reply(StatusCode::NOT_FOUND, "Resource not found")
}

async fn method_not_allowed(around: Outside) -> Response {
    around.shape.reply(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
}

async fn ready(around: Outside) -> Response {
    let readiness = tokio::time::timeout(PROBE_TIMEOUT, around.probe.readiness()).await;
    match readiness.unwrap_or(Readiness::NotReady("the daemon is busy")) {
        Readiness::Ready => "ready\n".into_response(),
        Readiness::NotReady(why) => around.shape.reply(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

async fn metrics(around: Outside) -> Response {
    let samples = tokio::time::timeout(PROBE_TIMEOUT, around.probe.samples()).await;
    let text = around.metrics.render(&samples.unwrap_or_default());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Refuses a head that is longer than it may be.
async fn check_head(State(around): State<Around>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let line = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() <= HEADERS_MAX && line + bytes <= HEADERS_BYTES_MAX {
        return next.run(request).await;
    }
    let message = format!(
        "the request line and headers may have {HEADERS_BYTES_MAX} bytes and {HEADERS_MAX} headers"
    );
    around.shape.reply(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &message)
}

async fn check_page(State(around): State<Around>, request: Request, next: Next) -> Response {
    match around.guard.check_page(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => around.shape.reply(refused.status(), &refused.to_string()),
    }
}

async fn check_token(State(around): State<Around>, request: Request, next: Next) -> Response {
    match around.guard.check_token(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => {
            let mut reply = around.shape.reply(refused.status(), &refused.to_string());
            let scheme = HeaderValue::from_static("Bearer");
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            reply
        }
    }
}

/// Bounds how many requests are carried out and how long, and what they may bring.
async fn bound(State(around): State<Around>, request: Request, next: Next) -> Response {
    if !around.any_content_type
        && let Err(error) = check_content_type(request.headers())
    {
        return around.shape.reply(error.status(), &error.to_string());
    }
    let Ok(_place) = around.places.try_acquire() else {
        let mut reply =
            around.shape.reply(StatusCode::SERVICE_UNAVAILABLE, "too many requests at a time");
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return reply;
    };
    match tokio::time::timeout(around.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => around.shape.reply(
            StatusCode::GATEWAY_TIMEOUT,
            "the request took too long; it may still be carried out",
        ),
    }
}

#[cfg(test)]
mod tests;
