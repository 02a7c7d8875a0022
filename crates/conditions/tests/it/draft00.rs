//! Vectors of `cryptoconditions` 0.5.0 and of the draft itself.

use crate::support::{bytes, keys, message, policy, text};
use serde_json::Value;
use tally_conditions::{Condition, Encoding::Draft00, Fulfillment, Policy, Weighted};
use tally_crypto::ed25519::SigningKey;

fn file() -> Value {
    serde_json::from_str(include_str!("../vectors/cryptoconditions-0.5.0.json")).unwrap()
}

fn now(vector: &Value) -> u64 {
    vector["now"].as_str().map_or(0, |now| now.parse().unwrap())
}

/// Goal: the condition of each vector, of its details and read back, and in binary.
#[test]
fn conditions_are_those_of_upstream() {
    let file = file();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let (name, uri) = (text(vector, "name"), text(vector, "condition_uri"));
        let condition = policy(&vector["details"]).condition(Draft00).unwrap();
        assert_eq!(condition.uri(), uri, "{name}");
        assert_eq!(Condition::parse(Draft00, uri).as_ref(), Ok(&condition), "{name}");
        if let Some(binary) = bytes(vector, "condition_binary_hex") {
            assert_eq!(condition.to_bytes(), binary, "{name}");
        }
        checked += 1;
    }
    assert_eq!(checked, 20);
}

/// Goal: each fulfilment parses, is written back byte by byte, names its condition and is valid
/// exactly where it should be.
#[test]
fn fulfillments_are_those_of_upstream() {
    let file = file();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let Some(uri) = vector["fulfillment_uri"].as_str() else {
            continue;
        };
        let name = text(vector, "name");
        let fulfillment = Fulfillment::parse(Draft00, uri).unwrap();
        assert_eq!(fulfillment.to_uri(), uri, "{name}");
        assert_eq!(fulfillment.condition_uri(), text(vector, "condition_uri"), "{name}");
        if let Some(binary) = bytes(vector, "fulfillment_binary_hex") {
            assert_eq!(fulfillment.to_bytes(), binary, "{name}");
        }
        let is_valid = fulfillment.verify(&message(vector), now(vector));
        assert_eq!(Some(is_valid), vector["validates"].as_bool(), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 19);
}

/// Goal: signing the details gives upstream's bytes, whatever the order of the keys.
#[test]
fn signing_makes_the_fulfillments_of_upstream() {
    let file = file();
    let keys = keys(&file);
    let mut keys: Vec<&SigningKey> = keys.iter().map(|(_, key)| key).collect();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let Some(uri) = vector["fulfillment_uri"].as_str() else {
            continue;
        };
        if name == "ed25519_alice_wrong_message" {
            continue;
        }
        keys.rotate_left(1);
        let policy = policy(&vector["details"]);
        let fulfillment = policy.fulfill(Draft00, &message(vector), &keys).unwrap();
        assert_eq!(fulfillment.to_uri(), uri, "{name}");
        assert_eq!(Fulfillment::parse(Draft00, uri), Ok(fulfillment), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 18);
}

/// Goal: everything upstream refuses is refused, and what it lets pass by mistake too.
#[test]
fn malformed_texts_are_refused() {
    let file = file();
    let (mut refused, mut accepted) = (0, Vec::new());
    for vector in file["parse_errors"].as_array().unwrap() {
        let Some(uri) = vector["uri"].as_str() else {
            continue;
        };
        let is_refused = match text(vector, "kind") {
            "condition" => Condition::parse(Draft00, uri).is_err(),
            "fulfillment" => Fulfillment::parse(Draft00, uri).is_err(),
            other => panic!("what is {other}?"),
        };
        if is_refused {
            refused += 1;
        } else {
            accepted.push(text(vector, "name"));
        }
    }
    // Upstream ignored trailing bytes, and knew conditions of no type.
    assert_eq!((refused, accepted), (18, vec!["cond_ok"]));
}

fn named(file: &Value) -> impl Fn(&str) -> SigningKey {
    let keys = keys(file);
    move |name| keys.iter().find(|(other, _)| other == name).unwrap().1.clone()
}

