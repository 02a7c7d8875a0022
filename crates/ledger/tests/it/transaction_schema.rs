//! What a transaction has to look like, member by member, in every version.

use crate::changed::{Changed, alice, bob, create, refused, refused_in};
use serde_json::{Value, json};
use tally_conditions::Policy;
use tally_ledger::{
    AssetUuid, MetadataId, Operation, RejectionCode, Transaction, Version, build::Draft,
};

const SCHEMA: RejectionCode = RejectionCode::SchemaViolation;
const AMOUNT: RejectionCode = RejectionCode::InvalidAmount;

#[test]
fn a_transaction_is_an_object() {
    for text in ["null", "[]", "5", "\"abc\"", "true"] {
        let rejection = Transaction::parse(text.as_bytes()).unwrap_err();
        assert_eq!(rejection.code, SCHEMA, "{text}");
        assert!(rejection.message.starts_with("expected an object, found "), "{rejection}");
    }
}

#[test]
fn malformed_json_is_refused() {
    for (text, code) in [
        (&b"{\"id\":"[..], RejectionCode::MalformedJson),
        (b"\xff", RejectionCode::MalformedJson),
        (b"{\"version\":1e999}", RejectionCode::MalformedJson),
        (&b"[".repeat(300), RejectionCode::TooLarge),
        (&b" ".repeat(2 << 20), RejectionCode::TooLarge),
    ] {
        assert_eq!(Transaction::parse(text).unwrap_err().code, code);
    }
}

#[test]
fn unknown_versions_are_refused() {
    for version in [json!(2), json!("1"), json!(1.0), json!("3.0"), json!(null), json!("0.10 ")] {
        let change = |tx: &mut Changed| tx.json["version"] = version.clone();
        refused(Changed::create, change, RejectionCode::UnsupportedVersion, "version: ");
    }
}

#[test]
fn an_id_that_is_no_hash_is_refused() {
    for version in Version::ALL {
        for id in [json!("0F".repeat(32)), json!("00"), json!(null), json!(7)] {
            let mut tx = Changed::create(version);
            tx.json["id"] = id;
            assert_eq!(tx.parse().unwrap_err().code, SCHEMA);
        }
        let mut tx = Changed::create(version);
        tx.json.as_object_mut().unwrap().remove("id");
        assert_eq!(tx.parse().unwrap_err().message, "'id' is a required property");
    }
}

#[test]
fn missing_members_are_refused() {
    for name in ["operation", "asset", "metadata", "inputs", "outputs"] {
        refused(Changed::create, |tx| tx.remove(&[], name), SCHEMA, "is a required property");
    }
    for name in ["owners_before", "fulfills"] {
        let change = |tx: &mut Changed| tx.remove(&["inputs", "0"], name);
        refused(Changed::create, change, SCHEMA, "[0]: '");
    }
    for name in ["amount", "condition", "public_keys"] {
        let change = |tx: &mut Changed| tx.remove(&["outputs", "1"], name);
        refused(Changed::create, change, SCHEMA, "[1]: '");
    }
    for name in ["details", "uri"] {
        let change = |tx: &mut Changed| tx.remove(&["outputs", "1", "condition"], name);
        refused(Changed::create, change, SCHEMA, "[1].condition: '");
    }
    for name in ["transaction_id", "output_index"] {
        let change = |tx: &mut Changed| tx.remove(&["inputs", "1", "fulfills"], name);
        refused(Changed::transfer, change, SCHEMA, "[1].");
    }
}

#[test]
fn unexpected_members_are_refused() {
    let change = |tx: &mut Changed| tx.json["extra"] = json!(1);
    refused(Changed::create, change, SCHEMA, "('extra' was unexpected)");
    let paths: [&[&str]; 7] = [
        &[],
        &["asset"],
        &["inputs", "0"],
        &["outputs", "0"],
        &["outputs", "0", "condition"],
        &["outputs", "0", "condition", "details"],
        &["inputs", "0", "fulfills"],
    ];
    for path in paths {
        let change = |tx: &mut Changed| tx.at(path)["extra"] = json!(1);
        refused(Changed::transfer, change, SCHEMA, "('extra' was unexpected)");
    }
}

#[test]
fn unknown_operations_are_refused() {
    for operation in [json!("FOO"), json!("create"), json!(null), json!(1)] {
        let change = |tx: &mut Changed| tx.set(&["operation"], operation.clone());
        refused(Changed::create, change, SCHEMA, "operation: ");
    }
}

