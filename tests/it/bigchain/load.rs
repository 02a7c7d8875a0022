//! The load generator against a node.

use super::ledger::{Settings, key};
use crate::support::eventually;
use std::fs;
use tally_crypto::base58;

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const SERVER: i32 = 7;

/// Goal: what `load` reports is so. Method: each kind of load; what it reports as valid is in the
/// chain, and a node that is not there is an error.
#[test]
fn what_load_reports_is_in_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let settings = node.settings();
    let url = node.url();
    // Two hundred assets are made first for the transfers.
    let mut expected = 0;
    for (kind, posted, in_chain) in
        [("create", 300, 300), ("transfer", 200, 400), ("mixed", 200, 200)]
    {
        let count = posted.to_string();
        let arguments = ["load", "--url", url, "--count", &count, "--kind", kind];
        let report = settings.runs(&arguments);
        for (name, value) in [("accepted", posted), ("valid", posted), ("not-valid", 0)] {
            assert_eq!(value_of(&report, name), value, "{kind}: {report}");
        }
        assert!(value_of_text(&report, "commit-ms-p99").is_some_and(|ms| ms != "0.00"), "{report}");
        expected += in_chain;
        let blocks = node.chain();
        let members = blocks.iter().map(|block| block["transactions"].as_array().unwrap().len());
        // The first block holds none of them.
        assert_eq!(members.sum::<usize>() - 1, expected, "{kind}");
    }
    // The original's way to say how many, and how many at once.
    let report = settings.runs(&["load", "--url", url, "-m", "2", "-c", "10"]);
    assert_eq!(value_of(&report, "accepted"), 10, "{report}");
    let url = url.to_owned();
    let settings = node.stop();
    settings.refuses(&["load", "--url", &url], 7, "does not answer");
}

/// Goal: who ends a run by Ctrl-C gets the report of it. Method: runs without an end and with one far
/// away, interrupted when blocks were made.
#[test]
fn an_interrupted_run_reports() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    for (count, rate) in [("0", "100"), ("1000000", "100"), ("0", "1")] {
        let blocks = node.chain().len();
        let arguments = ["load", "--url", node.url(), "--count", count, "--rate", rate];
        let mut load = node.settings().begin(&arguments);
        eventually("the load to be in the chain", || {
            let now = node.chain().len();
            if now > blocks { Ok(()) } else { Err(load.written()) }
        });
        load.signal("INT");
        let status = load.wait();
        let report = load.written();
        assert!(status.success(), "{status}: {report}");
        let accepted = value_of(&report, "accepted");
        assert!(accepted > 0, "{report}");
        let ended = value_of(&report, "valid") + value_of(&report, "waiting");
        assert_eq!(ended, accepted, "{report}");
    }
}

/// Goal: what waits is not called invalid. Method: a member of two, whose other member is not there.
#[test]
fn without_a_quorum_transactions_wait() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [key(1), key(2)];
    let keyring = keys.each_ref().map(|key| key.public_key().to_string()).join(":");
    let settings = Settings::new(folder.path(), "node")
        .with("--keyring", &keyring)
        .with("--listen-peers", "127.0.0.1:0")
        .with_variable("BIGCHAINDB_KEYPAIR_PRIVATE", &base58::encode(keys[0].seed().as_slice()));
    settings.runs(&["init"]);
    let node = settings.start();
    let arguments = ["load", "--url", node.url(), "--count", "5", "--patience", "1"];
    let report = node.settings().refuses(&arguments, SERVER, "5 were accepted and still wait");
    for (name, value) in [("accepted", "5"), ("waiting", "5"), ("not-valid", "0")] {
        assert_eq!(value_of_text(&report, name), Some(value), "{report}");
    }
    assert_eq!(value_of_text(&report, "commit-ms-p50"), Some("-"), "{report}");
}

/// Goal: what keeps a run from starting is said.
#[test]
fn what_load_cannot_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let token = "a-bearer-token-of-this-test";
    let settings = Settings::new(folder.path(), "node");
    let node = settings.clone().with_variable("BIGCHAINDB_API_TOKEN", token).start();
    let load = ["load", "--url", node.url()];
    settings.refuses(&load, SERVER, "wants a token: give --api-token-file");
    let file = folder.path().join("token");
    fs::write(&file, "another-bearer-token-of-this-test").unwrap();
    let with_file = [&load[..], &["--api-token-file", file.to_str().unwrap()]].concat();
    settings.refuses(&with_file, SERVER, "another token");
    fs::write(&file, token).unwrap();
    settings.runs(&[&with_file[..], &["--count", "1"]].concat());
    settings.refuses(&["load", "--url", "https://localhost:1"], SETTINGS, "without TLS only");
    settings.refuses(&["load", "--rate", "0"], SETTINGS, "a whole number from 1");
}

fn value_of_text<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    let line = report.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)
}

fn value_of(report: &str, name: &str) -> u64 {
    value_of_text(report, name).expect("a line of the report").parse().expect("a number")
}
