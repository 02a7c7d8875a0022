//! Streams, pages and webhooks.

use crate::{
    client::{FORM, JSON, form},
    world::{CODE, CREATE, World, secret},
};
use axum::{
    body::{Body, BodyDataStream},
    http::Request,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tally_deal_api::{CALLER_STREAMS_MAX, OAuthClient, STREAM_PAUSE, STREAMS_MAX};
use tower::ServiceExt as _;

async fn open(world: &World, path: &str, headers: &[(&str, &str)]) -> (u16, BodyDataStream) {
    let mut request = Request::get(path).header("accept", "text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let reply = world.router.clone().oneshot(request).await.unwrap();
    (reply.status().as_u16(), reply.into_body().into_data_stream())
}

/// Reads the next event of a stream: its number, its type, its object.
async fn next(stream: &mut BodyDataStream) -> (u64, String, Value) {
    let chunk = tokio::time::timeout(Duration::from_secs(30), stream.next()).await;
    let chunk = chunk.expect("an event").expect("the stream goes on").unwrap();
    let text = String::from_utf8(chunk.to_vec()).unwrap();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))[name.len()..].trim().to_owned()
    };
    let data = serde_json::from_str(&field("data:")).unwrap();
    (field("id:").parse().unwrap(), field("event:"), data)
}

async fn make(world: &World, second: u32) {
    let date = format!("\"date\": \"2022-04-11 11:14:{second} UTC\"");
    let body = CREATE.replace("\"date\": \"2022-04-11 11:14:46 UTC\"", &date);
    assert!(world.post("/api/v1/deal", JSON, &body).await.result().0);
}

/// Goal: a stream tells what happens from now on; one that comes back hears what it missed.
#[tokio::test]
async fn streams_tell_what_happens_and_what_was_missed() {
    let world = World::new().await;
    make(&world, 40).await;
    let (status, mut fresh) = open(&world, "/api/v1/events", &[]).await;
    assert_eq!(status, 200);
    let (_, mut back) = open(&world, "/api/v1/events", &[("last-event-id", "0")]).await;
    let (id, kind, event) = next(&mut back).await;
    assert_eq!((id, kind.as_str()), (1, "created"));
    assert_eq!((&event["id"], &event["type"]), (&json!(1), &json!("created")));
    make(&world, 46).await;
    for stream in [&mut fresh, &mut back] {
        let (id, _, event) = next(stream).await;
        assert_eq!((id, event["deal"].as_str()), (2, Some(CODE)));
    }
    let path = format!("/api/v1/deal/{CODE}/events");
    let (_, mut own) = open(&world, &path, &[("last-event-id", "0")]).await;
    assert_eq!(next(&mut own).await.0, 2, "of one deal alone");
    world.shutdown.trigger();
    assert!(fresh.next().await.is_none(), "the end of the daemon ends the streams");
}

#[tokio::test]
async fn pages_of_events_go_on_where_the_last_ended() {
    let world = World::new().await;
    for second in 40..45 {
        make(&world, second).await;
    }
    let ids = async |query: &str| -> Vec<u64> {
        let page = world.get(&format!("/api/v1/events?{query}")).await.json();
        page.as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids("limit=2").await, [1, 2]);
    assert_eq!(ids("after=2&limit=2").await, [3, 4]);
    assert_eq!(ids("after=5").await, Vec::<u64>::new());
    assert_eq!(world.get("/api/v1/events?after=x").await.status, 400);
    let headers = [("last-event-id", "x")];
    assert_eq!(world.send("GET", "/api/v1/events", &headers, "").await.status, 400);
}

#[tokio::test]
async fn streams_are_bounded_in_number() {
    let world = World::new().await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        let (status, stream) = open(&world, "/api/v1/events", &[]).await;
        assert_eq!(status, 200);
        streams.push(stream);
    }
    assert_eq!(open(&world, "/api/v1/events", &[]).await.0, 503);
    drop(streams.pop());
    assert_eq!(open(&world, "/api/v1/events", &[]).await.0, 200);
}

