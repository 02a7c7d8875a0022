use super::*;
use crate::json::{self, Limits, NumberStyle};
use proptest::prelude::*;
use tally_conditions::{Kind, Weighted};
use tally_crypto::ed25519::PublicKey;

const KEY: &str = "6VA5NxBjWGaGJjoBMm4yaS3X3zL8uMGNsXjcUeJoiCEN";

fn parsed(text: &str) -> Value<'_> {
    json::parse(text.as_bytes(), Limits { bytes: 1 << 20, depth: 256 }).unwrap()
}

fn read_text(text: &str, encoding: Encoding) -> Result<Policy, Rejection> {
    read(&At::root(&parsed(text)), encoding)
}

fn written(policy: &Policy, encoding: Encoding) -> String {
    json::canonical(&write(policy, encoding).unwrap(), NumberStyle::Literal)
}

/// Takes the signatures away, as in outputs.
fn unsigned(details: &mut serde_json::Value) {
    if let Some(signature) = details.get_mut("signature") {
        *signature = serde_json::Value::Null;
    }
    let subs = details.get_mut("subfulfillments").and_then(serde_json::Value::as_array_mut);
    subs.into_iter().flatten().for_each(unsigned);
}

/// What cryptoconditions 0.5.0 wrote describes the condition that it computed, and is written the
/// same way.
#[test]
fn details_of_a_genuine_library_are_read_and_written() {
    let path = format!("{}/tests/vectors/cryptoconditions-0.5.0.json", env!("CARGO_MANIFEST_DIR"));
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let mut details = vector["details"].clone();
        unsigned(&mut details);
        let text = details.to_string();
        let policy = read_text(&text, Encoding::Draft00)
            .unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        let uri = policy.condition_uri(Encoding::Draft00).unwrap();
        assert_eq!(uri, vector["condition_uri"], "{}", vector["name"]);
        assert_eq!(written(&policy, Encoding::Draft00), text, "{}", vector["name"]);
    }
}

