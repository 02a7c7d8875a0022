use crate::{ROWS, open};
use std::collections::BTreeMap;
use tally_storage::{Access, Batch, Direction, Durability, KeyRange, Store as _, Table, contract};
use tally_storage_rocksdb::{DataFolder, FolderError, Memory, RocksStore};

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

/// Goal: a hint changes no answer, and may change from one opening to the next.
/// Method: the same rows in a table of each hint, enough to be written out, some of them removed;
/// read each by key and all by scan, then again as tables without hints.
#[test]
fn hints_change_no_answer() {
    const NAMES: [(&str, Access); 4] = [
        ("mixed", Access::Mixed),
        ("points", Access::Points),
        ("log", Access::Log),
        ("churn", Access::Churn),
    ];
    let memory = Memory { block_cache_bytes: 1 << 20, write_buffers_bytes: 1 << 20 };
    let folder = tempfile::tempdir().unwrap();
    let open = |is_hinted: bool| {
        let table = |(name, access)| {
            if is_hinted { Table::new(name).with_access(access) } else { Table::new(name) }
        };
        let tables = NAMES.map(table);
        let locked = DataFolder::lock(folder.path()).unwrap();
        (RocksStore::open_with(locked, &tables, memory).unwrap(), tables)
    };
    let mut expected = BTreeMap::new();
    let (store, tables) = open(true);
    for round in 0..200u32 {
        let mut batch = Batch::new();
        for row in 0..50u32 {
            let number = round * 50 + row;
            let key = number.wrapping_mul(0x9e37_79b9).to_be_bytes().to_vec();
            let value = number.to_be_bytes().repeat(20);
            tables.iter().for_each(|table| batch.put(*table, key.clone(), value.clone()));
            expected.insert(key, value);
        }
        let removed: Vec<_> = expected.keys().take(25).cloned().collect();
        for key in removed {
            tables.iter().for_each(|table| batch.delete(*table, key.clone()));
            expected.remove(&key);
        }
        store.commit(batch, Durability::Buffered).unwrap();
    }
    let check = |store: &RocksStore, tables: &[Table]| {
        for table in tables {
            let all = store.scan(*table, &KeyRange::all(), Direction::Forward, usize::MAX);
            let all: BTreeMap<_, _> =
                all.unwrap().into_iter().map(|entry| (entry.key, entry.value)).collect();
            assert_eq!(all, expected, "{table}");
            for number in (0..12_000u32).step_by(7) {
                let key = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
                let found = store.get(*table, &key).unwrap();
                assert_eq!(found.as_ref(), expected.get(key.as_slice()), "{table} {number}");
            }
        }
    };
    check(&store, &tables);
    drop(store);
    let (store, tables) = open(false);
    check(&store, &tables);
}
