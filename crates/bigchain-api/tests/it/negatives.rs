//! Hand-built bad transactions that genuine servers answered 500, or worse, accepted.

use crate::client::Client;
use axum::{body::Body, http::Request};
use serde_json::Value;
use tally_bigchain_api::ApiEra;

/// What genuine servers accepted and this one does too: good transactions, and the spending of one
/// unit of a divisible asset, which 0.9 allows and 0.8 refused.
const GOOD: [&str; 4] =
    ["control_create", "control_divisible", "control_create2", "spend_single_unit_of_divisible"];

/// Posts every case in its order and checks that a bad one is refused with a message and a code.
async fn replay(vectors: &str) {
    let client = Client::new(ApiEra::Seed);
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 30);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        // The one case whose body is not JSON at all has no transaction to show.
        let body = match case.get("tx") {
            Some(transaction) => transaction.to_string().into_bytes(),
            None => b"{\"id\": \"\xff\xfe\"}".to_vec(),
        };
        let request = Request::post("/api/v1/transactions?mode=commit").body(Body::from(body));
        let reply = client.send(request.unwrap()).await;
        if GOOD.contains(&name) {
            assert_eq!(reply.status, 202, "{name}: {}", reply.text);
            continue;
        }
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        let body = reply.json();
        assert!(body["message"].as_str().is_some_and(|text| text.len() > 12), "{name}: {body}");
        assert!(body["code"].as_str().is_some_and(|code| code.contains('_')), "{name}: {body}");
    }
}

#[tokio::test]
async fn what_0_8_crashed_on_is_refused() {
    replay(include_str!("../vectors/http-negatives-0.8.2.json")).await;
}

#[tokio::test]
async fn what_0_9_crashed_on_is_refused() {
    replay(include_str!("../vectors/http-negatives-0.9.5.json")).await;
}
