use crate::{PublicKey, curve::CURVE};
use bitcoin::{
    NetworkKind,
    bip32::Xpriv,
    secp256k1::{self, Keypair},
};
use std::{fmt, sync::Arc};
use tally_crypto::Zeroizing;

/// The bytes or the text are no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// The number is zero or not below the order of the curve.
    #[error("the number is no private key of the curve")]
    Range,
    /// The text is not in the wallet import format.
    #[error("not a private key in the wallet import format")]
    Text,
    /// The key is for addresses of the uncompressed public key, which no script of a deal has.
    #[error("the private key is for an uncompressed public key")]
    Uncompressed,
}

/// A private key that signs settlements and messages: whoever has it can spend.
///
/// The key is in memory once however often the handle is cloned, and is overwritten when the last
/// clone is dropped. `Debug` shows the public key.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    key: secp256k1::SecretKey,
    public: secp256k1::PublicKey,
}

impl PrivateKey {
    /// Reads a key of its 32 bytes, big-endian.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError::Range`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PrivateKeyError> {
        let mut key =
            secp256k1::SecretKey::from_slice(bytes).map_err(|_| PrivateKeyError::Range)?;
        Ok(Self::take(&mut key))
    }

    /// Reads a key in the wallet import format, of any network.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError::Text`] and [`PrivateKeyError::Uncompressed`].
    pub fn from_wif(text: &str) -> Result<Self, PrivateKeyError> {
        let mut key = bitcoin::PrivateKey::from_wif(text).map_err(|_| PrivateKeyError::Text)?;
        let is_compressed = key.compressed;
        let taken = Self::take(&mut key.inner);
        is_compressed.then_some(taken).ok_or(PrivateKeyError::Uncompressed)
    }

    /// Returns the third key of a deal, whose `hash` is that of the deal's data.
    ///
    /// The BIP-32 master key of the seed `hash`: anyone who knows the deal's data can compute it,
    /// so it protects nothing and only binds the address to the data.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError::Range`], for one hash in 2^127.
    pub fn of_deal(hash: &[u8; 32]) -> Result<Self, PrivateKeyError> {
        let mut master =
            Xpriv::new_master(NetworkKind::Main, hash).map_err(|_| PrivateKeyError::Range)?;
        Ok(Self::take(&mut master.private_key))
    }

    /// Returns the public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_point(&self.0.public)
    }

    /// Returns a copy of the 32 bytes, for writing a key file. It is overwritten when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.key.secret_bytes())
    }

    pub(crate) fn inner(&self) -> &secp256k1::SecretKey {
        &self.0.key
    }

    pub(crate) fn point(&self) -> &secp256k1::PublicKey {
        &self.0.public
    }

    pub(crate) fn pair(&self) -> Keypair {
        Keypair::from_secret_key(&CURVE, &self.0.key)
    }

    /// Copies a key into the only place where it stays, and overwrites it where it was.
    fn take(key: &mut secp256k1::SecretKey) -> Self {
        let inner = Inner { public: key.public_key(&CURVE), key: *key };
        key.non_secure_erase();
        Self(Arc::new(inner))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.0.public)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.key.non_secure_erase();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator's key in all its forms, and what is no key.
    #[test]
    fn a_key_is_read_from_bytes_and_from_text() {
        let mut one = [0; 32];
        one[31] = 1;
        let key = PrivateKey::from_bytes(&one).unwrap();
        let wif = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn";
        let read = PrivateKey::from_wif(wif).unwrap();
        assert_eq!((*read.expose(), read.public_key()), (one, key.public_key()));
        assert_eq!(
            key.public_key().to_string(),
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        );
        let bad = |text: &str| PrivateKey::from_wif(text).err();
        let uncompressed = "5HpHagT65TZzG1PH3CSu63k8DbpvD8s5ip4nEB3kEsreAnchuDf";
        assert_eq!(bad(uncompressed), Some(PrivateKeyError::Uncompressed));
        assert_eq!(bad(&wif.replace('n', "m")), Some(PrivateKeyError::Text));
        assert_eq!(PrivateKey::from_bytes(&[0; 32]).err(), Some(PrivateKeyError::Range));
        assert_eq!(PrivateKey::from_bytes(&[0xff; 32]).err(), Some(PrivateKeyError::Range));
    }

    #[test]
    fn what_is_shown_of_a_key_is_public() {
        let key = PrivateKey::from_bytes(&[0x42; 32]).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("PrivateKey(of {})", key.public_key()));
        assert!(!shown.contains(&"42".repeat(4)), "{shown}");
    }
}
