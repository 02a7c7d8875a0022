//! The document of the rules names tests that exist and codes that exist, and leaves none out.

use std::collections::BTreeSet;

use tally_ledger::RejectionCode;

fn file(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The functions that follow `#[test]` in all files beside this one.
fn tests() -> BTreeSet<String> {
    let folder = format!("{}/tests/it", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.map(|path| std::fs::read_to_string(path).unwrap());
    let names = sources.flat_map(|source| {
        let parts = source.split("#[test]").skip(1);
        let name = |part: &str| Some(part.split_once("fn ")?.1.split_once('(')?.0.to_owned());
        parts.filter_map(name).collect::<Vec<_>>()
    });
    names.collect()
}

/// What stands between backticks in the column of that name, in all tables.
fn column(document: &str, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut position = None;
    for line in document.lines() {
        let Some(row) = line.strip_prefix("| ") else {
            if !line.starts_with("|---") {
                position = None;
            }
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        match position {
            None => position = Some(cells.iter().position(|cell| *cell == name)),
            Some(None) => {}
            Some(Some(at)) => {
                found.extend(cells[at].split('`').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }
    found
}

/// Goal: whoever follows the document to a test finds it.
#[test]
fn every_test_in_the_document_exists() {
    let named = column(&file("../../docs/ledger-rules.md"), "test");
    assert!(named.len() > 80, "{}", named.len());
    let missing: Vec<_> = named.difference(&tests()).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

/// Goal: every rule that the tests of rules are named after is in the document.
#[test]
fn every_test_of_a_rule_is_in_the_document() {
    let named = column(&file("../../docs/ledger-rules.md"), "test");
    let refusals = tests()
        .into_iter()
        .filter(|name| name.ends_with("_refused") || name.ends_with("_cannot_be_spent"));
    let known = [
        "negatives_are_refused",
        "a_malformed_block_is_refused",
        "a_block_with_another_id_is_refused",
    ];
    let left_out: Vec<_> =
        refusals.filter(|name| !named.contains(name) && !known.contains(&name.as_str())).collect();
    assert_eq!(left_out, [""; 0]);
}

/// Goal: every code is in the document, and every code in the document exists.
#[test]
fn every_code_is_in_the_document() {
    let mut named = column(&file("../../docs/ledger-rules.md"), "code");
    let faults = file("src/block/fault.rs");
    let block_codes = faults.split('"').filter(|text| text.starts_with("block_"));
    let codes: BTreeSet<_> = RejectionCode::ALL
        .iter()
        .map(|code| code.as_str())
        .chain(block_codes)
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.difference(&named).cloned().collect::<Vec<_>>(), [""; 0]);
    named.retain(|code| !codes.contains(code));
    assert_eq!(named.into_iter().collect::<Vec<_>>(), [""; 0]);
}