/// Goal: no caller takes the places of the others.
#[tokio::test]
async fn streams_of_one_caller_are_bounded() {
    let client = |id: &str| {
        let (id, secret) = (id.to_owned(), secret("s3cret"));
        OAuthClient { id, secret, issuers: vec![], is_operator: false }
    };
    let world = World::with(|_, api| api.clients = vec![client("one"), client("two")]).await;
    let bearer = async |id: &str| {
        let fields = [("grant_type", "client_credentials"), ("client_secret", "s3cret")];
        let body = form(&[fields[0], fields[1], ("client_id", id)]);
        let token = world.post("/oauth2/token", FORM, &body).await.json();
        format!("Bearer {}", token["access_token"].as_str().unwrap())
    };
    let (one, two) = (bearer("one").await, bearer("two").await);
    let open =
        async |bearer: &str| open(&world, "/api/v1/events", &[("authorization", bearer)]).await;
    let mut streams = Vec::new();
    for _ in 0..CALLER_STREAMS_MAX {
        let (status, stream) = open(&one).await;
        assert_eq!(status, 200);
        streams.push(stream);
    }
    assert_eq!(open(&one).await.0, 503);
    assert_eq!(open(&bearer("one").await).await.0, 503, "another session of the same");
    assert_eq!(open(&two).await.0, 200);
    drop(streams.pop());
    assert_eq!(open(&one).await.0, 200);
}

/// Goal: a stream looks into the store a few times a second at most, whatever happens.
#[tokio::test]
async fn streams_do_not_look_at_every_commit() {
    let world = World::new().await;
    let begin = Instant::now();
    let (_, mut stream) = open(&world, "/api/v1/events", &[]).await;
    for second in 40..44 {
        make(&world, second).await;
        next(&mut stream).await;
    }
    // Each event is found by a look of its own.
    assert!(begin.elapsed() >= 3 * STREAM_PAUSE, "{:?}", begin.elapsed());
}

/// Goal: webhooks are made, shown without their secret, changed, removed.
#[tokio::test]
async fn webhooks_come_and_go() {
    let world = World::with(|config, _| config.webhooks = Default::default()).await;
    let body = json!({ "url": "https://shop.example/hook", "events": ["created"] }).to_string();
    let reply = world.post("/api/v1/webhooks", JSON, &body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    let id = made["id"].as_str().unwrap();
    assert!(made["secret"].as_str().unwrap().len() >= 16);
    let place = format!("/api/v1/webhooks/{id}");
    assert_eq!(reply.header("location"), Some(place.as_str()));

    let shown = world.get(&place).await.json();
    assert_eq!((&shown["url"], &shown["events"]), (&made["url"], &json!(["created"])));
    assert!(shown.get("secret").is_none());
    assert_eq!(world.get("/api/v1/webhooks").await.json(), json!([shown]));
    let changed = world.post(&place, JSON, r#"{"enabled":false}"#).await.json();
    assert_eq!(changed["enabled"], false);
    assert_eq!(world.post(&place, FORM, "enabled=true").await.json()["enabled"], true);
    assert_eq!(world.post(&place, JSON, r#"{"enabled":1}"#).await.status, 400);

    make(&world, 46).await;
    let deliveries = format!("{place}/deliveries");
    let again = world.post(&deliveries, JSON, r#"{"event":1}"#).await;
    assert_eq!(again.json()["type"], "created");
    let due = world.get(&deliveries).await.json();
    assert_eq!((&due[0]["event"], &due[0]["attempts"]), (&json!(1), &json!(0)), "{due}");
    assert_eq!(world.post(&deliveries, JSON, r#"{"event":99}"#).await.status, 404);
    assert_eq!(world.post(&deliveries, JSON, "{}").await.status, 400);

    assert_eq!(world.send("DELETE", &place, &[], "").await.status, 204);
    assert_eq!(world.get(&place).await.status, 404);
    assert_eq!(world.send("DELETE", &place, &[], "").await.status, 404);
}

#[tokio::test]
async fn webhooks_that_may_not_be_called_are_refused() {
    let world = World::new().await;
    for url in ["", "ftp://x", "http://127.0.0.1/", "http://169.254.169.254/", "nonsense"] {
        let body = json!({ "url": url }).to_string();
        let reply = world.post("/api/v1/webhooks", JSON, &body).await;
        assert_eq!(reply.status, 400, "{url}: {}", reply.text);
    }
    let body = r#"{"url":"https://shop.example/","secret":"short"}"#;
    assert_eq!(world.post("/api/v1/webhooks", JSON, body).await.status, 400);
}
