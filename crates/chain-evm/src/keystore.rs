//! The node's key: geth's key files, password files, new keys.

use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tally_crypto::{SecretKey, Zeroizing};
use tally_primitives::NodeAddress;

/// Bytes that a key file or a password file may have. Real ones have some hundred.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The most memory-hungry key derivation accepted: four times geth's.
const SCRYPT_N_MAX: u64 = 1 << 20;
const SCRYPT_R_P_MAX: u64 = 64;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The folder or the file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No file in the folder is of this account.
    #[error("no key of {address} in {}", folder.display())]
    NoSuchAccount {
        /// The account.
        address: NodeAddress,
        /// The folder.
        folder: PathBuf,
    },
    /// The file is no key file of version 3, or asks for an absurd amount of work.
    #[error("{} is not a version 3 key file", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
    /// The password does not open the file, or the file is damaged; nothing can tell which.
    #[error("wrong password for {}", path.display())]
    WrongPassword {
        /// Which.
        path: PathBuf,
    },
    /// The file holds another key than it says.
    #[error("{} holds the key of {actual}", path.display())]
    OtherAccount {
        /// Which.
        path: PathBuf,
        /// Whose key it holds.
        actual: NodeAddress,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(default)]
    address: Option<String>,
    version: u64,
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipherparams: CipherParameters,
    ciphertext: String,
    kdfparams: DerivationParameters,
}

#[derive(Deserialize)]
struct CipherParameters {
    iv: String,
}

#[derive(Deserialize)]
struct DerivationParameters {
    dklen: u64,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    r: u64,
    #[serde(default)]
    p: u64,
}

impl KeyFile {
    /// Says whether the file can be decrypted with a sane amount of work.
    fn is_sane(&self) -> bool {
        let parameters = &self.crypto.kdfparams;
        let is_sane_scrypt = |n: u64| {
            n.is_power_of_two()
                && (2..=SCRYPT_N_MAX).contains(&n)
                && (1..=SCRYPT_R_P_MAX).contains(&parameters.r)
                && (1..=SCRYPT_R_P_MAX).contains(&parameters.p)
        };
        self.version == 3
            && parameters.dklen == 32
            && self.crypto.cipherparams.iv.len() == 32
            && self.crypto.ciphertext.len() == 64
            && parameters.n.is_none_or(is_sane_scrypt)
    }

    fn account(&self) -> Option<NodeAddress> {
        let digits = self.address.as_deref()?;
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        format!("0x{digits}").parse().ok()
    }
}

/// Lists the accounts that have a key file in a folder, with the files, by file name. Files that
/// are something else are passed over.
///
/// # Errors
///
/// [`KeystoreError::Unreadable`] if the folder cannot be read.
pub fn accounts(folder: &Path) -> Result<Vec<(NodeAddress, PathBuf)>, KeystoreError> {
    let unreadable = |source| KeystoreError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    let account = |path: PathBuf| {
        let account = parse(&path).ok()?.account()?;
        Some((account, path))
    };
    Ok(paths.into_iter().filter_map(account).collect())
}

/// Decrypts the key of an account with a key file in a folder. Takes about a second: the files make
/// guessing passwords slow.
///
/// # Errors
///
/// [`KeystoreError`].
pub fn load_key(
    folder: &Path,
    address: NodeAddress,
    password: &str,
) -> Result<SecretKey, KeystoreError> {
    let mut accounts = accounts(folder)?.into_iter();
    let (_, path) = accounts
        .find(|(account, _)| *account == address)
        .ok_or_else(|| KeystoreError::NoSuchAccount { address, folder: folder.to_owned() })?;
    load_key_file(&path, password)
}

/// Decrypts a key file.
///
/// # Errors
///
/// [`KeystoreError`].
pub fn load_key_file(path: &Path, password: &str) -> Result<SecretKey, KeystoreError> {
    let file = parse(path)?;
    let malformed = || KeystoreError::Malformed { path: path.to_owned() };
    let bytes = eth_keystore::decrypt_key(path, password).map_err(|error| match error {
        eth_keystore::KeystoreError::MacMismatch => {
            KeystoreError::WrongPassword { path: path.to_owned() }
        }
        eth_keystore::KeystoreError::StdIo(_)
        | eth_keystore::KeystoreError::SerdeJson(_)
        | eth_keystore::KeystoreError::ScryptInvalidParams(_)
        | eth_keystore::KeystoreError::ScryptInvalidOuputLen(_)
        | eth_keystore::KeystoreError::AesInvalidKeyNonceLength(_) => malformed(),
    })?;
    let bytes = Zeroizing::new(bytes);
    let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
    let key = SecretKey::from_bytes(bytes).map_err(|_| malformed())?;
    match file.account() {
        Some(stated) if stated != key.address() => {
            Err(KeystoreError::OtherAccount { path: path.to_owned(), actual: key.address() })
        }
        Some(_) | None => Ok(key),
    }
}

/// Reads a password: the whole file but for one newline at its end, which editors add.
///
/// # Errors
///
/// [`KeystoreError::Unreadable`].
pub fn read_password(path: &Path) -> Result<Zeroizing<String>, KeystoreError> {
    let mut text = Zeroizing::new(read(path)?);
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Makes a new key from the system's random numbers, for development.
///
/// # Errors
///
/// [`KeystoreError::NoRandomness`].
pub fn generate_key() -> Result<SecretKey, KeystoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut bytes[..]).map_err(|_| KeystoreError::NoRandomness)?;
    Ok(SecretKey::generate(*bytes))
}

fn parse(path: &Path) -> Result<KeyFile, KeystoreError> {
    let text = read(path)?;
    let file = serde_json::from_str::<KeyFile>(&text).ok().filter(KeyFile::is_sane);
    file.ok_or_else(|| KeystoreError::Malformed { path: path.to_owned() })
}

fn read(path: &Path) -> Result<String, KeystoreError> {
    let unreadable = |source| KeystoreError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
