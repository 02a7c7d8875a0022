//! The users' document, endpoint by endpoint, with the API's default setting.

use crate::client::{Client, alice, asset, bob, key, metadata_uuid, node, to_bob, uuid};
use serde_json::{Value, json};
use tally_bigchain_api::ApiEra;
use tally_ledger::{Version, build::Draft};

const UNKNOWN: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

fn client() -> Client {
    Client::new(ApiEra::Seed)
}

fn not_found() -> (u16, Value) {
    (404, json!({ "message": "Not found", "status": 404, "code": "not_found" }))
}

#[tokio::test]
async fn the_root_names_the_node() {
    let root = client().get("/").await.json();
    assert_eq!(root["keyring"], json!([]));
    assert_eq!(root["public_key"], node().to_string());
    assert_eq!(root["software"], "BigchainDB");
    assert_eq!(root["version"], env!("CARGO_PKG_VERSION"));
}

/// Goal: a posted transaction is answered 202 with itself, is valid in the end, and is found with
/// the time of its block, under both prefixes, with and without a slash.
#[tokio::test]
async fn a_transaction_is_posted_and_found() {
    let client = client();
    for (n, path) in (1..).zip([
        "/transactions",
        "/transactions/",
        "/api/v1/transactions",
        "/api/v1/transactions/",
    ]) {
        let posted = asset(Version::Nested1, n);
        let reply = client.call("POST", &format!("{path}?mode=commit"), posted.to_json()).await;
        assert_eq!((reply.status, reply.text.as_str()), (202, posted.to_json()));
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("location"), format!("/api/v1/statuses/{}", posted.id()));

        let slash = if path.ends_with('/') { "" } else { "/" };
        let found = client.get(&format!("{path}{slash}{}", posted.id())).await;
        assert_eq!((found.status, found.text.as_str()), (200, posted.to_json()));
        let made: u64 = found.header("x-bigchaindb-timestamp").parse().unwrap();
        assert!((1_500_000_000..9_999_999_999).contains(&made));
        assert_eq!(
            client.call("HEAD", &format!("{path}{slash}{}", posted.id()), "").await.text,
            ""
        );
    }
}

#[tokio::test]
async fn posting_again_is_no_error_and_has_no_effect() {
    let client = client();
    let posted = client.commit_asset(Version::Nested1, 1).await;
    for _ in 0..2 {
        let reply = client.call("POST", "/transactions", posted.to_json()).await;
        assert_eq!((reply.status, reply.text.as_str()), (202, posted.to_json()));
    }
    assert_eq!(client.node.status().transactions, 2);
}

#[tokio::test]
async fn unknown_transactions_are_not_found() {
    let client = client();
    let upper = client.commit_asset(Version::Nested1, 1).await.id().to_string().to_uppercase();
    for id in [UNKNOWN, "dummy_id", "2d43", "%00", "%ff", &upper] {
        for path in ["/transactions/", "/api/v1/statuses/", "/blocks/"] {
            assert_eq!(client.get(&format!("{path}{id}")).await.said(), not_found(), "{path}{id}");
        }
        let status = client.get(&format!("/api/v1/transactions/{id}/status")).await;
        assert_eq!(status.said(), not_found());
    }
}

#[tokio::test]
async fn lists_without_a_parameter_are_not_found() {
    for path in ["/transactions", "/api/v1/transactions/", "/blocks", "/api/v1/blocks/"] {
        assert_eq!(client().get(path).await.said(), not_found(), "{path}");
    }
}

