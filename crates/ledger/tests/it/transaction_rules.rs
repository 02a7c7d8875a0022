//! Every rule of an operation that needs no state, in every version.

use crate::changed::{Changed, alice, bob, create, refused, refused_in};
use serde_json::{Value, json};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{AMOUNT_MAX, RejectionCode, Transaction, Version, build::Draft};

const SCHEMA: RejectionCode = RejectionCode::SchemaViolation;
const AMOUNT: RejectionCode = RejectionCode::InvalidAmount;
const INPUTS: RejectionCode = RejectionCode::InvalidInputs;

#[test]
fn a_wrong_id_is_refused() {
    for version in Version::ALL {
        let mut tx = Changed::create(version);
        tx.set(&["operation"], "TRANSFER");
        tx.set(&["operation"], "CREATE");
        tx.json["id"] = "0".repeat(64).into();
        let rejection = tx.parse().unwrap_err();
        assert_eq!(rejection.code, RejectionCode::InvalidId);
        assert_eq!(rejection.code.upstream_class(), "InvalidHash");
    }
}

/// The hash of the flat formats is SHA3-256 alone; nested ids may be Keccak-256, too.
#[test]
fn keccak_ids_are_for_the_nested_format() {
    for version in Version::ALL {
        let draft = create(version).id_hash(tally_ledger::IdHash::Keccak);
        let found = draft.output(1, &[bob()]).sign(&[&alice()]);
        assert_eq!(found.is_ok(), version == Version::Nested1, "{version}");
    }
}

#[test]
fn amounts_of_zero_are_refused() {
    let change = |tx: &mut Changed| tx.set(&["outputs", "1", "amount"], tx.amount(0));
    refused(Changed::create, change, AMOUNT, "[1].amount: must be from 1 to");
    refused(Changed::transfer, |tx| tx.set(&["outputs", "0", "amount"], tx.amount(0)), AMOUNT, "");
}

#[test]
fn huge_amounts_are_refused() {
    for amount in [AMOUNT_MAX + 1, u64::MAX] {
        let change = |tx: &mut Changed| tx.set(&["outputs", "0", "amount"], tx.amount(amount));
        refused(Changed::create, change, AMOUNT, "[0].amount: ");
    }
}

#[test]
fn amounts_that_add_up_to_too_much_are_refused() {
    for make in [Changed::create, Changed::transfer] {
        let change = |tx: &mut Changed| {
            let mut more = tx.at(&["outputs", "0"]).clone();
            more["amount"] = tx.amount(AMOUNT_MAX);
            let index = tx.list("outputs").len();
            if tx.is_nested() {
                more["cid"] = index.into();
            }
            tx.list("outputs").push(more);
        };
        refused(make, change, AMOUNT, "add up to more than");
    }
}

#[test]
fn the_largest_amount_is_accepted() {
    for version in Version::ALL {
        let draft = create(version).divisible().output(AMOUNT_MAX, &[bob()]);
        assert_eq!(draft.sign(&[&alice()]).unwrap().outputs()[0].amount, AMOUNT_MAX);
    }
}

#[test]
fn a_transaction_without_outputs_is_refused() {
    for make in [Changed::create, Changed::transfer] {
        refused(make, |tx| tx.list("outputs").clear(), RejectionCode::NoOutputs, "at least one");
    }
}

#[test]
fn a_transaction_without_inputs_is_refused() {
    for make in [Changed::create, Changed::transfer] {
        refused(make, |tx| tx.list("inputs").clear(), INPUTS, "contains no inputs");
    }
}

#[test]
fn a_create_that_spends_is_refused() {
    let change = |tx: &mut Changed| {
        let fulfills = Changed::transfer(tx.version).at(&["inputs", "0", "fulfills"]).clone();
        tx.set(&["inputs", "0", "fulfills"], fulfills);
    };
    refused(Changed::create, change, INPUTS, "a CREATE operation has no inputs");
}

