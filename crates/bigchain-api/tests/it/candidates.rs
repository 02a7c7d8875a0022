//! Blocks that are not in the chain: undecided ones, and invalid ones.

use crate::client::{Client, alice, asset, bob, key, node};
use serde_json::json;
use std::sync::Arc;
use tally_ledger::{Block, Timestamp, Transaction, Version};
use tally_ledger_node::Reason;
use tally_ledger_store::Commit;
use tally_storage::Durability;

const MADE: u64 = 1_700_000_123;

fn block(transaction: &Transaction) -> Block {
    let made = Timestamp::from_seconds(MADE).unwrap();
    Block::make(&key(0), made, vec![Arc::new(transaction.clone())], vec![node()])
}

/// Gives the node an undecided block with a transaction.
async fn propose(client: &Client, transaction: &Transaction) -> String {
    let block = Arc::new(block(transaction));
    let id = block.id().to_string();
    let add = move |reader: &tally_ledger_node::Reader<'_>| {
        reader.store().add_undecided(1, block);
        Ok(())
    };
    client.node.read(add).await.unwrap();
    id
}

/// Gives the node an invalid block with a transaction.
async fn condemn(client: &Client, transaction: &Transaction) -> String {
    let block = Arc::new(block(transaction));
    let id = block.id().to_string();
    let add = move |reader: &tally_ledger_node::Reader<'_>| {
        let reason = Reason { code: "double_spend".into(), message: "inputs[0]: is spent".into() };
        let mut commit = Commit::new();
        commit.invalid(1, block, reason);
        reader.store().commit(commit, Durability::Synced).unwrap();
        Ok(())
    };
    client.node.read(add).await.unwrap();
    id
}

/// Goal: the seed shows what is in an undecided block, by id and in lists, and says so.
#[tokio::test]
async fn what_is_undecided_is_shown_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let posted = asset(Version::Nested1, 1);
    let (id, block) = (posted.id(), propose(&client, &posted).await);

    let found = client.get(&format!("/transactions/{id}")).await;
    assert_eq!((found.status, found.text.as_str()), (200, posted.to_json()));
    assert_eq!(found.header("x-bigchaindb-timestamp"), MADE.to_string());
    let status = client.get(&format!("/statuses/{id}")).await;
    assert_eq!(status.said(), (303, json!({ "status": "undecided" })));
    assert_eq!(status.header("location"), format!("/api/v1/transactions/{id}"));

    let status = client.get(&format!("/statuses/{block}")).await;
    assert_eq!(status.said(), (303, json!({ "status": "undecided" })));
    assert_eq!(status.header("location"), format!("/api/v1/blocks/{block}?status=UNDECIDED"));
    let there = client.get(status.header("location")).await;
    assert_eq!((there.status, &there.json()["id"]), (200, &json!(block)));
    assert_eq!(client.get(&format!("/blocks/{block}")).await.status, 404);
    assert_eq!(client.get(&format!("/api/v1/statuses?block_id={block}")).await.status, 200);

    let whole = format!("[{}]", posted.to_json());
    let asset = posted.asset_id();
    for (query, list) in [
        (format!("owners_after={}", alice()), whole.as_str()),
        (format!("owners_after={}&fulfilled=false", alice()), &whole),
        (format!("owners_after={}&fulfilled=true", alice()), "[]"),
        (format!("owners_after={}", bob()), "[]"),
        (format!("asset_id={asset}&operation=CREATE"), &whole),
        (format!("asset_id={asset}&operation=TRANSFER"), "[]"),
        (format!("metadata_id={}", posted.metadata_id().unwrap()), &whole),
    ] {
        assert_eq!(client.get(&format!("/transactions?{query}")).await.text, list, "{query}");
    }
    for (query, length) in [("", 1), ("&status=UNDECIDED", 1), ("&status=valid", 0)] {
        let blocks = client.get(&format!("/blocks?tx_id={id}{query}")).await.json();
        assert_eq!(blocks.as_array().unwrap().len(), length, "{query}");
    }
    let heights = client.get(&format!("/api/v1/blocks?transaction_id={id}")).await;
    assert_eq!(heights.text, "[]", "2.x knows the chain alone");
}

/// Goal: clients of 2.x see the chain alone.
#[tokio::test]
async fn lists_since_0_9_leave_undecided_ones_out() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let posted = asset(Version::Flat2_0, 1);
    propose(&client, &posted).await;
    let list = client.get(&format!("/api/v1/transactions?asset_id={}", posted.id())).await;
    assert_eq!(list.text, "[]");
}

/// Goal: what is only in an invalid block is invalid, with the reason, and is found nowhere but
/// there.
#[tokio::test]
async fn what_is_invalid_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::forsaken(folder.path());
    let posted = asset(Version::Nested1, 1);
    let (id, block) = (posted.id(), condemn(&client, &posted).await);
    let reason = json!({ "code": "double_spend", "message": "inputs[0]: is spent" });
    let said = (200, json!({ "status": "invalid", "reason": reason }));
    for path in [
        format!("/statuses/{id}"),
        format!("/statuses/{block}"),
        format!("/api/v1/transactions/{id}/status"),
        format!("/api/v1/statuses?transaction_id={id}"),
        format!("/api/v1/statuses?block_id={block}"),
    ] {
        let reply = client.get(&path).await;
        assert_eq!((reply.said(), reply.header("location")), (said.clone(), ""), "{path}");
    }
    assert_eq!(client.get(&format!("/transactions/{id}")).await.status, 404);
    assert_eq!(client.get(&format!("/transactions?owners_after={}", alice())).await.text, "[]");
    assert_eq!(client.get(&format!("/blocks/{block}")).await.status, 404);
    let shown = client.get(&format!("/blocks/{block}?status=INVALID")).await;
    assert_eq!(shown.json()["id"], block.as_str());
    let listed = client.get(&format!("/blocks?tx_id={id}&status=invalid")).await.json();
    assert_eq!(listed[0]["id"], block.as_str());
}
