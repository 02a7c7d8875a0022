use alloy_primitives::{B256, Keccak256};
use tally_primitives::{Hashlock, Secret};

/// Returns the Keccak-256 hash of `bytes` (the original padding, not SHA3-256).
pub fn keccak256(bytes: impl AsRef<[u8]>) -> B256 {
    alloy_primitives::keccak256(bytes)
}

/// Returns the Keccak-256 hash of the parts, one after the other, without joining them first.
///
/// Nothing separates the parts: give each a fixed length, or write its length before it.
pub fn keccak256_parts(parts: &[&[u8]]) -> B256 {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// Returns the lock that `secret` opens: its Keccak-256 hash.
pub fn hashlock(secret: &Secret) -> Hashlock {
    Hashlock(keccak256(secret.expose()))
}
