//! The OpenAPI document: as committed, as served, and as the replies are.

use crate::{
    client::Client,
    endpoints::open,
    tiny_node::{new_token, own, partner, token},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tally_smartraiden_api::Compat;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi-smartraiden.json");

/// Goal: the committed document is the served one. With `TALLY_UPDATE_ARTEFACTS` set the test
/// writes it instead.
#[tokio::test]
async fn the_committed_document_is_up_to_date() {
    let served = Client::new(Compat::Document).get("/openapi.json").await.text;
    if std::env::var_os("TALLY_UPDATE_ARTEFACTS").is_some() {
        std::fs::write(COMMITTED, &served).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let hint = "run this test with TALLY_UPDATE_ARTEFACTS=1 and commit the result";
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(parse(&committed) == parse(&served), "docs/openapi-smartraiden.json is old: {hint}");
}

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http-smartraiden.md");

/// An endpoint's method and path, and the statuses of its replies.
type Row = ((String, String), BTreeSet<String>);

/// Goal: the guide's table of endpoints names what is served, with all statuses.
#[test]
fn the_guide_names_every_endpoint() {
    let guide = std::fs::read_to_string(GUIDE).unwrap();
    let (_, section) = guide.split_once("## Endpoints").unwrap();
    let table = section.split("\n### ").next().unwrap();
    let described: BTreeMap<_, _> =
        table.lines().filter(|line| line.contains("`/api/")).flat_map(rows_of).collect();
    let document: Value = serde_json::from_str(&tally_smartraiden_api::openapi()).unwrap();
    let mut served = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["deprecated"] != true {
                let statuses = operation["responses"].as_object().unwrap().keys();
                let statuses: BTreeSet<String> =
                    statuses.filter(|status| *status != "default").cloned().collect();
                served.insert((method.to_uppercase(), path.clone()), statuses);
            }
        }
    }
    assert_eq!(described, served);
}

/// Reads a line of the table, which may stand for several endpoints.
fn rows_of(line: &str) -> Vec<Row> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [methods, paths, _, success, refusals] = cells.as_slice() else { panic!("{line}") };
    let statuses: BTreeSet<String> =
        success.split(' ').chain(refusals.split_whitespace()).map(str::to_owned).collect();
    let paths = paths.split(", ").map(|path| path.trim_matches('`'));
    paths
        .flat_map(|path| {
            methods
                .split(", ")
                .map(|method| ((method.to_owned(), path.to_owned()), statuses.clone()))
        })
        .collect()
}

/// Goal: what the document names is served, and by no other method.
#[tokio::test]
async fn every_documented_operation_is_served() {
    let document: Value = serde_json::from_str(&tally_smartraiden_api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{token_address}", &token().to_string())
            .replace("{channel_address}", &token().to_string())
            .replace("{target_address}", &partner().to_string())
            .replace("{address}", &partner().to_string())
            .replace("{value}", "1")
            .replace("{identifier}", "1")
            .replace("{mesh}", "true");
        for method in ["get", "put", "post", "patch", "delete"] {
            let reply = Client::new(Compat::Document).call(&method.to_uppercase(), &path, "").await;
            let is_served = reply.status != 405 && !reply.text.contains("Resource not found");
            assert_eq!(is_served, item.get(method).is_some(), "{method} {path}: {}", reply.text);
        }
    }
}

/// Goal: the examples fit their schemas.
#[test]
fn the_examples_fit_the_schemas() {
    let document: Value = serde_json::from_str(&tally_smartraiden_api::openapi()).unwrap();
    let mut examples = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let replies = operation["responses"].as_object().unwrap().values();
            for content in replies.chain([&operation["requestBody"]]) {
                let media = &content["content"]["application/json"];
                if let Some(example) = media.get("example") {
                    check(&document, &media["schema"], example);
                    examples += 1;
                }
            }
        }
    }
    assert!(examples > 15);
}

/// Goal: what is served fits its schema.
#[tokio::test]
async fn the_replies_fit_the_schemas() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let (token, partner, own) = (token(), partner(), own());
    let open = format!(
        "{{\"partner_address\": \"{}\", \"token_address\": \"{token}\"}}",
        partner.to_string().replace("0x33", "0x44").to_lowercase()
    );
    let calls = [
        ("GET", "/api/1/address", "/api/1/address".to_owned(), ""),
        ("GET", "/api/1/tokens", "/api/1/tokens".to_owned(), ""),
        ("PUT", "/api/1/tokens/{token_address}", format!("/api/1/tokens/{}", new_token()), ""),
        (
            "GET",
            "/api/1/tokens/{token_address}/partners",
            format!("/api/1/tokens/{token}/partners"),
            "",
        ),
        ("PUT", "/api/1/channels", "/api/1/channels".to_owned(), open.as_str()),
        ("GET", "/api/1/channels", "/api/1/channels".to_owned(), ""),
        ("GET", "/api/1/channels/{channel_address}", format!("/api/1/channels/{channel}"), ""),
        (
            "POST",
            "/api/1/transfers/{token_address}/{target_address}",
            format!("/api/1/transfers/{token}/{partner}"),
            r#"{"amount": 5, "identifier": 8, "is_direct": true}"#,
        ),
        (
            "PATCH",
            "/api/1/channels/{channel_address}",
            format!("/api/1/channels/{channel}"),
            r#"{"state": "closed"}"#,
        ),
        ("GET", "/api/1/events/network", "/api/1/events/network".to_owned(), ""),
        (
            "GET",
            "/api/1/events/tokens/{token_address}",
            format!("/api/1/events/tokens/{token}"),
            "",
        ),
        (
            "GET",
            "/api/1/events/channels/{channel_address}",
            format!("/api/1/events/channels/{channel}"),
            "",
        ),
        (
            "GET",
            "/api/1/debug/balance/{token_address}/{address}",
            format!("/api/1/debug/balance/{token}/{own}"),
            "",
        ),
    ];
    fit_the_schemas(&client, &calls).await;
}

