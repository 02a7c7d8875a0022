//! Each way to end has its exit code and its words.

use crate::daemon::{Daemon, run};
use std::{fs, path::Path};

/// A key file of the Web3 secret storage definition with geth's "light" work factor; its password is
/// `testpassword`.
pub(crate) const KEY_FILE: &str = r#"{"address": "008aeeda4d805471df9b2a5b0f38a0c3bcba786b",
  "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
    "ciphertext": "584f4eb2783472ec149b334c22d77ddbf118a0783ea24e66ca8a7883cd2b4bf5",
    "kdf": "scrypt", "kdfparams": {"dklen": 32, "n": 4096, "p": 6, "r": 8,
      "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
    "mac": "860ad3ce9642f99d709abc696e25ede7cd35daf6a6041e975d14c53dae118886"},
  "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}"#;

/// Whose key it is.
pub(crate) const KEY_ADDRESS: &str = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b";

/// Writes a keystore and a password file into a folder and returns the flags that name them.
pub(crate) fn keystore(folder: &Path, password: &str) -> String {
    let keys = folder.join("keys");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join("key"), KEY_FILE).unwrap();
    fs::write(folder.join("password"), password).unwrap();
    let (keys, password) = (keys.display(), folder.join("password"));
    format!("--keystore-path {keys} --password-file {}", password.display())
}

#[test]
fn help_and_version_are_there() {
    let help = run("--help");
    assert_eq!(help.code, Some(0));
    assert!(help.output.contains("--eth-rpc-endpoint") && help.output.contains("Channels:"));
    let version = run("--version");
    assert_eq!(version.output, format!("smartraiden-node {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_settings_end_with_2() {
    for (arguments, words) in [
        ("--memory-store", "--eth-rpc-endpoint"),
        ("--no-such-flag", "--no-such-flag"),
        ("--dev --api-address 0.0.0.0:0", "--allow-unauthenticated"),
        ("--config /nowhere/node.toml", "/nowhere/node.toml"),
        ("--dev --log-filter a=b=c", "log filter"),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments}: {}", ended.errors);
        assert!(ended.errors.contains(words), "{arguments}: {}", ended.errors);
    }
}

#[test]
fn a_wrong_password_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keystore(folder.path(), "wrong");
    let ended = run(&format!("--dev --api-address 127.0.0.1:0 {keys}"));
    assert_eq!(ended.code, Some(3), "{}", ended.errors);
    assert!(ended.errors.contains("wrong password"), "{}", ended.errors);
    assert!(!ended.errors.contains("testpassword"));
}

#[test]
fn an_address_in_use_ends_with_6() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ended = run(&format!("--dev --api-address {address}"));
    assert_eq!(ended.code, Some(6), "{}", ended.errors);
    assert!(ended.errors.contains(&address.to_string()), "{}", ended.errors);
}

#[test]
fn a_chain_without_the_contracts_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keystore(folder.path(), "testpassword\n");
    let chain = Daemon::start("--dev --dev-rpc-address 127.0.0.1:0");
    let ended = run(&format!(
        "--api-address 127.0.0.1:0 --memory-store {keys} --eth-rpc-endpoint {} \
         --registry-contract-address 0x0707070707070707070707070707070707070707",
        chain.said["chain-rpc"]
    ));
    assert_eq!(ended.code, Some(4), "{}", ended.errors);
    assert!(ended.errors.contains("there is no contract at"), "{}", ended.errors);
}

#[test]
fn the_settings_in_effect_are_shown() {
    let shown = run("config show --dev --settle-timeout=50");
    assert_eq!(shown.code, Some(0), "{}", shown.errors);
    assert!(shown.output.contains("settle-timeout = 50\n"), "{}", shown.output);
}

/// Goal: a service manager can end the daemon. Method: SIGTERM.
#[test]
fn a_signal_ends_with_0() {
    let daemon = Daemon::start("--dev");
    daemon.terminate();
    assert_eq!(daemon.wait().code(), Some(0));
}