/// Goal: whole transactions by their owner, told apart by whether what he has is spent.
#[tokio::test]
async fn transactions_are_listed_by_owner() {
    let client = client();
    let kept = client.commit_asset(Version::Nested1, 1).await;
    let moved = client.commit_asset(Version::Nested1, 2).await;
    let transfer = to_bob(&moved);
    client.commit(&transfer).await;
    let list = async |owner, fulfilled: &str| {
        let path = format!("/transactions?owners_after={owner}{fulfilled}");
        let reply = client.get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let all = reply.json().as_array().unwrap().clone();
        all.iter().map(|tx| tx["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = |all: &[&tally_ledger::Transaction]| {
        all.iter().map(|tx| tx.id().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(alice(), "").await, ids(&[&kept, &moved]));
    assert_eq!(list(alice(), "&fulfilled=false").await, ids(&[&kept]));
    assert_eq!(list(alice(), "&fulfilled=TRUE").await, ids(&[&moved]));
    assert_eq!(list(bob(), "&fulfilled=False").await, ids(&[&transfer]));
    assert_eq!(list(bob(), "&fulfilled=true").await, ids(&[]));
    assert_eq!(list(key(7).public_key(), "").await, ids(&[]));
    let whole = client.get(&format!("/transactions?owners_after={}&x=ignored", bob())).await;
    assert_eq!(whole.text, format!("[{}]", transfer.to_json()));
}

#[tokio::test]
async fn transactions_are_listed_by_asset_and_metadata_and_both() {
    let client = client();
    let created = client.commit_asset(Version::Nested1, 1).await;
    client.commit_asset(Version::Nested1, 2).await;
    let transfer = to_bob(&created);
    client.commit(&transfer).await;
    let (asset, metadata) = (uuid(1), metadata_uuid(1));
    let (create, transfer) = (created.to_json(), transfer.to_json());
    let expected = [
        (format!("operation=CREATE&asset_id={asset}"), format!("[{create}]")),
        (format!("operation=create&asset_id={asset}"), format!("[{create}]")),
        (format!("operation=TRANSFER&asset_id={asset}"), format!("[{transfer}]")),
        (format!("operation=GENESIS&asset_id={asset}"), "[]".to_owned()),
        (
            format!("asset_id={}", asset.to_string().to_uppercase()),
            format!("[{create},{transfer}]"),
        ),
        (format!("asset_id={}", uuid(9)), "[]".to_owned()),
        (format!("metadata_id={metadata}"), format!("[{create}]")),
        (format!("metadata_id={}", metadata_uuid(9)), "[]".to_owned()),
        (format!("metadata_id={metadata}&asset_id={asset}"), format!("[{create}]")),
        (format!("metadata_id={metadata}&asset_id={}", uuid(2)), "[]".to_owned()),
        (format!("metadata_id={metadata}&owners_after={}", alice()), format!("[{create}]")),
        (
            format!("metadata_id={metadata}&owners_after={}&fulfilled=false", alice()),
            "[]".to_owned(),
        ),
        (format!("asset_id={asset}&owners_after={}", bob()), format!("[{transfer}]")),
        (format!("asset_id={asset}&owners_after={}&operation=CREATE", bob()), "[]".to_owned()),
    ];
    for (query, list) in expected {
        let reply = client.get(&format!("/api/v1/transactions?{query}")).await;
        assert_eq!((reply.status, reply.text), (200, list), "{query}");
    }
}

#[tokio::test]
async fn lists_of_transactions_say_what_is_missing_or_wrong() {
    let client = client();
    let expected = [
        ("fulfilled=false", "owners_after: Missing required parameter"),
        ("operation=CREATE", "asset_id: Missing required parameter"),
        ("limit=5", "owners_after, asset_id or metadata_id: Missing required parameter"),
        ("foo=1", "owners_after, asset_id or metadata_id: Missing required parameter"),
        ("owners_after=abc", "owners_after: Invalid base58 ed25519 key"),
        ("asset_id=abc", "asset_id: Invalid version 4 UUID or hash"),
        ("metadata_id=abc", "metadata_id: Invalid version 4 UUID"),
        ("fulfilled=maybe", "fulfilled: Boolean value must be \"true\" or \"false\""),
        ("owners_after=a&owners_after=b", "owners_after: is given twice"),
    ];
    for (query, message) in expected {
        let (status, body) = client.get(&format!("/transactions?{query}")).await.said();
        assert_eq!((status, &body["status"]), (400, &json!(400)), "{query}");
        assert!(body["message"].as_str().unwrap().starts_with(message), "{query}: {body}");
        assert!(body["code"].as_str().unwrap().ends_with("_parameter"), "{body}");
    }
}

/// Goal: what is valid redirects to where it is; what is unknown is not found.
#[tokio::test]
async fn statuses_redirect_to_what_is_valid() {
    let client = client();
    let posted = client.commit_asset(Version::Nested1, 1).await;
    let id = posted.id().to_string();
    let reply = client.get(&format!("/statuses/{id}")).await;
    assert_eq!(reply.said(), (303, json!({ "status": "valid" })));
    assert_eq!(reply.header("location"), format!("/api/v1/transactions/{id}"));
    assert_eq!(client.get(reply.header("location")).await.text, posted.to_json());

    let block = client.block_of(&posted).await;
    let reply = client.get(&format!("/api/v1/statuses/{block}/")).await;
    assert_eq!(reply.said(), (303, json!({ "status": "valid" })));
    assert_eq!(reply.header("location"), format!("/api/v1/blocks/{block}"));
    assert_eq!(client.get(reply.header("location")).await.json()["id"], block.as_str());

    let old = client.get(&format!("/api/v1/transactions/{id}/status")).await;
    assert_eq!(old.said(), (200, json!({ "status": "valid" })));
}

/// Goal: a block is shown whole, with its id and signature being those of its body, only with the
/// status that was asked for.
#[tokio::test]
async fn blocks_are_found_by_id_and_status() {
    let client = client();
    let posted = client.commit_asset(Version::Nested1, 1).await;
    let id = client.block_of(&posted).await;
    for query in ["", "?status=VALID", "?status=valid"] {
        let reply = client.get(&format!("/blocks/{id}{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
        let block = tally_ledger::Block::parse_json(reply.text.as_bytes()).unwrap();
        assert_eq!(block.id().to_string(), id);
        block.verify_signature().unwrap();
        assert_eq!(block.voters(), [node()]);
        assert_eq!(reply.json()["block"]["transactions"][0]["id"], posted.id().to_string());
    }
    for status in ["UNDECIDED", "invalid"] {
        assert_eq!(client.get(&format!("/blocks/{id}?status={status}")).await.said(), not_found());
    }
    let bad = client.get(&format!("/blocks/{id}?status=nope")).await.json();
    assert_eq!(bad["message"], "status: nope is not a valid choice");
    let unknown = client.get(&format!("/blocks/{id}?foo=1")).await.json();
    assert_eq!(unknown["message"], "Unknown arguments: foo");
}

#[tokio::test]
async fn blocks_are_listed_by_transaction() {
    let client = client();
    let posted = client.commit_asset(Version::Nested1, 1).await;
    let block = client.get(&format!("/blocks/{}", client.block_of(&posted).await)).await.text;
    let upper = posted.id().to_string().to_uppercase();
    for query in [format!("tx_id={}", posted.id()), format!("tx_id={upper}&status=valid")] {
        let reply = client.get(&format!("/blocks?{query}")).await;
        assert_eq!((reply.status, reply.text), (200, format!("[{block}]")), "{query}");
    }
    for query in [format!("tx_id={}&status=INVALID", posted.id()), format!("tx_id={UNKNOWN}")] {
        let reply = client.get(&format!("/api/v1/blocks/?{query}")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "[]"), "{query}");
    }
    let (status, body) = client.get("/blocks?status=VALID").await.said();
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().starts_with("tx_id: Missing"), "{body}");
}

#[tokio::test]
async fn votes_are_listed_by_block_and_voter() {
    let client = client();
    let first = client.commit_asset(Version::Nested1, 1).await;
    let second = client.commit_asset(Version::Nested1, 2).await;
    let (previous, id) = (client.block_of(&first).await, client.block_of(&second).await);
    let votes = client.get(&format!("/votes?block_id={id}")).await;
    let vote = &votes.json()[0];
    assert_eq!(vote["node_pubkey"], node().to_string());
    assert_eq!(vote["vote"]["voting_for_block"], id.as_str());
    assert_eq!(vote["vote"]["previous_block"], previous.as_str());
    assert_eq!(vote["vote"]["is_block_valid"], true);
    assert_eq!(vote["vote"]["invalid_reason"], Value::Null);
    tally_ledger::Vote::parse(vote.to_string().as_bytes()).unwrap().verify().unwrap();

    let of_node = client.get(&format!("/api/v1/votes/?block_id={id}&voter={}", node())).await;
    assert_eq!(of_node.text, votes.text);
    assert_eq!(client.get(&format!("/votes?block_id={id}&voter={}", bob())).await.text, "[]");
    assert_eq!(client.get(&format!("/votes?block_id={UNKNOWN}")).await.text, "[]");
    for query in ["", &format!("?voter={}", node())] {
        let (status, body) = client.get(&format!("/votes{query}")).await.said();
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().starts_with("block_id: Missing"), "{body}");
    }
}

/// Goal: what was spent cannot be spent again, and the refusal says so with its class and code.
#[tokio::test]
async fn a_double_spend_is_refused() {
    let client = client();
    let created = client.commit_asset(Version::Nested1, 1).await;
    client.commit(&to_bob(&created)).await;
    let again = Draft::transfer(Version::Nested1, created.asset_id())
        .input(&created, 0)
        .output(1, &[alice()])
        .sign(&[&key(1)])
        .unwrap();
    let (status, body) = client.call("POST", "/transactions", again.to_json()).await.said();
    assert_eq!((status, &body["code"]), (400, &json!("double_spend")));
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid transaction (DoubleSpend): "), "{message}");
    assert_eq!(client.get(&format!("/transactions/{}", again.id())).await.said(), not_found());
}
