use crate::{ROWS, open};
use tally_storage::{Batch, Durability, Store as _, Table, contract};
use tally_storage_rocksdb::{DataFolder, FolderError, RocksStore};

/// Opens a store in a new folder that outlives the store, because tests hold it in `folders`.
fn fresh(folders: &mut Vec<tempfile::TempDir>, tables: &[Table]) -> RocksStore {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(DataFolder::lock(folder.path()).unwrap(), tables).unwrap();
    folders.push(folder);
    store
}

#[test]
fn meets_the_contract() {
    let mut folders = vec![];
    contract::check(|tables| fresh(&mut folders, tables)).unwrap();
}

#[test]
fn meets_the_contract_of_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let open = |tables: &[Table]| {
        RocksStore::open(DataFolder::lock(folder.path()).unwrap(), tables).unwrap()
    };
    contract::check_reopen(open).unwrap();
}

/// Goal: two instances never write to one folder, and the folder is free once the store is gone.
#[test]
fn a_second_instance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let refused = DataFolder::lock(folder.path()).unwrap_err();
    assert!(matches!(refused, FolderError::InUse { .. }), "{refused}");
    drop(store);
    open(folder.path()).unwrap();
}

/// Goal: the memory bounds do not lose or reorder anything.
/// Method: write several times the write buffers, so that files are written, merged and dropped.
#[test]
fn more_than_the_write_buffers_hold_is_kept() {
    const ROUNDS: u32 = 400;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for round in 0..ROUNDS {
        let mut batch = Batch::new();
        let value: Vec<u8> =
            (0..200_000u32).map(|at| (at * (round + 1)).to_be_bytes()[1]).collect();
        batch.put(ROWS, round.to_be_bytes(), value);
        if round % 2 == 1 {
            batch.delete(ROWS, (round - 1).to_be_bytes());
        }
        store.commit(batch, Durability::Buffered).unwrap();
    }
    drop(store);
    let store = open(folder.path()).unwrap();
    for round in 0..ROUNDS {
        let found = store.get(ROWS, &round.to_be_bytes()).unwrap();
        assert_eq!(found.is_some(), round % 2 == 1, "round {round}");
    }
}
