//! Every transaction of genuine releases: read, hashed, signed, verified and made again.

use crate::vectors::{key, load};
use serde_json::Value;
use tally_conditions::Policy;
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{AssetId, IdHash, Operation, Rejection, Transaction, Version, build::Draft};

/// The transactions that genuine servers made, by file.
const FILES: [&str; 7] = [
    "nested-v1-0.7-keccak.json",
    "nested-v1-0.8-fips.json",
    "nested-v1-0.8-keccak.json",
    "flat-0.9.json",
    "flat-0.10.json",
    "flat-1.0.json",
    "flat-2.0.json",
];

/// The cases of a file that are valid.
fn valid_cases(file: &str) -> Vec<Value> {
    let cases = load(file)["transactions"].as_array().unwrap().clone();
    cases.into_iter().filter(|case| case.get("expect").is_none()).collect()
}

fn parse(tx: &Value) -> Result<Transaction, Rejection> {
    Transaction::parse(tx.to_string().as_bytes())
}

/// The bytes that the keys of each input sign.
fn messages(case: &Value) -> Vec<Vec<u8>> {
    let list = case.get("signing_messages").unwrap_or(&case["signing"]).as_array().unwrap();
    let message = |message: &Value| {
        let text = message.as_str().or(message["message"].as_str());
        let digits = message["message_hex"].as_str();
        match (text, digits) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, digits) => hex::decode(digits.unwrap()).unwrap(),
        }
    };
    list.iter().map(message).collect()
}

