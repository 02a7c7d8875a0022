use std::fmt;

use pgp::{
    composed::{Deserializable, SignedPublicKey},
    types::KeyDetails,
};

use crate::{KeyError, armor, certificate::Certificate, cleartext};

/// Longest armored key, in bytes.
pub const KEY_BYTES_MAX: usize = 256 << 10;
/// Most user ids of a key.
pub const USER_IDS_MAX: usize = 64;

const PUBLIC: &str = "PUBLIC KEY BLOCK";

/// The fingerprint of a key of version 4, shown as 40 upper-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 20]);

impl Fingerprint {
    /// The 20 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }

    pub(crate) fn of(key: &impl KeyDetails) -> Result<Self, KeyError> {
        let bytes = key.fingerprint().as_bytes().try_into();
        bytes.map(Self).map_err(|_| KeyError::Version)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

/// A public key whose signatures over itself have been checked.
///
/// A revoked key, or one past its time, can be read and shown; it verifies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    inner: SignedPublicKey,
    certificate: Certificate,
    fingerprint: Fingerprint,
}

impl PublicKey {
    /// Reads one armored key, whose lines end with LF or CRLF.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; a key that cannot sign is read as well.
    pub fn from_armored(text: &str) -> Result<Self, KeyError> {
        Self::new(read_key(PUBLIC, text)?)
    }

    /// The user ids that the key has signed and not revoked, in their order. Those that are not
    /// UTF-8 are left out.
    #[must_use]
    pub fn user_ids(&self) -> &[String] {
        &self.certificate.user_ids
    }

    /// The fingerprint of the primary key.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether the key has taken itself back.
    #[must_use]
    pub const fn is_revoked(&self) -> bool {
        self.certificate.is_revoked
    }

    /// Unix seconds from which on the key is past its time, if it has an end.
    #[must_use]
    pub const fn expires(&self) -> Option<u64> {
        self.certificate.expires
    }

    /// The armored key, with a line end after its last line.
    #[must_use]
    pub fn to_armored(&self) -> String {
        armored(PUBLIC, &self.inner)
    }

    pub(crate) fn new(inner: SignedPublicKey) -> Result<Self, KeyError> {
        if inner.details.users.len() > USER_IDS_MAX {
            return Err(KeyError::UserIds);
        }
        let certificate = Certificate::of(&inner)?;
        let fingerprint = Fingerprint::of(&inner)?;
        Ok(Self { inner, certificate, fingerprint })
    }

    pub(crate) const fn inner(&self) -> &SignedPublicKey {
        &self.inner
    }

    pub(crate) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("PublicKey");
        shown.field("fingerprint", &self.fingerprint).field("user_ids", &self.user_ids());
        shown.finish_non_exhaustive()
    }
}

/// Reads the only key of an armored block of the given kind.
pub(crate) fn read_key<K: Deserializable>(kind: &str, text: &str) -> Result<K, KeyError> {
    if text.len() > KEY_BYTES_MAX {
        return Err(KeyError::TooLong);
    }
    let text = cleartext::line_feeds(text).ok_or(KeyError::NotArmored)?;
    let packets = armor::read(kind, text.split('\n')).ok_or(KeyError::NotArmored)?;
    let mut keys = K::from_bytes_many(packets.as_slice()).map_err(|_| KeyError::Damaged)?;
    let key = keys.next().ok_or(KeyError::Damaged)?.map_err(|_| KeyError::Damaged)?;
    match keys.next() {
        None => Ok(key),
        Some(_) => Err(KeyError::Several),
    }
}

/// Writes a key as an armored block of the given kind.
pub(crate) fn armored(kind: &str, key: &impl pgp::ser::Serialize) -> String {
    let packets = key.to_bytes().expect("writing to memory does not fail");
    let mut text = armor::write(kind, None, &packets);
    text.push('\n');
    text
}
