use crate::{ROWS, number, open};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tally_storage::{Batch, Durability, Store as _, StoreError};

/// The files of the database in `folder` whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("db")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// Makes a store that holds the numbers 0 to 9, each in a commit of its own.
fn ten_numbers(folder: &Path) {
    let store = open(folder).unwrap();
    for number in 0..10u64 {
        let mut batch = Batch::new();
        batch.put(ROWS, number.to_be_bytes(), number.to_be_bytes());
        store.commit(batch, Durability::Synced).unwrap();
    }
}

/// Goal: a torn end of the log, as a power loss leaves it, costs the torn batch and nothing else.
/// Method: cut bytes off the newest log, open, and look for a prefix of the commits.
#[test]
fn a_torn_log_leaves_a_prefix() {
    let folder = tempfile::tempdir().unwrap();
    ten_numbers(folder.path());
    let log = files(folder.path(), ".log").into_iter().max().unwrap();
    let length = fs::metadata(&log).unwrap().len();
    fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - 5).unwrap();

    let store = open(folder.path()).unwrap();
    let found: Vec<_> = (0..10u64).filter_map(|at| number(&store, &at.to_be_bytes())).collect();
    assert_eq!(found, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

/// Goal: a damaged manifest is told apart from a disk that cannot be read.
#[test]
fn a_damaged_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    ten_numbers(folder.path());
    fs::write(folder.path().join("db/CURRENT"), "nonsense").unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
}

/// Goal: a missing table file is refused at opening, not met later in the middle of a payment.
#[test]
fn a_missing_table_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    ten_numbers(folder.path());
    // Replaying the log at the second opening writes the numbers to a table file.
    drop(open(folder.path()).unwrap());
    for file in files(folder.path(), ".sst") {
        fs::remove_file(file).unwrap();
    }
    assert!(open(folder.path()).is_err());
}
