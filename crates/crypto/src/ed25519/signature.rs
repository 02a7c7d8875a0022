use crate::base58::{self, Base58Error};
use std::{fmt, str::FromStr};

/// An Ed25519 signature as it is written: the 32 bytes of `R`, then the 32 of `S`.
///
/// Its text is Base58 of exactly 64 bytes, 64 to 88 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// The number of bytes.
    pub const LENGTH: usize = 64;

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn to_bytes(self) -> [u8; 64] {
        self.0
    }

    /// Returns the bytes without copying them.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Returns the encoding of the point `R`.
    pub(super) fn r(&self) -> &[u8; 32] {
        self.0.first_chunk().expect("64 bytes begin with 32")
    }

    /// Returns the encoding of the number `S`, little-endian.
    pub(super) fn s(&self) -> &[u8; 32] {
        self.0.last_chunk().expect("64 bytes end with 32")
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base58::encode(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = Base58Error;

    fn from_str(text: &str) -> Result<Self, Base58Error> {
        base58::decode_array(text).map(Self)
    }
}
