use super::{AddressVersion, fid_of_hash};
use crate::{
    KeyError,
    base58::{self, Base58Error},
    hash160,
};
use std::{fmt, str::FromStr, sync::Arc};
use tally_primitives::Fid;
use zeroize::Zeroizing;

/// The first byte of a private key's text on the main network, and on the others.
const WIF_MAIN: u8 = 128;
const WIF_TEST: u8 = 239;

/// The last byte, which says that the key's address is made of the compressed public key.
const WIF_COMPRESSED: u8 = 1;

/// Bytes or a text are not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is 66 hexadecimal digits of a point on the curve, beginning with 02 or 03")]
pub struct PublicKeyError;

/// A text is not a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WifError {
    /// Not Base58, or a typing error.
    #[error("the private key is malformed")]
    Base58(#[from] Base58Error),
    /// Something else in Base58, such as an address.
    #[error("the text is no private key in wallet import format with a compressed public key")]
    Format,
    /// The number is no key.
    #[error("the number is no private key")]
    Key(#[from] KeyError),
}

/// A user's public key: a point of secp256k1, written as 66 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub(crate) secp256k1::PublicKey);

impl PublicKey {
    /// Bytes of a compressed key.
    pub const LENGTH: usize = 33;

    /// Reads a compressed key.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] if no point of the curve is written so.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, PublicKeyError> {
        let key = secp256k1::PublicKey::from_byte_array_compressed(*bytes);
        key.map(Self).map_err(|_| PublicKeyError)
    }

    /// Returns the compressed key: 02 or 03, then the `x` coordinate, big-endian.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        self.0.serialize()
    }

    /// Returns the address of the key.
    pub fn fid(&self, version: AddressVersion) -> Fid {
        fid_of_hash(version, &hash160(self.to_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; Self::LENGTH];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| PublicKeyError)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A user's private key: whoever has it is the user and owns its money.
///
/// The key is in memory once however often the handle is cloned, and is overwritten when the last
/// clone is dropped. `Debug` shows only the public key.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    key: secp256k1::SecretKey,
    public: PublicKey,
}

impl PrivateKey {
    /// Reads a key of its 32 bytes, big-endian.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the number is zero or not below the order of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = secp256k1::SecretKey::from_secret_bytes(*bytes).map_err(|_| KeyError)?;
        let public = PublicKey(key.public_key());
        Ok(Self(Arc::new(Inner { key, public })))
    }

    /// Reads a key in wallet import format, of the main network or a test network.
    ///
    /// # Errors
    ///
    /// [`WifError`]; also for a key that belongs to an uncompressed public key, because addresses
    /// of Freecash users are made of compressed ones.
    pub fn from_wif(text: &str) -> Result<Self, WifError> {
        let payload = base58::decode_check(text)?;
        let [WIF_MAIN | WIF_TEST, bytes @ .., WIF_COMPRESSED] = payload.as_slice() else {
            return Err(WifError::Format);
        };
        let bytes = Zeroizing::new(bytes.try_into().map_err(|_| WifError::Format)?);
        Ok(Self::from_bytes(&bytes)?)
    }

    /// Returns the key in the main network's wallet import format.
    pub fn to_wif(&self) -> Zeroizing<String> {
        let mut payload = Zeroizing::new([WIF_COMPRESSED; 34]);
        payload[0] = WIF_MAIN;
        payload[1..33].copy_from_slice(&*self.expose());
        Zeroizing::new(base58::encode_check(&*payload))
    }

    /// Returns the public key. Costs nothing.
    pub fn public_key(&self) -> PublicKey {
        self.0.public
    }

    /// Returns a copy of the 32 bytes. It is overwritten when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.key.to_secret_bytes())
    }

    pub(crate) fn inner(&self) -> &secp256k1::SecretKey {
        &self.0.key
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
