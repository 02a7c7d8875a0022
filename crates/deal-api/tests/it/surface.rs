//! Paths, methods, origins, errors.

use crate::{
    client::{FORM, JSON, get},
    world::{CODE, NOW, PAYMENT, World},
};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use tally_deal::Network;
use tally_deal_api::{DealApi, DealApiConfig};

#[tokio::test]
async fn ping_and_time_are_answered_by_the_module() {
    let world = World::new().await;
    let reply = world.get("/api/v1/ping").await;
    assert_eq!((reply.status, reply.text.as_str()), (200, "{}"));
    let reply = world.get("/api/v1/time").await;
    assert_eq!(reply.text, format!("{{\"serverTime\":{NOW}000}}"));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
}

/// Goal: by the machine's clock the time has 13 digits and is of now.
#[tokio::test]
async fn the_time_is_that_of_the_clock() {
    let remote = std::sync::Arc::new(
        tally_deal_node::module::Remote::new(tally_deal_node::module::RemoteConfig::default())
            .unwrap(),
    );
    let keys = crate::double::configured_keys();
    let clock = std::sync::Arc::new(tally_deal_node::SystemClock);
    let config = DealApiConfig::new(Network::Test);
    let api = DealApi::remote(remote, keys, config, clock, tally_http::Shutdown::default());
    let router = api.service(tally_http::Guard::default()).into_router();
    let reply = get(&router, "/api/v1/time").await.json();
    let shown = reply["serverTime"].as_u64().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert!(u128::from(shown).abs_diff(now) < 2_000);
    assert_eq!(shown.to_string().len(), 13);
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let world = World::new().await;
    for path in [
        "/api",
        "/api/v1",
        "/api/v2/ping",
        "/api/v1/pong",
        "/other/v1/ping",
        "/api/v1/account/rename",
        "/api/v1/user/nothing",
        "/api/v1/ping/more",
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.error(), (404, "Not Found".to_owned()), "{path}");
        assert_eq!(reply.json()["error"]["code"], 404);
    }
}

/// Goal: an order that there is not is not found, whatever else its path could name.
#[tokio::test]
async fn unknown_orders_are_not_found() {
    let world = World::new().await;
    for word in ["refund", "CREATED", "list", "x"] {
        let reply = world.post(&format!("/api/v1/deal/{word}"), JSON, "{}").await;
        let expected = if word == "list" { 405 } else { 404 };
        assert_eq!(reply.status, expected, "{word}: {}", reply.text);
    }
    for deal in [CODE, PAYMENT] {
        let reply = world.post(&format!("/api/v1/deal/{deal}"), JSON, "{}").await;
        assert_eq!(reply.error(), (405, "Method Not Allowed".to_owned()), "{deal}");
        assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn segments_have_any_case_and_empty_ones_do_not_count() {
    let world = World::new().await;
    for path in ["/API/V1/PING", "//api//v1///Ping/", "/Api/v1/pInG?x=1"] {
        assert_eq!(world.get(path).await.text, "{}", "{path}");
    }
    let reply = world.get("/api/V1/Account/STATUS?address=null").await;
    assert_eq!(reply.json()["action"], "Status");
}

#[tokio::test]
async fn other_methods_are_refused_and_told() {
    let world = World::new().await;
    for method in ["PUT", "DELETE", "TRACE", "PATCH", "CONNECT"] {
        let path = if method == "CONNECT" { "/api/v1/x" } else { "/api/v1/ping" };
        let reply = world.send(method, path, &[], "").await;
        assert_eq!(reply.error(), (405, "Method Not Allowed".to_owned()), "{method}");
        assert_eq!(reply.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
    }
    let reply = world.send("OPTIONS", "/api/v1/deal", &[], "").await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(reply.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
    assert_eq!(world.send("HEAD", "/api/v1/ping", &[], "").await.status, 200);
    assert_eq!(world.get("/api/v1/deal/create").await.status, 405);
    let reply = world.send("OPTIONS", "/api/v1/webhooks/x", &[], "").await;
    assert_eq!(reply.header("allow"), Some("GET, POST, DELETE, HEAD, OPTIONS"));
}

#[tokio::test]
async fn paths_that_lead_up_are_bad() {
    let world = World::new().await;
    for path in ["/../x", "/api/v1/../ping", "/api/v1/%2e%2E/ping"] {
        assert_eq!(world.get(path).await.error(), (400, "Bad Request".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_replies() {
    let shop = "https://shop.example";
    let world = World::with(|_, api| api.origins = vec![shop.to_owned()]).await;
    let asked = async |origin: &str, method: &str| {
        world.send(method, "/api/v1/ping", &[("origin", origin)], "").await
    };
    for method in ["GET", "OPTIONS"] {
        let reply = asked(shop, method).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some(shop), "{method}");
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST, HEAD, OPTIONS"));
        let headers = reply.header("access-control-allow-headers").unwrap();
        for name in ["Content-Type", "Authorization", "Session", "Secret", "Nonce", "Signature"] {
            assert!(headers.contains(name), "{headers}");
        }
    }
    assert_eq!(asked("https://evil.example", "OPTIONS").await.header("vary"), None);
    let world = World::with(|_, api| api.origins = vec!["*".to_owned()]).await;
    let headers = [("origin", "https://any.example")];
    let reply = world.send("GET", "/api/v1/ping", &headers, "").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://any.example"));
}

/// Goal: errors are JSON, pages where a page is asked for, and the original's if that is wanted.
#[tokio::test]
async fn errors_come_in_the_manner_that_is_asked_for() {
    let body = "{\"order\":\"create\"}";
    let message = "Invalid format: key \"type\" cannot be empty.";
    let world = World::new().await;
    let reply = world.post("/api/v1/deal", JSON, body).await;
    let expected = json!({
        "error": { "code": 400, "message": message, "error": "invalid_message" }
    });
    assert_eq!((reply.status, reply.json()), (400, expected));
    let reply = world.post("/api/v1/deal?payload=html", JSON, body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(reply.text.contains("<h1>400 Bad Request</h1>"), "{}", reply.text);
    assert!(reply.text.contains("key &quot;type&quot; cannot be empty"), "{}", reply.text);

    let old = World::with(|_, api| api.compat = true).await;
    let reply = old.post("/api/v1/deal", JSON, body).await;
    let expected = json!({ "error": { "code": 0, "message": message } });
    assert_eq!((reply.status, reply.json()), (500, expected));
    let reply = old.get("/api/v1/nothing").await;
    assert_eq!(reply.json(), json!({ "error": { "code": 404, "message": "Not Found" } }));
}

#[tokio::test]
async fn what_surrounds_every_api_is_there() {
    let world = World::new().await;
    assert_eq!(world.get("/healthz").await.text, "ok\n");
    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, 503, "nobody follows the chain here: {}", ready.text);
    assert!(ready.text.contains("behind the chain"), "{}", ready.text);
    world.post("/API/v1/Account/new", FORM, "address=x").await;
    let metrics = world.get("/metrics").await.text;
    assert!(metrics.contains("tally_deal_watched_deals 0"), "{metrics}");
    assert!(metrics.contains("/api/v1/account/new"), "{metrics}");
    assert!(world.get("/docs").await.text.contains("<h1>Deals</h1>"));
    let document = world.get("/openapi.json").await.json();
    assert!(document["paths"]["/api/v1/deal/create"]["post"].is_object());
    let reply = world.get("/api/v1/ping").await;
    assert!(reply.header("server").unwrap().starts_with("tallystick/"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}
