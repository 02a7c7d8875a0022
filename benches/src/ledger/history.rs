//! The transactions of a filled ledger: a function of their number, so that whoever looks one up
//! needs to remember nothing.

use anyhow::Result;
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha3_256_parts,
};
use tally_ledger::{AssetUuid, MetadataId, Transaction, Version, build::Draft};

/// Creations by the same owner, one after the other.
const CREATIONS_EACH: u64 = 20;
/// Owners who receive transfers, each from all over the history.
const RECIPIENTS: u64 = 10_000;
/// One asset in so many is of the nested format, which has uuids and ids of metadata.
const NESTED_ONE_IN: u64 = 10;

/// Half creations, half transfers of what was created in the block before.
#[derive(Debug)]
pub(crate) struct History {
    recipients: Vec<PublicKey>,
}

/// One asset of the history: both its transactions and who owned it.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) create: Transaction,
    pub(crate) transfer: Transaction,
    pub(crate) creator: PublicKey,
    pub(crate) recipient: PublicKey,
}

impl History {
    pub(crate) fn new() -> Self {
        let recipient = |number| key("recipient", number).public_key();
        Self { recipients: (0..RECIPIENTS).map(recipient).collect() }
    }

    /// Returns whether asset `number` is of the nested format.
    pub(crate) const fn is_nested(number: u64) -> bool {
        number.is_multiple_of(NESTED_ONE_IN)
    }

    /// Returns an asset near `number` that is of the nested format.
    pub(crate) const fn some_nested(number: u64) -> u64 {
        number - number % NESTED_ONE_IN
    }

    /// Makes the two transactions of asset `number`.
    pub(crate) fn asset(&self, number: u64) -> Result<Asset> {
        let owner = key("creator", number / CREATIONS_EACH);
        let creator = owner.public_key();
        // Spread evenly, neighbours far from each other.
        let index = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % RECIPIENTS;
        let recipient = self.recipients[usize::try_from(index)?];
        let version = if Self::is_nested(number) { Version::Nested1 } else { Version::Flat2_0 };
        let create = Draft::create(version, &[creator])
            .asset_uuid(AssetUuid::from_random(random("asset", number)))
            .asset_data(bicycle(number))
            .output(1, &[creator]);
        let create = with_metadata(create, "create", number).sign(&[&owner])?;
        let transfer =
            Draft::transfer(version, create.asset_id()).input(&create, 0).output(1, &[recipient]);
        let transfer = with_metadata(transfer, "transfer", number).sign(&[&owner])?;
        Ok(Asset { create, transfer, creator, recipient })
    }
}

/// What the drivers' documentation says about an asset.
pub(crate) fn bicycle(number: u64) -> String {
    format!(r#"{{"bicycle":{{"manufacturer":"bkfab","serial_number":"{number:020}"}}}}"#)
}

/// Metadata of the nested formats have an id; the others leave them to the load.
fn with_metadata(draft: Draft, what: &str, number: u64) -> Draft {
    if History::is_nested(number) {
        let id = MetadataId::from_random(random(what, number));
        draft.metadata(r#"{"planet":"earth"}"#).metadata_id(id)
    } else {
        draft
    }
}

/// Keys that are the same in every run. Never use them elsewhere.
pub(crate) fn key(what: &str, number: u64) -> SigningKey {
    SigningKey::from_seed(&sha3_256_parts(&[
        b"benchmark: ",
        what.as_bytes(),
        &number.to_be_bytes(),
    ]))
}

fn random(what: &str, number: u64) -> [u8; 16] {
    let hash = sha3_256_parts(&[b"uuid: ", what.as_bytes(), &number.to_be_bytes()]);
    *hash.first_chunk().expect("32 bytes begin with 16")
}

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `bound`, which is far below 2^64.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what a look-up is made of is what was stored, and every transaction is valid by itself.
    #[test]
    fn the_same_number_gives_the_same_asset() {
        let history = History::new();
        for number in [0, 7] {
            let [one, other] = [(); 2].map(|()| history.asset(number).unwrap());
            assert_eq!(one.create, other.create);
            assert_eq!(one.transfer.inputs()[0].spends.unwrap().transaction, one.create.id());
            assert_eq!(one.create.metadata_id().is_some(), History::is_nested(number));
            for transaction in [&one.create, &one.transfer] {
                transaction.verify_signatures(0).unwrap();
            }
        }
        assert_ne!(history.asset(1).unwrap().create, history.asset(2).unwrap().create);
    }
}
