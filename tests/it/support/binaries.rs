//! Where the programs under test are. A missing one fails the test and says how to get it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Returns the payment daemon: `SMARTRAIDEN_NODE`, or what the same build put beside the tests.
pub(crate) fn daemon() -> PathBuf {
    built("smartraiden-node", "SMARTRAIDEN_NODE")
}

/// Returns the ledger's daemon: `BIGCHAIN_NODE`, or what the same build put beside the tests.
pub(crate) fn ledger_daemon() -> PathBuf {
    built("bigchain-node", "BIGCHAIN_NODE")
}

/// Returns the directory's daemon: `APIP_SERVER`, or what the same build put beside the tests.
pub(crate) fn directory_daemon() -> PathBuf {
    built("apip-server", "APIP_SERVER")
}

/// Returns the directory's client: `APIP_CLIENT`, or what the same build put beside the tests.
pub(crate) fn directory_client() -> PathBuf {
    built("apip-client", "APIP_CLIENT")
}

/// Returns the deals' daemon: `DEAL_SERVER`, or what the same build put beside the tests.
pub(crate) fn deal_daemon() -> PathBuf {
    built("deal-server", "DEAL_SERVER")
}

fn built(name: &str, variable: &str) -> PathBuf {
    if let Some(path) = env::var_os(variable) {
        return existing(path.into(), &format!("{variable} names no file"));
    }
    let tests = env::current_exe().expect("a running test has a path");
    let build = tests.ancestors().nth(2).expect("tests are built into <profile>/deps");
    existing(
        build.join(name),
        &format!(
            "the program is not built: run `make test`, or `cargo build -p {name}` before the \
             tests, or set {variable}"
        ),
    )
}

/// Returns anvil: `ANVIL`, or what `npm ci` put beside the contracts.
pub(crate) fn anvil() -> PathBuf {
    if let Some(path) = env::var_os("ANVIL") {
        return existing(path.into(), "ANVIL names no file");
    }
    let packages = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/chain-evm/contracts/node_modules/@foundry-rs");
    // One package a platform, of which npm installs the fitting one; not the script that picks it.
    let platforms = fs::read_dir(&packages).into_iter().flatten().flatten();
    let binary = platforms
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|entry| entry.path().join("bin/anvil"))
        .find(|path| path.is_file());
    binary.unwrap_or_else(|| {
        panic!("anvil is not installed in {}: run `make setup`, or set ANVIL", packages.display())
    })
}

fn existing(path: PathBuf, otherwise: &str) -> PathBuf {
    assert!(path.is_file(), "{} is missing: {otherwise}", path.display());
    path
}
