mod schemas;

use crate::routes::{self, Content, Doc, Query, Route, Schema};
use serde_json::{Map, Value, json};
use tally_http::PAGE_ITEMS_MAX;

/// Stands for 2^256-1 while the document is a tree, whose numbers end at 2^64-1.
const AMOUNT_MAX: &str = "@2^256-1@";

/// Returns the text of the OpenAPI 3.1 document: every endpoint of the table of routes.
pub fn document() -> String {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.doc.method] = operation(&route);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "SmartRaiden API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "tags": [
            { "name": "node", "description": "The node itself." },
            { "name": "tokens", "description": "ERC-20 tokens that channels can carry." },
            { "name": "channels", "description": "Channels between this node and a partner." },
            { "name": "transfers", "description": "Payments over channels." },
            { "name": "events", "description": "What happened, on the chain and off it." },
            { "name": "debug", "description": "The account's tokens on the chain." },
        ],
        "security": [{}, { "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas::all(),
        },
    });
    let text = format!("{document:#}");
    let max = tally_primitives::TokenAmount::MAX.to_string();
    text.replace(&format!("\"{AMOUNT_MAX}\""), &max) + "\n"
}

const INTRODUCTION: &str = "Payments over a network of ERC-20 payment channels.\n\n\
    Amounts are JSON integers of any size up to 2^256-1, in the token's base units: read them with \
    a parser that keeps every digit. Addresses are read in any case and written with their EIP-55 \
    checksum. Block spans and numbers are integers.\n\n\
    Every refusal is {\"Error\": \"<text>\"}; the text names the field and the reason, and nothing \
    was changed unless the text says so. Beside the statuses listed at each endpoint, any of them \
    can answer 401 (no valid bearer token), 403 (a foreign web page or host name), 413 (body too \
    large), 415 (body not declared as JSON), 502 or 503 (the chain or the node does not answer, or \
    too many requests wait) and 504 (took too long; it may still be carried out).\n\n\
    Lists are cut after 10000 items, or limit: the header x-next-cursor then holds the cursor of \
    the next page.";

fn operation(route: &Route) -> Value {
    let doc = &route.doc;
    let mut parameters = path_parameters(route.path);
    parameters.extend(query_parameters(doc.query));
    let mut operation = json!({
        "operationId": doc.id,
        "tags": [doc.tag],
        "summary": doc.summary,
        "responses": responses(doc),
    });
    if !doc.description.is_empty() {
        operation["description"] = json!(doc.description);
    }
    if doc.deprecated {
        operation["deprecated"] = json!(true);
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(body) = &doc.body {
        operation["requestBody"] = json!({ "required": true, "content": content(body) });
    }
    operation
}

fn responses(doc: &Doc) -> Value {
    let mut responses = Map::new();
    let mut reply = json!({ "description": "Done", "content": content(&doc.reply) });
    if doc.query != Query::Nothing {
        reply["headers"] = json!({
            "x-next-cursor": {
                "description": "Where the next page starts; absent on the last.",
                "schema": { "type": "string" },
            },
        });
    }
    responses.insert(doc.success.to_string(), reply);
    let error = json!({ "application/json": { "schema": reference("Error") } });
    for (status, when) in doc.refusals {
        let refusal = json!({ "description": when, "content": error });
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

fn content(content: &Content) -> Value {
    let (kind, schema) = match content.schema {
        Schema::Named(name) => ("application/json", reference(name)),
        Schema::List(name) => {
            ("application/json", json!({ "type": "array", "items": reference(name) }))
        }
        Schema::Text => ("text/plain", json!({ "type": "string" })),
    };
    let example = serde_json::from_str(content.example)
        .unwrap_or_else(|_| Value::String(content.example.to_owned()));
    json!({ kind: { "schema": schema, "example": example, "x-example-text": content.example } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let schema = if name == "value" {
            // At least 1, in decimal or hexadecimal digits.
            let pattern = "^(0*[1-9][0-9]*|0[xX]0*[1-9a-fA-F][0-9a-fA-F]*)$";
            json!({ "type": "string", "pattern": pattern })
        } else {
            reference("Address")
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(parameter).collect()
}

fn query_parameters(query: Query) -> Vec<Value> {
    let parameter = |name: &str, description: &str, schema: Value| {
        json!({
            "name": name, "in": "query", "required": false, "description": description,
            "schema": schema,
        })
    };
    let block = json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": PAGE_ITEMS_MAX });
    let blocks = [
        parameter("from_block", "The first block, included; genesis if absent.", block.clone()),
        parameter("to_block", "The last block, included; the newest if absent.", block),
    ];
    // Lists go on after an address, events at a position.
    let cursor = if query == Query::Page { "^0[xX][0-9a-fA-F]{40}$" } else { "^[0-9]{1,19}$" };
    let page = [
        parameter("limit", "The most items in the reply.", limit),
        parameter(
            "cursor",
            "The x-next-cursor of the reply before.",
            json!({ "type": "string", "pattern": cursor }),
        ),
    ];
    match query {
        Query::Nothing => vec![],
        Query::Page => page.into(),
        Query::BlocksAndPage => blocks.into_iter().chain(page).collect(),
    }
}
