//! The OpenAPI document is what is served, and its examples are what they say.

use crate::{client::send, world::World};
use serde_json::Value;
use std::collections::BTreeSet;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi-deal.json");

/// Goal: the committed document is the one that is served. Rewrite it with
/// `TALLY_WRITE_OPENAPI=1 cargo test -p tally-deal-api`.
#[test]
fn the_committed_document_is_up_to_date() {
    let document = tally_deal_api::openapi();
    if std::env::var_os("TALLY_WRITE_OPENAPI").is_some() {
        std::fs::write(PATH, &document).unwrap();
    }
    assert_eq!(std::fs::read_to_string(PATH).unwrap(), document);
}

/// Goal: what the document names is served, and by no other method.
#[tokio::test]
async fn every_documented_operation_is_served() {
    let document: Value = serde_json::from_str(&tally_deal_api::openapi()).unwrap();
    let world = World::new().await;
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let asked = path.replace("{code}", &"f".repeat(40)).replace("{id}", "0");
        for method in ["get", "post", "delete", "put", "patch"] {
            let reply = send(&world.router, &method.to_uppercase(), &asked, &[], "").await;
            let is_served = reply.status != 405;
            assert_eq!(is_served, item.get(method).is_some(), "{method} {path}");
        }
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{id}");
        }
    }
    assert!(ids.len() > 40, "{}", ids.len());
}

/// Goal: an `Idempotency-Key` is offered only where it counts.
#[test]
fn open_endpoints_have_no_keys() {
    let document: Value = serde_json::from_str(&tally_deal_api::openapi()).unwrap();
    let has_key = |path: &str| {
        let parameters = document["paths"][path]["post"]["parameters"].as_array();
        let mut parameters = parameters.into_iter().flatten();
        parameters.any(|it| it["name"] == "Idempotency-Key")
    };
    for open in ["/api/v1/help", "/api/v1/account/token", "/oauth2/token", "/api/v1/signature"] {
        assert!(!has_key(open), "{open}");
    }
    for guarded in ["/api/v1/account/new", "/api/v1/deal/create", "/api/v1/webhooks"] {
        assert!(has_key(guarded), "{guarded}");
    }
}

/// Goal: every example fits its schema, and every schema that is named is there.
#[test]
fn the_examples_fit_the_schemas() {
    let document: Value = serde_json::from_str(&tally_deal_api::openapi()).unwrap();
    let mut examples = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let replies = operation["responses"].as_object().unwrap().values();
            let contents = replies.chain([&operation["requestBody"]]);
            for media in contents.filter_map(|it| it["content"].get("application/json")) {
                if let Some(example) = media.get("example") {
                    let id = &operation["operationId"];
                    assert!(fits(&document, &media["schema"], example), "{id}: {example:#}");
                    examples += 1;
                }
            }
        }
    }
    assert!(examples > 50, "{examples}");
}

/// Checks a value against the part of JSON Schema that the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let schema = document["components"]["schemas"].get(name);
        return fits(document, schema.unwrap_or_else(|| panic!("no schema {name}")), value);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().any(|choice| fits(document, choice, value));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return true,
    };
    kinds.into_iter().any(|kind| match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
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
