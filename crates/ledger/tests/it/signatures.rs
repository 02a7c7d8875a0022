//! Signatures in batches: the same verdicts as alone, whatever is beside them.

use proptest::prelude::*;
use serde_json::Value;
use tally_conditions::Policy;
use tally_ledger::{RejectionCode, Transaction, Version, verify_signatures};

use crate::{
    chain::{NOW, VERSIONS, create, created, pay, public, sign, transfer},
    raw,
};

/// A way to spoil signatures; the transaction stays well-formed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Forgery {
    None,
    /// A bit of the signature is another: of its first half, or of its second.
    Bit(usize),
    /// The fulfilment comes from a transaction with other metadata.
    OtherBody,
    /// The fulfilment of one input stands in another.
    OtherInput,
}

/// A transfer with three inputs, one of them of two owners; `note` makes it one of many.
fn transaction(version: Version, note: u8) -> Transaction {
    let owners = [public("bob"), public("carol")];
    let draft = create(version, note).output(1, &[public("alice")]).output(2, &owners);
    let source = sign(&draft.output(4, &[public("alice")]), &["alice"]);
    let all = [(&source, 0), (&source, 1), (&source, 2)];
    // As many outputs as inputs, so that every version can sign them.
    let outputs = [(2, "dave"), (2, "erin"), (3, "dave")];
    transfer(version, &all, &outputs, &["alice", "bob", "carol"])
}

/// The members of a transaction that are called otherwise in the nested format.
fn inputs(value: &mut Value) -> &mut Vec<Value> {
    let place =
        if value.get("transaction").is_some() { "/transaction/fulfillments" } else { "/inputs" };
    value.pointer_mut(place).unwrap().as_array_mut().unwrap()
}

/// Changes a character in the last 86 of a fulfilment: the signature, in both encodings. Another
/// threshold entry may follow, but of one owner's fulfilment nothing else is there.
fn flip(fulfillment: &mut Value, position: usize) {
    let text = fulfillment.as_str().unwrap();
    let at = text.len() - 2 - position;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    *fulfillment = format!("{}{other}{}", &text[..at], &text[at + 1..]).into();
}

fn forge(original: &Transaction, forgery: Forgery, input: usize) -> Transaction {
    let mut value: Value = serde_json::from_str(original.to_json()).unwrap();
    match forgery {
        Forgery::None => {}
        Forgery::Bit(position) => flip(&mut inputs(&mut value)[input]["fulfillment"], position),
        Forgery::OtherBody => {
            let other = serde_json::json!({"other": "body"});
            let id = "11111111-1111-4111-9111-111111111111";
            match value.get_mut("transaction") {
                Some(body) => body["metadata"] = serde_json::json!({"id": id, "data": other}),
                None => value["metadata"] = other,
            }
        }
        Forgery::OtherInput => {
            let first = inputs(&mut value)[0]["fulfillment"].clone();
            inputs(&mut value)[2]["fulfillment"] = first;
        }
    }
    Transaction::parse(raw::with_id(value).as_bytes()).unwrap()
}

fn forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        3 => Just(Forgery::None),
        3 => (0..80_usize).prop_map(Forgery::Bit),
        1 => Just(Forgery::OtherBody),
        1 => Just(Forgery::OtherInput),
    ]
}

