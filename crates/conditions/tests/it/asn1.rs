//! Vectors of `cryptoconditions` 0.8.0.

use crate::support::{bytes, keys, message, text};
use serde_json::Value;
use tally_conditions::{
    Condition, Encoding::Asn1, Fulfillment, Kind, Policy, PolicyError, Weighted, asn1,
};
use tally_crypto::{ed25519::SigningKey, sha256};

fn file() -> Value {
    serde_json::from_str(include_str!("../vectors/cryptoconditions-0.8.0.json")).unwrap()
}

/// Goal: each fulfilment parses, is written back byte by byte, names its condition and is valid.
#[test]
fn fulfillments_are_those_of_upstream() {
    let file = file();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let (name, uri) = (text(vector, "name"), text(vector, "condition_uri"));
        let condition = Condition::parse(Asn1, uri).unwrap();
        assert_eq!(condition.uri(), uri, "{name}");
        assert_eq!(Some(condition.to_bytes()), bytes(vector, "condition_binary_hex"), "{name}");
        let contents = bytes(vector, "fingerprint_contents_hex").unwrap();
        assert_eq!(Some(sha256(contents).to_vec()), bytes(vector, "fingerprint_hex"), "{name}");
        let Some(uri) = vector["fulfillment_uri"].as_str() else {
            continue;
        };
        let fulfillment = Fulfillment::parse(Asn1, uri).unwrap();
        assert_eq!(fulfillment.to_uri(), uri, "{name}");
        assert_eq!(Some(fulfillment.to_bytes()), bytes(vector, "fulfillment_binary_hex"), "{name}");
        assert_eq!(fulfillment.condition(), &condition, "{name}");
        let is_valid = fulfillment.verify(&message(vector), 0);
        assert_eq!(Some(is_valid), vector["validates"].as_bool(), "{name}");
        if !["preimage_empty", "preimage_secret"].contains(&name) {
            assert!(!fulfillment.verify(b"something else", 0), "{name}");
        }
        checked += 1;
    }
    assert_eq!(checked, 11);
}

/// Goal: descriptions give upstream's conditions, and signing them upstream's fulfilments.
#[test]
fn signing_makes_the_fulfillments_of_upstream() {
    let file = file();
    let named = keys(&file);
    let all: Vec<&SigningKey> = named.iter().map(|(_, key)| key).collect();
    let key = |name: &str| &named.iter().find(|(other, _)| other == name).unwrap().1;
    let owner = |name: &str| Policy::ed25519(key(name).public_key());
    let hidden = |name: &str| Policy::Condition(owner(name).condition(Asn1).unwrap());
    let preimage = |text: &str| Policy::Preimage { preimage: text.into() };
    let inner = Policy::threshold(2, ["bob", "carol"].map(owner));
    let cases = [
        ("preimage_empty", preimage("")),
        ("preimage_secret", preimage("much secret! wow!")),
        ("ed25519_alice", owner("alice")),
        ("threshold_2of2", Policy::threshold(2, ["alice", "bob"].map(owner))),
        ("threshold_2of2_swapped", Policy::threshold(2, ["bob", "alice"].map(owner))),
        ("threshold_1of2_one_condition", Policy::threshold(1, [hidden("alice"), owner("bob")])),
        ("threshold_2of3", Policy::threshold(2, ["alice", "bob", "carol"].map(owner))),
        ("threshold_3of3", Policy::threshold(3, ["alice", "bob", "carol"].map(owner))),
        ("threshold_nested", Policy::threshold(2, [owner("alice"), inner])),
        (
            "prefix",
            Policy::Prefix {
                prefix: b"pre".to_vec(),
                max_message_length: Some(100),
                sub: Box::new(owner("alice")),
            },
        ),
    ];
    for (name, policy) in cases {
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| text(vector, "name") == name).unwrap();
        let condition = policy.condition_uri(Asn1).unwrap();
        assert_eq!(condition, text(vector, "condition_uri"), "{name}");
        let fulfillment = policy.fulfill(Asn1, &message(vector), &all).unwrap();
        assert_eq!(fulfillment.to_uri(), text(vector, "fulfillment_uri"), "{name}");
    }
}

