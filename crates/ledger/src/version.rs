use std::fmt;

/// The format of a transaction: how it is written, hashed and signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The nested format, `"version": 1`, with or without `timestamp`.
    Nested1,
    /// The flat format `"version": "0.9"`.
    Flat0_9,
    /// The flat format `"version": "0.10"`.
    Flat0_10,
    /// The flat format `"version": "1.0"`.
    Flat1_0,
    /// The flat format `"version": "2.0"`.
    Flat2_0,
}

impl Version {
    /// All versions, the oldest first.
    pub const ALL: [Self; 5] =
        [Self::Nested1, Self::Flat0_9, Self::Flat0_10, Self::Flat1_0, Self::Flat2_0];

    /// Returns the version as it is written in a transaction, without quotes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nested1 => "1",
            Self::Flat0_9 => "0.9",
            Self::Flat0_10 => "0.10",
            Self::Flat1_0 => "1.0",
            Self::Flat2_0 => "2.0",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The hash function behind a transaction's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdHash {
    /// SHA3-256 of FIPS 202. The only one of the flat formats.
    Sha3,
    /// Keccak-256 with the original padding: what nested transactions were hashed with before
    /// FIPS 202 reached their libraries.
    Keccak,
}

impl IdHash {
    /// Returns the hash of the parts, one after the other.
    pub fn hash_parts(self, parts: &[&[u8]]) -> [u8; 32] {
        match self {
            Self::Sha3 => tally_crypto::sha3_256_parts(parts),
            Self::Keccak => tally_crypto::keccak256_parts(parts).0,
        }
    }
}

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Creates an asset.
    Create,
    /// Moves an asset.
    Transfer,
    /// Begins a chain: a CREATE by a node, found only in the first block.
    ///
    /// [`Transaction::parse`](crate::Transaction::parse) reads it like any other, because blocks
    /// hold it; whoever takes transactions from clients refuses it.
    Genesis,
}

impl Operation {
    /// Returns the operation as it is written in a transaction.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Transfer => "TRANSFER",
            Self::Genesis => "GENESIS",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
