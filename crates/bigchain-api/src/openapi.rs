mod schemas;

use crate::{
    ask::PREFIX,
    routes::{self, Content, Mount, ParameterKind, Reply, Route},
};
use serde_json::json;
use tally_http::openapi::{self, Document, Operation, Parameter, reference};

/// Returns the text of the OpenAPI 3.1 document: every endpoint of the table of routes.
pub fn document() -> String {
    let document = Document {
        title: "BigchainDB API",
        version: env!("CARGO_PKG_VERSION"),
        introduction: INTRODUCTION,
        tags: &[
            ("node", "The node itself."),
            ("transactions", "Creating and moving assets."),
            ("statuses", "What became of a transaction or block."),
            ("blocks", "Blocks, and the federation's votes on them."),
            ("outputs", "What a key owns."),
            ("search", "Texts in assets and metadata."),
            ("streams", "What becomes valid, as it does."),
        ],
        operations: routes::table().iter().map(operation).collect(),
        schemas: schemas::all(),
    };
    document.write()
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

fn operation(route: &Route) -> Operation {
    let doc = &route.doc;
    let text = |_: &str| json!({ "type": "string" });
    let mut parameters: Vec<_> = Parameter::of_path(route.path, text).collect();
    parameters.extend(doc.parameters.iter().map(query_parameter));
    Operation {
        path: path_of(route),
        method: doc.method,
        id: doc.id,
        tag: doc.tag,
        summary: doc.summary,
        description: doc.description,
        is_deprecated: false,
        parameters,
        body: doc.body.as_ref().map(content),
        replies: doc.replies.iter().map(good).collect(),
        refusals: doc.refusals,
    }
}

fn good(reply: &Reply) -> openapi::Reply {
    openapi::Reply {
        status: reply.status,
        when: reply.when,
        headers: reply.headers.to_vec(),
        content: reply.content.as_ref().map(content),
    }
}

fn content(content: &Content) -> openapi::Content {
    let one = reference(content.schema);
    let schema = if content.list { json!({ "type": "array", "items": one }) } else { one };
    openapi::Content {
        kind: "application/json",
        schema,
        example: content.example,
        has_example_text: false,
    }
}

fn query_parameter(parameter: &routes::Parameter) -> Parameter {
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
    Parameter {
        name: parameter.name,
        place: "query",
        is_required: parameter.required,
        description: parameter.description,
        schema,
    }
}