/// Goal: a message longer than the prefix allows is refused, one as long is not.
#[test]
fn a_prefix_bounds_the_message() {
    let key = SigningKey::from_seed(&[1; 32]);
    let sub = Box::new(Policy::ed25519(key.public_key()));
    let prefix = |max_message_length| Policy::Prefix {
        prefix: b"pre".to_vec(),
        max_message_length,
        sub: sub.clone(),
    };
    let nested = Policy::Prefix {
        prefix: b"in".to_vec(),
        max_message_length: Some(10),
        sub: Box::new(prefix(Some(12))),
    };
    for (policy, longest) in [(prefix(Some(10)), 10), (nested, 10)] {
        for (length, is_valid) in [(longest, true), (longest + 1, false)] {
            let message = vec![b'm'; length];
            let fulfillment = policy.fulfill(Asn1, &message, &[&key]).unwrap();
            assert_eq!(fulfillment.verify(&message, 0), is_valid);
        }
    }
    assert_eq!(prefix(None).condition(Asn1), Err(PolicyError::MessageLength));
}

#[test]
fn what_asn1_cannot_say_is_refused() {
    let owner = Policy::ed25519(SigningKey::from_seed(&[1; 32]).public_key());
    let heavy = vec![Weighted { weight: 2, policy: owner.clone() }];
    let weighted = Policy::Threshold { threshold: 2, subs: heavy.clone() };
    assert_eq!(weighted.condition(Asn1), Err(PolicyError::Weight(2)));
    let inverted = Policy::InvertedThreshold { threshold: 2, subs: heavy };
    assert!(matches!(inverted.condition(Asn1), Err(PolicyError::Kind { .. })));
    let timeout = Policy::Timeout { expire_time: "1477578978".into() };
    assert!(matches!(timeout.condition(Asn1), Err(PolicyError::Kind { .. })));
    let made_up = asn1::Condition {
        kind: Kind::Timeout,
        fingerprint: [0; 32],
        cost: 1,
        subtypes: asn1::Kinds::default(),
    };
    let hidden = Policy::threshold(1, [Policy::Condition(Condition::Asn1(made_up))]);
    assert!(matches!(hidden.condition(Asn1), Err(PolicyError::Kind { .. })));
    let foreign = owner.condition(tally_conditions::Encoding::Draft00).unwrap();
    let foreign = Policy::threshold(1, [Policy::Condition(foreign)]);
    assert_eq!(foreign.condition(Asn1), Err(PolicyError::ForeignCondition(Asn1)));
}

/// Goal: a condition has one text.
#[test]
fn condition_texts_are_canonical() {
    let fingerprint = "_w8TDcc12e3nduIRctIyJ4n4Cl0w53qDW3clVjDnLGw";
    let good = format!(
        "ni:///sha-256;{fingerprint}?fpt=threshold-sha-256&cost=264192&subtypes=ed25519-sha-256,rsa-sha-256"
    );
    assert_eq!(Condition::parse(Asn1, &good).unwrap().uri(), good);
    for (from, to) in [
        ("ni:///", "ni://"),
        ("sha-256;", "sha-512;"),
        ("LGw?", "LGx?"),
        ("LGw?", "LG?"),
        ("LGw?", "LGw=?"),
        ("fpt=threshold", "fpt=Threshold"),
        ("cost=264192", "cost=0264192"),
        ("cost=264192", "cost=+264192"),
        ("cost=264192", "cost=4294967296"),
        ("cost=264192", "cost="),
        ("ed25519-sha-256,rsa-sha-256", "rsa-sha-256,ed25519-sha-256"),
        ("ed25519-sha-256,rsa-sha-256", "rsa-sha-256,rsa-sha-256"),
        ("ed25519-sha-256,rsa-sha-256", ""),
        ("rsa-sha-256", "threshold-sha-256"),
        ("rsa-sha-256", "timeout-sha-256"),
        ("fpt=threshold", "fpt=ed25519"),
        ("fpt=threshold-sha-256&cost=264192", "cost=264192&fpt=threshold-sha-256"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(Condition::parse(Asn1, &bad).is_err(), "{bad}");
    }
}
