//! The named schemas of the OpenAPI document.

use serde_json::{Value, json};

/// Returns all of them, by name.
pub(super) fn all() -> Value {
    let mut all = basic();
    for part in [documents(), lists(), about()] {
        let Value::Object(part) = part else { continue };
        for (name, schema) in part {
            all[name] = schema;
        }
    }
    all
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn object(properties: Value, optional: &[&str]) -> Value {
    let names = properties.as_object().map(|fields| fields.keys().cloned()).into_iter().flatten();
    let required: Vec<String> = names.filter(|name| !optional.contains(&name.as_str())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn basic() -> Value {
    json!({
        "Hash": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The id of a transaction or block: 64 lower-case hexadecimal digits.",
        },
        "Key": {
            "type": "string",
            "pattern": "^[1-9A-HJ-NP-Za-km-z]{43,44}$",
            "description": "An Ed25519 public key in Base58.",
        },
        "Error": object(
            json!({
                "message": {
                    "description": "What is wrong: a text, or, for a parameter in the APIs of 0.9 \
                        and later, an object with the parameter's name.",
                    "anyOf": [{ "type": "string" }, { "type": "object" }],
                },
                "status": { "type": "integer", "description": "The status of the reply." },
                "code": { "type": "string", "description": "What programs react to; stable." },
                "detail": { "type": "string", "description": "Where a body is malformed." },
            }),
            &["status", "detail"],
        ),
        "Status": object(
            json!({
                "status": { "enum": ["backlog", "undecided", "valid", "invalid"] },
                "reason": object(
                    json!({ "code": { "type": "string" }, "message": { "type": "string" } }),
                    &[],
                ),
                "_links": { "type": "object", "description": "0.9 and 0.10, of a transaction." },
            }),
            &["reason", "_links"],
        ),
    })
}

fn documents() -> Value {
    json!({
        "Transaction": {
            "type": "object",
            "required": ["id", "version"],
            "properties": { "id": reference("Hash") },
            "description": "A transaction of version 1 (nested: id, version, transaction), 0.9, \
                0.10, 1.0 or 2.0 (flat: id, version, operation, asset, metadata, inputs, outputs), \
                as its client made it.",
        },
        "Block": {
            "description": "By id: a signed block. By height: what 2.x serves.",
            "anyOf": [
                object(
                    json!({
                        "id": reference("Hash"),
                        "signature": { "type": "string" },
                        "block": object(
                            json!({
                                "node_pubkey": reference("Key"),
                                "timestamp": { "type": "string" },
                                "transactions": transactions(),
                                "voters": { "type": "array", "items": reference("Key") },
                            }),
                            &[],
                        ),
                    }),
                    &[],
                ),
                object(
                    json!({ "height": { "type": "integer" }, "transactions": transactions() }),
                    &[],
                ),
            ],
        },
        "Vote": object(
            json!({
                "node_pubkey": reference("Key"),
                "signature": { "type": "string" },
                "vote": object(
                    json!({
                        "voting_for_block": reference("Hash"),
                        "previous_block": reference("Hash"),
                        "is_block_valid": { "type": "boolean" },
                        "invalid_reason": { "type": ["string", "null"] },
                        "timestamp": { "type": "string" },
                    }),
                    &[],
                ),
            }),
            &[],
        ),
    })
}

fn transactions() -> Value {
    json!({ "type": "array", "items": reference("Transaction") })
}

fn lists() -> Value {
    json!({
        "BlockRef": {
            "description": "A whole block (the seed), its id (0.9 to 1.x) or its height (2.x).",
            "anyOf": [reference("Block"), reference("Hash"), { "type": "integer" }],
        },
        "Output": {
            "description": "1.x and 2.x; or, in 0.9 and 0.10, a path.",
            "anyOf": [
                object(
                    json!({
                        "transaction_id": reference("Hash"),
                        "output_index": { "type": "integer", "minimum": 0 },
                        "amount": { "type": "string" },
                        "asset_id": { "type": "string" },
                        "spent": { "type": "boolean" },
                    }),
                    &["amount", "asset_id", "spent"],
                ),
                reference("OutputPath"),
            ],
        },
        "OutputPath": { "type": "string", "description": "../transactions/{id}/outputs/{index}" },
        "Asset": object(json!({ "id": reference("Hash"), "data": {} }), &[]),
        "Metadata": object(json!({ "id": reference("Hash"), "metadata": {} }), &[]),
    })
}

fn about() -> Value {
    json!({
        "Root": object(
            json!({
                "keyring": { "type": "array", "items": reference("Key") },
                "public_key": reference("Key"),
                "software": { "const": "BigchainDB" },
                "version": { "type": "string" },
                "docs": { "type": "string" },
                "api_endpoint": { "type": "string" },
                "_links": { "type": "object" },
                "api": { "type": "object" },
            }),
            &[],
        ),
        "Index": { "type": "object", "required": ["_links", "transactions", "streams"] },
        "Validator": object(
            json!({
                "public_key": object(
                    json!({ "type": { "const": "ed25519-base64" }, "value": { "type": "string" } }),
                    &[],
                ),
                "voting_power": { "type": "integer" },
            }),
            &[],
        ),
    })
}