/// GENESIS transactions can be read, because blocks hold them, in all formats that have them.
#[test]
fn genesis_is_read_where_it_exists() {
    for version in Version::ALL {
        let node = alice();
        let draft = Draft::genesis(version, node.public_key())
            .asset_uuid(AssetUuid::from_random([7; 16]))
            .metadata_id(MetadataId::from_random([8; 16]));
        match draft.sign(&[&node]) {
            Ok(tx) => assert_eq!(tx.operation(), Operation::Genesis),
            Err(_) => assert_eq!(version, Version::Flat2_0),
        }
    }
}

#[test]
fn negative_amounts_are_refused() {
    for version in [Version::Nested1, Version::Flat0_9, Version::Flat0_10] {
        let change = |tx: &mut Changed| tx.set(&["outputs", "1", "amount"], -4);
        refused_in(version, Changed::create, change, AMOUNT, "[1].amount: ");
    }
    for version in [Version::Flat1_0, Version::Flat2_0] {
        let change = |tx: &mut Changed| tx.set(&["outputs", "1", "amount"], "-4");
        refused_in(version, Changed::create, change, SCHEMA, "[1].amount: ");
    }
}

#[test]
fn amounts_of_another_type_are_refused() {
    let of_integers = [json!("1"), json!(1.0), json!(1e2), json!(true), json!(null), json!([1])];
    for amount in of_integers {
        for version in [Version::Nested1, Version::Flat0_9, Version::Flat0_10] {
            let change = |tx: &mut Changed| tx.set(&["outputs", "0", "amount"], amount.clone());
            refused_in(version, Changed::create, change, SCHEMA, "[0].amount: ");
        }
    }
    let of_strings = [json!(1), json!(""), json!("1.0"), json!("+1"), json!(" 1"), json!("1e2")];
    for amount in of_strings {
        for version in [Version::Flat1_0, Version::Flat2_0] {
            let change = |tx: &mut Changed| tx.set(&["outputs", "0", "amount"], amount.clone());
            refused_in(version, Changed::create, change, SCHEMA, "[0].amount: ");
        }
    }
}

#[test]
fn positions_out_of_range_are_refused() {
    for index in [json!(-1), json!(4_294_967_296_u64), json!(0.0), json!("0"), json!(null)] {
        let change =
            |tx: &mut Changed| tx.set(&["inputs", "0", "fulfills", "output_index"], index.clone());
        refused(Changed::transfer, change, SCHEMA, "must be an integer from 0");
    }
}

/// `cid` and `fid` are positions in their lists.
#[test]
fn wrong_positions_are_refused() {
    for (list, name) in [("inputs", "fid"), ("outputs", "cid")] {
        let change = |tx: &mut Changed| tx.at(&[list, "0"])[name] = json!(1);
        refused_in(Version::Nested1, Changed::create, change, SCHEMA, "must be 0, the position");
        let change = |tx: &mut Changed| {
            tx.at(&[list, "0"]).as_object_mut().unwrap().remove(name);
        };
        refused_in(Version::Nested1, Changed::create, change, SCHEMA, "is a required property");
    }
}

#[test]
fn asset_ids_of_another_form_are_refused() {
    for id in [json!("not-a-uuid"), json!(null), json!("AEBEAB22-E672-4D3B-A187-BDE5FDA6533D")] {
        for make in [Changed::create, Changed::transfer] {
            let change = |tx: &mut Changed| tx.at(&["asset"])["id"] = id.clone();
            refused_in(Version::Nested1, make, change, SCHEMA, "asset.id: ");
        }
        let change = |tx: &mut Changed| tx.at(&["asset"])["id"] = id.clone();
        refused(Changed::transfer, change, SCHEMA, "asset.id: ");
    }
}

#[test]
fn a_transfer_says_nothing_about_the_asset() {
    let change = |tx: &mut Changed| tx.at(&["asset"])["data"] = json!({"a": 1});
    refused(Changed::transfer, change, SCHEMA, "('data' was unexpected)");
}

#[test]
fn data_are_objects() {
    for data in [json!("str"), json!(1), json!([]), json!(false)] {
        let change = |tx: &mut Changed| tx.set(&["asset", "data"], data.clone());
        refused(Changed::create, change, SCHEMA, "asset.data: expected an object");
        let change = |tx: &mut Changed| tx.set(&["metadata"], data.clone());
        refused(Changed::create, change, SCHEMA, "metadata: expected an object");
    }
    // Metadata without a member says nothing, and is written `null`.
    let change = |tx: &mut Changed| tx.set(&["metadata"], json!({}));
    refused(Changed::create, change, SCHEMA, "metadata: ");
    let change = |tx: &mut Changed| tx.set(&["metadata", "data"], Value::Null);
    refused_in(Version::Nested1, Changed::create, change, SCHEMA, "metadata.data: ");
}

