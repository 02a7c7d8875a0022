use crate::{
    base58::{self, Base58Error},
    ed25519::Signature,
};
use std::{fmt, str::FromStr, sync::Arc};
use zeroize::{Zeroize, Zeroizing};

/// An Ed25519 public key as it is written: 32 bytes, not necessarily a point of the curve.
///
/// Its text is Base58 of exactly 32 bytes, 32 to 44 characters. Whether the bytes are a key at all
/// is found out by [`verify`](super::verify).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The number of bytes.
    pub const LENGTH: usize = 32;

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base58::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = Base58Error;

    fn from_str(text: &str) -> Result<Self, Base58Error> {
        base58::decode_array(text).map(Self)
    }
}

/// An Ed25519 signing key, made of a 32-byte seed (RFC 8032 §5.1.5).
///
/// The key is in memory once however often the handle is cloned, and is overwritten when the last
/// clone is dropped. `Debug` shows only the public key; there is no `Display`.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    key: ed25519_zebra::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// Makes the key of a seed. Every seed is one.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = ed25519_zebra::SigningKey::from_bytes(seed);
        let public = PublicKey(ed25519_zebra::VerificationKeyBytes::from(&key).into());
        Self(Arc::new(Inner { key, public }))
    }

    /// Returns a copy of the seed, for writing a configuration. It is overwritten when dropped.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.key.as_bytes())
    }

    /// Returns the public key. Costs nothing.
    pub fn public_key(&self) -> PublicKey {
        self.0.public
    }

    /// Signs a message of any length. The same message always gives the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature::from_bytes(self.0.key.sign(message).to_bytes())
    }
}

impl FromStr for SigningKey {
    type Err = Base58Error;

    /// Reads the Base58 text of the seed.
    fn from_str(text: &str) -> Result<Self, Base58Error> {
        let bytes = Zeroizing::new(base58::decode(text)?);
        let length = Base58Error::Length { expected: 32, found: bytes.len() };
        Ok(Self::from_seed(bytes.as_slice().try_into().map_err(|_| length)?))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.0.public)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}
