//! The tests that every adapter must pass. Call [`check`], and [`check_reopen`] where content
//! outlasts the store, from the adapter's own test module.

use crate::{
    Batch, Direction, Durability, Entry, KeyRange, Store, StoreError, Table, schema::META,
};
use std::thread;

const LEFT: Table = Table::new("contract_left");
const RIGHT: Table = Table::new("contract_right");
const UNDECLARED: Table = Table::new("contract_undeclared");

/// One requirement, checked on an empty store.
type Case = fn(&dyn Store) -> Result<(), StoreError>;

/// Runs the contract against stores that `open` makes with the given tables, each one empty.
///
/// # Errors
///
/// Passes on the first error of the store.
///
/// # Panics
///
/// If the store breaks a requirement of [`Store`].
pub fn check<S: Store>(mut open: impl FnMut(&[Table]) -> S) -> Result<(), StoreError> {
    let cases: [Case; 8] = [
        tables_are_separate,
        undeclared_tables_are_refused,
        changes_apply_in_order,
        empty_keys_and_values_are_kept,
        scans_are_ordered_and_bounded,
        ranges_are_half_open,
        ranges_are_deleted,
        commits_from_many_threads_are_whole,
    ];
    cases.into_iter().try_for_each(|case| case(&open(&[LEFT, RIGHT])))
}

/// Runs the contract of what outlasts a store: every call of `open` opens the same place with the
/// given tables, after the store of the call before was dropped.
///
/// # Errors
///
/// Passes on the first error of the store.
///
/// # Panics
///
/// If the store breaks a requirement of [`Store`].
pub fn check_reopen<S: Store>(mut open: impl FnMut(&[Table]) -> S) -> Result<(), StoreError> {
    let store = open(&[LEFT]);
    store.commit(puts(LEFT, &["synced"]), Durability::Synced)?;
    store.commit(puts(LEFT, &["buffered"]), Durability::Buffered)?;
    drop(store);

    let store = open(&[LEFT, RIGHT]);
    assert_eq!(keys(&store, LEFT)?, ["buffered", "synced"], "a restart loses nothing");
    assert_eq!(keys(&store, RIGHT)?, [""; 0], "a table declared later starts empty");
    store.commit(puts(RIGHT, &["kept"]), Durability::Synced)?;
    drop(store);

    let store = open(&[LEFT]);
    let refused = store.get(RIGHT, b"kept");
    assert!(matches!(refused, Err(StoreError::UnknownTable { table: RIGHT })), "{refused:?}");
    store.commit(puts(LEFT, &["third"]), Durability::Synced)?;
    drop(store);

    let store = open(&[RIGHT, LEFT]);
    assert_eq!(keys(&store, RIGHT)?, ["kept"], "an undeclared table keeps its content");
    assert_eq!(keys(&store, LEFT)?, ["buffered", "synced", "third"]);
    Ok(())
}

fn puts(table: Table, keys: &[&str]) -> Batch {
    let mut batch = Batch::new();
    for key in keys {
        batch.put(table, *key, *key);
    }
    batch
}

fn names(entries: Vec<Entry>) -> Vec<String> {
    entries.iter().map(|entry| String::from_utf8_lossy(&entry.key).into_owned()).collect()
}

fn keys(store: &dyn Store, table: Table) -> Result<Vec<String>, StoreError> {
    store.scan(table, &KeyRange::all(), Direction::Forward, usize::MAX).map(names)
}

fn tables_are_separate(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts(LEFT, &["k"]), Durability::Synced)?;
    assert_eq!(store.get(LEFT, b"k")?.as_deref(), Some(&b"k"[..]));
    assert_eq!(store.get(RIGHT, b"k")?, None, "tables must not leak into each other");
    assert_eq!(store.get(META, b"k")?, None, "the meta table exists undeclared");
    Ok(())
}

fn undeclared_tables_are_refused(store: &dyn Store) -> Result<(), StoreError> {
    let mut batch = puts(LEFT, &["k"]);
    batch.append(puts(UNDECLARED, &["k"]));
    for result in [
        store.get(UNDECLARED, b"k").map(drop),
        store.scan(UNDECLARED, &KeyRange::all(), Direction::Forward, 1).map(drop),
        store.commit(batch, Durability::Synced),
    ] {
        let refused = matches!(result, Err(StoreError::UnknownTable { table: UNDECLARED }));
        assert!(refused, "{result:?}");
    }
    assert_eq!(store.get(LEFT, b"k")?, None, "a refused batch leaves no trace");
    Ok(())
}

