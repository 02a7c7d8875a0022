//! The named schemas of the OpenAPI document.

use serde_json::{Value, json};
use tally_http::openapi::reference;

/// Returns all of them, by name.
pub(super) fn all() -> Value {
    let mut all = basic();
    for part in [messages(), beside(), events()] {
        let Value::Object(part) = part else { continue };
        for (name, schema) in part {
            all[name] = schema;
        }
    }
    all
}

fn object(properties: Value, optional: &[&str]) -> Value {
    let names = properties.as_object().map(|fields| fields.keys().cloned()).into_iter().flatten();
    let required: Vec<String> = names.filter(|name| !optional.contains(&name.as_str())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "integer" })
}

fn basic() -> Value {
    let error = object(
        json!({
            "code": { "type": "integer", "description": "The status, or a hundred times it." },
            "message": { "type": "string", "description": "What is wrong, for people." },
            "error": { "type": "string", "description": "What programs react to; stable." },
        }),
        &["error"],
    );
    json!({
        "Error": object(json!({ "error": error }), &[]),
        "Nothing": { "type": "object" },
        "Text": text(),
        "Time": object(json!({ "serverTime": number() }), &[]),
        "Result": object(json!({ "result": { "type": "boolean" } }), &[]),
        "Flat": { "type": "object", "description": "Members are texts, numbers and booleans." },
        "SignedText": object(json!({ "message": text() }), &[]),
        "Signature":
            object(json!({ "verified": { "type": "boolean" }, "message": text() }), &[]),
        "TokenRequest": object(
            json!({
                "grant_type": text(),
                "client_id": text(),
                "client_secret": text(),
                "username": text(),
                "password": text(),
                "refresh_token": text(),
                "assertion": text(),
            }),
            &["client_id", "client_secret", "username", "password", "refresh_token", "assertion"],
        ),
        "Token": object(
            json!({
                "access_token": text(),
                "refresh_token": text(),
                "secret": text(),
                "token_type": text(),
                "expires_in": number(),
                "session": text(),
            }),
            &[],
        ),
        "Key": object(json!({ "data": text() }), &[]),
    })
}

fn messages() -> Value {
    let result = object(json!({ "success": { "type": "boolean" }, "message": text() }), &[]);
    let party = object(
        json!({ "address": text(), "rating": text(), "signature": text() }),
        &["rating", "signature"],
    );
    let deal = json!({
        "order": text(),
        "type": text(),
        "at": text(),
        "date": text(),
        "seller": party,
        "customer": party,
        "payment": { "type": "object" },
        "feedback": { "type": "object" },
    });
    let mut told = deal.clone();
    told["code"] = text();
    told["state"] = text();
    let texts = json!({ "anyOf": [text(), { "type": "array", "items": text() }] });
    let names = ["date", "address", "flags", "email", "password", "key", "pgp", "code", "sign"];
    let mut fields: Value = names.iter().map(|name| ((*name).to_owned(), text())).collect();
    fields["url"] = texts.clone();
    fields["bitmessage"] = texts;
    json!({
        "Answer": object(
            json!({
                "id": text(),
                "address": text(),
                "action": text(),
                "token": reference("Token"),
                "result": result,
                "payload": { "type": "string", "format": "byte" },
            }),
            &["address", "token", "payload"],
        ),
        "AccountFields": { "type": "object", "properties": fields },
        "AddressField": object(json!({ "address": text() }), &[]),
        "AccountField": object(json!({ "account": text() }), &[]),
        "CodeField": object(json!({ "code": text() }), &[]),
        "DealFields": object(deal, &["order", "feedback"]),
        "Deal": object(told, &["feedback"]),
    })
}

fn beside() -> Value {
    let standing =
        object(json!({ "count": number(), "positive": number(), "rating": text() }), &[]);
    let condition = object(json!({ "field": text(), "value": {} }), &[]);
    json!({
        "Profile": object(
            json!({
                "code": text(),
                "urltrusted": { "type": "array", "items": text() },
                "seller": standing,
                "customer": standing,
            }),
            &[],
        ),
        "History": object(
            json!({ "transfers": { "type": "array", "items": { "type": "object" } } }),
            &[],
        ),
        "Search": object(json!({ "search": { "type": "array", "items": condition } }), &["search"]),
        "Feedback": object(
            json!({
                "code": text(),
                "sellercode": text(),
                "customercode": text(),
                "comments": text(),
                "sum": text(),
                "date": text(),
                "status": number(),
                "rating": number(),
            }),
            &[],
        ),
        "Uri": object(json!({ "uri": text() }), &[]),
        "Dispute": object(json!({ "by": text(), "reason": text(), "signature": text() }), &[]),
        "Resolution": object(
            json!({ "refund": text(), "arbiter": text(), "signature": text() }),
            &["arbiter", "signature"],
        ),
        "OpenSettlement": object(
            json!({
                "id": number(),
                "txid": text(),
                "psbt": text(),
                "signers": { "type": "array", "items": text() },
            }),
            &[],
        ),
        "Psbt": object(json!({ "psbt": text() }), &[]),
        "Signers": object(json!({ "signers": { "type": "array", "items": text() } }), &[]),
    })
}

fn events() -> Value {
    let hook = json!({
        "id": text(),
        "url": text(),
        "events": { "type": "array", "items": text() },
        "enabled": { "type": "boolean" },
        "created": number(),
    });
    let mut made = hook.clone();
    made["secret"] = text();
    let kinds = json!({ "type": "array", "items": text() });
    json!({
        "Event": object(
            json!({
                "id": number(),
                "type": text(),
                "deal": { "type": ["string", "null"] },
                "time": number(),
                "data": {},
            }),
            &[],
        ),
        "Gift": object(json!({ "address": text(), "sum": text() }), &[]),
        "Given": object(json!({ "txid": text() }), &[]),
        "Blocks": object(json!({ "blocks": number() }), &["blocks"]),
        "Mined": object(json!({ "height": number() }), &[]),
        "EventNumber": object(json!({ "event": number() }), &[]),
        "Webhook": object(hook, &[]),
        "NewWebhook": object(made, &[]),
        "WebhookRequest": object(
            json!({ "url": text(), "events": kinds, "secret": text() }),
            &["events", "secret"],
        ),
        "WebhookChange": object(json!({ "enabled": { "type": "boolean" } }), &[]),
        "Delivery": object(
            json!({
                "event": number(),
                "due": number(),
                "attempts": number(),
                "lastError": text(),
            }),
            &[],
        ),
    })
}
