mod schemas;

use crate::{
    ask::PREFIX,
    routes::{self, Content, Doc, Mount, Parameter, ParameterKind, Reply, Route},
};
use serde_json::{Map, Value, json};

/// Returns the text of the OpenAPI 3.1 document: every endpoint of the table of routes.
pub fn document() -> String {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let item = paths.entry(path_of(&route)).or_insert_with(|| json!({}));
        item[route.doc.method] = operation(&route);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "BigchainDB API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "tags": [
            { "name": "node", "description": "The node itself." },
            { "name": "transactions", "description": "Creating and moving assets." },
            { "name": "statuses", "description": "What became of a transaction or block." },
            { "name": "blocks", "description": "Blocks, and the federation's votes on them." },
            { "name": "outputs", "description": "What a key owns." },
            { "name": "search", "description": "Texts in assets and metadata." },
            { "name": "streams", "description": "What becomes valid, as it does." },
        ],
        "security": [{}, { "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas::all(),
        },
    });
    format!("{document:#}\n")
}

const INTRODUCTION: &str = "An asset ledger: signed transactions, blocks, votes of a federation, \
    queries. One API for the document of December 2016 and for the clients of the servers 0.8, \
    0.9, 0.10, 1.x and 2.x.\n\n\
    Every path is served below /api/v1 and without that prefix, with and without a slash at its \
    end. Which release's answer a request gets follows from its parameters and from the version of \
    the transaction; where they leave it open, the node's setting decides.\n\n\
    Every refusal has a message, as the release's clients know it, and a stable code. Beside the \
    statuses listed at each endpoint, any of them can answer 401 (no valid bearer token), 403 (a \
    foreign web page or host name), 405, 503 (too many requests wait) and 504 (took too long).\n\n\
    Lists are plain lists. If there is more than fits, the headers say where it goes on.";

fn path_of(route: &Route) -> String {
    match route.mount {
        Mount::Root => route.path.to_owned(),
        Mount::Prefix => PREFIX.to_owned(),
        Mount::Both => format!("{PREFIX}{}", route.path),
    }
}

fn operation(route: &Route) -> Value {
    let doc = &route.doc;
    let mut parameters = path_parameters(route.path);
    parameters.extend(doc.parameters.iter().map(query_parameter));
    let mut operation = json!({
        "operationId": doc.id,
        "tags": [doc.tag],
        "summary": doc.summary,
        "responses": responses(doc),
    });
    if !doc.description.is_empty() {
        operation["description"] = json!(doc.description);
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
    for reply in &doc.replies {
        responses.insert(reply.status.to_string(), good(reply));
    }
    let error = json!({ "application/json": { "schema": reference("Error") } });
    for (status, when) in doc.refusals {
        let refusal = json!({ "description": when, "content": error });
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

fn good(reply: &Reply) -> Value {
    let mut written = json!({ "description": reply.when });
    if let Some(body) = &reply.content {
        written["content"] = content(body);
    }
    let header = |(name, what): &(&str, &str)| {
        ((*name).to_owned(), json!({ "description": what, "schema": { "type": "string" } }))
    };
    if !reply.headers.is_empty() {
        written["headers"] = Value::Object(reply.headers.iter().map(header).collect());
    }
    written
}

fn content(content: &Content) -> Value {
    let one = reference(content.schema);
    let schema = if content.list { json!({ "type": "array", "items": one }) } else { one };
    let example: Value = serde_json::from_str(content.example)
        .expect("the examples are JSON, as a test of the document shows");
    json!({ "application/json": { "schema": schema, "example": example } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    names.map(parameter).collect()
}

fn query_parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.kind {
        ParameterKind::Hash => json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" }),
        ParameterKind::Uuid => json!({ "type": "string", "format": "uuid" }),
        ParameterKind::Asset => {
            let hash = json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" });
            json!({ "anyOf": [hash, { "type": "string", "format": "uuid" }] })
        }
        ParameterKind::Key => {
            json!({ "type": "string", "pattern": "^[1-9A-HJ-NP-Za-km-z]{43,44}$" })
        }
        ParameterKind::Boolean => json!({ "type": "boolean" }),
        ParameterKind::Count => json!({ "type": "integer", "minimum": 0 }),
        ParameterKind::Word(words) => json!({ "type": "string", "enum": words }),
        ParameterKind::Text => json!({ "type": "string" }),
    };
    json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
    })
}
