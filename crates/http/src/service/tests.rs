use super::*;
use crate::{BearerToken, BoxFuture, Exposure, JsonBody, RawBody, Sample, SampleKind};
use axum::{body::Body, http::Method, routing::put};
use tower::ServiceExt;

struct Plain;

impl ErrorShape for Plain {
    fn reply(&self, status: StatusCode, message: &str) -> Response {
        (status, format!("error: {message}")).into_response()
    }
}

struct Fixed(Readiness);

impl Probe for Fixed {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async { self.0.clone() })
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        let kind = SampleKind::Gauge;
        let sample = Sample { name: "tally_things", help: "Things", kind, value: 4 };
        Box::pin(async move { vec![sample] })
    }
}

fn api() -> Router {
    Router::new()
        .route("/thing/{id}", get(async || "a thing"))
        .route("/thing", put(async |_: JsonBody| "put"))
        .route("/panic", get(async || -> &'static str { panic!("planted") }))
        .route("/never", get(async || std::future::pending::<&'static str>().await))
}

fn service() -> Service {
    Service::new("things", api(), "{}".to_owned(), Plain, Fixed(Readiness::Ready))
}

fn exposed(needs_token: bool) -> Exposure {
    Exposure {
        address: "127.0.0.1:1".parse().unwrap(),
        needs_token,
        needs_certificate: false,
        allow_unauthenticated: false,
    }
}

async fn ask(router: &Router, request: axum::http::request::Builder) -> (StatusCode, String) {
    let reply = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = reply.status();
    let body = axum::body::to_bytes(reply.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn to(path: &str) -> axum::http::request::Builder {
    Request::get(path)
}

#[tokio::test]
async fn unknown_paths_methods_and_panics_have_the_api_s_shape() {
    let router = service().into_router();
    let expected = [
        (to("/nothing"), 404, "error: Resource not found"),
        (to("/thing/1/"), 404, "error: Resource not found"),
        (Request::delete("/thing/1"), 405, "error: Method not allowed"),
        (Request::post("/healthz"), 405, "error: Method not allowed"),
        (Request::put("/metrics"), 405, "error: Method not allowed"),
        (to("/panic"), 500, "error: internal error"),
        (to("/thing/1"), 200, "a thing"),
    ];
    for (request, status, body) in expected {
        let (got, text) = ask(&router, request).await;
        assert_eq!((got.as_u16(), text.as_str()), (status, body));
    }
}

#[tokio::test]
async fn health_metrics_and_documents_are_there() {
    let router = service().into_router();
    assert_eq!(ask(&router, to("/healthz")).await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(ask(&router, to("/readyz")).await, (StatusCode::OK, "ready\n".to_owned()));
    assert_eq!(ask(&router, to("/openapi.json")).await, (StatusCode::OK, "{}".to_owned()));
    assert!(ask(&router, to("/docs")).await.1.contains("<h1>things</h1>"));
    let _ = ask(&router, to("/thing/17")).await;
    let (_, metrics) = ask(&router, to("/metrics")).await;
    assert!(metrics.contains("tally_things 4"), "{metrics}");
    let route = "route=\"/thing/{id}\",method=\"GET\",status=\"200\"";
    assert!(metrics.contains(route), "{metrics}");

    let waiting = Fixed(Readiness::NotReady("syncing"));
    let router = Service::new("things", api(), String::new(), Plain, waiting).into_router();
    let (status, text) = ask(&router, to("/readyz")).await;
    assert_eq!((status.as_u16(), text.as_str()), (503, "error: syncing"));
}

/// Goal: without the token only what shows no state is served.
#[tokio::test]
async fn the_token_guards_everything_but_health_and_documents() {
    let token = BearerToken::new("0123456789abcdef").unwrap();
    let guard = Guard::new(&exposed(true), Some(token), &[]).unwrap();
    let router = service().guarded_by(guard).into_router();
    for path in ["/thing/1", "/metrics", "/nothing"] {
        let (status, text) = ask(&router, to(path)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!text.contains("0123456789abcdef"));
        let shown = to(path).header(header::AUTHORIZATION, "Bearer 0123456789abcdef");
        assert_ne!(ask(&router, shown).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs"] {
        assert_eq!(ask(&router, to(path)).await.0, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn strange_pages_are_refused_unless_their_origin_is_configured() {
    let origins = ["https://wallet.example".to_owned()];
    let guard = Guard::new(&exposed(false), None, &origins).unwrap();
    let router = service().guarded_by(guard).into_router();
    let rebound = to("/thing/1").header(header::HOST, "evil.example");
    assert_eq!(ask(&router, rebound).await.0, StatusCode::FORBIDDEN);
    let image = to("/thing/1").header("sec-fetch-site", "cross-site");
    assert_eq!(ask(&router, image).await.0, StatusCode::FORBIDDEN);

    let preflight = Request::options("/thing")
        .header(header::ORIGIN, "https://wallet.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .body(Body::empty())
        .unwrap();
    let reply = router.clone().oneshot(preflight).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let allowed = &reply.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN];
    assert_eq!(allowed, "https://wallet.example");

    let closed = service().into_router();
    let preflight = Request::builder().method(Method::OPTIONS).uri("/thing");
    assert_eq!(ask(&closed, preflight).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let router = service().into_router();
    let send = |kind: Option<&str>, length: &str| {
        let request = Request::put("/thing").header(header::CONTENT_LENGTH, length);
        let request = kind.into_iter().fold(request, |r, kind| r.header("content-type", kind));
        router.clone().oneshot(request.body(Body::from("{}")).unwrap())
    };
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        assert_eq!(send(kind, "2").await.unwrap().status(), 415, "{kind:?}");
    }
    assert_eq!(send(Some("application/json"), "2").await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_api_may_take_any_content_type() {
    let api = Router::new().route("/raw", put(async |body: RawBody<9>| body.0));
    let service = Service::new("raw", api, String::new(), Plain, Fixed(Readiness::Ready));
    let router = service.with_any_content_type().into_router();
    let request = Request::put("/raw").header(header::CONTENT_LENGTH, "2");
    let reply = router.oneshot(request.body(Body::from("hi")).unwrap()).await.unwrap();
    assert_eq!(reply.status(), 200);
}

/// Goal: an answer that never comes ends, and places run out with 503. Method: paused time.
#[tokio::test(start_paused = true)]
async fn requests_are_bounded_in_time_and_number() {
    let router = service().with_request_timeout(Duration::from_secs(5)).into_router();
    let waiting: Vec<_> = (0..REQUESTS_MAX)
        .map(|_| tokio::spawn(router.clone().oneshot(to("/never").body(Body::empty()).unwrap())))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&router, to("/thing/1")).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&router, to("/healthz")).await.0, StatusCode::OK);
    for reply in waiting {
        assert_eq!(reply.await.unwrap().unwrap().status(), StatusCode::GATEWAY_TIMEOUT);
    }
    assert_eq!(ask(&router, to("/thing/1")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn request_ids_are_kept_or_made() {
    let router = service().into_router();
    for (sent, kept) in [(Some("order-17"), true), (Some("a b"), false), (None, false)] {
        let request = sent.into_iter().fold(to("/thing/1"), |r, id| r.header("x-request-id", id));
        let reply = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let id = reply.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(Some(id) == sent, kept);
        assert!(!id.is_empty());
    }
}

/// Goal: a head that is too long is refused in the API's own words, with an id.
#[tokio::test]
async fn a_head_that_is_too_long_has_the_api_s_shape() {
    let router = service().into_router();
    let long = "a".repeat(HEADERS_BYTES_MAX);
    let many = (0..=HEADERS_MAX).fold(to("/thing/1"), |r, i| r.header(format!("a{i}"), "a"));
    for request in [to("/thing/1").header("a", &long), to(&format!("/thing/1?{long}")), many] {
        let reply = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 431);
        assert!(reply.headers().contains_key("x-request-id"));
        let body = axum::body::to_bytes(reply.into_body(), 1 << 20).await.unwrap();
        assert!(body.starts_with(b"error: the request line and headers"), "{body:?}");
    }
}

/// Goal: what stands before everything can change paths before routes are looked for, and answer in
/// the place of all of them.
#[tokio::test]
async fn an_entrance_stands_before_the_routes() {
    let front = async |request: Request, next: Next| {
        let path = request.uri().path().to_lowercase();
        if path == "/closed" {
            return (StatusCode::IM_A_TEAPOT, "closed").into_response();
        }
        let mut request = request;
        *request.uri_mut() = path.parse().unwrap();
        next.run(request).await
    };
    let entrance = move |router: Router| {
        Router::new().fallback_service(router).layer(axum::middleware::from_fn(front))
    };
    let router = service().behind(entrance).into_router();
    assert_eq!(ask(&router, to("/Thing/1")).await, (StatusCode::OK, "a thing".to_owned()));
    assert_eq!(ask(&router, to("/CLOSED")).await.0, StatusCode::IM_A_TEAPOT);
    let (_, text) = ask(&router, to("/METRICS")).await;
    assert!(text.contains("/thing/{id}"), "{text}");
}
