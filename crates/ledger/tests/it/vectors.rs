//! The vector files, and the keys that they were made with.

use serde_json::Value;
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha256,
};
use tally_ledger::{BlockId, Decision, Vote, VoteBody};

/// Reads a file of `tests/vectors`.
pub(crate) fn load(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// The key of a name, as the generator of the vectors made it.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(&sha256(format!("bigchaindb-vector:{name}")))
}

/// The public keys in a list of texts.
pub(crate) fn keys_in(list: &Value) -> Vec<PublicKey> {
    let texts = list.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
    texts.map(|text| text.parse().unwrap()).collect()
}

/// A yes vote on a block, after the block of zeros.
pub(crate) fn yes(key: &SigningKey, block: BlockId) -> Vote {
    let body = VoteBody {
        voting_for_block: block,
        previous_block: BlockId::from_bytes([0; 32]),
        decision: Decision::Valid,
        timestamp: "1477578990".parse().unwrap(),
    };
    Vote::make(key, body)
}
