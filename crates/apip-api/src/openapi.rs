use crate::{
    cards::{self, Call, Card, Free, Query, Shape, SignIn, Signed},
    code::Code,
};
use serde_json::{Map, Value, json};
use tally_http::openapi::Frame;

/// Returns the text of the OpenAPI 3.1 document: every interface of the table, below `/APIP/`.
pub fn document() -> String {
    let mut paths = Map::new();
    for card in cards::all() {
        paths.insert(format!("/{}", card.tail), path(card));
    }
    let components = [
        ("schemas", schemas()),
        ("parameters", parameters()),
        ("headers", headers()),
        ("responses", responses()),
    ];
    let frame = Frame {
        title: "APIP",
        version: env!("CARGO_PKG_VERSION"),
        introduction: INTRODUCTION,
        base: Some(("/APIP", "The path of the published urlHead.")),
        tags: &[
            ("session", "Signing in, and asking what is left."),
            ("query", "Signed queries."),
            ("free", "Without signature and price."),
        ],
        paths,
        components: components.map(|(kind, all)| (kind.to_owned(), all)).into_iter().collect(),
    };
    frame.write()
}

const INTRODUCTION: &str = "The directory of what is published on the Freecash chain.\n\n\
    Every answer has status 200 and says in `code`, and in the header Code, what it is. Requests of \
    users carry a symSign, the double SHA-256 of body and session key; so do the answers to them. \
    Numbers in requests may be texts.\n\n\
    Another method than the interface's is answered with a line of plain text. What is refused \
    before the API looks at it has a status of HTTP: 403 (a foreign web page or host name), 503 (too \
    many requests at a time).";

fn path(card: &Card) -> Value {
    match card.call {
        Call::Signed(signed) => json!({ "post": post(card, signed) }),
        Call::SignIn(way) => json!({ "post": sign_in(card, way) }),
        Call::Free(free, None) => json!({ "get": get(card, free) }),
        Call::Free(free, Some(signed)) => {
            json!({ "get": get(card, free), "post": post(card, signed) })
        }
    }
}

fn operation(card: &Card, method: &str, tag: &str) -> Value {
    let id = format!("{method}_{}", card.tail.replace('/', "_"));
    json!({ "operationId": id, "tags": [tag], "summary": card.summary })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn post(card: &Card, signed: Signed) -> Value {
    let (request, tag) = match signed {
        Signed::Query(_) | Signed::General => ("Query", "query"),
        Signed::Totals => ("Request", "query"),
        Signed::Ping => ("Request", "session"),
    };
    let mut operation = operation(card, "post", tag);
    operation["parameters"] =
        json!([reference("parameters", "SessionName"), reference("parameters", "Sign")]);
    operation["requestBody"] = body(request);
    operation["responses"] = json!({ "200": reference("responses", "Signed") });
    operation["description"] = json!(match signed {
        Signed::Query(Query { kind, content, shape, .. }) => described(kind, content, shape),
        Signed::General => {
            "`fcdsl.index` names the table. Without a sort, in the order of the table.".to_owned()
        }
        Signed::Totals => "`data` has a count, as text, for each table.".to_owned(),
        Signed::Ping => "Costs nothing and is not signed.".to_owned(),
    });
    operation
}

fn described(kind: tally_feip::Kind, content: tally_apip_node::Content, shape: Shape) -> String {
    let table = tally_apip_node::TableId::of(kind, content).table();
    let data = match shape {
        Shape::List => "`data` is an array of documents",
        Shape::ById => "Needs `fcdsl.ids`. `data` is an object of documents under their ids",
        Shape::Names => "`data` is an object of names under their addresses",
    };
    let sort: Vec<String> = table
        .default_sort
        .iter()
        .map(|(field, order)| {
            let order = match order {
                tally_fcdsl::Order::Asc => "ascending",
                tally_fcdsl::Order::Desc => "descending",
            };
            format!("{field} {order}")
        })
        .collect();
    let order = match shape {
        Shape::ById => "in the order of the ids".to_owned(),
        Shape::List | Shape::Names => format!("by {}", sort.join(", ")),
    };
    format!("{data}, {order}. Table `{}`.", table.name)
}

fn sign_in(card: &Card, way: SignIn) -> Value {
    let mut operation = operation(card, "post", "session");
    let mut parameters = vec![reference("parameters", "MessageSign")];
    let request = match way {
        SignIn::V1 => "SignIn",
        SignIn::Plain | SignIn::Ecc => {
            parameters.push(reference("parameters", "FID"));
            "LaterSignIn"
        }
    };
    operation["parameters"] = json!(parameters);
    operation["requestBody"] = body(request);
    operation["responses"] = json!({ "200": reference("responses", "Unsigned") });
    operation["description"] = json!(match way {
        SignIn::V1 => {
            "`data` has sessionKeyEncrypted, sessionDays and startTime. Ends the user's former \
             session."
        }
        SignIn::Plain => {
            "`data` has sessionKey and expireTime. Answered over TLS, or to this machine. Returns \
             the live session unless mode is `refresh`."
        }
        SignIn::Ecc => {
            "`data` has sessionKeyCipher and expireTime. Returns the live session unless mode is \
             `refresh`."
        }
    });
    operation
}

fn get(card: &Card, free: Free) -> Value {
    let mut operation = operation(card, "get", "free");
    let has_id = matches!(free, Free::Services | Free::Apps | Free::FidCid);
    if has_id {
        operation["parameters"] = json!([{
            "name": "id",
            "in": "query",
            "required": free == Free::FidCid,
            "schema": { "type": "string" },
        }]);
    }
    operation["responses"] = json!({ "200": reference("responses", "Unsigned") });
    operation
}

fn body(schema: &str) -> Value {
    let schema = reference("schemas", schema);
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn parameters() -> Value {
    let header = |name: &str, pattern: &str, description: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": description,
            "schema": { "type": "string", "pattern": pattern },
        })
    };
    json!({
        "SessionName": header("SessionName", "^[0-9a-f]{12}$", "The first 12 digits of the key."),
        "Sign": header("Sign", "^[0-9a-f]{64}$", "SHA256(SHA256(body ‖ key)), lower case."),
        "MessageSign": header(
            "Sign",
            "^[A-Za-z0-9+/]{87}=$",
            "Base64 of a Bitcoin message signature over the exact bytes of the body.",
        ),
        "FID": header("FID", "^[1-9A-HJ-NP-Za-km-z]+$", "The address of the signer."),
    })
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "Code": { "description": "As in the body.", "schema": { "type": "integer" } },
        "Sign": text("symSign over the exact bytes of the body. On every answer, refusals \
            included, to whoever proved to know the key; a pong is not signed."),
        "X-Best-Block-Id": text("The block that the answer is of, if the source knows blocks."),
    })
}