#[test]
fn a_create_has_exactly_one_input() {
    let change = |tx: &mut Changed| {
        let mut more = tx.at(&["inputs", "0"]).clone();
        if tx.is_nested() {
            more["fid"] = json!(1);
        }
        tx.list("inputs").push(more);
    };
    refused(Changed::create, change, INPUTS, "exactly one");
}

#[test]
fn a_transfer_with_a_null_input_is_refused() {
    let change = |tx: &mut Changed| tx.set(&["inputs", "1", "fulfills"], Value::Null);
    refused(
        Changed::transfer,
        change,
        INPUTS,
        "[1]: only CREATE transactions can have null inputs",
    );
}

#[test]
fn the_same_input_twice_is_refused() {
    let change = |tx: &mut Changed| {
        let first = tx.at(&["inputs", "0", "fulfills"]).clone();
        tx.set(&["inputs", "1", "fulfills"], first);
    };
    refused(Changed::transfer, change, RejectionCode::DoubleSpend, "[1]: tx ");
}

#[test]
fn the_total_fits_the_divisibility() {
    let key = [alice().public_key()];
    let sign = |draft: Draft| draft.sign(&[&alice()]).map(|tx| tx.is_divisible());
    let nested = || create(Version::Nested1);
    assert_eq!(sign(nested().output(1, &key)).unwrap(), Some(false));
    assert_eq!(sign(nested().divisible().output(1, &key).output(1, &key)).unwrap(), Some(true));
    for (draft, words) in [
        (nested().output(2, &key), "non divisible assets always have amount equal to one"),
        (nested().output(1, &key).output(1, &key), "non divisible assets"),
        (nested().divisible().output(1, &key), "divisible assets must have an amount greater"),
    ] {
        let error = Transaction::parse(draft.sign_to_json(&[&alice()]).unwrap().as_bytes());
        let rejection = error.unwrap_err();
        assert_eq!(rejection.code, RejectionCode::AmountMismatch);
        assert!(rejection.message.contains(words), "{rejection}");
    }
    // In flat formats every asset is divisible, and one unit of it as well.
    for version in &Version::ALL[1..] {
        assert_eq!(sign(create(*version).output(1, &key)).unwrap(), None);
    }
}

#[test]
fn refillable_and_updatable_assets_are_refused() {
    for name in ["refillable", "updatable"] {
        let change = |tx: &mut Changed| tx.at(&["asset"])[name] = json!(true);
        let code = RejectionCode::UnsupportedAsset;
        refused_in(Version::Nested1, Changed::create, change, code, "is not supported");
        let change = |tx: &mut Changed| tx.at(&["asset"])[name] = json!("no");
        refused_in(Version::Nested1, Changed::create, change, SCHEMA, "expected a boolean");
    }
}

#[test]
fn a_uri_that_does_not_match_its_details_is_refused() {
    let change = |tx: &mut Changed| {
        let other = tx.at(&["outputs", "1", "condition", "uri"]).clone();
        tx.set(&["outputs", "0", "condition", "uri"], other);
    };
    let code = RejectionCode::ConditionMismatch;
    refused(Changed::create, change, code, "[0].condition.uri: ");
    let change = |tx: &mut Changed| tx.set(&["outputs", "0", "condition", "uri"], "cc:0");
    refused(Changed::create, change, code, "[0].condition.uri: ");
}

#[test]
fn owners_that_do_not_match_the_details_are_refused() {
    let code = RejectionCode::OwnersMismatch;
    let owners: [Vec<PublicKey>; 3] =
        [vec![], vec![alice().public_key()], vec![bob(), alice().public_key()]];
    for owners in owners {
        let owners: Vec<_> = owners.iter().map(ToString::to_string).collect();
        let change = |tx: &mut Changed| tx.set(&["outputs", "1", "public_keys"], owners.clone());
        refused(Changed::create, change, code, "must be exactly the keys in the details");
    }
}

