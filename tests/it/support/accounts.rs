use rand::rngs::OsRng;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tally_crypto::SecretKey;

/// Makes the key with a number, the same in every run. For tests only: anybody can make it.
pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("small numbers are keys")
}

/// Returns the address of a key, as the API writes it.
pub(crate) fn address(number: u8) -> String {
    key(number).address().to_string()
}

/// Returns the password of the numbered account's key file.
pub(crate) fn password(number: u8) -> String {
    format!("the password of number {number}")
}

/// A key file as geth writes it, and the file with its password.
#[derive(Debug)]
pub(crate) struct KeyFile {
    pub(crate) folder: PathBuf,
    pub(crate) password_file: PathBuf,
}

impl KeyFile {
    /// Writes both below `folder`.
    pub(crate) fn write(folder: &Path, number: u8) -> Self {
        let password = password(number);
        let password_file = folder.join(format!("password-{number}"));
        fs::write(&password_file, format!("{password}\n")).expect("the folder is writable");
        let folder = folder.join(format!("keystore-{number}"));
        fs::create_dir_all(&folder).expect("the folder is writable");
        let key = key(number);
        eth_keystore::encrypt_key(&folder, &mut OsRng, *key.expose(), &password, Some("key"))
            .expect("the folder is writable");
        add_address(&folder.join("key"), &key);
        Self { folder, password_file }
    }
}

/// Names the account in the file, as geth does and the library does not.
fn add_address(path: &Path, key: &SecretKey) {
    let text = fs::read_to_string(path).expect("just written");
    let mut file: Value = serde_json::from_str(&text).expect("just written");
    file["address"] = hex::encode(key.address().as_bytes()).into();
    fs::write(path, file.to_string()).expect("just written");
}
