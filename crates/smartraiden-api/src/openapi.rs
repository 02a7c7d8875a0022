mod schemas;

use crate::routes::{self, Content, Doc, Query, Route, Schema};
use serde_json::{Value, json};
use tally_http::{
    PAGE_ITEMS_MAX,
    openapi::{self, Document, Operation, Parameter, Reply, reference},
};

/// Stands for 2^256-1 while the document is a tree, whose numbers end at 2^64-1.
const AMOUNT_MAX: &str = "@2^256-1@";

/// Returns the text of the OpenAPI 3.1 document: every endpoint of the table of routes.
pub fn document() -> String {
    let document = Document {
        title: "SmartRaiden API",
        version: env!("CARGO_PKG_VERSION"),
        introduction: INTRODUCTION,
        tags: &[
            ("node", "The node itself."),
            ("tokens", "ERC-20 tokens that channels can carry."),
            ("channels", "Channels between this node and a partner."),
            ("transfers", "Payments over channels."),
            ("history", "What became of payments, what is under way, and the stream of both."),
            ("events", "What happened, on the chain and off it."),
            ("debug", "The account's tokens on the chain."),
        ],
        operations: routes::table().iter().map(operation).collect(),
        schemas: schemas::all(),
    };
    let max = tally_primitives::TokenAmount::MAX.to_string();
    document.write().replace(&format!("\"{AMOUNT_MAX}\""), &max)
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

fn operation(route: &Route) -> Operation {
    let doc = &route.doc;
    let mut parameters: Vec<_> = Parameter::of_path(route.path, path_schema).collect();
    parameters.extend(query_parameters(doc.query));
    Operation {
        path: route.path.to_owned(),
        method: doc.method,
        id: doc.id,
        tag: doc.tag,
        summary: doc.summary,
        description: doc.description,
        is_deprecated: doc.deprecated,
        parameters,
        body: doc.body.as_ref().map(content),
        replies: [reply(doc)].into_iter().chain(doc.other.map(other)).collect(),
        refusals: doc.refusals,
    }
}

fn reply(doc: &Doc) -> Reply {
    let headers = match doc.query {
        Query::Nothing | Query::Async | Query::Key | Query::After => vec![],
        Query::Page | Query::Positions | Query::BlocksAndPage | Query::PaymentsAndPage => {
            vec![("x-next-cursor", "Where the next page starts; absent on the last.")]
        }
    };
    Reply { status: doc.success, when: "Done", headers, content: Some(content(&doc.reply)) }
}

fn other((status, when, reply): (u16, &'static str, Content)) -> Reply {
    let headers = vec![("location", "The path of the payment's status.")];
    Reply { status, when, headers, content: Some(content(&reply)) }
}

fn content(content: &Content) -> openapi::Content {
    let (kind, schema) = match content.schema {
        Schema::Named(name) => ("application/json", reference(name)),
        Schema::List(name) => {
            ("application/json", json!({ "type": "array", "items": reference(name) }))
        }
        Schema::Text => ("text/plain", json!({ "type": "string" })),
        Schema::Events => ("text/event-stream", json!({ "type": "string" })),
    };
    openapi::Content { kind, schema, example: content.example, has_example_text: true }
}

fn path_schema(name: &str) -> Value {
    if name == "identifier" {
        json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
    } else if name == "mesh" {
        let words =
            ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"];
        json!({ "type": "string", "enum": words })
    } else if name == "value" {
        // At least 1, in decimal or hexadecimal digits.
        let pattern = "^(0*[1-9][0-9]*|0[xX]0*[1-9a-fA-F][0-9a-fA-F]*)$";
        json!({ "type": "string", "pattern": pattern })
    } else {
        reference("Address")
    }
}

fn query_parameters(query: Query) -> Vec<Parameter> {
    let parameter = |name, description, schema| Parameter {
        name,
        place: "query",
        is_required: false,
        description,
        schema,
    };
    let block = json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": PAGE_ITEMS_MAX });
    let blocks = [
        parameter("from_block", "The first block, included; genesis if absent.", block.clone()),
        parameter("to_block", "The last block, included; the newest if absent.", block.clone()),
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
        Query::PaymentsAndPage => payment_parameters().into_iter().chain(page).collect(),
        Query::Async => vec![parameter(
            "async",
            "true answers 202 as soon as the payment is on disk.",
            json!({ "type": "boolean" }),
        )],
        Query::Key => vec![Parameter {
            name: "Idempotency-Key",
            place: "header",
            is_required: false,
            description: "What the client calls the request; it is carried out once.",
            schema: json!({ "type": "string", "pattern": "^[!-~]{1,200}$" }),
        }],
        Query::After => vec![
            parameter("after", "Begin after the event with this id; 0 is the whole past.", block),
            Parameter {
                name: "Last-Event-ID",
                place: "header",
                is_required: false,
                description: "The same, as browsers send it; it outweighs after.",
                schema: json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }),
            },
        ],
        Query::Page | Query::Positions => page.into(),
        Query::BlocksAndPage => blocks.into_iter().chain(page).collect(),
    }
}

/// What chooses payments.
fn payment_parameters() -> Vec<Parameter> {
    let time = || json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX });
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    [
        ("token", "Only in this token.", reference("Address")),
        ("partner", "Only with this node at one of their ends.", reference("Address")),
        ("target", "Only to this node.", reference("Address")),
        ("role", "Only in this role.", words(&["initiator", "mediator", "target"])),
        ("state", "Only those that ended so.", words(&["succeeded", "failed"])),
        ("since", "Only from this time on, in Unix seconds.", time()),
        ("until", "Only until this time, included.", time()),
    ]
    .into_iter()
    .map(|(name, description, schema)| Parameter {
        name,
        place: "query",
        is_required: false,
        description,
        schema,
    })
    .collect()
}
