use sha2::Digest;

/// Returns the SHA3-256 hash of `bytes` (FIPS 202; Keccak-256 differs in the padding).
pub fn sha3_256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    sha3::Sha3_256::digest(bytes).into()
}

/// Returns the SHA3-256 hash of the parts, one after the other, without joining them first.
///
/// Nothing separates the parts: give each a fixed length, or write its length before it.
pub fn sha3_256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = sha3::Sha3_256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Returns the SHA-256 hash of `bytes`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// Returns the SHA-256 hash of the SHA-256 hash of `bytes`: Bitcoin's and Freecash's usual hash.
pub fn sha256x2(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    sha256(sha256(bytes))
}

/// Returns the double SHA-256 hash of the parts, one after the other, without joining them first.
///
/// Nothing separates the parts: give each a fixed length, or write its length before it.
pub fn sha256x2_parts(parts: &[&[u8]]) -> [u8; 32] {
    sha256(sha256_parts(parts))
}

/// Returns the RIPEMD-160 hash of the SHA-256 hash of `bytes`: of a public key, what an address
/// stands for.
pub fn hash160(bytes: impl AsRef<[u8]>) -> [u8; 20] {
    ripemd::Ripemd160::digest(sha256(bytes)).into()
}

pub(crate) fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
