use crate::unique::now_ms;
use std::fmt;
use tally_crypto::{
    Zeroizing,
    ecies::EciesError,
    fch::{sym_sign, sym_verify},
};

/// A session key that was delivered cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionKeyError {
    /// The answer has none.
    #[error("there is none in the answer")]
    Missing,
    /// It is encrypted in no known format, or to another key.
    #[error("it cannot be decrypted")]
    Encrypted(#[source] EciesError),
    /// It has not 32 bytes.
    #[error("it is not 64 hexadecimal digits")]
    Malformed,
}

/// What a user and a directory share after signing in: a key, by which both sign.
///
/// Cloning copies the key; each copy is overwritten when dropped. `Debug` does not show it.
#[derive(Clone)]
pub struct Session {
    key: Zeroizing<[u8; 32]>,
    name: String,
    expires_ms: Option<u64>,
}

impl Session {
    /// Takes up a session that was kept: its key and when it ends, in milliseconds since 1970.
    pub fn new(key: Zeroizing<[u8; 32]>, expires_ms: Option<u64>) -> Self {
        let name = hex::encode(&key[..6]);
        Self { key, name, expires_ms }
    }

    /// Reads a key of 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`SessionKeyError::Malformed`].
    pub fn from_hex(digits: &str, expires_ms: Option<u64>) -> Result<Self, SessionKeyError> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, &mut *key).map_err(|_| SessionKeyError::Malformed)?;
        Ok(Self::new(key, expires_ms))
    }

    /// Returns the name by which requests refer to the session: the key's first 12 hexadecimal
    /// digits.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns when the session ends, in milliseconds since 1970, if the directory said so.
    pub fn expires_ms(&self) -> Option<u64> {
        self.expires_ms
    }

    /// Says whether the session has ended by the clock of this machine.
    pub fn is_over(&self) -> bool {
        self.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms())
    }

    /// Returns a copy of the key, for keeping the session. It is overwritten when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        self.key.clone()
    }

    pub(crate) fn sign(&self, body: &str) -> String {
        sym_sign(body.as_bytes(), &self.key)
    }

    pub(crate) fn verifies(&self, body: &str, sign: &str) -> bool {
        sym_verify(body.as_bytes(), &self.key, sign)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({}…)", &self.name[..4])
    }
}
