use crate::clock::timestamp;
use std::sync::Arc;
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{
    AssetUuid, Block, MetadataId, Version,
    build::{BuildError, Draft},
};

/// Why no genesis block was made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// The transaction cannot be made.
    #[error("the transaction that begins the chain cannot be made")]
    Build(#[from] BuildError),
}

/// Makes the block that begins a chain: one GENESIS transaction of the nested format, by and for
/// the node of `key`, in a block of that node with all `members` as voters.
///
/// `members` includes the node's own key; `now` is in seconds since the Unix epoch.
///
/// # Errors
///
/// [`GenesisError`].
pub fn make_genesis(
    key: &SigningKey,
    members: &[PublicKey],
    now: u64,
) -> Result<Block, GenesisError> {
    let draft = Draft::genesis(Version::Nested1, key.public_key())
        .asset_uuid(AssetUuid::from_random(random()?))
        .metadata_id(MetadataId::from_random(random()?));
    let transaction = Arc::new(draft.sign(&[key])?);
    let mut voters = members.to_vec();
    voters.sort_unstable();
    voters.dedup();
    Ok(Block::make(key, timestamp(now), vec![transaction], voters))
}

fn random() -> Result<[u8; 16], GenesisError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| GenesisError::Random)?;
    Ok(bytes)
}
