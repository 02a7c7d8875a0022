//! Every rule that needs no state, in every version: a good transaction, one thing changed, the id
//! made right again.

use serde_json::{Value, json};
use tally_conditions::Policy;
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha3_256,
};
use tally_ledger::{
    AMOUNT_MAX, AssetUuid, MetadataId, Operation, Rejection, RejectionCode, Transaction, Version,
    build::Draft,
};

fn alice() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn bob() -> PublicKey {
    SigningKey::from_seed(&[2; 32]).public_key()
}

/// Begins a CREATE by alice, with all that its version needs.
fn create(version: Version) -> Draft {
    Draft::create(version, &[alice().public_key()])
        .asset_uuid(AssetUuid::from_random([7; 16]))
        .asset_data(r#"{"bicycle":{"serial":"abcd1234"}}"#)
        .metadata(r#"{"planet":"earth"}"#)
        .metadata_id(MetadataId::from_random([8; 16]))
}

/// A transaction as JSON, to be changed.
struct Changed {
    version: Version,
    json: Value,
}

impl Changed {
    /// A CREATE of a divisible asset with two outputs.
    fn create(version: Version) -> Self {
        let draft = create(version).divisible().output(3, &[alice().public_key()]);
        Self::of(version, &draft.output(4, &[bob()]))
    }

    /// A TRANSFER of both outputs of such a CREATE; alice owns both.
    fn transfer(version: Version) -> Self {
        let alice = alice().public_key();
        let create = create(version).divisible().output(3, &[alice]).output(4, &[alice]);
        let create = create.sign(&[&self::alice()]).unwrap();
        let draft = Draft::transfer(version, create.asset_id());
        Self::of(version, &draft.input(&create, 0).input(&create, 1).output(7, &[bob()]))
    }

    fn of(version: Version, draft: &Draft) -> Self {
        let tx = draft.sign(&[&alice()]).unwrap();
        Self { version, json: serde_json::from_str(tx.to_json()).unwrap() }
    }

    fn is_nested(&self) -> bool {
        self.version == Version::Nested1
    }

    /// What a member is called in this version, by its name in 2.0.
    fn name(&self, flat: &'static str) -> &'static str {
        match (self.version, flat) {
            (Version::Nested1, "inputs") => "fulfillments",
            (Version::Nested1, "outputs") => "conditions",
            (Version::Nested1, "public_keys") => "owners_after",
            (Version::Nested1, "fulfills") => "input",
            (Version::Nested1, "output_index") => "cid",
            (Version::Flat0_9 | Version::Flat0_10, "output_index") => "output",
            (Version::Nested1 | Version::Flat0_9 | Version::Flat0_10, "transaction_id") => "txid",
            (_, name) => name,
        }
    }

    fn body(&mut self) -> &mut Value {
        if self.is_nested() { &mut self.json["transaction"] } else { &mut self.json }
    }

    /// The value at a path of names as in 2.0, in the body.
    fn at(&mut self, path: &[&'static str]) -> &mut Value {
        let names: Vec<_> = path.iter().map(|name| self.name(name)).collect();
        names.iter().fold(self.body(), |value, name| match name.parse::<usize>() {
            Ok(index) => &mut value[index],
            Err(_) => &mut value[*name],
        })
    }

    fn set(&mut self, path: &[&'static str], value: impl Into<Value>) {
        *self.at(path) = value.into();
    }

    fn remove(&mut self, path: &[&'static str], name: &'static str) {
        let name = self.name(name);
        self.at(path).as_object_mut().unwrap().remove(name).unwrap();
    }

    fn list(&mut self, name: &'static str) -> &mut Vec<Value> {
        self.at(&[name]).as_array_mut().unwrap()
    }

    fn amount(&self, amount: u64) -> Value {
        match self.version {
            Version::Nested1 | Version::Flat0_9 | Version::Flat0_10 => amount.into(),
            Version::Flat1_0 | Version::Flat2_0 => amount.to_string().into(),
        }
    }

    /// Gives the transaction the id that belongs to what it says.
    fn with_id(mut self) -> Self {
        let mut preimage = Self { version: self.version, json: self.json.clone() };
        if self.version == Version::Flat2_0 {
            preimage.json["id"] = Value::Null;
        } else {
            preimage.json.as_object_mut().unwrap().remove("id");
            let inputs = preimage.at(&["inputs"]).as_array_mut();
            for input in inputs.into_iter().flatten() {
                input["fulfillment"] = Value::Null;
            }
        }
        self.json["id"] = hex::encode(sha3_256(preimage.json.to_string())).into();
        self
    }

    fn parse(&self) -> Result<Transaction, Rejection> {
        Transaction::parse(self.json.to_string().as_bytes())
    }
}

/// Changes a transaction of every version and demands that it is refused with this code and with
/// words that contain these.
#[track_caller]
fn refused(
    make: fn(Version) -> Changed,
    change: impl Fn(&mut Changed),
    code: RejectionCode,
    words: &str,
) {
    for version in Version::ALL {
        refused_in(version, make, &change, code, words);
    }
}

#[track_caller]
fn refused_in(
    version: Version,
    make: fn(Version) -> Changed,
    change: impl Fn(&mut Changed),
    code: RejectionCode,
    words: &str,
) {
    let mut tx = make(version).with_id();
    tx.parse().unwrap_or_else(|error| panic!("{version} before the change: {error}"));
    change(&mut tx);
    let tx = tx.with_id();
    match tx.parse() {
        Ok(_) => panic!("{version} was accepted: {}", tx.json),
        Err(rejection) => {
            assert_eq!(rejection.code, code, "{version}: {rejection}");
            assert!(rejection.message.contains(words), "{version}: {rejection}");
        }
    }
}

const SCHEMA: RejectionCode = RejectionCode::SchemaViolation;
const AMOUNT: RejectionCode = RejectionCode::InvalidAmount;
const INPUTS: RejectionCode = RejectionCode::InvalidInputs;

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
fn amounts_of_zero_are_refused() {
    let change = |tx: &mut Changed| tx.set(&["outputs", "1", "amount"], tx.amount(0));
    refused(Changed::create, change, AMOUNT, "[1].amount: must be from 1 to");
    refused(Changed::transfer, |tx| tx.set(&["outputs", "0", "amount"], tx.amount(0)), AMOUNT, "");
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
