use super::*;
use crate::{Direction, KeyRange, MemoryStore};

const ROWS: Table = Table::new("rows");
const FIRST: Schema = Schema { name: "test", migrations: &[] };
const THIRD: Schema = Schema { name: "test", migrations: &[append_b, append_c] };

fn append_b(store: &dyn Store) -> Result<Batch, StoreError> {
    append(store, b'b')
}

fn append_c(store: &dyn Store) -> Result<Batch, StoreError> {
    append(store, b'c')
}

/// Appends a letter to every value, so that the order of two steps shows.
fn append(store: &dyn Store, letter: u8) -> Result<Batch, StoreError> {
    let mut batch = Batch::new();
    for entry in store.scan(ROWS, &KeyRange::all(), Direction::Forward, usize::MAX)? {
        batch.put(ROWS, entry.key, [entry.value.as_slice(), &[letter]].concat());
    }
    Ok(batch)
}

/// A store of version 1 with one row.
fn first_version() -> MemoryStore {
    let store = MemoryStore::new(&[ROWS]);
    assert_eq!(prepare(&store, &FIRST).unwrap(), Prepared::Created);
    let mut batch = Batch::new();
    batch.put(ROWS, *b"k", *b"a");
    store.commit(batch, Durability::Synced).unwrap();
    store
}

fn value(store: &MemoryStore) -> Vec<u8> {
    store.get(ROWS, b"k").unwrap().unwrap()
}

#[test]
fn an_empty_store_gets_the_newest_version() {
    let store = MemoryStore::new(&[ROWS]);
    assert_eq!(prepare(&store, &THIRD).unwrap(), Prepared::Created);
    assert_eq!(prepare(&store, &THIRD).unwrap(), Prepared::Current);
}

#[test]
fn migrations_run_once_and_in_order() {
    let store = first_version();
    assert_eq!(prepare(&store, &THIRD).unwrap(), Prepared::Migrated { from: 1 });
    assert_eq!(value(&store), b"abc");
    assert_eq!(prepare(&store, &THIRD).unwrap(), Prepared::Current);
    assert_eq!(value(&store), b"abc");
}

/// Goal: a crash between two steps is continued, not repeated.
/// Method: let the second step's commit fail, then prepare again.
#[test]
fn an_interrupted_migration_continues() {
    let store = first_version();
    store.fail_commit_after(1);
    assert!(matches!(prepare(&store, &THIRD), Err(SchemaError::Store(_))));
    assert_eq!(value(&store), b"ab");
    assert_eq!(prepare(&store, &THIRD).unwrap(), Prepared::Migrated { from: 2 });
    assert_eq!(value(&store), b"abc");
}

#[test]
fn a_newer_store_is_refused_untouched() {
    let store = MemoryStore::new(&[ROWS]);
    prepare(&store, &THIRD).unwrap();
    let error = prepare(&store, &FIRST).unwrap_err();
    assert!(matches!(error, SchemaError::Newer { found: 3, supported: 1 }), "{error}");
    assert_eq!(store.synced_commits(), 1);
}

#[test]
fn the_store_of_another_program_is_refused() {
    let store = first_version();
    let other = Schema { name: "other", migrations: &[] };
    let error = prepare(&store, &other).unwrap_err();
    assert_eq!(error.to_string(), "the data belongs to test, not to other");
}

#[test]
fn a_version_that_does_not_decode_is_refused() {
    for bytes in [&[0, 0, 0, 0][..], &[1], &[]] {
        let store = first_version();
        let mut batch = Batch::new();
        batch.put(META, VERSION_KEY, bytes);
        store.commit(batch, Durability::Synced).unwrap();
        let error = prepare(&store, &FIRST).unwrap_err();
        assert!(matches!(error, SchemaError::Store(StoreError::Undecodable { .. })), "{error}");
    }
}
