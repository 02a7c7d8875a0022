//! The users' document, endpoint by endpoint, with its own sample transaction.

use super::ledger::{Node, Settings, create, key, transfer};
use crate::support::Reply;
use serde_json::{Value, json};
use tally_ledger::Version;

/// The transaction that the document prints.
const SAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/document-sample.json"));

/// A hash of nothing.
const UNKNOWN: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// Goal: a user who follows the document gets what it says, below the prefix and without it. Method:
/// a new node, the document's transaction, a transfer of an asset of ours, and every endpoint with
/// every case that the document names.
#[test]
fn the_document_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    root(&node);
    for prefix in ["", "/api/v1"] {
        let at = Api { node: &node, prefix };
        let serial = prefix.len() as u64;
        transactions(&at);
        spent_and_unspent(&at, serial);
        assets_and_metadata(&at, serial);
        statuses(&at);
        blocks_and_votes(&at);
    }
}

/// One of the two places where every endpoint is.
struct Api<'a> {
    node: &'a Node,
    prefix: &'a str,
}

impl Api<'_> {
    fn get(&self, path: &str) -> Reply {
        self.node.api().get(&format!("{}{path}", self.prefix))
    }

    /// Requires a refusal with a message.
    fn refuses(&self, path: &str, status: u16) {
        let reply = self.get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
        let message = reply.json()["message"].clone();
        assert!(message.is_string() || message.is_object(), "{path}: {}", reply.text);
    }

    /// Returns the ids of the transactions in a list.
    fn ids(&self, path: &str) -> Vec<String> {
        let list = self.get(path).expect(200);
        let ids = list.as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    }
}

fn root(node: &Node) {
    let root = node.api().get("/").expect(200);
    assert_eq!((&root["public_key"], &root["keyring"]), (&json!(node.key()), &json!([])));
    assert_eq!(root["software"], "BigchainDB");
    assert!(root["version"].is_string());
}

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

fn sample_id() -> String {
    sample()["id"].as_str().unwrap().to_owned()
}

fn transactions(at: &Api<'_>) {
    let path = format!("{}/transactions", at.prefix);
    let posted = at.node.api().post(&path, &sample());
    assert_eq!(posted.expect(202), sample());
    at.node.sees_valid(&sample_id());
    let reply = at.get(&format!("/transactions/{}", sample_id()));
    assert_eq!(reply.expect(200), sample());
    let timestamp: u64 = reply.header("x-bigchaindb-timestamp").unwrap().parse().unwrap();
    assert!(timestamp > 1_500_000_000, "{timestamp}");
    at.refuses(&format!("/transactions/{UNKNOWN}"), 404);
    at.refuses("/transactions", 404);
    let mut changed = sample();
    changed["transaction"]["conditions"][0]["amount"] = 2.into();
    let refused = at.node.api().post(&path, &changed);
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.json()["message"].is_string(), "{}", refused.text);
}

fn spent_and_unspent(at: &Api<'_>, serial: u64) {
    let (alice, bob) = (10 + serial, 50 + serial);
    let creation = create(Version::Nested1, alice, serial);
    at.node.commits(&creation);
    let passed_on = transfer(&creation, alice, bob);
    let owner = |user| format!("owners_after={}", key(user).public_key());
    let of = |user, query: &str| at.ids(&format!("/transactions?{query}{}", owner(user)));
    let (first, second) = ([creation.id().to_string()], [passed_on.id().to_string()]);
    assert_eq!(of(alice, "fulfilled=false&"), first);
    assert!(of(alice, "fulfilled=true&").is_empty());
    at.node.commits(&passed_on);
    assert!(of(alice, "fulfilled=false&").is_empty(), "all conditions are fulfilled");
    assert_eq!(of(alice, "fulfilled=true&"), first);
    assert_eq!(of(alice, ""), first);
    assert_eq!(of(bob, "fulfilled=false&"), second);
    at.refuses("/transactions?fulfilled=false", 400);
    let asset = creation.asset_id();
    let by = |query: &str| at.ids(&format!("/transactions?asset_id={asset}{query}"));
    assert_eq!(by("&operation=CREATE"), first);
    assert_eq!(by("&operation=TRANSFER"), second);
    assert!(by("&operation=GENESIS").is_empty());
    at.refuses("/transactions?operation=CREATE", 400);
    at.refuses(&format!("/transactions?operation=STEAL&asset_id={asset}"), 400);
}

