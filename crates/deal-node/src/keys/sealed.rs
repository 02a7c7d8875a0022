//! The secrets of a server on a disk: encrypted with a key that is made of a passphrase.
//!
//! `TSK1`, 16 bytes of salt, 16 of start, the ciphertext, and 32 bytes of tag. The passphrase and
//! the salt give 64 bytes by Argon2id; the first half encrypts by AES-256-CBC, the second half
//! authenticates everything before the tag by HMAC-SHA256. What is encrypted is JSON.

use super::ServerKeys;
use argon2::Argon2;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::Arc;
use tally_crypto::aes;
use tally_deal::{PrivateKey, ServiceKeys};
use tally_deal_store::{Commit, CommitError, DealStore, DealStoreError, Expected, SecretChange};
use tally_pgp::SecretKey;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const MARK: &[u8; 4] = b"TSK1";
const SALT_LENGTH: usize = 16;
const TAG_LENGTH: usize = 32;
const HEAD_LENGTH: usize = MARK.len() + SALT_LENGTH + aes::IV_LENGTH;

/// The secret under which a store keeps the sealed keys.
const STORED_NAME: &str = "deal-node/keys";

/// Why the keys of a server cannot be sealed, opened or made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The bytes are no sealed keys, or the passphrase is another one.
    #[error("the keys are damaged, or the passphrase is another one")]
    Closed,
    /// What was sealed is not the keys of a server.
    #[error("what was sealed are not the keys of a server")]
    Content,
    /// The passphrase cannot be made a key.
    #[error("the passphrase cannot be used: {0}")]
    Passphrase(String),
    /// The machine gives no random bytes.
    #[error("the machine gives no random bytes")]
    Random,
    /// The PGP key cannot be made.
    #[error("the PGP key cannot be made")]
    Pgp(#[from] tally_pgp::KeyError),
    /// The store has other service keys than those that were given.
    #[error(
        "the store has other service keys than those that were given: money of its deals waits for them"
    )]
    Others,
    /// The store cannot be read.
    #[error("the keys cannot be read")]
    Read(#[from] DealStoreError),
    /// The store cannot be written.
    #[error("the keys cannot be stored")]
    Write(#[from] CommitError),
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Content {
    pgp: String,
    key1: [u8; 32],
    key2: [u8; 32],
    arbiter: Option<[u8; 32]>,
}

impl ServerKeys {
    /// Makes new keys of the machine's randomness, an arbiter's among them. `now` is the time from
    /// which the PGP key counts, Unix seconds.
    ///
    /// # Errors
    ///
    /// [`KeysError::Random`] and [`KeysError::Pgp`].
    pub fn generate(now: u64) -> Result<Self, KeysError> {
        let key = || loop {
            // One number in 2^128 is no key.
            if let Ok(key) = PrivateKey::from_bytes(&*random::<32>()?) {
                return Ok::<_, KeysError>(key);
            }
        };
        let names = ["service".to_owned()];
        let pgp = SecretKey::generate(&names, &*random::<32>()?, now)?;
        Ok(Self { pgp, key1: key()?, key2: key()?, arbiter: Some(key()?) })
    }

    /// Encrypts the keys. Takes a moment and 19 MiB: not for the threads that serve.
    ///
    /// # Errors
    ///
    /// [`KeysError::Random`] and [`KeysError::Passphrase`].
    pub fn seal(&self, passphrase: &str) -> Result<Vec<u8>, KeysError> {
        let content = Content {
            pgp: self.pgp.to_armored().to_string(),
            key1: *self.key1.expose(),
            key2: *self.key2.expose(),
            arbiter: self.arbiter.as_ref().map(|key| *key.expose()),
        };
        let text = Zeroizing::new(serde_json::to_vec(&content).map_err(|_| KeysError::Content)?);
        let salt = random::<SALT_LENGTH>()?;
        let start = random::<{ aes::IV_LENGTH }>()?;
        let keys = derive(passphrase, &*salt)?;
        let mut sealed = MARK.to_vec();
        sealed.extend_from_slice(&*salt);
        sealed.extend_from_slice(&*start);
        sealed.extend(aes::encrypt(&keys.cipher, &start, &text));
        let tag = keys.tag(&sealed).finalize().into_bytes();
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made. Takes as long.
    ///
    /// # Errors
    ///
    /// [`KeysError::Closed`], [`KeysError::Content`] and [`KeysError::Passphrase`].
    pub fn open(sealed: &[u8], passphrase: &str) -> Result<Self, KeysError> {
        let split = sealed.len().checked_sub(TAG_LENGTH).filter(|split| *split >= HEAD_LENGTH);
        let (body, tag) = sealed.split_at(split.ok_or(KeysError::Closed)?);
        let rest = body.strip_prefix(MARK).ok_or(KeysError::Closed)?;
        let (salt, rest) = rest.split_at(SALT_LENGTH);
        let (start, ciphertext) = rest.split_at(aes::IV_LENGTH);
        let keys = derive(passphrase, salt)?;
        keys.tag(body).verify_slice(tag).map_err(|_| KeysError::Closed)?;
        let start = start.try_into().map_err(|_| KeysError::Closed)?;
        let text = aes::decrypt(&keys.cipher, &start, ciphertext).map_err(|_| KeysError::Closed)?;
        let content: Content = serde_json::from_slice(&text).map_err(|_| KeysError::Content)?;
        let key = |bytes: &[u8; 32]| PrivateKey::from_bytes(bytes).map_err(|_| KeysError::Content);
        let pgp = SecretKey::from_armored(&content.pgp, "").map_err(|_| KeysError::Content)?;
        let arbiter = content.arbiter.as_ref().map(key).transpose()?;
        Ok(Self { pgp, key1: key(&content.key1)?, key2: key(&content.key2)?, arbiter })
    }

    /// Reads the keys that a store has, or makes new ones and stores them: sealed, so that whoever
    /// gets hold of the database alone cannot spend. Several servers that share a store get the same
    /// keys. Given service keys are taken in the place of new ones, and must be those of the store
    /// ever after.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub async fn of_store(
        store: &Arc<dyn DealStore>,
        passphrase: &Zeroizing<String>,
        given: Option<&[PrivateKey; 2]>,
        now_ms: u64,
    ) -> Result<Self, KeysError> {
        loop {
            let known = store.secret(STORED_NAME, now_ms).await?;
            let passphrase = passphrase.clone();
            if let Some(secret) = known {
                let opened = off_thread(move || Self::open(&secret.value, &passphrase)).await?;
                let is_given = |[key1, key2]: &[PrivateKey; 2]| {
                    let given = ServiceKeys { key1: key1.public_key(), key2: key2.public_key() };
                    opened.service_keys() == given
                };
                return if given.is_none_or(is_given) {
                    Ok(opened)
                } else {
                    Err(KeysError::Others)
                };
            }
            let mut keys = Self::generate(now_ms / 1000)?;
            if let Some([key1, key2]) = given {
                (keys.key1, keys.key2) = (key1.clone(), key2.clone());
            }
            let made = keys.clone();
            let sealed = off_thread(move || made.seal(&passphrase)).await?;
            let change = SecretChange {
                name: STORED_NAME.to_owned(),
                expected: Expected::Absent,
                value: Some((Zeroizing::new(sealed), None)),
            };
            let commit = Commit { now_ms, secrets: vec![change], ..Commit::default() };
            match store.commit(commit).await {
                Ok(_) => return Ok(keys),
                // Another server was faster; its keys count.
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeysError> + Send + 'static,
) -> Result<T, KeysError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(KeysError::Passphrase("the runtime stops".to_owned())))
}

struct Derived {
    cipher: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
}

impl Derived {
    fn tag(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&*self.mac).expect("HMAC takes keys of any length");
        mac.update(bytes);
        mac
    }
}

fn derive(passphrase: &str, salt: &[u8]) -> Result<Derived, KeysError> {
    let mut both = Zeroizing::new([0; 64]);
    let derived = Argon2::default().hash_password_into(passphrase.as_bytes(), salt, &mut *both);
    derived.map_err(|error| KeysError::Passphrase(error.to_string()))?;
    let mut keys = Derived { cipher: Zeroizing::new([0; 32]), mac: Zeroizing::new([0; 32]) };
    keys.cipher.copy_from_slice(&both[..32]);
    keys.mac.copy_from_slice(&both[32..]);
    Ok(keys)
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeysError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|_| KeysError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that were sealed open with their passphrase and with no other; each bit counts; and what
    /// is sealed does not show what it is.
    #[test]
    fn sealed_keys_open_with_their_passphrase() {
        let keys = ServerKeys::generate(1_700_000_000).unwrap();
        let sealed = keys.seal("a passphrase").unwrap();
        let opened = ServerKeys::open(&sealed, "a passphrase").unwrap();
        assert_eq!(opened.service_keys(), keys.service_keys());
        assert_eq!(opened.arbiter_key(), keys.arbiter_key());
        assert_eq!(opened.pgp.fingerprint(), keys.pgp.fingerprint());
        let is_closed = |bytes: &[u8], passphrase| {
            matches!(ServerKeys::open(bytes, passphrase), Err(KeysError::Closed))
        };
        assert!(is_closed(&sealed, "another"));
        for at in [0, 5, 25, 60, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(is_closed(&changed, "a passphrase"), "byte {at}");
        }
        for length in [0, 4, HEAD_LENGTH, HEAD_LENGTH + TAG_LENGTH] {
            assert!(is_closed(&sealed[..length], "a passphrase"), "length {length}");
        }
        assert_ne!(sealed, keys.seal("a passphrase").unwrap());
        let shown = format!("{keys:?}");
        assert!(shown.contains(&keys.key1.public_key().to_string()));
        let secret: String = keys.key1.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(&secret));
    }
}
