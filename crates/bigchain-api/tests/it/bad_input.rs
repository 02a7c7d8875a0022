//! Whatever is sent, the answer is a refusal with a reason, and never the server's fault.

use crate::client::{Client, asset};
use axum::{
    body::{Body, Bytes},
    http::{Request, header},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use tally_bigchain_api::ApiEra;
use tally_ledger::Version;

async fn post(client: &Client, body: impl Into<Body>) -> crate::client::Reply {
    client.send(Request::post("/api/v1/transactions").body(body.into()).unwrap()).await
}

#[tokio::test]
async fn bodies_that_are_not_json_are_not_understood() {
    let client = Client::new(ApiEra::Seed);
    let deep = "[".repeat(1 << 20);
    let bodies: [&[u8]; 9] = [
        b"",
        b"{oops",
        b"\xff\xfe",
        b"{\"id\":\"\xc3\x28\"}",
        b"{\"a\":NaN}",
        b"{\"a\":1e999}",
        b"{\"a\":\"\\ud800\"}",
        b"{}{}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let reply = post(&client, Bytes::copy_from_slice(body)).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text);
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        let expected =
            "The browser (or proxy) sent a request that this server could not understand.";
        assert!(message == expected || message.starts_with("Invalid transaction schema: "));
        assert!(reply.text.len() < 500, "{}", reply.text);
    }
}

#[tokio::test]
async fn bodies_that_are_no_transaction_are_named() {
    let client = Client::new(ApiEra::Seed);
    let huge = format!("{{\"version\":1,\"id\":{}}}", "9".repeat(100_000));
    for body in ["[]", "null", "5", "\"abc\"", "true", "{}", "{\"version\":3}", &huge] {
        let reply = post(&client, body.to_owned()).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        let body = reply.json();
        assert_eq!(body["status"], 400);
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with("Invalid transaction"), "{message}");
        assert!(message.len() < 300, "{message}");
    }
}

/// Goal: the content type does not matter, as it never did.
#[tokio::test]
async fn any_content_type_is_taken() {
    let client = Client::new(ApiEra::Seed);
    let posted = asset(Version::Flat2_0, 1);
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
        let request = Request::post("/api/v1/transactions")
            .header(header::CONTENT_TYPE, kind)
            .header(header::CONTENT_LENGTH, posted.to_json().len());
        let request = request.body(Body::from(posted.to_json().to_owned())).unwrap();
        assert_eq!(client.send(request).await.status, 202, "{kind}");
    }
}

/// Goal: 100 MB are refused unread when they are announced, and as soon as they are too many when
/// they are not.
#[tokio::test]
async fn large_bodies_are_refused() {
    let client = Client::new(ApiEra::Seed);
    let announced = Request::post("/transactions")
        .header(header::CONTENT_LENGTH, 100_000_000)
        .body(Body::empty())
        .unwrap();
    let streamed = Request::post("/transactions").body(Body::from(vec![b' '; 2 << 20])).unwrap();
    for request in [announced, streamed] {
        let (status, body) = client.send(request).await.said();
        assert_eq!(
            (status, &body["status"], &body["code"]),
            (413, &json!(413), &json!("invalid_body"))
        );
    }
}

/// Goal: a body that never ends is given up. Method: paused time, and a body that stays open.
#[tokio::test]
async fn slow_bodies_are_given_up() {
    let client = Client::new(ApiEra::Seed);
    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Request::post("/transactions").body(Body::from_stream(never)).unwrap();
    tokio::time::pause();
    let (status, body) = client.send(request).await.said();
    assert_eq!((status, &body["code"]), (408, &json!("invalid_body")));
}

/// Law: no path and no query make the server answer 5xx or panic.
#[test]
fn no_request_is_the_server_s_fault() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = runtime.block_on(async { Client::new(ApiEra::Seed) });
    let path = prop_oneof![
        Just("/transactions".to_owned()),
        Just("/api/v1/statuses/".to_owned()),
        Just("/blocks".to_owned()),
        Just("/api/v1/outputs".to_owned()),
        Just("/votes".to_owned()),
        "/blocks/[0-9a-f%]{0,70}",
        "/(assets|metadata|unspents|validators|streams/valid_tx)",
        "/[a-z0-9/%.]{0,30}",
    ];
    let name = prop_oneof![
        Just("tx_id"),
        Just("transaction_id"),
        Just("block_id"),
        Just("status"),
        Just("public_key"),
        Just("owners_after"),
        Just("fulfilled"),
        Just("asset_id"),
        Just("metadata_id"),
        Just("operation"),
        Just("spent"),
        Just("unspent"),
        Just("search"),
        Just("limit"),
        Just("cursor"),
        Just("last_tx"),
        Just("%ff"),
    ];
    let value = prop_oneof![
        "[0-9a-f]{64}",
        "[1-9A-HJ-NP-Za-km-z]{43,44}",
        Just("true".to_owned()),
        "[0-9]{1,30}(\\.[0-9]{1,9}){0,2}",
        "[a-zA-Z0-9%+.\"-]{0,20}",
    ];
    let query = proptest::collection::vec((name, value), 0..4);
    let mut runner = TestRunner::new(Config { cases: 600, ..Config::default() });
    runner
        .run(&(path, query), |(path, query)| {
            let query: Vec<_> =
                query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let uri = format!("{path}?{}", query.join("&"));
            let Ok(request) = Request::get(&uri).body(Body::empty()) else { return Ok(()) };
            let reply = runtime.block_on(client.send(request));
            prop_assert!(reply.status < 500, "{uri}: {} {}", reply.status, reply.text);
            if reply.status >= 400 {
                prop_assert!(!reply.json()["code"].is_null(), "{uri}: {}", reply.text);
            }
            Ok(())
        })
        .unwrap();
}
