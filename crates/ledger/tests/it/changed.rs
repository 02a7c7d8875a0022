//! Transactions to be changed: a good one of any version, one thing changed, the id made right.

use serde_json::Value;
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha3_256,
};
use tally_ledger::{
    AssetUuid, MetadataId, Rejection, RejectionCode, Transaction, Version, build::Draft,
};

pub(crate) fn alice() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub(crate) fn bob() -> PublicKey {
    SigningKey::from_seed(&[2; 32]).public_key()
}

/// Begins a CREATE by alice, with all that its version needs.
pub(crate) fn create(version: Version) -> Draft {
    Draft::create(version, &[alice().public_key()])
        .asset_uuid(AssetUuid::from_random([7; 16]))
        .asset_data(r#"{"bicycle":{"serial":"abcd1234"}}"#)
        .metadata(r#"{"planet":"earth"}"#)
        .metadata_id(MetadataId::from_random([8; 16]))
}

/// A transaction as JSON, to be changed.
pub(crate) struct Changed {
    pub(crate) version: Version,
    pub(crate) json: Value,
}

impl Changed {
    /// A CREATE of a divisible asset with two outputs.
    pub(crate) fn create(version: Version) -> Self {
        let draft = create(version).divisible().output(3, &[alice().public_key()]);
        Self::of(version, &draft.output(4, &[bob()]))
    }

    /// A TRANSFER of both outputs of such a CREATE; alice owns both.
    pub(crate) fn transfer(version: Version) -> Self {
        let alice = alice().public_key();
        let create = create(version).divisible().output(3, &[alice]).output(4, &[alice]);
        let create = create.sign(&[&self::alice()]).unwrap();
        let draft = Draft::transfer(version, create.asset_id());
        Self::of(version, &draft.input(&create, 0).input(&create, 1).output(7, &[bob()]))
    }

    pub(crate) fn of(version: Version, draft: &Draft) -> Self {
        let tx = draft.sign(&[&alice()]).unwrap();
        Self { version, json: serde_json::from_str(tx.to_json()).unwrap() }
    }

    pub(crate) fn is_nested(&self) -> bool {
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

    pub(crate) fn body(&mut self) -> &mut Value {
        if self.is_nested() { &mut self.json["transaction"] } else { &mut self.json }
    }

    /// The value at a path of names as in 2.0, in the body.
    pub(crate) fn at(&mut self, path: &[&'static str]) -> &mut Value {
        let names: Vec<_> = path.iter().map(|name| self.name(name)).collect();
        names.iter().fold(self.body(), |value, name| match name.parse::<usize>() {
            Ok(index) => &mut value[index],
            Err(_) => &mut value[*name],
        })
    }

    pub(crate) fn set(&mut self, path: &[&'static str], value: impl Into<Value>) {
        *self.at(path) = value.into();
    }

    pub(crate) fn remove(&mut self, path: &[&'static str], name: &'static str) {
        let name = self.name(name);
        self.at(path).as_object_mut().unwrap().remove(name).unwrap();
    }

    pub(crate) fn list(&mut self, name: &'static str) -> &mut Vec<Value> {
        self.at(&[name]).as_array_mut().unwrap()
    }

    pub(crate) fn amount(&self, amount: u64) -> Value {
        match self.version {
            Version::Nested1 | Version::Flat0_9 | Version::Flat0_10 => amount.into(),
            Version::Flat1_0 | Version::Flat2_0 => amount.to_string().into(),
        }
    }

    /// Gives the transaction the id that belongs to what it says.
    pub(crate) fn with_id(mut self) -> Self {
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

    pub(crate) fn parse(&self) -> Result<Transaction, Rejection> {
        Transaction::parse(self.json.to_string().as_bytes())
    }
}

/// Changes a transaction of every version and demands that it is refused with this code and with
/// words that contain these.
#[track_caller]
pub(crate) fn refused(
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
pub(crate) fn refused_in(
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
