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
        let key = secp256k1::SecretKey::from_slice(bytes).map_err(|_| PrivateKeyError::Range)?;
        Ok(Self::new(key))
    }

    /// Reads a key in the wallet import format, of any network.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError::Text`] and [`PrivateKeyError::Uncompressed`].
    pub fn from_wif(text: &str) -> Result<Self, PrivateKeyError> {
        let mut key = bitcoin::PrivateKey::from_wif(text).map_err(|_| PrivateKeyError::Text)?;
        let read = if key.compressed { Ok(Self::new(key.inner)) } else { Err(()) };
        key.inner.non_secure_erase();
        read.map_err(|()| PrivateKeyError::Uncompressed)
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
        let master = Xpriv::new_master(NetworkKind::Main, hash);
        master.map(|key| Self::new(key.private_key)).map_err(|_| PrivateKeyError::Range)
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

    fn new(key: secp256k1::SecretKey) -> Self {
        Self(Arc::new(Inner { public: key.public_key(&CURVE), key }))
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
