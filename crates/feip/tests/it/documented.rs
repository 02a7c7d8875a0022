//! The document of the rules names tests that exist, and leaves none out.

use std::collections::BTreeSet;
use tally_feip::Ignored;

fn file(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The functions that follow `#[test]` in the files beside this one whose names begin so.
fn tests(start: &str) -> BTreeSet<String> {
    let folder = format!("{}/tests/it", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(start));
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
        let cells: Vec<&str> =
            row.split(" |").map(str::trim).map(|cell| cell.trim_start_matches("| ")).collect();
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
    let named = column(&file("../../docs/feip.md"), "test");
    assert!(named.len() > 60, "{}", named.len());
    let missing: Vec<_> = named.difference(&tests("")).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

/// Goal: every test of a rule is in the document.
#[test]
fn every_test_of_a_rule_is_in_the_document() {
    let named = column(&file("../../docs/feip.md"), "test");
    let left_out: Vec<_> = tests("rules_").difference(&named).cloned().collect();
    assert_eq!(left_out, [""; 0]);
}

/// Goal: the document tells every code of a record that is ignored, and no other.
#[test]
fn every_code_is_in_the_document() {
    let named = column(&file("../../docs/feip.md"), "reason");
    let source = file("src/ignored.rs");
    let arms = source.lines().filter(|line| line.contains("=> \""));
    let codes: BTreeSet<String> =
        arms.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect();
    assert!(codes.contains(Ignored::NotFeip.code()));
    assert_eq!(named, codes);
}
