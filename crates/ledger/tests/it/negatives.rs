//! What genuine servers accepted, refused or crashed on: each is held against all rules here.

use serde_json::Value;
use tally_ledger::{Operation, Rejection, RejectionCode as Code, Transaction};

use crate::{chain::Chain, vectors};

fn parse(value: &Value) -> Result<Transaction, Rejection> {
    Transaction::parse(value.to_string().as_bytes())
}

/// What all rules together say about a transaction on a chain.
fn check(chain: &Chain, value: &Value) -> Result<Transaction, Rejection> {
    let transaction = parse(value)?;
    chain.check(&transaction)?;
    Ok(transaction)
}

/// The hand-made transactions that genuine servers accepted and this ledger accepts, too; and the
/// one that 0.8 refused and this ledger does not.
const VALID: [&str; 4] =
    ["control_create", "control_divisible", "control_create2", "spend_single_unit_of_divisible"];

/// The rules of state that the others break; the codes of those that break a rule without state are
/// in another table.
const STATE: [(&str, Code); 5] = [
    ("index_out_of_range", Code::OutputNotFound),
    ("input_missing_tx", Code::InputNotFound),
    ("asset_mismatch", Code::AssetMismatch),
    ("two_assets_in_one", Code::AssetMismatch),
    ("duplicate_asset_uuid", Code::DuplicateAsset),
];

/// Goal: every hand-made transaction that should be refused is, by the rule that it breaks.
/// Method: the cases in their order, the valid ones appended to a chain.
#[test]
fn hand_made_negatives_are_refused() {
    for (file, cases) in [("http-negatives-0.8.2.json", 37), ("http-negatives-0.9.5.json", 30)] {
        let mut chain = Chain::default();
        let (mut refused, mut by_state) = (0, 0);
        let vectors = vectors::load(file);
        let list = vectors["cases"].as_array().unwrap();
        assert_eq!(list.len(), cases, "{file}");
        for case in list {
            let name = case["name"].as_str().unwrap();
            if name == "not_utf8" {
                // The file cannot hold it.
                let bytes = b"{\"id\":\"\xff\"}";
                assert_eq!(Transaction::parse(bytes).unwrap_err().code, Code::MalformedJson);
                refused += 1;
                continue;
            }
            let verdict = check(&chain, &case["tx"]);
            if VALID.contains(&name) {
                let transaction = verdict.unwrap_or_else(|error| panic!("{file} {name}: {error}"));
                chain.append(transaction);
                continue;
            }
            let rejection = verdict.expect_err(name);
            refused += 1;
            if let Some((_, code)) = STATE.iter().find(|(own, _)| *own == name) {
                assert_eq!(rejection.code, *code, "{file} {name}: {rejection}");
                by_state += 1;
            } else {
                assert!(parse(&case["tx"]).is_err(), "{file} {name} breaks a rule without state");
            }
        }
        assert_eq!(refused, cases - VALID.len(), "{file}");
        assert_eq!(by_state, if file.contains("0.8.2") { 5 } else { 4 }, "{file}");
    }
}

/// Goal: the signature of *every* input counts. Genuine 0.8 to 0.10 accepted these.
#[test]
fn forged_second_inputs_are_refused() {
    for file in ["forged-second-input-0.8.json", "forged-second-input-0.10.json"] {
        let vectors = vectors::load(file);
        let mut chain = Chain::default();
        chain.append(parse(&vectors["source_tx"]).unwrap());
        let forged = parse(&vectors["tx"]).unwrap();
        assert_eq!(vectors["must_be"], "rejected");
        let rejection = chain.check(&forged).unwrap_err();
        assert_eq!(rejection.code, Code::InvalidSignature, "{file}");
        assert!(rejection.message.contains("s[1]: the signature of "), "{rejection}");
        let batched = tally_ledger::verify_signatures(&[&forged], 0, [1; 32]);
        assert_eq!(batched, [Err(rejection)], "{file}");
    }
}

/// Goal: the transactions of genuine servers are valid one after the other, and the negatives among
/// them break the rule that was meant.
#[test]
fn transactions_of_genuine_servers_make_a_chain() {
    let files = [
        ("nested-v1-0.7-keccak.json", 5, 0),
        ("nested-v1-0.8-fips.json", 12, 6),
        ("nested-v1-0.8-keccak.json", 12, 6),
        ("flat-0.9.json", 12, 2),
        ("flat-0.10.json", 12, 2),
        ("flat-1.0.json", 12, 2),
        ("flat-2.0.json", 12, 2),
    ];
    for (file, valid, invalid) in files {
        let (mut chain, mut creations) = (Chain::default(), Chain::default());
        let (mut appended, mut refused) = (0, 0);
        for case in vectors::load(file)["transactions"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            // What is wrong with a negative shows where nothing else is: one repeats the uuid of a
            // valid creation, others spend what valid transfers spend.
            let place = match name {
                "bad_signature" => &Chain::default(),
                "wrong_owner" | "amount_mismatch" => &creations,
                _ => &chain,
            };
            let verdict = check(place, &case["tx"]);
            let expected = match (name, case["expect"].as_str()) {
                ("genesis", _) => Some("OperationError"),
                ("transfer_simple_double_spend", _) => Some("DoubleSpend"),
                (_, expected) => expected,
            };
            match expected {
                None => {
                    let valid = verdict.unwrap_or_else(|error| panic!("{file} {name}: {error}"));
                    let valid = chain.append(valid);
                    if valid.operation() == Operation::Create {
                        creations.state.add(&valid);
                    }
                    appended += 1;
                }
                Some(class) => {
                    let code = verdict.expect_err(name).code;
                    assert_eq!(code.upstream_class(), class, "{file} {name}");
                    refused += usize::from(name != "genesis");
                }
            }
        }
        assert_eq!((appended, refused), (valid, invalid), "{file}");
    }
}
