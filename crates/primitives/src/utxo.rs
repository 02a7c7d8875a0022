//! The values of chains whose money is in transaction outputs: Freecash, Bitcoin.

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A text is not the expected number of hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct IdParseError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 32 bytes in the order in which they are shown (the reverse of the order in which they are
        /// hashed), so that ids sort as their texts do; written as 64 lower-case hexadecimal digits.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Makes an id of its bytes in the order in which they are shown.
            pub const fn from_shown(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Makes an id of a double SHA-256 hash.
            pub fn from_hash(mut hash: [u8; 32]) -> Self {
                hash.reverse();
                Self(hash)
            }

            /// Returns the bytes in the order in which they are shown.
            pub const fn as_shown(&self) -> &[u8; 32] {
                &self.0
            }

            /// Returns the bytes in the order in which blocks and transactions hold them.
            pub fn to_hash(self) -> [u8; 32] {
                let mut hash = self.0;
                hash.reverse();
                hash
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; 32];
                // The library takes a prefix "0x", which no id has.
                let digits = (text.len() == 64).then_some(text).ok_or(IdParseError)?;
                hex::decode_to_slice(digits, &mut bytes).map_err(|_| IdParseError)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// Names one transaction of a chain with outputs.
    Txid
}
id! {
    /// Names one block of a chain with outputs.
    BlockId
}

/// An amount of the chain's smallest unit; 10^8 of them are one coin.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Satoshi(pub u64);

impl Satoshi {
    /// One coin.
    pub const COIN: Self = Self(100_000_000);

    /// Returns the sum, or `None` if it is too large for any chain.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns the difference, or `None` if it is below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Satoshi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A text cannot be an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address has 1 to {} letters and digits", Fid::LENGTH_MAX)]
pub struct FidParseError;

/// An address of the Freecash chain; it names a user.
///
/// Base58Check text such as `FEk41Kqjar45fLDriztUDTUkdki7mmcjWK`. The type keeps any short text of
/// letters and digits, because what stands in a file of records was checked by whoever wrote it;
/// the checksum is the matter of the crate of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fid(Box<str>);

impl Fid {
    /// The longest text that is taken.
    pub const LENGTH_MAX: usize = 64;

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fid {
    type Err = FidParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_short = (1..=Self::LENGTH_MAX).contains(&text.len());
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_short && is_plain).then(|| Self(text.into())).ok_or(FidParseError)
    }
}

impl fmt::Display for Fid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_written_and_is_the_reverse_of_the_hash() {
        let mut hash = [0; 32];
        hash[0] = 0xab;
        let id = Txid::from_hash(hash);
        assert_eq!(id.to_string(), format!("{}ab", "0".repeat(62)));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_hash(), hash);
        assert_eq!(format!("0x{}", "0".repeat(62)).parse::<Txid>(), Err(IdParseError));
        assert_eq!("ab".parse::<Txid>(), Err(IdParseError));
    }

    #[test]
    fn an_address_has_letters_and_digits_only() {
        let text = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";
        assert_eq!(text.parse::<Fid>().map(|fid| fid.to_string()), Ok(text.to_owned()));
        for bad in ["", "F k", "F\n", &"F".repeat(65)] {
            assert_eq!(bad.parse::<Fid>(), Err(FidParseError), "{bad}");
        }
    }
}
