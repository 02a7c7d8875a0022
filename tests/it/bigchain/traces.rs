//! What clients of the original servers asked and were answered, recorded from five releases,
//! replayed against a fresh node.

use super::ledger::{Node, Settings};
use crate::support::{Reply, eventually};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use tally_crypto::{base58, sha256};

/// Deviations that we want, with the reason of each.
const DIFFERENCES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/differences.json"));

/// Stands in the recordings for an id of nothing.
const UNKNOWN: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

#[test]
fn clients_of_0_8_2_hear_what_they_know() {
    replay("0.8.2", "seed");
}

#[test]
fn clients_of_0_9_5_hear_what_they_know() {
    replay("0.9.5", "0.9");
}

#[test]
fn clients_of_0_10_3_hear_what_they_know() {
    replay("0.10.3", "0.10");
}

#[test]
fn clients_of_1_3_0_hear_what_they_know() {
    replay("1.3.0", "1");
}

#[test]
fn clients_of_2_2_2_hear_what_they_know() {
    replay("2.2.2", "2");
}

/// Goal: each recorded request gets the recorded status and an answer of the recorded shape; every
/// deviation is wanted and has a reason. Method: the requests in their order, each posted
/// transaction waited for until it is valid, ids of blocks replaced by ours; the deviations must be
/// exactly those of the table.
fn replay(release: &str, era: &str) {
    let folder = tempfile::tempdir().unwrap();
    // The key that the recorded server had.
    let private = base58::encode(&sha256(b"bigchaindb-vector:node1"));
    let node = Settings::new(folder.path(), "node")
        .with("--api", era)
        .with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", &private)
        .start();
    let path = format!("{}/conformance/traces/{release}.json", env!("CARGO_MANIFEST_DIR"));
    let trace: Value = serde_json::from_slice(&fs::read(Path::new(&path)).unwrap()).unwrap();
    let exchanges = trace["exchanges"].as_array().unwrap();
    let mut replacer = Replacer::new(exchanges);
    let mut deviations = BTreeMap::new();
    for exchange in exchanges {
        let name = exchange["name"].as_str().unwrap();
        let reply = replacer.send(&node, &exchange["request"]);
        if let Some(deviation) = deviation(&exchange["response"], &reply) {
            deviations.insert(name.to_owned(), deviation);
        }
    }
    let table: Value = serde_json::from_str(DIFFERENCES).unwrap();
    let wanted: BTreeMap<String, String> = table[release]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, entry)| {
            assert!(
                entry["why"].as_str().is_some_and(|why| why.len() > 10),
                "{name} has no reason"
            );
            (name.clone(), entry["is"].as_str().unwrap().to_owned())
        })
        .collect();
    let names: BTreeSet<&String> = deviations.keys().chain(wanted.keys()).collect();
    let wrong: Vec<String> = names
        .into_iter()
        .filter(|name| deviations.get(*name) != wanted.get(*name))
        .map(|name| format!("{name}: is {:?}, wanted {:?}", deviations.get(name), wanted.get(name)))
        .collect();
    assert!(wrong.is_empty(), "release {release}:\n{}", wrong.join("\n"));
}

/// Replaces the ids of recorded blocks by those of ours.
struct Replacer {
    /// Recorded id of a block -> a transaction in it.
    blocks: BTreeMap<String, String>,
    /// The first transaction that was accepted.
    first: Option<String>,
}

impl Replacer {
    fn new(exchanges: &[Value]) -> Self {
        let mut blocks = BTreeMap::new();
        for exchange in exchanges {
            let Some(body) = json(&exchange["response"]["body"]) else { continue };
            let members = body["block"]["transactions"].as_array();
            let first = members.and_then(|members| members.first());
            if let (Some(id), Some(transaction)) = (body["id"].as_str(), first) {
                let transaction = transaction["id"].as_str().unwrap();
                blocks.insert(id.to_owned(), transaction.to_owned());
            }
        }
        Self { blocks, first: None }
    }

