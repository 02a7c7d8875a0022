mod schemas;

use crate::routes::{self, Content, Kind, Parameter, Route};
use serde_json::json;
use tally_http::openapi::{self, Document, Operation, reference};

/// Returns the text of the OpenAPI 3.1 document: every endpoint of the table of routes.
pub fn document() -> String {
    let document = Document {
        title: "Deals",
        version: env!("CARGO_PKG_VERSION"),
        introduction: INTRODUCTION,
        tags: &[
            ("module", "The module itself."),
            ("accounts", "Who takes part."),
            ("deals", "Deals, from their creation to the payout."),
            ("lists", "What there is."),
            ("decisions", "Disputes, and settlements that the parties sign themselves."),
            ("events", "What happens, as it happens."),
            ("access", "Tokens and keys."),
            ("dev", "What only a server with a simulated chain has."),
        ],
        operations: routes::table().iter().map(operation).collect(),
        schemas: schemas::all(),
    };
    document.write()
}

const INTRODUCTION: &str = "Deals in escrow, by the interface of the deal module of July 2022.\n\n\
    Bodies are forms (urlencoded or multipart), JSON, or text (YAML for deals), in UTF-8; the \
    examples here are JSON. Segments of paths may have any case.\n\n\
    A business failure has status 200 and `result.success` false. Statuses 4xx are the caller's \
    fault and nothing was done; after a 5xx the outcome is not known. Beside the statuses listed at \
    each endpoint, any of them can answer 400, 401 or 403 (access), 405, 413, 415, 500 and 503; a \
    module in front of another server also 502 and 504.";

fn operation(route: &Route) -> Operation {
    let doc = &route.doc;
    let text = |_: &str| json!({ "type": "string" });
    let mut parameters: Vec<_> = openapi::Parameter::of_path(route.path, text).collect();
    parameters.extend(doc.parameters.iter().map(parameter));
    Operation {
        path: route.path.to_owned(),
        method: doc.method,
        id: doc.id,
        tag: doc.tag,
        summary: doc.summary,
        description: doc.description,
        is_deprecated: false,
        parameters,
        body: doc.body.as_ref().map(content),
        replies: vec![openapi::Reply {
            status: doc.reply.status,
            when: "Done",
            headers: doc.reply.headers.to_vec(),
            content: doc.reply.content.as_ref().map(content),
        }],
        refusals: doc.refusals,
    }
}

fn content(content: &Content) -> openapi::Content {
    let one = reference(content.schema);
    let schema = if content.is_list { json!({ "type": "array", "items": one }) } else { one };
    openapi::Content {
        kind: content.kind,
        schema,
        example: content.example,
        has_example_text: false,
    }
}

fn parameter(parameter: &Parameter) -> openapi::Parameter {
    let schema = match parameter.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
    };
    openapi::Parameter {
        name: parameter.name,
        place: parameter.place,
        is_required: parameter.is_required,
        description: parameter.description,
        schema,
    }
}
