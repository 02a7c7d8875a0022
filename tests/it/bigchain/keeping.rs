//! Looking after a ledger: init, verify, export, import, drop.

use super::ledger::{Settings, create, transfer};
use std::fs;
use tally_ledger::Version;

/// Exit codes. Source: docs/configuration.md.
const SETTINGS: i32 = 2;
const DATA: i32 = 5;

/// Goal: what was exported is the whole ledger, and a ledger that was imported from it is the same
/// and goes on. Method: a few transactions of all versions; export, drop, import, and look at the
/// chain before and after; then another transaction on what was imported.
#[test]
fn a_ledger_survives_its_export() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let mut last = create(Version::Flat2_0, 1, 0);
    for (serial, version) in (1..).zip(Version::ALL) {
        last = create(version, 1, serial);
        node.commits(&last);
        node.commits(&transfer(&last, 1, 2));
    }
    let chain = node.chain();
    assert!(chain.len() > 10);
    let settings = node.stop();
    let file = folder.path().join("blocks.jsonl");
    let file = file.to_str().unwrap();
    let said = settings.runs(&["export", file]);
    assert!(said.contains(&format!("Exported {} blocks", chain.len())), "{said}");
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), chain.len());
    settings.refuses(&["export", file], DATA, "cannot write");
    settings.refuses(&["import", file], DATA, "drop it first");

    settings.runs(&["drop", "-y"]);
    settings.refuses(&["verify"], DATA, "there is no ledger");
    let said = settings.runs(&["import", file]);
    assert!(said.contains(&format!("Imported {} blocks", chain.len())), "{said}");
    let said = settings.runs(&["verify"]);
    assert!(said.lines().any(|line| line == "findings      0"), "{said}");
    let node = settings.start();
    assert_eq!(node.chain(), chain);
    node.commits(&transfer(&transfer(&last, 1, 2), 2, 3));
}

/// Goal: a line that was changed is found, and leaves nothing behind. Method: exports with one thing
/// wrong each.
#[test]
fn a_changed_export_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    node.commits(&create(Version::Flat2_0, 1, 1));
    node.commits(&create(Version::Flat2_0, 1, 2));
    let settings = node.stop();
    let file = folder.path().join("blocks.jsonl");
    settings.runs(&["export", file.to_str().unwrap()]);
    settings.runs(&["drop", "-y"]);
    let good = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    let changed = good.replacen("a bicycle", "a tricycle", 1);
    let cut = good[..good.len() - 40].to_owned();
    let unvoted = good.replace("\"is_block_valid\":true", "\"is_block_valid\":false");
    for (text, part) in [
        (swapped, "line 2"),
        (changed, "line 2"),
        (cut, "line 3"),
        (unvoted, "line 2"),
        (String::new(), "empty"),
    ] {
        let bad = folder.path().join("bad.jsonl");
        fs::write(&bad, text).unwrap();
        settings.refuses(&["import", bad.to_str().unwrap()], DATA, part);
        settings.refuses(&["verify"], DATA, "there is no ledger");
    }
    settings.runs(&["import", file.to_str().unwrap()]);
}

/// Goal: what the original's users know of `init` and `drop` holds. Method: both, twice.
#[test]
fn init_and_drop_say_what_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path(), "node");
    let said = settings.runs(&["drop", "-y"]);
    assert!(
        said.contains("Cannot drop database `bigchain`. The database does not exist."),
        "{said}"
    );
    let said = settings.runs(&["init"]);
    let genesis = said.split_whitespace().last().unwrap().to_owned();
    let said = settings.runs(&["init"]);
    assert!(said.contains("The database already exists."), "{said}");
    assert!(said.contains("If you wish to re-initialize it, first drop it."), "{said}");
    let node = settings.start();
    assert!(node.written().contains(&format!("genesis   {genesis}")), "{}", node.written());
    node.settings().refuses(&["drop", "-y"], DATA, "used by another running instance");
    node.settings().refuses(&["verify"], DATA, "used by another running instance");
    node.stop();
    // Standard input is at its end: nobody answers.
    let said = settings.refuses(&["drop"], SETTINGS, "nothing was done");
    assert!(said.contains("Do you want to drop `bigchain` database? [y/n]:"), "{said}");
    assert!(settings.data().join("bigchain").exists());
    settings.runs(&["drop", "-y"]);
    assert!(!settings.data().join("bigchain").exists());
    assert!(settings.data().join("key").exists(), "the key stays");
}