fn responses() -> Value {
    let header = |name: &str| (name.to_owned(), reference("headers", name));
    let response = |description: &str, names: &[&str]| {
        let headers: Map<String, Value> = names.iter().map(|name| header(name)).collect();
        let schema = reference("schemas", "Answer");
        json!({
            "description": description,
            "headers": headers,
            "content": { "application/json": { "schema": schema } },
        })
    };
    json!({
        "Signed": response("An answer or a refusal", &["Code", "Sign", "X-Best-Block-Id"]),
        "Unsigned": response("An answer or a refusal", &["Code", "X-Best-Block-Id"]),
    })
}

fn schemas() -> Value {
    let long = json!({ "type": "integer", "format": "int64" });
    let text = json!({ "type": "string" });
    let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.number()).collect();
    let codes: Vec<String> =
        Code::ALL.iter().map(|code| format!("* {}: {}", code.number(), code.message())).collect();
    let signed = json!({
        "url": { "type": "string", "description": "The whole URL of the interface." },
        "time": { "type": "integer", "description": "Now, Unix milliseconds." },
        "nonce": { "type": "integer", "description": "Not 0, and new within the window." },
    });
    let with = |members: Value, required: &[&str]| {
        let mut properties = signed.clone();
        if let (Some(into), Value::Object(more)) = (properties.as_object_mut(), members) {
            into.extend(more);
        }
        let mut all = vec!["url", "time", "nonce"];
        all.extend(required);
        json!({ "type": "object", "properties": properties, "required": all })
    };
    let fcdsl = json!({ "type": "object", "description": "A query: docs/fcdsl.md." });
    json!({
        "Request": with(json!({}), &[]),
        "Query": with(json!({ "fcdsl": fcdsl }), &[]),
        "SignIn": with(
            json!({ "pubKey": { "type": "string", "pattern": "^0[23][0-9a-f]{64}$" } }),
            &["pubKey"],
        ),
        "LaterSignIn": with(json!({ "mode": { "type": "string" } }), &[]),
        "Answer": {
            "type": "object",
            "properties": {
                "code": { "type": "integer", "enum": numbers, "description": codes.join("\n") },
                "message": text,
                "nonce": { "description": "The request's; 0 if it is not known.", "type": "integer" },
                "balance": { "description": "What the user has left, satoshi.", "type": "integer" },
                "got": { "description": "Items in `data`.", "type": "integer" },
                "total": { "description": "Items on all pages.", "type": "integer" },
                "bestHeight": long,
                "data": { "description": "Absent if there is none." },
                "last": {
                    "description": "Where the page ends; sent back as `after`.",
                    "type": "array",
                    "items": { "type": ["string", "null"] },
                },
            },
            "required": ["code", "message", "nonce", "balance", "got", "total", "bestHeight"],
        },
    })
}