    /// Sends a recorded request; an accepted transaction is valid afterwards.
    fn send(&mut self, node: &Node, request: &Value) -> Reply {
        let path = self.path(node, request["path"].as_str().unwrap());
        let body = &request["body"];
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let body = if body.is_null() { None } else { Some(text) };
        let method = request["method"].as_str().unwrap();
        let reply = node.api().send(method, &path, body.as_deref()).unwrap();
        if method == "POST" && reply.status < 300 {
            let id = reply.json()["id"].as_str().unwrap().to_owned();
            node.sees_valid(&id);
            self.first.get_or_insert(id);
        }
        reply
    }

    /// A block that only its id is recorded of stands for the one of the first transaction.
    fn path(&self, node: &Node, path: &str) -> String {
        let is_block =
            |at: usize| path[..at].ends_with("/blocks/") || path[..at].ends_with("block_id=");
        let ids = path.char_indices().map(|(at, _)| at).filter(|at| is_block(*at));
        let Some(at) = ids.max() else { return path.to_owned() };
        let end = path[at..].find(['&', '?', '/']).map_or(path.len(), |end| at + end);
        let id = &path[at..end];
        if id.len() != UNKNOWN.len() || id == UNKNOWN {
            return path.to_owned();
        }
        let Some(transaction) = self.blocks.get(id).or(self.first.as_ref()) else {
            return path.to_owned();
        };
        let own = eventually("the block of a transaction", || {
            let reply = node.api().get(&format!("/api/v1/blocks?tx_id={transaction}"));
            let found = reply.json()[0].clone();
            let id = found["id"].as_str().or(found.as_str()).map(str::to_owned);
            id.ok_or(reply.text)
        });
        format!("{}{own}{}", &path[..at], &path[end..])
    }
}

/// Says how an answer deviates from the recorded one, if it does.
fn deviation(recorded: &Value, reply: &Reply) -> Option<String> {
    let status = recorded["status"].as_u64().unwrap();
    if u64::from(reply.status) != status {
        return Some(format!("{} instead of {status}", reply.status));
    }
    // What is not JSON is a page for people.
    let recorded = json(&recorded["body"])?;
    let Ok(body) = serde_json::from_str(&reply.text) else { return Some("no JSON".to_owned()) };
    misshapen("", &recorded, &body)
}

fn json(body: &Value) -> Option<Value> {
    match body.as_str() {
        Some(text) => serde_json::from_str(text).ok(),
        None => Some(body.clone()).filter(|body| !body.is_null()),
    }
}

/// Finds the first place where a value has not the shape of the recorded one: the same types, all
/// members, lists empty or not. A transaction has to be the same.
fn misshapen(place: &str, recorded: &Value, own: &Value) -> Option<String> {
    match (recorded, own) {
        (Value::Object(recorded), Value::Object(own)) if is_transaction(recorded) => {
            (recorded != own).then(|| format!("{place}: another transaction"))
        }
        (Value::Object(recorded), Value::Object(own)) => {
            recorded.iter().find_map(|(name, value)| {
                let place = format!("{place}/{name}");
                match own.get(name) {
                    Some(own) => misshapen(&place, value, own),
                    None => Some(format!("{place}: missing")),
                }
            })
        }
        (Value::Array(recorded), Value::Array(own)) => match (recorded.first(), own.first()) {
            (Some(recorded), Some(own)) => misshapen(&format!("{place}/0"), recorded, own),
            (None, None) => None,
            (Some(_), None) => Some(format!("{place}: empty")),
            (None, Some(_)) => Some(format!("{place}: not empty")),
        },
        (Value::Null, Value::Null)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => None,
        _ => Some(format!("{place}: another type")),
    }
}

fn is_transaction(value: &Map<String, Value>) -> bool {
    value.contains_key("version") && value.contains_key("id")
}
