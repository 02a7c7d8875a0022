//! Transactions as JSON values, changed as nobody would who means well.

use serde_json::Value;
use tally_crypto::sha3_256;
use tally_ledger::json::{Limits, NumberStyle, canonical, parse};

/// The canonical text of a value.
pub(crate) fn text(value: &Value) -> String {
    let text = value.to_string();
    let value = parse(text.as_bytes(), Limits { bytes: 1 << 24, depth: 1000 }).unwrap();
    canonical(&value, NumberStyle::Literal)
}

/// The text of a transaction whose id is that of its content, whatever that is.
///
/// An independent writing of the rule: the hash of the canonical text without the id, with `null`
/// for each fulfilment; in version 2.0 with `null` for the id and the fulfilments as they are.
pub(crate) fn with_id(mut value: Value) -> String {
    let mut hashed = value.clone();
    if value["version"] == "2.0" {
        hashed["id"] = Value::Null;
    } else {
        hashed.as_object_mut().unwrap().remove("id");
        let (body, inputs) = match hashed.get_mut("transaction") {
            Some(body) => (body, "fulfillments"),
            None => (&mut hashed, "inputs"),
        };
        for input in body[inputs].as_array_mut().into_iter().flatten() {
            input["fulfillment"] = Value::Null;
        }
    }
    value["id"] = hex::encode(sha3_256(text(&hashed))).into();
    text(&value)
}
