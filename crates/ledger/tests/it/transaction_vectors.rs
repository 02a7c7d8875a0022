//! Every transaction of genuine releases: read, hashed, signed, verified and made again.

use crate::vectors::load;
use serde_json::Value;
use tally_ledger::{Rejection, Transaction};

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
    let message = |message: &Value| match message {
        Value::String(text) => text.clone().into_bytes(),
        message => match (message.get("message"), message.get("message_hex")) {
            (Some(text), _) => text.as_str().unwrap().as_bytes().to_vec(),
            (_, Some(digits)) => hex::decode(digits.as_str().unwrap()).unwrap(),
            _ => panic!("{message}"),
        },
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
