//! What differs between the versions of the transaction format.
//!
//! All versions describe the same [`Transaction`](crate::Transaction). [`Format`] is the table of
//! their differences, and the only place that knows a version by its name; the modules below turn
//! its rows into behaviour:
//!
//! * [`read`] and [`parts`]: which members there are (the schema),
//! * [`text`]: the canonical text and where its parts are,
//! * [`preimage`]: what is hashed and what is signed,
//! * [`restrict`]: what databases of the time forbade in names.
//!
//! *Source:* `docs/formats.md`, section *Ledger: transactions*.

pub(crate) mod parts;
pub(crate) mod preimage;
pub(crate) mod read;
pub(crate) mod restrict;
pub(crate) mod schema;
pub(crate) mod text;

use crate::{IdHash, Version, json::NumberStyle};
use tally_conditions::Encoding;

/// One version of the format.
pub(crate) struct Format {
    pub(crate) version: Version,
    /// What the members are called.
    pub(crate) names: &'static Names,
    pub(crate) amounts: Amounts,
    /// How conditions and fulfilments are written.
    pub(crate) conditions: Encoding,
    /// How numbers were written in what was hashed and signed.
    pub(crate) numbers: NumberStyle,
    pub(crate) id: IdRule,
    /// The hash functions that an id may come from.
    pub(crate) id_hashes: &'static [IdHash],
    pub(crate) signing: Signing,
    /// Whether databases of the time restricted the names in assets and metadata.
    pub(crate) restricts_names: bool,
    /// Whether there are GENESIS transactions.
    pub(crate) has_genesis: bool,
}

/// What the members are called, and where they are.
pub(crate) struct Names {
    /// The member that holds everything but id and version, if there is one.
    pub(crate) body: Option<&'static str>,
    pub(crate) inputs: &'static str,
    /// The member of an input that repeats its position.
    pub(crate) input_position: Option<&'static str>,
    pub(crate) spends: &'static str,
    pub(crate) spends_transaction: &'static str,
    pub(crate) spends_index: &'static str,
    pub(crate) outputs: &'static str,
    /// The member of an output that repeats its position.
    pub(crate) output_position: Option<&'static str>,
    pub(crate) owners: &'static str,
}

/// How amounts are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amounts {
    Integers,
    DecimalStrings,
}

/// What the id is the hash of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdRule {
    /// The transaction without its member `id` and with `null` for each fulfilment.
    Unsigned,
    /// The signed transaction with `null` for the id.
    Signed,
}

/// What the keys of an input sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    /// The transaction reduced to this one input, without its fulfilment, under an id of its own.
    /// If the transaction has a timestamp it is reduced to the output of the same position, too.
    OneInput,
    /// The transaction without fulfilments.
    Whole,
    /// The SHA3-256 hash of the transaction without fulfilments and with `null` for the id,
    /// followed by what the input spends.
    Digest,
}

const NESTED: Names = Names {
    body: Some("transaction"),
    inputs: "fulfillments",
    input_position: Some("fid"),
    spends: "input",
    spends_transaction: "txid",
    spends_index: "cid",
    outputs: "conditions",
    output_position: Some("cid"),
    owners: "owners_after",
};

const FLAT: Names = Names {
    body: None,
    inputs: "inputs",
    input_position: None,
    spends: "fulfills",
    spends_transaction: "transaction_id",
    spends_index: "output_index",
    outputs: "outputs",
    output_position: None,
    owners: "public_keys",
};

const FLAT_0: Names = Names { spends_transaction: "txid", spends_index: "output", ..FLAT };

const NESTED_1: Format = Format {
    version: Version::Nested1,
    names: &NESTED,
    amounts: Amounts::Integers,
    conditions: Encoding::Draft00,
    numbers: NumberStyle::RapidJson,
    id: IdRule::Unsigned,
    id_hashes: &[IdHash::Sha3, IdHash::Keccak],
    signing: Signing::OneInput,
    restricts_names: false,
    has_genesis: true,
};

const FLAT_0_9: Format =
    Format { version: Version::Flat0_9, names: &FLAT_0, id_hashes: &[IdHash::Sha3], ..NESTED_1 };

const FLAT_0_10: Format = Format { version: Version::Flat0_10, ..FLAT_0_9 };

const FLAT_1_0: Format = Format {
    version: Version::Flat1_0,
    names: &FLAT,
    amounts: Amounts::DecimalStrings,
    conditions: Encoding::Asn1,
    signing: Signing::Whole,
    restricts_names: true,
    ..FLAT_0_10
};

const FLAT_2_0: Format = Format {
    version: Version::Flat2_0,
    numbers: NumberStyle::Python,
    id: IdRule::Signed,
    signing: Signing::Digest,
    has_genesis: false,
    ..FLAT_1_0
};

impl Format {
    /// Returns the row of a version.
    pub(crate) const fn of(version: Version) -> &'static Self {
        match version {
            Version::Nested1 => &NESTED_1,
            Version::Flat0_9 => &FLAT_0_9,
            Version::Flat0_10 => &FLAT_0_10,
            Version::Flat1_0 => &FLAT_1_0,
            Version::Flat2_0 => &FLAT_2_0,
        }
    }

    /// Whether the format has a body of its own, with UUIDs, flags and metadata that has an id.
    pub(crate) const fn is_nested(&self) -> bool {
        self.names.body.is_some()
    }
}