/// Goal: lengths above 255, where upstream's encoder fails, are written and read.
#[test]
fn lengths_have_no_limit_of_one_byte() {
    let file = file();
    let key = named(&file);
    let names = ["alice", "bob", "carol", "dave"];
    let owners: Vec<SigningKey> = names.into_iter().map(&key).collect();
    let signers: Vec<&SigningKey> = owners.iter().collect();
    let public: Vec<_> = owners.iter().map(SigningKey::public_key).collect();

    let all = Policy::n_of_n(&public).unwrap();
    let known = "cc:2:29:J8bYI8d2rdNCIdVOu9T3QlDbYv_Fw91R5RzMrascCeY:406";
    assert_eq!(all.condition_uri(Draft00).unwrap(), known);

    let inner = Policy::n_of_n(&public[..3]).unwrap();
    let preimage = Policy::Preimage { preimage: vec![b'x'; 300] };
    let heavy = |weight, policy| Weighted { weight, policy };
    let cases = [
        all,
        Policy::threshold(2, [inner, Policy::ed25519(public[3])]),
        Policy::threshold(2, [preimage, Policy::ed25519(public[0])]),
        Policy::Threshold {
            threshold: 300,
            subs: vec![
                heavy(300, Policy::ed25519(public[0])),
                heavy(1, Policy::ed25519(public[1])),
            ],
        },
    ];
    for policy in cases {
        let fulfillment = policy.fulfill(Draft00, b"message", &signers).unwrap();
        let read = Fulfillment::parse(Draft00, &fulfillment.to_uri()).unwrap();
        assert_eq!(read, fulfillment);
        assert_eq!(Ok(read.condition()), policy.condition(Draft00).as_ref());
        assert!(read.verify(b"message", 0));
    }
}

/// Goal: the draft's own examples, RSA and prefix among them.
#[test]
fn examples_of_the_draft_validate() {
    let file = include_str!("../vectors/cryptoconditions-draft00-examples.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let examples = file["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 5);
    for example in examples {
        let (name, uri) = (text(example, "name"), text(example, "fulfillment_uri"));
        let fulfillment = Fulfillment::parse(Draft00, uri).unwrap();
        assert_eq!(fulfillment.to_uri(), uri, "{name}");
        let message = text(example, "message").as_bytes();
        assert!(fulfillment.verify(message, 0), "{name}");
        // The draft prints a condition with the prefix example that does not belong to it.
        let condition = if name == "prefix" {
            text(example, "condition_recomputed_reference_js_length")
        } else {
            text(example, "condition_uri")
        };
        assert_eq!(fulfillment.condition_uri(), condition, "{name}");
        if ["rsa", "ed25519", "prefix"].contains(&name) {
            assert!(!fulfillment.verify(b"something else", 0), "{name}");
        }
    }
}

/// Goal: an inverted threshold counts what is withheld as reached, or it would protect nothing.
#[test]
fn an_inverted_threshold_is_not_met_by_withholding() {
    let timeout = Policy::Timeout { expire_time: "1477578978".into() };
    let entry = |policy| vec![Weighted { weight: 1, policy }];
    let inverted = Policy::InvertedThreshold { threshold: 1, subs: entry(timeout.clone()) };
    let shown = inverted.fulfill(Draft00, b"", &[]).unwrap();
    assert!(!shown.verify(b"", 1_477_578_978));
    assert!(shown.verify(b"", 1_477_578_979));
    assert!(shown.may_be_satisfied(&[], b"", 0), "time will tell");
    let plain = timeout.fulfill(Draft00, b"", &[]).unwrap();
    assert!(plain.may_be_satisfied(&[], b"", 1_477_578_978));
    assert!(!plain.may_be_satisfied(&[], b"", 1_477_578_979), "it has passed for good");

    // 1, 1 entry: weight 1, no fulfilment, the condition of the timeout.
    let condition = timeout.condition(Draft00).unwrap().to_bytes();
    let mut payload = vec![1, 1, 1, 1, 1, 1, 0, condition.len() as u8];
    payload.extend(condition);
    let withheld = text_of(0x62, &payload);
    let withheld = Fulfillment::parse(Draft00, &withheld).unwrap();
    assert_eq!(withheld.condition_uri(), shown.condition_uri());
    assert!(!withheld.verify(b"", 1_477_578_978));
    assert!(!withheld.verify(b"", 1_477_578_979));
    assert!(!withheld.may_be_satisfied(&[], b"", 0));
}

/// Returns the text of a payload.
pub(crate) fn text_of(kind: u16, payload: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    format!("cf:{kind:x}:{}", URL_SAFE_NO_PAD.encode(payload))
}

#[test]
fn a_timeout_has_whole_seconds() {
    for (text, last) in [("1477578978", 1_477_578_978), ("1477578978.999", 1_477_578_978)] {
        let timeout = Policy::Timeout { expire_time: text.into() };
        let fulfillment = timeout.fulfill(Draft00, b"", &[]).unwrap();
        assert!(fulfillment.verify(b"", last));
        assert!(!fulfillment.verify(b"", last + 1));
    }
    for text in ["", "147757897", "14775789780", "1477578978.", "1477578978.5.5", "-477578978"] {
        let timeout = Policy::Timeout { expire_time: text.into() };
        assert!(timeout.condition(Draft00).is_err(), "{text}");
        assert!(Fulfillment::parse(Draft00, &text_of(0x63, text.as_bytes())).is_err(), "{text}");
    }
}
