use bitcoin::secp256k1;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Bytes are no key of the curve secp256k1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Bitcoin key")]
pub struct KeyError;

/// A public key: a point on the curve secp256k1, compressed to 33 bytes.
///
/// Written as 66 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 33]);

impl PublicKey {
    /// Reads a point of 33 (compressed) or 65 bytes.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the bytes are no point of the curve.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        secp256k1::PublicKey::from_slice(bytes)
            .map(|key| Self(key.serialize()))
            .map_err(|_| KeyError)
    }

    /// Returns the 33 bytes.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    pub(crate) fn from_point(point: &secp256k1::PublicKey) -> Self {
        Self(point.serialize())
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads 66 or 130 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !matches!(text.len(), 66 | 130) {
            return Err(KeyError);
        }
        Self::from_bytes(&hex::decode(text).map_err(|_| KeyError)?)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The two public keys of a service that are in the script of every payment address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceKeys {
    /// The first key.
    pub key1: PublicKey,
    /// The second key.
    pub key2: PublicKey,
}

/// The keys of a service are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceKeysError {
    /// There are less than two keys.
    #[error("Bitcoin keys cannot be empty.")]
    TooFew,
    /// One of the keys, counted from zero, is empty or no key.
    #[error("Bitcoin KEY{0} cannot be empty.")]
    Empty(usize),
}

impl ServiceKeys {
    /// Takes the first two of a service's keys, in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`ServiceKeysError`] if there are less than two, or one of the two is no key.
    pub fn from_texts<T: AsRef<str>>(keys: &[T]) -> Result<Self, ServiceKeysError> {
        let [key1, key2, ..] = keys else { return Err(ServiceKeysError::TooFew) };
        let key = |index: usize, text: &T| {
            text.as_ref().parse().map_err(|_| ServiceKeysError::Empty(index))
        };
        Ok(Self { key1: key(0, key1)?, key2: key(1, key2)? })
    }
}

#[cfg(test)]
mod tests;
