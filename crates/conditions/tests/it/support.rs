use serde_json::Value;
use tally_conditions::{Condition, Kind, Policy, Weighted, draft00};
use tally_crypto::{base58, ed25519::SigningKey};

/// Returns the text of a field that must be there.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} is missing in {value}"))
}

/// Returns the bytes of a field in hexadecimal, or `None` if upstream failed to compute it.
pub(crate) fn bytes(value: &Value, field: &str) -> Option<Vec<u8>> {
    hex::decode(value[field].as_str()?).ok()
}

/// Returns the message of a vector: empty if it names none.
pub(crate) fn message(vector: &Value) -> Vec<u8> {
    bytes(vector, "message_hex").unwrap_or_default()
}

/// Returns the keys of a vector file by name.
pub(crate) fn keys(file: &Value) -> Vec<(String, SigningKey)> {
    let keys = file["keys"].as_object().unwrap();
    let parse = |key: &Value| text(key, "private").parse::<SigningKey>().unwrap();
    keys.iter()
        .map(|(name, key)| {
            assert_eq!(parse(key).public_key().to_string(), text(key, "public"));
            (name.clone(), parse(key))
        })
        .collect()
}

/// Reads details as BigchainDB 0.x writes them.
pub(crate) fn policy(details: &Value) -> Policy {
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| Some(u64::from(kind.id())) == details["type_id"].as_u64())
        .unwrap();
    let number = |field: &str| details[field].as_u64().unwrap();
    if text(details, "type") == "condition" {
        return Policy::Condition(Condition::Draft00(draft00::Condition {
            kind,
            features: u32::try_from(number("bitmask")).unwrap(),
            fingerprint: base58::decode_array(text(details, "hash")).unwrap(),
            max_fulfillment_length: number("max_fulfillment_length"),
        }));
    }
    let threshold = || u32::try_from(number("threshold")).unwrap();
    let subs = || {
        let subs = details["subfulfillments"].as_array().unwrap();
        let weight = |sub: &Value| u32::try_from(sub["weight"].as_u64().unwrap()).unwrap();
        subs.iter().map(|sub| Weighted { weight: weight(sub), policy: policy(sub) }).collect()
    };
    match kind {
        Kind::Ed25519 => Policy::ed25519(text(details, "public_key").parse().unwrap()),
        Kind::Preimage => Policy::Preimage { preimage: text(details, "preimage").into() },
        Kind::Threshold => Policy::Threshold { threshold: threshold(), subs: subs() },
        Kind::InvertedThreshold => {
            Policy::InvertedThreshold { threshold: threshold(), subs: subs() }
        }
        Kind::Timeout => Policy::Timeout { expire_time: text(details, "expire_time").into() },
        Kind::Prefix | Kind::Rsa => panic!("BigchainDB writes no details of {kind}"),
    }
}
