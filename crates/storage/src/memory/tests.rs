use super::*;
use crate::contract;

const ROWS: Table = Table::new("rows");

fn put(key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(ROWS, key, value);
    batch
}

#[test]
fn meets_the_contract() {
    contract::check(MemoryStore::new).unwrap();
}

#[test]
fn meets_the_contract_of_reopening() {
    let disk = MemoryDisk::default();
    contract::check_reopen(|tables| disk.open(tables)).unwrap();
}

/// Goal: a power loss takes exactly what was not synced.
/// Method: buffer a replacement, an insertion and deletions after a sync; lose power; open again.
#[test]
fn power_loss_undoes_what_was_not_synced() {
    let disk = MemoryDisk::default();
    let store = disk.open(&[ROWS]);
    let mut first = put(b"a", b"1");
    first.append(put(b"b", b"2"));
    first.append(put(b"c", b"3"));
    store.commit(first, Durability::Synced).unwrap();
    let mut second = put(b"a", b"changed");
    second.append(put(b"d", b"new"));
    second.delete_range(ROWS, *b"b", *b"d");
    store.commit(second, Durability::Buffered).unwrap();

    disk.lose_power();
    assert!(store.get(ROWS, b"a").is_err(), "the process is gone");
    let store = disk.open(&[ROWS]);
    let entries = store.scan(ROWS, &KeyRange::all(), Direction::Forward, 9).unwrap();
    let values: Vec<_> = entries.iter().map(|entry| entry.value.as_slice()).collect();
    assert_eq!(values, [b"1", b"2", b"3"]);
}

/// Goal: a synced commit also secures the buffered ones before it.
#[test]
fn a_sync_secures_what_came_before() {
    let disk = MemoryDisk::default();
    let store = disk.open(&[ROWS]);
    store.commit(put(b"a", b"1"), Durability::Buffered).unwrap();
    store.commit(put(b"b", b"2"), Durability::Synced).unwrap();
    assert_eq!((store.synced_commits(), store.buffered_commits()), (1, 1));
    disk.lose_power();
    assert_eq!(disk.open(&[ROWS]).get(ROWS, b"a").unwrap().as_deref(), Some(&b"1"[..]));
}

#[test]
fn a_kill_keeps_buffered_commits() {
    let disk = MemoryDisk::default();
    disk.open(&[ROWS]).commit(put(b"a", b"1"), Durability::Buffered).unwrap();
    assert!(disk.open(&[ROWS]).get(ROWS, b"a").unwrap().is_some());
}

#[test]
fn the_commit_that_was_told_to_fail_fails_once() {
    let store = MemoryStore::new(&[ROWS]);
    store.fail_commit_after(1);
    store.commit(put(b"a", b"1"), Durability::Synced).unwrap();
    assert!(store.commit(put(b"a", b"2"), Durability::Synced).is_err());
    assert_eq!(store.get(ROWS, b"a").unwrap().as_deref(), Some(&b"1"[..]));
    store.commit(put(b"a", b"3"), Durability::Synced).unwrap();
    assert_eq!(store.synced_commits(), 2);
}

#[test]
fn reads_and_commits_fail_while_told_to() {
    let store = MemoryStore::new(&[ROWS]);
    store.fail_reads(true);
    assert!(store.get(ROWS, b"a").is_err());
    assert!(store.last(ROWS, &KeyRange::all()).is_err());
    store.fail_reads(false);
    store.fail_commits(true);
    assert!(store.commit(put(b"a", b"1"), Durability::Buffered).is_err());
    store.fail_commits(false);
    assert_eq!(store.get(ROWS, b"a").unwrap(), None);
}
