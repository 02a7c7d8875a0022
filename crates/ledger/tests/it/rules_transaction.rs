//! A rule of transactions that is about who signs what.

use tally_ledger::{RejectionCode, Transaction, Version};

use crate::{
    chain::{create, pay, public, sign, spend},
    vectors::key,
};

/// Goal: no output of 0.7 goes without a signature. An input of that release signs only the output
/// of its own position, so there are as many of the one as of the other.
#[test]
fn every_output_of_0_7_is_signed() {
    let version = Version::Nested1;
    let dated = |outputs: &[(u64, &str)]| {
        pay(create(version, 1).timestamp(1_477_578_978), outputs).sign_to_json(&[&key("alice")])
    };
    let parse = |text: String| Transaction::parse(text.as_bytes());
    let one = parse(dated(&[(5, "alice")]).unwrap()).unwrap();
    assert_eq!(one.verify_signatures(0), Ok(()));
    let two = parse(dated(&[(3, "alice"), (2, "bob")]).unwrap()).unwrap_err();
    assert_eq!(two.code, RejectionCode::InvalidInputs);

    let source = sign(&pay(create(version, 1), &[(5, "alice"), (4, "alice")]), &["alice"]);
    let spending = |inputs: &[(&Transaction, u32)], outputs: &[(u64, &str)]| {
        let draft = pay(spend(version, source.asset_id(), inputs), outputs);
        parse(draft.timestamp(1_477_578_978).sign_to_json(&[&key("alice")]).unwrap())
    };
    let both = [(&source, 0), (&source, 1)];
    let transfer = spending(&both, &[(6, "bob"), (3, "carol")]).unwrap();
    assert_eq!(transfer.verify_signatures(0), Ok(()));
    assert_eq!(transfer.outputs()[1].public_keys, [public("carol")]);
    for (inputs, outputs) in [
        (&both[..1], &[(3, "bob"), (2, "carol")][..]),
        (&both[..], &[(2, "bob"), (3, "carol"), (4, "dave")][..]),
        (&both[..], &[(9, "bob")][..]),
    ] {
        let refused = spending(inputs, outputs);
        assert_eq!(refused.unwrap_err().code, RejectionCode::InvalidInputs, "{outputs:?}");
    }
}
