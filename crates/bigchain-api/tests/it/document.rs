//! The OpenAPI document: as committed, as served, and as the replies are.

use crate::client::{Client, alice, asset, to_bob};
use serde_json::Value;
use std::path::PathBuf;
use tally_bigchain_api::ApiEra;
use tally_ledger::Version;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const HINT: &str = "run this test with TALLY_UPDATE_ARTEFACTS=1 and commit the result";

fn updates() -> bool {
    std::env::var_os("TALLY_UPDATE_ARTEFACTS").is_some()
}

/// Goal: the committed document is the served one. With `TALLY_UPDATE_ARTEFACTS` set the test
/// writes it instead.
#[tokio::test]
async fn the_committed_document_is_up_to_date() {
    let path = PathBuf::from(ROOT).join("docs/openapi-bigchain.json");
    let served = Client::new(ApiEra::Seed).get("/openapi.json").await.text;
    if updates() {
        std::fs::write(&path, &served).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(parse(&committed) == parse(&served), "docs/openapi-bigchain.json is old: {HINT}");
}

/// The requests whose replies are the document's examples, by the example's file.
fn examples(asset: &str, transfer: &str, block: &str) -> Vec<(&'static str, String)> {
    vec![
        ("root", "/".to_owned()),
        ("index", "/api/v1".to_owned()),
        ("validators", "/api/v1/validators".to_owned()),
        ("transaction", format!("/api/v1/transactions/{transfer}")),
        ("transactions", format!("/api/v1/transactions?asset_id={asset}&operation=TRANSFER")),
        ("block", format!("/api/v1/blocks/{block}")),
        ("votes", format!("/api/v1/votes?block_id={block}")),
        ("outputs", format!("/api/v1/outputs?public_key={}", alice())),
        ("unspents", format!("/api/v1/unspents?public_key={}", alice())),
        ("assets", "/api/v1/assets?search=bicycle".to_owned()),
        ("metadata", "/api/v1/metadata?search=bought".to_owned()),
    ]
}

/// Goal: the examples have the shape of what is served. With `TALLY_UPDATE_ARTEFACTS` set the test
/// writes them: captured, not invented. The document takes them in with the next build.
#[tokio::test]
async fn the_examples_are_what_is_served() {
    let client = Client::new(ApiEra::Seed);
    let created = client.commit_asset(Version::Flat2_0, 1).await;
    let transfer = to_bob(&created);
    client.commit(&transfer).await;
    client.commit(&asset(Version::Flat2_0, 2)).await;
    let block = client.block_of(&transfer).await;
    let (created, transfer) = (created.id().to_string(), transfer.id().to_string());
    let mut captured = Vec::new();
    for (name, path) in examples(&created, &transfer, &block) {
        let reply = client.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        captured.push((name, reply.json()));
    }
    for (name, served) in captured {
        let path = PathBuf::from(ROOT)
            .join(format!("crates/bigchain-api/src/routes/examples/{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut example: Value = serde_json::from_str(&text).unwrap();
        // Ids differ from run to run; an example that is only another one stays.
        if updates() && shape(&example) != shape(&served) {
            std::fs::write(&path, format!("{served:#}\n")).unwrap();
            example = served.clone();
        }
        assert_eq!(shape(&example), shape(&served), "{name}.json is old: {HINT}");
    }
}

/// Returns the names and kinds of a value, without what differs from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::String(_) => "a text".into(),
        Value::Number(_) => 0.into(),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// Goal: the examples fit their schemas, for every reply that has one.
#[test]
fn the_examples_fit_the_schemas() {
    let document: Value = serde_json::from_str(&tally_bigchain_api::openapi()).unwrap();
    let mut examples = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for reply in operation["responses"].as_object().unwrap().values() {
                let media = &reply["content"]["application/json"];
                if let Some(example) = media.get("example") {
                    assert!(fits(&document, &media["schema"], example), "{example:#}");
                    examples += 1;
                }
            }
        }
    }
    assert!(examples > 15);
}

/// Checks a value against the part of JSON Schema that the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return fits(document, &document["components"]["schemas"][name], value);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().any(|choice| fits(document, choice, value));
    }
    if schema.get("const").is_some_and(|expected| expected != value) {
        return false;
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return false;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return true,
    };
    kinds.into_iter().any(|kind| match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| fits(document, &schema["items"], item))),
        "object" => value.as_object().is_some_and(|fields| {
            let required = schema["required"].as_array().into_iter().flatten();
            let mut required = required.filter_map(Value::as_str);
            required.all(|name| fields.contains_key(name))
                && fields.iter().all(|(name, field)| {
                    schema["properties"].get(name).is_none_or(|s| fits(document, s, field))
                })
        }),
        other => panic!("the check does not know the type {other}"),
    })
}

/// Goal: what the document names is served, under both prefixes, and by no other method.
#[tokio::test]
async fn every_documented_operation_is_served() {
    let document: Value = serde_json::from_str(&tally_bigchain_api::openapi()).unwrap();
    let client = Client::new(ApiEra::Seed);
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let long = ["{tx_id}", "{id}", "{block_id}"]
            .iter()
            .fold(path.clone(), |path, name| path.replace(name, &"f".repeat(64)));
        let short = long.strip_prefix("/api/v1").filter(|short| !short.is_empty());
        for path in short.into_iter().chain([long.as_str()]) {
            for method in ["get", "put", "post", "patch", "delete"] {
                let reply = client.call(&method.to_uppercase(), path, "").await;
                let is_served = reply.status != 405;
                assert_eq!(is_served, item.get(method).is_some(), "{method} {path}");
            }
        }
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
        }
    }
    assert!(ids.len() > 15);
}

#[tokio::test]
async fn the_offline_page_is_there() {
    let page = Client::new(ApiEra::Seed).get("/docs").await.text;
    assert!(page.contains("<h1>BigchainDB API</h1>"));
}