/// Somebody who does not sign a creation is not its creator, and neither is nobody.
#[test]
fn creators_are_those_who_sign() {
    let code = RejectionCode::OwnersMismatch;
    let both = vec![alice().public_key().to_string(), bob().to_string()];
    for owners in [vec![], vec![bob().to_string()], both] {
        let change = |tx: &mut Changed| tx.set(&["inputs", "0", "owners_before"], owners.clone());
        refused(Changed::create, change, code, "exactly the keys that signed");
    }
}

#[test]
fn whoever_signs_a_transfer_is_named() {
    let owners = vec![bob().to_string()];
    let change = |tx: &mut Changed| tx.set(&["inputs", "1", "owners_before"], owners.clone());
    refused(Changed::transfer, change, RejectionCode::OwnersMismatch, "must contain the keys");
}

/// Each input of a 0.7 transaction signs the output of its own position: there has to be one.
#[test]
fn a_timestamped_transfer_has_an_output_for_each_input() {
    let change = |tx: &mut Changed| tx.body()["timestamp"] = json!("1477578978");
    refused_in(Version::Nested1, Changed::transfer, change, INPUTS, "as many of them as outputs");
}

/// The work of checking signatures grows with the square of the size, but not without bound.
#[test]
fn too_much_to_hash_is_refused() {
    let (version, alice) = (Version::Flat1_0, alice());
    let outputs = (0..40).fold(create(version), |draft, _| draft.output(1, &[alice.public_key()]));
    let create = outputs.sign(&[&alice]).unwrap();
    let draft = Draft::transfer(version, create.asset_id()).output(40, &[bob()]);
    let draft = (0..40).fold(draft, |draft, index| draft.input(&create, index));
    let draft = draft.metadata(format!("{{\"a\":\"{}\"}}", "a".repeat(900_000)));
    let text = draft.sign_to_json(&[&alice]).unwrap();
    let rejection = Transaction::parse(text.as_bytes()).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::TooLarge, "{rejection}");
}

/// What is stored keeps the literal text of numbers; ids and signatures cover the form of the time.
#[test]
fn numbers_keep_their_literal_text() {
    for version in Version::ALL {
        let draft =
            create(version).asset_data(r#"{"a":1.50,"b":1E16,"c":-0,"d":12345678901234567890123}"#);
        let tx = draft.output(1, &[bob()]).sign(&[&alice()]).unwrap();
        let literal = r#"{"a":1.50,"b":1E16,"c":-0,"d":12345678901234567890123}"#;
        assert_eq!(tx.asset_data(), Some(literal));
        let sixteen = if version == Version::Flat2_0 { "1e+16" } else { "10000000000000000.0" };
        let signed = format!(r#"{{"a":1.5,"b":{sixteen},"c":0,"d":12345678901234567890123}}"#);
        let preimage = String::from_utf8(tx.id_preimage()).unwrap();
        assert!(preimage.contains(&signed), "{version}: {preimage}");
        assert!(tx.inputs()[0].fulfillment.verify(&tx.message(0), 0));
        // The same object with numbers written as they were signed is the same transaction.
        let canonical = tx.to_json().replace(literal, &signed);
        assert_eq!(Transaction::parse(canonical.as_bytes()).unwrap().id(), tx.id());
        let again = Transaction::from_trusted(tx.to_json().as_bytes()).unwrap();
        assert_eq!(again.message(0), tx.message(0));
    }
}

/// White space, order, escapes and repeated members do not make another transaction.
#[test]
fn the_same_words_are_the_same_transaction() {
    for version in Version::ALL {
        let tx = create(version).output(1, &[bob()]).sign(&[&alice()]).unwrap();
        let value: Value = serde_json::from_str(tx.to_json()).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let repeated =
            pretty.replacen('{', "{\"version\": \"7\", ", 1).replace("earth", "\\u0065arth");
        for text in [pretty, repeated] {
            assert_eq!(Transaction::parse(text.as_bytes()).unwrap(), tx);
        }
    }
}
