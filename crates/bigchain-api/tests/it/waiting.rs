//! Transactions that wait for a block, at a member of a federation whose others are away.

use crate::client::{Client, alice, asset, node, to_bob};
use serde_json::json;
use tally_ledger::Version;

/// Goal: what waits is told from what is in a block as each release told it: the seed, 1.x and 2.x
/// do not show it, 0.9 and 0.10 do.
#[tokio::test]
async fn what_waits_has_a_status_and_is_shown_by_0_9_only() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    for (version, status) in [
        (Version::Nested1, 404),
        (Version::Flat0_9, 200),
        (Version::Flat0_10, 200),
        (Version::Flat2_0, 404),
    ] {
        let posted = asset(version, 1);
        let id = posted.id();
        let reply = client.call("POST", "/api/v1/transactions", posted.to_json()).await;
        assert_eq!((reply.status, reply.text.as_str()), (202, posted.to_json()));
        let found = client.get(&format!("/api/v1/transactions/{id}")).await;
        assert_eq!(found.status, status, "{version}");
        if status == 200 {
            assert_eq!(found.text, posted.to_json());
            assert_eq!(found.header("x-bigchaindb-timestamp"), "");
        }
        let backlog = (200, json!({ "status": "backlog" }));
        let by_id = client.get(&format!("/statuses/{id}")).await;
        assert_eq!((by_id.said(), by_id.header("location")), (backlog.clone(), ""));
        assert_eq!(client.get(&format!("/transactions/{id}/status")).await.said(), backlog);
        let links = json!({ "tx": format!("/transactions/{id}") });
        let of_0_9 = client.get(&format!("/api/v1/statuses?tx_id={id}")).await;
        assert_eq!(of_0_9.said(), (200, json!({ "status": "backlog", "_links": links })));
        assert_eq!(client.get(&format!("/blocks?tx_id={id}")).await.text, "[]");
    }
    assert_eq!(client.get(&format!("/transactions?owners_after={}", alice())).await.text, "[]");
}

#[tokio::test]
async fn what_waits_cannot_be_spent() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let posted = asset(Version::Flat1_0, 1);
    assert_eq!(client.call("POST", "/transactions", posted.to_json()).await.status, 202);
    let early = to_bob(&posted);
    let (status, body) = client.call("POST", "/transactions", early.to_json()).await.said();
    assert_eq!((status, &body["code"]), (400, &json!("input_not_valid")));
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid transaction (TransactionNotInValidBlock): "), "{message}");
}

/// Goal: a commit that does not come is said to be late, and the transaction stays accepted; when
/// too many wait, further ones are refused with a time to come back.
#[tokio::test]
async fn late_commits_and_full_backlogs_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let posted = asset(Version::Flat2_0, 1);
    let late = client.call("POST", "/api/v1/transactions?mode=commit", posted.to_json()).await;
    assert_eq!((late.status, &late.json()["code"]), (504, &json!("late")));
    let status = client.get(&format!("/statuses/{}", posted.id())).await;
    assert_eq!(status.json(), json!({ "status": "backlog" }));

    let mut replies = Vec::new();
    for n in 2..9 {
        replies
            .push(client.call("POST", "/transactions", asset(Version::Flat2_0, n).to_json()).await);
    }
    assert_eq!(replies[0].status, 202);
    let busy = replies.last().unwrap();
    assert_eq!((busy.status, &busy.json()["code"]), (503, &json!("busy")));
    assert!(busy.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn the_federation_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let root = client.get("/").await.json();
    assert_eq!(root["keyring"].as_array().unwrap().len(), 3);
    assert_eq!(root["public_key"], node().to_string());
    let validators = client.get("/api/v1/validators").await.json();
    assert_eq!(validators.as_array().unwrap().len(), 4);
    let genesis = client.node.info().genesis;
    let block = client.get(&format!("/blocks/{genesis}")).await;
    assert_eq!(block.json()["block"]["voters"].as_array().unwrap().len(), 4);
    let status = client.get(&format!("/statuses/{genesis}")).await;
    assert_eq!(status.said(), (303, json!({ "status": "valid" })));
}