#[test]
fn details_of_another_form_are_refused() {
    let table = [
        (r#"[]"#, "expected an object, found a list"),
        (r#"{}"#, "'type' is a required property"),
        (r#"{"type":"condition"}"#, "type: must be fulfillment"),
        (r#"{"type":"fulfillment"}"#, "'type_id' is a required property"),
        (r#"{"type":"fulfillment","type_id":5}"#, "type_id: is not a type of condition"),
        (r#"{"type":"fulfillment","type_id":1}"#, "type_id: is not supported in details"),
        (r#"{"type":"fulfillment","type_id":3}"#, "type_id: is not supported in details"),
        (
            r#"{"type":"fulfillment","type_id":4,"bitmask":32,"public_key":"K"}"#,
            "'signature' is a required property",
        ),
        (
            r#"{"type":"fulfillment","type_id":4,"bitmask":33,"public_key":"K","signature":null}"#,
            "bitmask: must be 32",
        ),
        (
            r#"{"type":"fulfillment","type_id":4,"bitmask":32,"public_key":"K","signature":"S"}"#,
            "signature: must be null",
        ),
        (
            r#"{"type":"fulfillment","type_id":4,"bitmask":32,"public_key":"K","signature":null,
                "weight":1}"#,
            "('weight' was unexpected)",
        ),
        (
            r#"{"type":"fulfillment","type_id":2,"bitmask":9,"threshold":1,"subfulfillments":{}}"#,
            "subfulfillments: expected a list",
        ),
        (
            r#"{"type":"fulfillment","type_id":2,"bitmask":11,"threshold":1,"subfulfillments":
                [{"type":"fulfillment","type_id":0,"bitmask":3,"preimage":""}]}"#,
            "subfulfillments[0]: 'weight' is a required property",
        ),
        (
            r#"{"type":"fulfillment","type_id":2,"bitmask":11,"threshold":1,"subfulfillments":
                [{"type":"condition","type_id":4,"bitmask":3,"hash":"K",
                  "max_fulfillment_length":96,"weight":1}]}"#,
            "subfulfillments[0]: ",
        ),
    ];
    for (text, words) in table {
        let text = text.replace("\"K\"", &format!("\"{KEY}\""));
        let found = read_text(&text, Encoding::Draft00).unwrap_err().message;
        assert!(found.contains(words), "{text}: {found}");
    }
}

#[test]
fn asn1_details_of_another_form_are_refused() {
    let table = [
        (r#"{"type":"preimage-sha-256","preimage":""}"#, "type: must be ed25519-sha-256 or"),
        (r#"{"type":"ed25519-sha-256"}"#, "'public_key' is a required property"),
        (
            r#"{"type":"ed25519-sha-256","public_key":"K","signature":null}"#,
            "('signature' was unexpected)",
        ),
        (
            r#"{"type":"threshold-sha-256","threshold":-1,"subconditions":[]}"#,
            "threshold: must be an integer",
        ),
        (
            r#"{"type":"threshold-sha-256","threshold":1,"subconditions":[{"type":"x"}]}"#,
            "subconditions[0].type: ",
        ),
    ];
    for (text, words) in table {
        let found = read_text(text, Encoding::Asn1).unwrap_err().message;
        assert!(found.contains(words), "{text}: {found}");
    }
}

/// Conditions nested as deep as conditions may be fit into the depth of a transaction's JSON.
#[test]
fn details_may_be_as_deep_as_conditions() {
    let leaf = Policy::ed25519(KEY.parse().unwrap());
    let deepest = tally_conditions::limits::DEPTH_MAX;
    for encoding in [Encoding::Draft00, Encoding::Asn1] {
        let policy = (1..deepest).fold(leaf.clone(), |sub, _| Policy::threshold(1, [sub]));
        assert!(policy.condition(encoding).is_ok());
        let text = written(&policy, encoding);
        // A transaction has at most five levels around the details.
        let limits = Limits { bytes: 1 << 20, depth: crate::NESTING_MAX - 5 };
        let value = json::parse(text.as_bytes(), limits).unwrap();
        assert_eq!(read(&At::root(&value), encoding).unwrap(), policy);
    }
}

#[test]
fn policies_without_details_are_not_written() {
    let rsa = Policy::Rsa { modulus: vec![1; 128] };
    let timeout = Policy::Timeout { expire_time: "1477578978".to_owned() };
    assert_eq!(write(&rsa, Encoding::Draft00), None);
    assert_eq!(write(&timeout, Encoding::Asn1), None);
    assert_eq!(write(&Policy::threshold(1, [rsa]), Encoding::Draft00), None);
}

fn any_key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(PublicKey::from_bytes)
}

/// Policies of each encoding; whether they make sense does not matter for details.
fn any_policy(encoding: Encoding) -> impl Strategy<Value = Policy> {
    let key = any_key().prop_map(Policy::ed25519);
    let leaf = match encoding {
        Encoding::Asn1 => key.boxed(),
        Encoding::Draft00 => prop_oneof![
            key,
            "[a-z\\u{0}-\\u{20}é]{0,8}"
                .prop_map(|text: String| Policy::Preimage { preimage: text.into_bytes() }),
            "[0-9]{10}".prop_map(|expire_time| Policy::Timeout { expire_time }),
        ]
        .boxed(),
    };
    leaf.prop_recursive(4, 16, 4, move |inner| {
        let weight = if encoding == Encoding::Asn1 { 1..=1 } else { 0..=u32::MAX };
        let entry = (weight, inner, any_key(), any::<bool>());
        let entry = entry.prop_map(move |(weight, policy, key, is_hashed)| {
            let is_hashed = is_hashed && encoding == Encoding::Draft00;
            let hashed = || Policy::ed25519(key).condition(encoding).map(Policy::Condition);
            let policy = if is_hashed { hashed().unwrap() } else { policy };
            Weighted { weight, policy }
        });
        (any::<u32>(), prop::collection::vec(entry, 0..4), any::<bool>()).prop_map(
            move |(threshold, subs, is_inverted)| {
                if is_inverted && Kind::InvertedThreshold.exists_in(encoding) {
                    Policy::InvertedThreshold { threshold, subs }
                } else {
                    Policy::Threshold { threshold, subs }
                }
            },
        )
    })
}

proptest! {
    #[test]
    fn details_of_draft00_are_read_as_written(policy in any_policy(Encoding::Draft00)) {
        let text = written(&policy, Encoding::Draft00);
        prop_assert_eq!(read_text(&text, Encoding::Draft00).unwrap(), policy);
    }

    #[test]
    fn details_of_asn1_are_read_as_written(policy in any_policy(Encoding::Asn1)) {
        let text = written(&policy, Encoding::Asn1);
        prop_assert_eq!(read_text(&text, Encoding::Asn1).unwrap(), policy);
    }
}
