use alloy_primitives::{B256, hex};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use zeroize::Zeroize;

/// A text is not `0x` and the expected number of hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 0x and {digits} hexadecimal digits")]
pub struct HexParseError {
    /// How many digits were expected.
    pub digits: usize,
}

macro_rules! hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 32 bytes; written as `0x` and 64 lower-case hexadecimal digits.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub B256);

        impl $name {
            /// Makes a value of its 32 bytes.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(B256::new(bytes))
            }

            /// Returns the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0.0
            }
        }

        impl FromStr for $name {
            type Err = HexParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix("0x").ok_or(HexParseError { digits: 64 })?;
                digits.parse().map(Self).map_err(|_| HexParseError { digits: 64 })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

hash! {
    /// The Keccak-256 hash of a [`Secret`]; whoever shows the secret may take the lock.
    Hashlock
}
hash! {
    /// The root of the Merkle tree over a participant's pending locks; zero when there are none.
    LocksRoot
}
hash! {
    /// The Keccak-256 hash of an encoded message without its signature.
    MessageHash
}
hash! {
    /// The hash that names one transaction on the chain.
    TransactionHash
}

/// The preimage of a [`Hashlock`]: 32 random bytes, worth the locked money until it is public.
///
/// `Debug` does not show it, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Zeroize)]
#[zeroize(drop)]
#[serde(transparent)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Makes a secret of its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes, for hashing, encoding or registering on the chain.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A recoverable secp256k1 signature: 65 bytes `r ‖ s ‖ v`, `s` in the lower half, `v ∈ {27, 28}`.
///
/// The type holds any 65 bytes; recovery refuses the wrong ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 65]);

impl Signature {
    /// The length in bytes.
    pub const LENGTH: usize = 65;
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (rs, v) = self.0.split_at(64);
        let halves: (&[u8; 32], &[u8; 32], u8) = (
            rs[..32].try_into().expect("the first half has 32 bytes"),
            rs[32..].try_into().expect("the second half has 32 bytes"),
            v[0],
        );
        halves.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (r, s, v) = <([u8; 32], [u8; 32], u8)>::deserialize(deserializer)?;
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(&r);
        bytes[32..64].copy_from_slice(&s);
        bytes[64] = v;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "Secret(..)");
    }

    #[test]
    fn hashes_are_read_back_as_written() {
        let hash = Hashlock::new([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("0xab".parse::<Hashlock>(), Err(HexParseError { digits: 64 }));
    }
}