/// A version, a number that makes the transaction one of many, and what is done to which input: the
/// first or the last, which one key signs.
fn case() -> impl Strategy<Value = (usize, u8, Forgery, usize)> {
    (0..5_usize, any::<u8>(), forgery(), prop_oneof![Just(0_usize), Just(2)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Goal: a batch says of each transaction what verifying it alone says; valid ones are
    /// accepted, forged ones refused, in any mixture, order, grouping, and with any entropy.
    #[test]
    fn a_batch_says_what_each_signature_says_alone(
        cases in prop::collection::vec(case(), 1..12),
        entropy: [u8; 32],
        split in any::<prop::sample::Index>(),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut transactions = Vec::new();
        for (version, note, forgery, input) in cases {
            let original = transaction(VERSIONS[version], note);
            // In version 1.0 all inputs sign the same message: it does not matter where one stands.
            let is_forged = forgery != Forgery::None
                && !(forgery == Forgery::OtherInput && VERSIONS[version] == Version::Flat1_0);
            transactions.push((forge(&original, forgery, input), is_forged));
        }
        let all: Vec<&Transaction> = transactions.iter().map(|(forged, _)| forged).collect();
        let verdicts = verify_signatures(&all, NOW, entropy);
        prop_assert_eq!(verdicts.len(), all.len());
        for ((transaction, is_forged), verdict) in transactions.iter().zip(&verdicts) {
            prop_assert_eq!(&transaction.verify_signatures(NOW), verdict);
            prop_assert_eq!(verdict.is_err(), *is_forged, "{}", transaction.to_json());
        }

        let (left, right) = all.split_at(split.index(all.len()));
        let parts = [left, right].map(|part| verify_signatures(part, NOW, [0; 32])).concat();
        prop_assert_eq!(&parts, &verdicts);

        let turn = turn.index(all.len());
        let mut turned = all.clone();
        turned.rotate_left(turn);
        let mut expected = verdicts.clone();
        expected.rotate_left(turn);
        prop_assert_eq!(verify_signatures(&turned, NOW, entropy), expected);
    }
}

/// Goal: messages that fill several batches change nothing.
#[test]
fn many_large_transactions_are_verified_like_one() {
    // In version 2.0 the message is a digest; in 0.10 it is the whole text.
    let large = |version| {
        move |number: u8| {
            let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(400_000));
            let draft = create(version, number).asset_data(data);
            sign(&pay(draft, &[(u64::from(number) + 1, "alice")]), &["alice"])
        }
    };
    let (digests, texts) = (large(Version::Flat2_0), large(Version::Flat0_10));
    let mut transactions: Vec<_> = (0..2).map(digests).chain((0..5).map(texts)).collect();
    transactions[5] = forge(&transactions[5], Forgery::OtherBody, 0);
    let all: Vec<&Transaction> = transactions.iter().collect();
    let refused: Vec<usize> = verify_signatures(&all, NOW, [3; 32])
        .into_iter()
        .enumerate()
        .filter_map(|(index, verdict)| verdict.is_err().then_some(index))
        .collect();
    assert_eq!(refused, [5]);
}

/// Goal: no transactions, no answers.
#[test]
fn an_empty_batch_has_no_verdicts() {
    assert_eq!(verify_signatures(&[], NOW, [0; 32]), []);
}

/// Goal: the refusal names the input, and whose signature it is.
#[test]
fn the_input_that_failed_is_named() {
    for version in VERSIONS {
        let forged = forge(&transaction(version, 1), Forgery::Bit(0), 2);
        let rejection = forged.verify_signatures(NOW).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::InvalidSignature);
        let list = if version == Version::Nested1 { "transaction.fulfillments" } else { "inputs" };
        let expected = format!("{list}[2]: the signature of {} is wrong", public("alice"));
        assert_eq!(rejection.message, expected);
    }
}

/// Goal: what is no question of signatures is left to the rules of state: a fulfilment that is
/// valid for another condition than that of the output.
#[test]
fn whose_signature_it_should_be_is_a_question_of_state() {
    let source = created(Version::Flat2_0, 1, &[(1, "bob")]);
    let erin = public("erin");
    let spends = tally_ledger::OutputRef { transaction: source.id(), index: 0 };
    let draft = tally_ledger::build::Draft::transfer(Version::Flat2_0, source.asset_id())
        .input_of(spends, vec![erin], Policy::ed25519(erin))
        .output(1, &[erin]);
    assert_eq!(sign(&draft, &["erin"]).verify_signatures(NOW), Ok(()));
}
