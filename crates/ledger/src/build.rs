//! Making and signing transactions of every version.
//!
//! ```
//! use tally_crypto::ed25519::SigningKey;
//! use tally_ledger::{Version, build::Draft};
//!
//! let (alice, bob) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
//! let create = Draft::create(Version::Flat2_0, &[alice.public_key()])
//!     .asset_data(r#"{"bicycle": "red"}"#)
//!     .output(1, &[alice.public_key()])
//!     .sign(&[&alice])?;
//! let transfer = Draft::transfer(Version::Flat2_0, create.asset_id())
//!     .input(&create, 0)
//!     .output(1, &[bob.public_key()])
//!     .sign(&[&alice])?;
//! assert_eq!(transfer.inputs()[0].owners_before, [alice.public_key()]);
//! # Ok::<(), tally_ledger::build::BuildError>(())
//! ```

mod sign;

use crate::{
    AssetId, AssetUuid, IdHash, MetadataId, Operation, OutputRef, Rejection, Transaction, Version,
    json::JsonError,
};
use tally_conditions::{FulfillError, Policy, PolicyError};
use tally_crypto::ed25519::PublicKey;

/// A transaction that nobody has signed yet.
///
/// Nothing is checked before [`sign`](Draft::sign).
#[derive(Debug, Clone)]
pub struct Draft {
    version: Version,
    id_hash: IdHash,
    operation: Operation,
    asset: Option<AssetId>,
    is_divisible: bool,
    asset_data: Option<String>,
    metadata: Option<(Option<MetadataId>, String)>,
    timestamp: Option<u64>,
    inputs: Vec<DraftInput>,
    outputs: Vec<DraftOutput>,
}

#[derive(Debug, Clone)]
struct DraftInput {
    owners_before: Vec<PublicKey>,
    spends: Option<OutputRef>,
    /// What has to be fulfilled; without it the owners have to sign, all of them.
    policy: Option<Policy>,
}

#[derive(Debug, Clone)]
struct DraftOutput {
    amount: u64,
    to: Recipient,
}

#[derive(Debug, Clone)]
enum Recipient {
    /// All of these keys together.
    Owners(Vec<PublicKey>),
    /// Whoever fulfils this.
    Policy(Policy),
}

/// A transaction cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Data are not JSON.
    #[error("the data are not JSON")]
    Json(#[from] JsonError),
    /// The nested format needs an id that was not given.
    #[error("the nested format needs the UUID of the {0}")]
    MissingUuid(&'static str),
    /// A condition makes no sense in this version.
    #[error("a condition makes no sense in this version")]
    Policy(#[from] PolicyError),
    /// The version has no details for a condition.
    #[error("version {0} has no details for the condition")]
    Details(Version),
    /// The keys do not fulfil what is spent.
    #[error("input {index} cannot be fulfilled")]
    Fulfill {
        /// Which input.
        index: usize,
        /// Why.
        source: FulfillError,
    },
    /// The transaction breaks a rule.
    #[error("the transaction breaks a rule")]
    Rejected(#[from] Rejection),
}

impl Draft {
    /// Begins a CREATE by these keys, which all have to sign.
    pub fn create(version: Version, creators: &[PublicKey]) -> Self {
        let input = DraftInput { owners_before: creators.to_vec(), spends: None, policy: None };
        let inputs = vec![input];
        Self { inputs, ..Self::new(version, Operation::Create) }
    }

    /// Begins a TRANSFER of an asset.
    pub fn transfer(version: Version, asset: AssetId) -> Self {
        Self { asset: Some(asset), ..Self::new(version, Operation::Transfer) }
    }

    /// Begins the transaction that begins a chain: made by a node, for itself.
    ///
    /// *Source:* what all servers up to 1.3 wrote into their first block.
    pub fn genesis(version: Version, node: PublicKey) -> Self {
        let draft = Self::create(version, &[node]).output(1, &[node]);
        let draft = draft.metadata(r#"{"message":"Hello World from the BigchainDB"}"#);
        Self { operation: Operation::Genesis, ..draft }
    }

    fn new(version: Version, operation: Operation) -> Self {
        Self {
            version,
            id_hash: IdHash::Sha3,
            operation,
            asset: None,
            is_divisible: false,
            asset_data: None,
            metadata: None,
            timestamp: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Gives the asset its id; needed for every creation in the nested format.
    #[must_use]
    pub fn asset_uuid(mut self, uuid: AssetUuid) -> Self {
        self.asset = Some(AssetId::Uuid(uuid));
        self
    }

    /// Makes the asset divisible. In flat formats every asset is.
    #[must_use]
    pub fn divisible(mut self) -> Self {
        self.is_divisible = true;
        self
    }

    /// Says something about the asset: the text of a JSON object.
    #[must_use]
    pub fn asset_data(mut self, json: impl Into<String>) -> Self {
        self.asset_data = Some(json.into());
        self
    }

    /// Says something about the transaction: the text of a JSON object. In the nested format an id
    /// has to be given by [`metadata_id`](Self::metadata_id), too.
    #[must_use]
    pub fn metadata(mut self, json: impl Into<String>) -> Self {
        let id = self.metadata.and_then(|(id, _)| id);
        self.metadata = Some((id, json.into()));
        self
    }

    /// Gives the metadata an id (nested format); without metadata it has no effect.
    #[must_use]
    pub fn metadata_id(mut self, id: MetadataId) -> Self {
        if let Some((own, _)) = &mut self.metadata {
            *own = Some(id);
        }
        self
    }

    /// Says when the transaction was made, in unix seconds, which makes it one of 0.7 (nested
    /// format).
    #[must_use]
    pub fn timestamp(mut self, seconds: u64) -> Self {
        self.timestamp = Some(seconds);
        self
    }

    /// Chooses the hash function of the id (nested format); SHA3-256 if nothing is chosen.
    #[must_use]
    pub fn id_hash(mut self, hash: IdHash) -> Self {
        self.id_hash = hash;
        self
    }

    /// Spends output number `index` of a transaction.
    ///
    /// # Panics
    ///
    /// If there is no such output.
    #[must_use]
    pub fn input(self, spent: &Transaction, index: u32) -> Self {
        let output = &spent.outputs()[index as usize];
        let spends = OutputRef { transaction: spent.id(), index };
        self.input_of(spends, output.public_keys.clone(), output.policy.clone())
    }

    /// Spends an output of which this is known: who owns it and what has to be fulfilled.
    #[must_use]
    pub fn input_of(
        mut self,
        spends: OutputRef,
        owners_before: Vec<PublicKey>,
        policy: Policy,
    ) -> Self {
        let spends = Some(spends);
        self.inputs.push(DraftInput { owners_before, spends, policy: Some(policy) });
        self
    }

    /// Pays an amount to keys, which have to sign together to spend it.
    #[must_use]
    pub fn output(mut self, amount: u64, owners: &[PublicKey]) -> Self {
        self.outputs.push(DraftOutput { amount, to: Recipient::Owners(owners.to_vec()) });
        self
    }

    /// Pays an amount to whoever fulfils `policy`.
    #[must_use]
    pub fn output_to(mut self, amount: u64, policy: Policy) -> Self {
        self.outputs.push(DraftOutput { amount, to: Recipient::Policy(policy) });
        self
    }
}

#[cfg(test)]
mod tests;