fn changes_apply_in_order(store: &dyn Store) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.put(LEFT, *b"put twice", *b"1");
    batch.put(LEFT, *b"put twice", *b"2");
    batch.put(LEFT, *b"put and deleted", *b"1");
    batch.delete(LEFT, *b"put and deleted");
    batch.delete(LEFT, *b"deleted and put");
    batch.put(LEFT, *b"deleted and put", *b"1");
    batch.delete(LEFT, *b"absent");
    store.commit(batch, Durability::Buffered)?;
    assert_eq!(keys(store, LEFT)?, ["deleted and put", "put twice"]);
    assert_eq!(store.get(LEFT, b"put twice")?.as_deref(), Some(&b"2"[..]));
    store.commit(Batch::new(), Durability::Synced)?;
    Ok(())
}

fn empty_keys_and_values_are_kept(store: &dyn Store) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.put(LEFT, [], *b"under the empty key");
    batch.put(LEFT, *b"k", []);
    store.commit(batch, Durability::Synced)?;
    assert_eq!(store.get(LEFT, b"")?.as_deref(), Some(&b"under the empty key"[..]));
    assert_eq!(store.get(LEFT, b"k")?.as_deref(), Some(&b""[..]));
    assert_eq!(keys(store, LEFT)?, ["", "k"]);
    Ok(())
}

fn scans_are_ordered_and_bounded(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts(LEFT, &["c", "a", "b", "aa"]), Durability::Synced)?;
    let all = KeyRange::all();
    let scan = |direction, limit| store.scan(LEFT, &all, direction, limit).map(names);
    assert_eq!(scan(Direction::Forward, 3)?, ["a", "aa", "b"]);
    assert_eq!(scan(Direction::Backward, 3)?, ["c", "b", "aa"]);
    assert_eq!(scan(Direction::Forward, 0)?, [""; 0]);
    assert_eq!(store.last(LEFT, &all)?.map(|entry| entry.key).as_deref(), Some(&b"c"[..]));
    assert_eq!(store.last(RIGHT, &all)?, None);
    Ok(())
}

fn ranges_are_half_open(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts(LEFT, &["a", "b", "b1", "b2", "c"]), Durability::Synced)?;
    let cases: [(KeyRange, &[&str]); 8] = [
        (KeyRange::from(*b"b1"), &["b1", "b2", "c"]),
        (KeyRange::after(*b"b1"), &["b2", "c"]),
        (KeyRange::prefix(*b"b"), &["b", "b1", "b2"]),
        (KeyRange::between(*b"a", *b"b1"), &["a", "b"]),
        (KeyRange::between(*b"a1", *b"b11"), &["b", "b1"]),
        (KeyRange::between(*b"c", *b"a"), &[]),
        (KeyRange::between(*b"b", *b"b"), &[]),
        (KeyRange::from(*b"d"), &[]),
    ];
    for (range, expected) in cases {
        let mut expected = expected.to_vec();
        assert_eq!(names(store.scan(LEFT, &range, Direction::Forward, 9)?), expected, "{range:?}");
        expected.reverse();
        assert_eq!(names(store.scan(LEFT, &range, Direction::Backward, 9)?), expected, "{range:?}");
    }
    Ok(())
}

fn ranges_are_deleted(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts(LEFT, &["a", "b", "c", "d"]), Durability::Synced)?;
    store.commit(puts(RIGHT, &["b"]), Durability::Synced)?;
    let mut batch = Batch::new();
    batch.put(LEFT, *b"b1", *b"gone with its range");
    batch.delete_range(LEFT, *b"b", *b"d");
    batch.put(LEFT, *b"c1", *b"written after the range went");
    batch.delete_range(LEFT, *b"z", *b"a");
    store.commit(batch, Durability::Synced)?;
    assert_eq!(keys(store, LEFT)?, ["a", "c1", "d"]);
    assert_eq!(keys(store, RIGHT)?, ["b"]);
    Ok(())
}

/// Readers never see half of a batch while four threads write batches of two keys each.
fn commits_from_many_threads_are_whole(store: &dyn Store) -> Result<(), StoreError> {
    const ROUNDS: u8 = 25;
    let write = |writer: u8| {
        (0..ROUNDS).try_for_each(|round| {
            let mut batch = Batch::new();
            batch.put(LEFT, *b"first", [writer, round]);
            batch.put(LEFT, *b"second", [writer, round]);
            batch.put(RIGHT, [writer, round], []);
            store.commit(batch, Durability::Buffered)
        })
    };
    let read = || {
        (0..ROUNDS).try_for_each(|_| {
            let entries = store.scan(LEFT, &KeyRange::all(), Direction::Forward, 2)?;
            if let [first, second] = entries.as_slice() {
                assert_eq!(first.value, second.value, "half of a batch is visible");
            }
            Ok(())
        })
    };
    thread::scope(|scope| {
        let writers: [_; 4] = std::array::from_fn(|writer| {
            let writer = u8::try_from(writer).expect("there are four writers");
            scope.spawn(move || write(writer))
        });
        let reader = scope.spawn(read);
        writers.into_iter().chain([reader]).try_for_each(|thread| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    assert_eq!(keys(store, RIGHT)?.len(), 4 * usize::from(ROUNDS));
    Ok(())
}