#[test]
fn names_that_old_databases_could_not_store_are_refused() {
    for name in ["a.b", ".", "$", "$set", "nul\0", "x\0y"] {
        for version in [Version::Flat1_0, Version::Flat2_0] {
            let code = RejectionCode::InvalidData;
            let change = |tx: &mut Changed| tx.set(&["asset", "data"], json!({"x": [{name: 1}]}));
            refused_in(version, Changed::create, change, code, "in asset object");
            let change = |tx: &mut Changed| tx.set(&["metadata"], json!({name: 1}));
            refused_in(version, Changed::create, change, code, "in metadata object");
        }
        for version in [Version::Nested1, Version::Flat0_9, Version::Flat0_10] {
            let mut tx = Changed::create(version);
            tx.set(&["asset", "data"], json!({name: 1}));
            assert!(tx.with_id().parse().is_ok(), "{version} {name}");
        }
    }
}

#[test]
fn languages_that_the_text_search_did_not_know_are_refused() {
    for version in [Version::Flat1_0, Version::Flat2_0] {
        for language in [json!("klingon"), json!(1), json!({"a": 1})] {
            let data = json!({"a": {"language": language}});
            let change = |tx: &mut Changed| tx.set(&["asset", "data"], data.clone());
            let code = RejectionCode::InvalidData;
            refused_in(version, Changed::create, change, code, "asset.data.a.language: ");
        }
        let mut tx = Changed::create(version);
        tx.set(&["metadata"], json!({"language": "english", "a": [{"language": "de"}]}));
        assert!(tx.with_id().parse().is_ok());
    }
}

#[test]
fn keys_that_are_no_keys_are_refused() {
    for key in ["", "0OIl", "2ePYHfV3yS3xTxF9EE3Xjo8zPwq2RmLPFAJGQqQKc3j", "é"] {
        for path in [["outputs", "1", "public_keys"], ["inputs", "0", "owners_before"]] {
            let change = |tx: &mut Changed| tx.set(&path, json!([key]));
            refused(Changed::create, change, SCHEMA, "[0]: ");
        }
    }
}

/// Lists of owners may be nested only in the nested format, as servers of 0.8 wrote them.
#[test]
fn nested_owners_are_for_the_nested_format() {
    let keys = || [alice().public_key(), bob()];
    let sub = || Policy::n_of_n(&keys()).unwrap();
    let policy = Policy::threshold(2, [Policy::ed25519(alice().public_key()), sub()]);
    for version in Version::ALL {
        let mut tx = Changed::of(version, &create(version).output_to(1, policy.clone()));
        let owners = json!([
            alice().public_key().to_string(),
            [alice().public_key().to_string(), bob().to_string()]
        ]);
        tx.set(&["outputs", "0", "public_keys"], owners);
        let found = tx.with_id().parse();
        assert_eq!(found.is_ok(), version == Version::Nested1, "{version} {found:?}");
    }
}

#[test]
fn fulfillments_that_cannot_be_read_are_refused() {
    let code = RejectionCode::InvalidFulfillment;
    for text in ["", "cf:4:", "cf:4:AA", "cf:1:AA", "pGSA", "not a fulfillment"] {
        let change = |tx: &mut Changed| tx.set(&["inputs", "0", "fulfillment"], text);
        refused(Changed::create, change, code, "[0].fulfillment: ");
    }
    for unsigned in [Value::Null, json!({"type": "fulfillment"})] {
        let change = |tx: &mut Changed| tx.set(&["inputs", "0", "fulfillment"], unsigned.clone());
        refused(Changed::create, change, SCHEMA, "[0].fulfillment: expected a string");
    }
}

#[test]
fn trailing_payload_bytes_are_refused() {
    let change = |tx: &mut Changed| {
        let text = tx.at(&["inputs", "0", "fulfillment"]).as_str().unwrap().to_owned() + "AAAA";
        tx.set(&["inputs", "0", "fulfillment"], text);
    };
    refused(Changed::create, change, RejectionCode::InvalidFulfillment, "fulfillment: ");
}

#[test]
fn timestamps_are_ten_digits_in_the_nested_format() {
    for version in Version::ALL {
        let draft = create(version).output(1, &[bob()]).timestamp(1_477_578_978);
        let found = draft.sign(&[&alice()]);
        assert_eq!(found.is_ok(), version == Version::Nested1, "{version}");
    }
    for timestamp in [json!(1_477_578_978), json!("147757897"), json!("14775789780"), json!("")] {
        let change = |tx: &mut Changed| tx.body()["timestamp"] = timestamp.clone();
        refused_in(Version::Nested1, Changed::create, change, SCHEMA, "transaction.timestamp: ");
    }
}