/// Goal: the same of what became of payments, and of how the node is connected.
#[tokio::test]
async fn the_replies_about_the_past_fit_the_schemas() {
    let client = Client::new(Compat::Document);
    open(&client).await;
    let (token, partner, own) = (token(), partner(), own());
    let calls = [
        (
            "POST",
            "/api/1/transfers/{token_address}/{target_address}",
            format!("/api/1/transfers/{token}/{partner}"),
            r#"{"amount": 5, "identifier": 8, "is_direct": true}"#,
        ),
        (
            "POST",
            "/api/1/transfers/{token_address}/{target_address}",
            format!("/api/1/transfers/{token}/{partner}?async=true"),
            r#"{"amount": 5, "identifier": 9}"#,
        ),
        (
            "GET",
            "/api/1/payments/{token_address}/{target_address}/{identifier}",
            format!("/api/1/payments/{token}/{partner}/9"),
            "",
        ),
        ("GET", "/api/1/payments", "/api/1/payments".to_owned(), ""),
        ("GET", "/api/1/querysenttransfer", "/api/1/querysenttransfer".to_owned(), ""),
        ("GET", "/api/1/queryreceivedtransfer", "/api/1/queryreceivedtransfer".to_owned(), ""),
        ("GET", "/api/1/pending_transfers", "/api/1/pending_transfers".to_owned(), ""),
        ("GET", "/api/1/version", "/api/1/version".to_owned(), ""),
        ("GET", "/api/1/debug/ethstatus", "/api/1/debug/ethstatus".to_owned(), ""),
        ("GET", "/api/1/debug/ethbalance/{address}", format!("/api/1/debug/ethbalance/{own}"), ""),
    ];
    fit_the_schemas(&client, &calls).await;
}

/// Makes calls and checks what comes back: method, path as documented, path, body.
async fn fit_the_schemas(client: &Client, calls: &[(&str, &str, String, &str)]) {
    let document: Value = serde_json::from_str(&tally_smartraiden_api::openapi()).unwrap();
    for (method, template, path, body) in calls {
        let reply = client.call(method, path, body).await;
        let described = &document["paths"][*template][method.to_lowercase()]["responses"];
        let described = &described[reply.status.to_string()]["content"]["application/json"];
        check(&document, &described["schema"], &reply.json());
    }
}

/// Checks a value against the part of JSON Schema that the document uses.
fn check(document: &Value, schema: &Value, value: &Value) {
    assert!(fits(document, schema, value), "{value:#}\ndoes not fit\n{schema:#}");
}

fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return fits(document, &document["components"]["schemas"][name], value);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fitting = choices.iter().filter(|one| fits(document, one, value)).count();
            if fitting == 0 || (choice == "oneOf" && fitting > 1) {
                return false;
            }
        }
    }
    if schema.get("const").is_some_and(|expected| expected != value) {
        return false;
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return false;
    }
    let types: Vec<&str> = if let Some(types) = schema["type"].as_array() {
        types.iter().filter_map(Value::as_str).collect()
    } else if let Some(one) = schema["type"].as_str() {
        vec![one]
    } else if value.is_object() && schema["required"].is_array() {
        // A choice says what an object must have, without saying that it is one.
        vec!["object"]
    } else {
        return true;
    };
    types.iter().any(|one| is_of_type(document, schema, one, value))
}

fn is_of_type(document: &Value, schema: &Value, name: &str, value: &Value) -> bool {
    match name {
        "string" => value.as_str().is_some_and(|text| fits_pattern(&schema["pattern"], text)),
        "integer" => value.is_u64() || value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| fits(document, &schema["items"], item))),
        "object" => value.as_object().is_some_and(|fields| {
            let required = schema["required"].as_array();
            required.is_none_or(|all| all.iter().all(|n| fields.contains_key(n.as_str().unwrap())))
                && fields.iter().all(|(name, field)| match schema["properties"].get(name) {
                    Some(schema) => fits(document, schema, field),
                    None => {
                        let others = &schema["additionalProperties"];
                        others.as_bool().unwrap_or_else(|| fits(document, others, field))
                    }
                })
        }),
        other => panic!("the check does not know the type {other}"),
    }
}

/// Understands the patterns that the document uses for replies: hexadecimal of a fixed length.
fn fits_pattern(pattern: &Value, text: &str) -> bool {
    let hexadecimal = pattern.as_str().filter(|pattern| pattern.starts_with("^0"));
    let Some(pattern) = hexadecimal else { return true };
    let digits = pattern.rsplit('{').next().and_then(|end| end.strip_suffix("}$"));
    let length: usize = digits.unwrap().parse().unwrap();
    text.strip_prefix("0x")
        .is_some_and(|hex| hex.len() == length && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
