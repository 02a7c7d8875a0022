//! `Idempotency-Key`.

use crate::{
    client::{JSON, Reply},
    world::{CREATE, NOW, ONE, TWO, World, secret},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tally_deal_api::OAuthClient;
use tally_deal_store::{EventId, ReplyKey};

fn shop() -> OAuthClient {
    let (id, secret) = ("shop".to_owned(), secret("s3cret"));
    OAuthClient { id, secret, issuers: vec![], is_operator: true }
}

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

/// Goal: where nobody says who asks, what else tells callers apart is compared.
#[tokio::test]
async fn a_key_is_for_one_caller() {
    let world = World::with(|_, api| api.clients = vec![shop()]).await;
    let own = [("content-type", JSON), ("idempotency-key", "order-1")];
    assert!(world.send("POST", "/api/v1/deal", &own, CREATE).await.result().0);
    let page = [own[0], own[1], ("sec-fetch-site", "same-origin")];
    let reply = world.send("POST", "/api/v1/deal", &page, CREATE).await;
    assert_eq!(reply.status, 422, "a page is not the shop's program: {}", reply.text);

    // Of one program, for two sites.
    let fields =
        r#"{"grant_type":"client_credentials","client_id":"shop","client_secret":"s3cret"}"#;
    let token = world.post("/oauth2/token", JSON, fields).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let ask = async |site: &str| {
        let headers = [own[0], own[1], ("authorization", bearer.as_str()), ("origin", site)];
        world.send("POST", "/api/v1/deal", &headers, CREATE).await
    };
    let first = ask("https://one.example").await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    let again = ask("https://one.example").await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(ask("https://two.example").await.status, 422);

    // Of two modules, which the server cannot tell by a token.
    let package = r#"{"id": "x", "address": "null", "action": "status"}"#;
    let ask = async |module: &str| {
        let headers = [own[0], ("idempotency-key", "order-2"), ("module-address", module)];
        let path = "/api/v1/account/status";
        crate::client::send(&world.behind, "POST", path, &headers, package).await
    };
    assert_eq!(ask(ONE).await.status, 200);
    assert_eq!(ask(ONE).await.header("idempotency-replayed"), Some("true"));
    assert_eq!(ask(TWO).await.status, 422);
}

/// Goal: what is open to everybody is never answered from memory: tokens go to whoever shows the
/// client's secret.
#[tokio::test]
async fn open_endpoints_remember_nothing() {
    let world = World::with(|_, api| api.clients = vec![shop()]).await;
    let body = r#"{"grant_type":"client_credentials"}"#;
    let ask = async |authorization: &str| {
        let headers = [
            ("content-type", JSON),
            ("idempotency-key", "constant"),
            ("authorization", authorization),
        ];
        world.send("POST", "/oauth2/token", &headers, body).await
    };
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let first = ask(&basic("shop:s3cret")).await;
    assert_eq!(first.status, 200, "{}", first.text);
    for wrong in ["", &basic("shop:guess")] {
        let reply = ask(wrong).await;
        assert_eq!(reply.status, 401, "{}", reply.text);
    }
    let again = ask(&basic("shop:s3cret")).await;
    assert_eq!(again.header("idempotency-replayed"), None);
    assert_ne!(again.text, first.text, "a session of its own");
    let key = ReplyKey { caller: String::new(), key: "constant".to_owned() };
    assert_eq!(world.server.store().reply(&key, NOW * 1000).await.unwrap(), None);
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