#[test]
fn texts_ids_and_messages_are_those_of_genuine_servers() {
    for file in FILES {
        let cases = valid_cases(file);
        assert!(cases.len() >= 6, "{file}");
        for case in cases {
            let name = format!("{file} {}", case["name"]);
            let tx = parse(&case["tx"]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(tx.to_json(), case["tx_canonical"], "{name}");
            assert_eq!(tx.id().to_string(), case["id"].as_str().unwrap(), "{name}");
            let preimage = String::from_utf8(tx.id_preimage()).unwrap();
            assert_eq!(preimage, case["id_preimage"], "{name}");
            let own: Vec<_> = (0..tx.inputs().len()).map(|index| tx.message(index)).collect();
            assert_eq!(own, messages(&case), "{name}");
        }
    }
}

#[test]
fn signatures_of_genuine_servers_are_valid() {
    for file in FILES {
        for case in valid_cases(file) {
            let tx = parse(&case["tx"]).unwrap();
            for (index, input) in tx.inputs().iter().enumerate() {
                let is_valid = input.fulfillment.verify(&tx.message(index), 0);
                assert!(is_valid, "{file} {} {index}", case["name"]);
            }
        }
    }
}

/// What is stored is read again without loss.
#[test]
fn a_stored_transaction_is_the_same() {
    for file in FILES {
        for case in valid_cases(file) {
            let tx = parse(&case["tx"]).unwrap();
            let again = Transaction::from_trusted(tx.to_json().as_bytes()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{tx:?}"), "{file} {}", case["name"]);
        }
    }
}

/// Makes a transaction again, from what it says and the keys that signed it.
fn rebuild(tx: &Transaction, spendable: &[Transaction], keys: &[&SigningKey]) -> Transaction {
    let mut draft = match tx.operation() {
        Operation::Create => Draft::create(tx.version(), &tx.inputs()[0].owners_before),
        Operation::Transfer => Draft::transfer(tx.version(), tx.asset_id()),
        Operation::Genesis => {
            let draft = Draft::genesis(tx.version(), keys[0].public_key());
            let uuid = match tx.asset_id() {
                AssetId::Uuid(uuid) => uuid,
                AssetId::Transaction(_) => return draft.sign(keys).unwrap(),
            };
            let draft = draft.asset_uuid(uuid).metadata_id(tx.metadata_id().unwrap());
            let draft = draft.id_hash(tx.id_hash());
            let draft = tx.timestamp().into_iter().fold(draft, Draft::timestamp);
            return draft.sign(keys).unwrap();
        }
    };
    draft = draft.id_hash(tx.id_hash());
    for spends in tx.inputs().iter().filter_map(|input| input.spends) {
        let spent = spendable.iter().find(|spent| spent.id() == spends.transaction).unwrap();
        draft = draft.input(spent, spends.index);
    }
    for output in tx.outputs() {
        draft = if matches!(output.policy, Policy::Ed25519 { .. }) {
            draft.output(output.amount, &output.public_keys)
        } else {
            draft.output_to(output.amount, output.policy.clone())
        };
    }
    if let (AssetId::Uuid(uuid), Operation::Create) = (tx.asset_id(), tx.operation()) {
        draft = draft.asset_uuid(uuid);
    }
    draft = if tx.is_divisible() == Some(true) { draft.divisible() } else { draft };
    draft = tx.asset_data().into_iter().fold(draft, Draft::asset_data);
    draft = tx.metadata().into_iter().fold(draft, Draft::metadata);
    draft = tx.metadata_id().into_iter().fold(draft, Draft::metadata_id);
    draft = tx.timestamp().into_iter().fold(draft, Draft::timestamp);
    draft.sign(keys).unwrap()
}

/// With the same keys and the same words the same bytes are made as genuine clients made.
#[test]
fn what_is_built_is_what_genuine_clients_built() {
    for file in FILES {
        let cases = valid_cases(file);
        let all: Vec<_> = cases.iter().map(|case| parse(&case["tx"]).unwrap()).collect();
        for (case, tx) in cases.iter().zip(&all) {
            let signers = case["signers"].as_array().unwrap().iter();
            let keys: Vec<_> = signers.map(|name| key(name.as_str().unwrap())).collect();
            let own = rebuild(tx, &all, &keys.iter().collect::<Vec<_>>());
            assert_eq!(own.to_json(), tx.to_json(), "{file} {}", case["name"]);
        }
    }
}

/// The transaction printed in the seed document: its id is Keccak-256, its signature is valid.
#[test]
fn the_sample_of_the_seed_is_valid() {
    let case = load("seed-sample-tx.json");
    let tx = parse(&case["tx"]).unwrap();
    assert_eq!(tx.id_hash(), IdHash::Keccak);
    assert_eq!(String::from_utf8(tx.id_preimage()).unwrap(), case["id_preimage"]);
    let message = tx.message(0);
    assert_eq!(String::from_utf8(message.clone()).unwrap(), case["signing_message"]);
    assert!(tx.inputs()[0].fulfillment.verify(&message, 0));
    assert_eq!(tx.timestamp(), Some(1_477_578_978));
}

/// The transaction that the seed's documentation build would have posted, from its private key.
#[test]
fn the_sample_of_the_documentation_is_made_of_its_key() {
    let case = load("doc-sample-post-tx.json");
    let tx = parse(&case["tx"]).unwrap();
    assert_eq!(tx.id_hash(), IdHash::Sha3);
    assert!(tx.inputs()[0].fulfillment.verify(&tx.message(0), 0));
    let key: SigningKey = case["private_key"].as_str().unwrap().parse().unwrap();
    assert_eq!(rebuild(&tx, &[], &[&key]).to_json(), tx.to_json());
}

/// The bad transactions of the files that need no state: the others are well-formed.
#[test]
fn negatives_are_refused_with_their_class() {
    let mut refused = 0;
    for file in FILES {
        let cases = load(file)["transactions"].as_array().unwrap().clone();
        for case in cases.iter().filter(|case| case.get("expect").is_some()) {
            let found = parse(&case["tx"]);
            let name = format!("{file} {}", case["name"]);
            match case["name"].as_str().unwrap() {
                "bad_id" | "same_input_twice" => {
                    let class = found.unwrap_err().code.upstream_class();
                    assert_eq!(class, case["expect"], "{name}");
                    refused += 1;
                }
                "bad_signature" => {
                    let tx = found.unwrap();
                    assert!(!tx.inputs()[0].fulfillment.verify(&tx.message(0), 0), "{name}");
                }
                _ => assert!(found.is_ok(), "{name}: {found:?}"),
            }
        }
    }
    assert_eq!(refused, 8);
}

/// Genuine servers did not look at the signature of the second input.
#[test]
fn the_forged_second_input_is_not_signed() {
    for file in ["forged-second-input-0.8.json", "forged-second-input-0.10.json"] {
        let case = load(file);
        let tx = parse(&case["tx"]).unwrap();
        let is_valid = |index: usize| tx.inputs()[index].fulfillment.verify(&tx.message(index), 0);
        assert_eq!([is_valid(0), is_valid(1)], [true, false], "{file}");
    }
}

/// Bad transactions that were made by hand and signed: what `parse` alone has to say about each.
#[test]
fn hand_made_negatives_are_refused_with_a_code() {
    let table = [
        ("truncated_fulfillment_payload", "invalid_fulfillment"),
        ("empty_payload", "invalid_fulfillment"),
        ("trailing_payload_bytes", "invalid_fulfillment"),
        ("rsa_type", "invalid_fulfillment"),
        ("transfer_null_input", "invalid_inputs"),
        ("create_with_input", "invalid_inputs"),
        ("no_fulfillments", "invalid_inputs"),
        ("no_outputs_create", "no_outputs"),
        ("amount_zero", "invalid_amount"),
        ("amount_negative", "invalid_amount"),
        ("amount_string", "schema_violation"),
        ("amount_float", "schema_violation"),
        ("nondivisible_amount_2", "amount_mismatch"),
        ("divisible_amount_1", "amount_mismatch"),
        ("refillable_true", "unsupported_asset"),
        ("updatable_true", "unsupported_asset"),
        ("asset_id_not_uuid", "schema_violation"),
        ("with_timestamp_id_stale", "invalid_id"),
        ("uri_not_matching_details", "condition_mismatch"),
        ("owner_not_matching_details", "owners_mismatch"),
        ("bad_operation_stale_id", "schema_violation"),
        ("bad_operation", "schema_violation"),
        ("metadata_string", "schema_violation"),
        ("version_2_stale_id", "unsupported_version"),
        ("string_body", "schema_violation"),
        ("number_body", "schema_violation"),
        ("missing_inputs_key", "schema_violation"),
    ];
    for file in ["http-negatives-0.8.2.json", "http-negatives-0.9.5.json"] {
        let file = load(file);
        for case in
            file["cases"].as_array().unwrap().iter().filter(|case| case["tx"] != Value::Null)
        {
            let name = case["name"].as_str().unwrap();
            let found = parse(&case["tx"]).err().map(|rejection| rejection.code.as_str());
            let expected = table.iter().find(|(own, _)| *own == name).map(|(_, code)| *code);
            assert_eq!(found, expected, "{name}: {:?}", parse(&case["tx"]));
        }
    }
}

/// What the published Python clients made of random data and keys, much of it text that needs
/// escapes, with numbers as each of them writes them.
#[test]
fn transactions_of_published_clients_are_valid() {
    let path = format!("{}/tests/vectors/drivers.jsonl", env!("CARGO_MANIFEST_DIR"));
    let mut counts = std::collections::BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = line.split_once(r#","tx":"#).unwrap().1.strip_suffix('}').unwrap();
        let tx = Transaction::parse(text.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}: {text}", case["driver"]));
        assert_eq!(tx.verify_signatures(0), Ok(()), "{text}");
        *counts.entry(tx.version()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), Version::ALL.len());
    assert!(counts.values().all(|count| *count == 20), "{counts:?}");
}
