//! A chain in memory, to which transactions are appended one by one, and what the tests append.

use std::sync::Arc;

use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{
    AssetId, AssetUuid, Layer, Rejection, RejectionCode, Transaction, Version, build::Draft,
    check_state,
};

use crate::vectors::key;

/// When the tests take place, in seconds since the Unix epoch.
pub(crate) const NOW: u64 = 1_700_000_000;

/// The versions, of which none may be forgotten.
pub(crate) const VERSIONS: [Version; 5] = Version::ALL;

/// A chain: the transactions of all its blocks.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    pub(crate) state: Layer,
}

impl Chain {
    /// What the rules of state and of signatures say about a transaction.
    pub(crate) fn check(&self, transaction: &Transaction) -> Result<(), Rejection> {
        check_state(transaction, &self.state).unwrap()?;
        transaction.verify_signatures(NOW)
    }

    /// The code of the rule that a transaction breaks.
    pub(crate) fn refusal(&self, transaction: &Transaction) -> RejectionCode {
        self.check(transaction).expect_err("no rule is broken").code
    }

    /// Appends a transaction that must be valid.
    pub(crate) fn append(&mut self, transaction: Transaction) -> Arc<Transaction> {
        self.check(&transaction).unwrap();
        let transaction = Arc::new(transaction);
        self.state.add(&transaction);
        transaction
    }
}

/// The public key of a name.
pub(crate) fn public(name: &str) -> PublicKey {
    key(name).public_key()
}

/// A uuid that the number chooses.
pub(crate) fn uuid(number: u8) -> AssetUuid {
    AssetUuid::from_random([number; 16])
}

/// Begins a CREATE by alice: asset `number`, divisible where the format asks.
pub(crate) fn create(version: Version, number: u8) -> Draft {
    Draft::create(version, &[public("alice")])
        .asset_uuid(uuid(number))
        .divisible()
        .asset_data(format!(r#"{{"number":{number}}}"#))
}

/// A CREATE of alice that pays these amounts to these owners.
pub(crate) fn created(version: Version, number: u8, outputs: &[(u64, &str)]) -> Transaction {
    sign(&pay(create(version, number), outputs), &["alice"])
}

/// A TRANSFER of all outputs in `spent`, signed by their owners `signers`.
pub(crate) fn transfer(
    version: Version,
    spent: &[(&Transaction, u32)],
    outputs: &[(u64, &str)],
    signers: &[&str],
) -> Transaction {
    sign(&pay(spend(version, spent[0].0.asset_id(), spent), outputs), signers)
}

/// Begins a TRANSFER of an asset that spends these outputs.
pub(crate) fn spend(version: Version, asset: AssetId, spent: &[(&Transaction, u32)]) -> Draft {
    let draft = Draft::transfer(version, asset);
    spent.iter().fold(draft, |draft, (transaction, index)| draft.input(transaction, *index))
}

/// Adds outputs.
pub(crate) fn pay(draft: Draft, outputs: &[(u64, &str)]) -> Draft {
    outputs.iter().fold(draft, |draft, (amount, owner)| draft.output(*amount, &[public(owner)]))
}

/// Signs with the keys of these names.
pub(crate) fn sign(draft: &Draft, names: &[&str]) -> Transaction {
    let keys: Vec<SigningKey> = names.iter().map(|name| key(name)).collect();
    draft.sign(&keys.iter().collect::<Vec<_>>()).unwrap()
}
