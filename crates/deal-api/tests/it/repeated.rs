//! `Idempotency-Key`.

use crate::{
    client::{JSON, Reply},
    world::{CREATE, NOW, World},
};
use tally_deal_store::EventId;

async fn ask(world: &World, path: &str, key: &str, body: &str) -> Reply {
    let headers = [("content-type", JSON), ("idempotency-key", key)];
    world.send("POST", path, &headers, body).await
}

/// Goal: the same request with the same key is answered as the first time, whatever has changed.
#[tokio::test]
async fn a_repeated_request_is_answered_as_before() {
    let world = World::new().await;
    let first = ask(&world, "/api/v1/deal", "order-1", CREATE).await;
    assert!(first.result().0);
    assert_eq!(first.header("idempotency-replayed"), None);
    world.clock.set(NOW + 3600);
    let second = ask(&world, "/api/v1/deal", "order-1", CREATE).await;
    assert_eq!(second.text, first.text, "with the id of the first");
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.header("content-type"), first.header("content-type"));
    let last = world.server.store().last_event().await.unwrap();
    assert_eq!(last, EventId(1), "one deal was made");
    let other = ask(&world, "/api/v1/deal", "order-2", CREATE).await;
    assert_eq!(other.status, 400, "without the key the date has expired");
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let world = World::new().await;
    assert!(ask(&world, "/api/v1/deal", "order-1", CREATE).await.result().0);
    let other = CREATE.replace("0.00001", "0.00002");
    for (path, body) in [
        ("/api/v1/deal", other.as_str()),
        ("/api/v1/deal?pgp=off", CREATE),
        ("/api/v1/deal/create", CREATE),
    ] {
        let reply = ask(&world, path, "order-1", body).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text);
        assert_eq!(reply.json()["error"]["error"], "idempotency_key_reused");
    }
}

/// Goal: a refusal is repeated too; keys end after a day; odd keys are refused.
#[tokio::test]
async fn refusals_are_kept_for_a_day() {
    let world = World::new().await;
    world.clock.set(NOW + 3600);
    let refused = ask(&world, "/api/v1/deal", "order-1", CREATE).await;
    assert_eq!(refused.status, 400);
    world.clock.set(NOW);
    let again = ask(&world, "/api/v1/deal", "order-1", CREATE).await;
    assert_eq!((again.status, again.text), (400, refused.text));
    world.clock.set(NOW + 3600 + 86_400);
    let later = ask(&world, "/api/v1/deal", "order-1", CREATE).await;
    assert_eq!(later.header("idempotency-replayed"), None);
    for key in ["", "a b", &"x".repeat(201)] {
        let reply = ask(&world, "/api/v1/deal", key, CREATE).await;
        assert_eq!(reply.status, 400, "{key}");
    }
}

/// Goal: of several at the same time one is carried out; the others are told to wait, or get its
/// answer.
#[tokio::test(flavor = "multi_thread")]
async fn at_the_same_time_one_is_carried_out() {
    let world = World::new().await;
    let asking = (0..16).map(|_| {
        let router = world.router.clone();
        tokio::spawn(async move {
            let headers = [("content-type", JSON), ("idempotency-key", "order-1")];
            crate::client::send(&router, "POST", "/api/v1/deal", &headers, CREATE).await
        })
    });
    let mut ids = std::collections::BTreeSet::new();
    for asked in asking.collect::<Vec<_>>() {
        let reply = asked.await.unwrap();
        match reply.status {
            200 => drop(ids.insert(reply.json()["id"].as_str().unwrap().to_owned())),
            409 => assert_eq!(reply.json()["error"]["error"], "request_in_flight"),
            other => panic!("{other}: {}", reply.text),
        }
    }
    assert_eq!(ids.len(), 1, "one answer for all: {ids:?}");
    let last = world.server.store().last_event().await.unwrap();
    assert_eq!(last, EventId(1));
}
