use crate::config::Key;
use anyhow::{Context, anyhow, bail};
use std::path::Path;
use tally_chain_evm::keystore;
use tally_crypto::SecretKey;
use tally_daemon::{Failure, Kind};
use tally_primitives::NodeAddress;

/// Loads or makes the node's key.
pub(super) fn load(key: &Key) -> Result<SecretKey, Failure> {
    let loaded = match key {
        Key::Generated => keystore::generate_key().map_err(anyhow::Error::from),
        Key::Keystore { folder, address, password_file } => {
            from_keystore(folder, *address, password_file.as_deref())
        }
    };
    loaded.map_err(Failure::of(Kind::Key))
}

fn from_keystore(
    folder: &Path,
    address: Option<NodeAddress>,
    password_file: Option<&Path>,
) -> anyhow::Result<SecretKey> {
    let password_file =
        password_file.ok_or_else(|| anyhow!("no password: give --password-file"))?;
    let password = keystore::read_password(password_file).context("no password")?;
    let address = match address {
        Some(address) => address,
        None => only_account(folder)?,
    };
    Ok(keystore::load_key(folder, address, &password)?)
}

/// The original asked on the terminal; a daemon has nobody to ask.
fn only_account(folder: &Path) -> anyhow::Result<NodeAddress> {
    let accounts = keystore::accounts(folder)?;
    match accounts.as_slice() {
        [] => bail!("there is no key file in {}", folder.display()),
        [(account, _)] => Ok(*account),
        several => {
            let names: Vec<String> = several.iter().map(|(a, _)| a.to_string()).collect();
            bail!(
                "several accounts in {}: give one as --address: {}",
                folder.display(),
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn refusal(folder: &Path, address: Option<NodeAddress>, password: Option<PathBuf>) -> String {
        let folder = folder.to_owned();
        let failure =
            load(&Key::Keystore { folder, address, password_file: password }).unwrap_err();
        assert_eq!(failure.kind(), Kind::Key);
        failure.text()
    }

    #[test]
    fn each_missing_piece_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(refusal(path, None, None).contains("--password-file"));
        let password = path.join("password");
        assert!(refusal(path, None, Some(password.clone())).contains("password"));
        std::fs::write(&password, "123\n").unwrap();
        assert!(refusal(path, None, Some(password.clone())).contains("no key file in"));
        let someone = NodeAddress::new([7; 20]);
        let said = refusal(path, Some(someone), Some(password.clone()));
        assert!(said.contains(&someone.to_string()), "{said}");
        let nowhere = path.join("nowhere");
        assert!(refusal(&nowhere, Some(someone), Some(password)).contains("cannot read"));
    }

    #[test]
    fn a_generated_key_is_new_each_time() {
        let address = || load(&Key::Generated).unwrap().address();
        assert_ne!(address(), address());
    }
}
