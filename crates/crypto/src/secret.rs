use crate::{KeyError, keccak256, recover::address};
use alloy_primitives::B256;
use secp256k1::{Message, ecdsa::RecoverableSignature};
use std::{fmt, sync::Arc};
use tally_primitives::{NodeAddress, Signature};
use zeroize::Zeroizing;

/// A secp256k1 secret key: whoever has it is the node and owns its money.
///
/// The key is in memory once however often the handle is cloned, and is overwritten when the last
/// clone is dropped. `Debug` shows only the address.
#[derive(Clone)]
pub struct SecretKey(Arc<Inner>);

struct Inner {
    key: secp256k1::SecretKey,
    address: NodeAddress,
}

impl SecretKey {
    /// Reads a key of its 32 bytes, big-endian.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the number is zero or not below the order of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = secp256k1::SecretKey::from_secret_bytes(*bytes).map_err(|_| KeyError)?;
        let address = address(&key.public_key());
        Ok(Self(Arc::new(Inner { key, address })))
    }

    /// Makes a new key of 32 random bytes from the caller's secure source.
    ///
    /// One in 2^127 draws is no key and is hashed until it is one, so this cannot fail.
    pub fn generate(random: [u8; 32]) -> Self {
        let mut bytes = Zeroizing::new(random);
        loop {
            if let Ok(key) = Self::from_bytes(&bytes) {
                return key;
            }
            *bytes = keccak256(*bytes).0;
        }
    }

    /// Returns the address the key signs for. Costs nothing.
    pub fn address(&self) -> NodeAddress {
        self.0.address
    }

    /// Signs a 32-byte digest.
    ///
    /// The same digest always gives the same signature (RFC 6979), with `s` in the lower half and
    /// the recovery byte 27 or 28.
    pub fn sign_digest(&self, digest: &B256) -> Signature {
        let message = Message::from_digest(digest.0);
        let signature = RecoverableSignature::sign_ecdsa_recoverable(message, &self.0.key);
        let (id, rs) = signature.serialize_compact();
        let mut bytes = [0; Signature::LENGTH];
        bytes[..64].copy_from_slice(&rs);
        // Ids 2 and 3 say that the nonce point lies above the order of the curve; meeting one
        // takes 2^127 signatures, and contracts cannot express it.
        bytes[64] = 27 + id.to_u8();
        Signature(bytes)
    }

    /// Returns a copy of the 32 bytes, for writing a key file. It is overwritten when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.key.to_secret_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.0.address)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.key.non_secure_erase();
    }
}
