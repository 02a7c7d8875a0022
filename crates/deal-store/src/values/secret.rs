use crate::{Expected, Version};
use std::fmt;
use zeroize::Zeroizing;

/// The most bytes of a secret.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

/// A small value under a name: a key, a session, a client of OAuth2. Hidden from [`Debug`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name: 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    pub name: String,
    /// Its value, at most [`SECRET_BYTES_MAX`] bytes.
    pub value: Zeroizing<Vec<u8>>,
    /// From when on there is none, Unix milliseconds; `None` for never.
    pub expires_ms: Option<u64>,
    /// Which commit wrote it.
    pub version: Version,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name)
            .field("expires_ms", &self.expires_ms)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A change to a secret. The value is hidden from [`Debug`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretChange {
    /// The secret's name.
    pub name: String,
    /// What must be there now. One that has expired is not there.
    pub expected: Expected,
    /// What is there afterwards: the value, and from when on it is not, Unix milliseconds. `None`
    /// removes it.
    pub value: Option<(Zeroizing<Vec<u8>>, Option<u64>)>,
}

impl fmt::Debug for SecretChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretChange")
            .field("name", &self.name)
            .field("expected", &self.expected)
            .field("is_removal", &self.value.is_none())
            .finish_non_exhaustive()
    }
}