fn assets_and_metadata(at: &Api<'_>, serial: u64) {
    use tally_ledger::{AssetUuid, MetadataId, build::Draft};
    let user = key(90 + serial);
    let owner = user.public_key();
    let uuid = [serial as u8 + 3; 16];
    let transaction = Draft::create(Version::Nested1, &[owner])
        .asset_uuid(AssetUuid::from_random(uuid))
        .metadata(r#"{"hello":"world"}"#)
        .metadata_id(MetadataId::from_random(uuid))
        .output(1, &[owner])
        .sign(&[&user])
        .unwrap();
    at.node.commits(&transaction);
    let metadata = transaction.metadata_id().unwrap();
    let found = at.ids(&format!("/transactions?metadata_id={metadata}"));
    assert_eq!(found, [transaction.id().to_string()]);
    at.refuses("/transactions?metadata_id=abc", 400);
}

fn statuses(at: &Api<'_>) {
    let reply = at.get(&format!("/statuses/{}", sample_id()));
    assert_eq!(reply.expect(303)["status"], "valid");
    let location = reply.header("location").unwrap();
    assert_eq!(at.node.api().get(location).expect(200), sample());
    let block = block(at);
    let reply = at.get(&format!("/statuses/{}", block["id"].as_str().unwrap()));
    assert_eq!(reply.expect(303)["status"], "valid");
    assert_eq!(at.node.api().get(reply.header("location").unwrap()).expect(200), block);
    at.refuses(&format!("/statuses/{UNKNOWN}"), 404);
    let old = at.get(&format!("/transactions/{}/status", sample_id()));
    assert_eq!(old.expect(200), json!({ "status": "valid" }));
}

/// Returns the block of the sample.
fn block(at: &Api<'_>) -> Value {
    let list = at.get(&format!("/blocks?tx_id={}", sample_id())).expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1);
    list[0].clone()
}

fn blocks_and_votes(at: &Api<'_>) {
    let block = block(at);
    let id = block["id"].as_str().unwrap();
    assert_eq!(block["block"]["node_pubkey"], at.node.key());
    assert_eq!(block["block"]["voters"], json!([at.node.key()]));
    assert_eq!(block["block"]["transactions"], json!([sample()]));
    for (query, status) in [("", 200), ("?status=VALID", 200), ("?status=UNDECIDED", 404)] {
        let reply = at.get(&format!("/blocks/{id}{query}"));
        assert_eq!(reply.status, status, "{query}: {}", reply.text);
        assert!(status != 200 || reply.json() == block);
    }
    at.refuses(&format!("/blocks/{UNKNOWN}"), 404);
    at.refuses("/blocks", 404);
    at.refuses("/blocks?status=VALID", 400);
    let by = |status: &str| at.get(&format!("/blocks?tx_id={}{status}", sample_id())).expect(200);
    assert_eq!(by("&status=VALID"), json!([block]));
    assert_eq!(by("&status=INVALID"), json!([]));
    assert_eq!(at.get(&format!("/blocks?tx_id={UNKNOWN}")).expect(200), json!([]));

    let votes = at.get(&format!("/votes?block_id={id}")).expect(200);
    assert_eq!(votes.as_array().unwrap().len(), 1);
    assert_eq!(votes[0]["node_pubkey"], at.node.key());
    assert_eq!(votes[0]["vote"]["voting_for_block"], id);
    assert_eq!(votes[0]["vote"]["is_block_valid"], true);
    assert_eq!(votes[0]["vote"]["invalid_reason"], Value::Null);
    let own = at.get(&format!("/votes?block_id={id}&voter={}", at.node.key())).expect(200);
    assert_eq!(own, votes);
    let stranger = key(999).public_key();
    let none = at.get(&format!("/votes?block_id={id}&voter={stranger}")).expect(200);
    assert_eq!(none, json!([]));
    at.refuses("/votes", 400);
}
