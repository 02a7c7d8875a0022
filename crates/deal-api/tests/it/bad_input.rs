//! What is too much, or not what it says, is refused with a message, and nothing is stored.

use crate::{
    client::{FORM, JSON, TEXT, form, multipart, send},
    world::{CREATE, World},
};
use tally_deal_store::EventId;

async fn stays_empty(world: &World) {
    let store = world.server.store();
    assert_eq!(store.last_event().await.unwrap(), EventId(0), "something was stored");
}

#[tokio::test]
async fn huge_bodies_are_refused() {
    let world = World::new().await;
    let big = "x".repeat(300 * 1024);
    for (kind, body) in [
        (TEXT, format!("deal:\n  at: {big}")),
        (JSON, format!("{{\"at\":\"{big}\"}}")),
        (FORM, form(&[("at", &big)])),
        ("multipart/form-data; boundary=XX", multipart(&[("at", &big)])),
    ] {
        let reply = world.post("/api/v1/deal/create", kind, &body).await;
        assert_eq!(reply.status, 413, "{kind}: {}", reply.text);
        assert!(!reply.error().1.is_empty());
    }
    let field = multipart(&[("at", &"x".repeat(70 * 1024))]);
    let reply = world.post("/api/v1/deal/create", "multipart/form-data; boundary=XX", &field).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    stays_empty(&world).await;
}

#[tokio::test]
async fn texts_that_are_not_utf_8_are_refused() {
    let world = World::new().await;
    for kind in [TEXT, JSON, FORM] {
        let headers = [("content-type", kind)];
        let body = b"deal:\n  at: \xff\xfe".to_vec();
        let reply = send(&world.router, "POST", "/api/v1/deal", &headers, body).await;
        assert_eq!(reply.status, 400, "{kind}: {}", reply.text);
    }
    for kind in ["text/plain; charset=utf-16", "application/json; charset=koi8-r"] {
        let reply = world.post("/api/v1/deal", kind, CREATE).await;
        assert_eq!(reply.status, 415, "{kind}");
    }
    assert_eq!(world.post("/api/v1/deal", "image/png", CREATE).await.status, 415);
    stays_empty(&world).await;
}

#[tokio::test]
async fn keys_that_are_there_twice_are_refused() {
    let world = World::new().await;
    let twice =
        CREATE.replace("\"type\": \"Prepaid\",", "\"type\": \"Prepaid\", \"type\": \"Postpaid\",");
    let nested = CREATE.replace("\"sum\": 0.00001", "\"sum\": 0.00001, \"sum\": 9");
    let yaml = "deal:\n  order: create\n  order: pay\n";
    for (kind, body) in [
        (JSON, twice.as_str()),
        (JSON, nested.as_str()),
        (TEXT, yaml),
        (FORM, "type=Prepaid&type=Postpaid"),
        ("multipart/form-data; boundary=XX", &multipart(&[("type", "a"), ("type", "b")])),
    ] {
        let reply = world.post("/api/v1/deal/create", kind, body).await;
        assert_eq!(reply.status, 400, "{kind}: {}", reply.text);
    }
    assert_eq!(world.get("/api/v1/help?payload=html&payload=json").await.status, 400);
    stays_empty(&world).await;
}

/// Goal: a short text cannot make a long one.
#[tokio::test]
async fn yaml_bombs_are_refused() {
    let world = World::new().await;
    let mut bomb = "deal:\n  a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, of) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e")] {
        bomb.push_str(&format!("  {name}: &{name} [*{of},*{of},*{of},*{of},*{of},*{of},*{of}]\n"));
    }
    let deep = format!("deal:\n  a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let many: String = (0..5_000).map(|at| format!("  k{at}: v\n")).collect();
    for body in [bomb, deep, format!("deal:\n{many}"), "deal: !!binary x".to_owned()] {
        let reply = world.post("/api/v1/deal", TEXT, &body).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
    }
    let deep = format!("{{\"order\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    assert_eq!(world.post("/api/v1/deal", JSON, &deep).await.status, 400);
    stays_empty(&world).await;
}

#[tokio::test]
async fn numbers_keep_their_digits_or_are_refused() {
    for (sum, expected) in [
        ("0.00001", Some("0.00001 tBTC")),
        ("0.50000000", Some("0.5 tBTC")),
        ("10", Some("10 tBTC")),
        ("0.29", Some("0.29 tBTC")),
        ("\"0.00001 tBTC\"", Some("0.00001 tBTC")),
        ("0.000000001", None),
        ("-1", None),
        ("0", None),
        ("1e400", None),
        ("21000001", None),
    ] {
        let world = World::new().await;
        let body = CREATE.replace("0.00001", sum);
        let reply = world.post("/api/v1/deal?pgp=off", JSON, &body).await;
        match expected {
            Some(text) => assert!(reply.payload().contains(&format!("sum: {text}\n")), "{sum}"),
            None => {
                assert_eq!(reply.status, 400, "{sum}: {}", reply.text);
                stays_empty(&world).await;
            }
        }
    }
}
