mod parse;
mod rules;
mod work;

use crate::{
    AssetId, IdHash, MetadataId, Operation, OutputRef, TransactionId, Version,
    codec::{Format, text::Text},
};
use tally_conditions::{Fulfillment, Policy};
use tally_crypto::ed25519::PublicKey;

/// The largest amount, and the largest sum of amounts in a transaction.
///
/// *Source:* the bound of formats 1.0 and 2.0; here it holds for all.
pub const AMOUNT_MAX: u64 = 9_000_000_000_000_000_000;

/// The most bytes of a transaction, before and after it was made canonical.
pub const TRANSACTION_BYTES_MAX: usize = 1 << 20;

/// The most bytes that have to be hashed to check the signatures of one transaction.
///
/// In most formats every input has a message of its own that repeats nearly the whole transaction,
/// so the work grows with the square of the size.
pub const SIGNED_BYTES_MAX: usize = 32 << 20;

/// How deep lists and objects may be nested in a transaction: enough for the details of conditions
/// nested 100 deep, which need two levels each.
pub const NESTING_MAX: usize = 256;

/// A transaction of any version: immutable, well-formed, and with the id that its content has.
///
/// Made by [`Transaction::parse`], which checks everything that needs neither other transactions
/// nor signatures. What is left is to verify the signatures over [`Transaction::message`] and to
/// hold it against a state of the ledger.
#[derive(Debug, Clone)]
pub struct Transaction {
    id: TransactionId,
    version: Version,
    id_hash: IdHash,
    operation: Operation,
    asset_id: AssetId,
    is_divisible: Option<bool>,
    metadata_id: Option<MetadataId>,
    timestamp: Option<u64>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    text: Text,
    /// The text that ids and signatures cover, where that is another one: if numbers are written in
    /// a way that the libraries of the time would not have written.
    signed_text: Option<Box<Text>>,
}

/// What a transaction spends, and the proof that it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Who owned what is spent; of a CREATE, who creates.
    pub owners_before: Vec<PublicKey>,
    /// What is spent; nothing in a CREATE.
    pub spends: Option<OutputRef>,
    /// The proof. Its signatures are over [`Transaction::message`] of this input.
    pub fulfillment: Fulfillment,
}

/// An amount of an asset, and who may spend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The keys in `policy`, in the order and as often as the transaction lists them.
    pub public_keys: Vec<PublicKey>,
    /// How much, from 1 to [`AMOUNT_MAX`].
    pub amount: u64,
    /// What has to be fulfilled to spend it.
    pub policy: Policy,
    /// The condition that `policy` describes, as text.
    pub condition_uri: String,
}

impl Transaction {
    /// Returns the id.
    pub const fn id(&self) -> TransactionId {
        self.id
    }

    /// Returns the format.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns the hash function that the id comes from.
    pub const fn id_hash(&self) -> IdHash {
        self.id_hash
    }

    /// Returns what the transaction does.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// Returns the asset that is created or moved. In flat formats a CREATE's own id.
    pub const fn asset_id(&self) -> AssetId {
        self.asset_id
    }

    /// Returns whether the asset that is created can be divided. Flat formats do not say it, and
    /// neither do transfers.
    pub const fn is_divisible(&self) -> Option<bool> {
        self.is_divisible
    }

    /// Returns what the creator says about the asset: the canonical text of a JSON object.
    pub fn asset_data(&self) -> Option<&str> {
        let is_creation = self.operation != Operation::Transfer;
        self.text.asset_data.filter(|_| is_creation).map(|span| self.text.piece(span))
    }

    /// Returns what the transaction says about itself: the canonical text of a JSON object. In the
    /// nested format the data alone, without its id.
    pub fn metadata(&self) -> Option<&str> {
        self.text.metadata.map(|span| self.text.piece(span))
    }

    /// Returns the id of the metadata (nested format).
    pub const fn metadata_id(&self) -> Option<MetadataId> {
        self.metadata_id
    }

    /// Returns when the client says it made the transaction, in unix seconds (nested format of
    /// 0.7).
    pub const fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }

    /// Returns what is spent.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Returns what can be spent.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Returns the whole signed transaction as canonical JSON: what is stored, served and put into
    /// blocks. Numbers are written as the client wrote them.
    pub fn to_json(&self) -> &str {
        &self.text.json
    }

    /// Returns the message that the keys of input number `index` sign.
    ///
    /// # Panics
    ///
    /// If there is no such input.
    pub fn message(&self, index: usize) -> Vec<u8> {
        let spends = self.inputs[index].spends.as_ref();
        let has_timestamp = self.timestamp.is_some();
        self.format().message(self.signed_text(), self.id_hash, has_timestamp, index, spends)
    }

    /// Returns what the id is the hash of.
    pub fn id_preimage(&self) -> Vec<u8> {
        self.format().id_preimage(self.signed_text()).concat()
    }

    const fn format(&self) -> &'static Format {
        Format::of(self.version)
    }

    fn signed_text(&self) -> &Text {
        self.signed_text.as_deref().unwrap_or(&self.text)
    }
}

impl PartialEq for Transaction {
    /// Two transactions are equal if their texts are.
    fn eq(&self, other: &Self) -> bool {
        self.text.json == other.text.json
    }
}

impl Eq for Transaction {}

#[cfg(test)]
mod tests;
