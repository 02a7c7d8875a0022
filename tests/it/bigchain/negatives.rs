//! Hand-built bad transactions that genuine servers answered 500, or worse, accepted; posted to the
//! daemon.

use super::ledger::Settings;
use serde_json::Value;

/// What genuine servers accepted and this one does too: good transactions, and the spending of one
/// unit of a divisible asset, which 0.9 allows and 0.8 refused.
const GOOD: [&str; 4] =
    ["control_create", "control_divisible", "control_create2", "spend_single_unit_of_divisible"];

/// Goal: the daemon refuses what its API does, in words, and goes on. Method: every case in its order
/// over HTTP; at the end the ledger holds exactly the good ones, and is whole.
fn replay(vectors: &str) {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let api = node.api();
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
        let reply = api.post_bytes("/api/v1/transactions?mode=commit", &body);
        if GOOD.contains(&name) {
            reply.expect(202);
            let id = case["tx"]["id"].as_str().unwrap();
            api.get(&format!("/api/v1/transactions/{id}")).expect(200);
            continue;
        }
        let body = reply.expect(400);
        assert!(body["message"].as_str().is_some_and(|text| text.len() > 12), "{name}: {body}");
        assert!(body["code"].as_str().is_some_and(|code| code.contains('_')), "{name}: {body}");
    }
    let settings = node.stop();
    let said = settings.runs(&["verify"]);
    assert!(said.lines().any(|line| line == "findings      0"), "{said}");
}

#[test]
fn what_0_8_crashed_on_is_refused() {
    replay(include_str!("../../../crates/bigchain-api/tests/vectors/http-negatives-0.8.2.json"));
}

#[test]
fn what_0_9_crashed_on_is_refused() {
    replay(include_str!("../../../crates/bigchain-api/tests/vectors/http-negatives-0.9.5.json"));
}
