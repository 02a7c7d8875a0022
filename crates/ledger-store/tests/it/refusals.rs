//! Blocks that would break the indexes are refused, and nothing changes.

use crate::world::{World, open};
use std::sync::Arc;
use tally_ledger::{Block, IdHash, LedgerView as _, OutputRef};
use tally_ledger_store::{Commit, CommitError, LedgerStore, OpenError, TABLES};
use tally_storage::{
    Batch, Direction, Durability, Entry, KeyRange, MemoryDisk, Store, StoreError, Table,
    schema::META,
};

fn append(ledger: &LedgerStore, height: u64, block: Arc<Block>) -> Result<bool, CommitError> {
    let mut commit = Commit::new();
    commit.append(height, block);
    ledger.commit(commit, Durability::Synced).map(|committed| committed.appended)
}

fn dump(store: &dyn Store) -> Vec<(Table, Vec<Entry>)> {
    let all = |table: &Table| {
        store.scan(*table, &KeyRange::all(), Direction::Forward, usize::MAX).unwrap()
    };
    TABLES.iter().map(|table| (*table, all(table))).collect()
}

/// Goal: each way to break the chain has its error and leaves every table as it was.
#[test]
fn what_does_not_follow_is_refused() {
    let (ledger, store) = open(&MemoryDisk::default());
    let mut world = World::new();
    append(&ledger, 0, world.genesis()).unwrap();
    let (flat, nested) = (world.create(0), world.create(1));
    let first = world.block(1, vec![Arc::clone(&flat), Arc::clone(&nested)]);
    assert!(append(&ledger, 1, Arc::clone(&first)).unwrap());
    assert!(!append(&ledger, 1, Arc::clone(&first)).unwrap(), "it is there already");
    let spend = world.transfer(&flat, 0, 1);
    append(&ledger, 2, world.block(2, vec![Arc::clone(&spend)])).unwrap();
    let (waiting, other) = (world.create(0), world.create(3));
    ledger.accept(&[Arc::clone(&waiting)]).unwrap();
    let before = dump(&*store);

    let (again, unmade) = (world.transfer(&flat, 0, 2), world.transfer(&other, 0, 2));
    let (left, right) = (world.transfer(&spend, 0, 0), world.transfer(&spend, 0, 1));
    let twin = {
        // Another CREATE of the nested asset's uuid.
        let mut copy = World::new();
        copy.create(0);
        copy.create(10)
    };
    assert_eq!(twin.asset_id(), nested.asset_id());
    type Expected = fn(&CommitError) -> bool;
    let cases: [(u64, Vec<_>, Expected); 9] = [
        (4, vec![&waiting], |e| matches!(e, CommitError::NotNext { height: 4, expected: 3, .. })),
        (2, vec![&waiting], |e| matches!(e, CommitError::NotNext { height: 2, expected: 3, .. })),
        (3, vec![], |e| matches!(e, CommitError::OutOfRange { .. })),
        (3, vec![&waiting, &flat], |e| matches!(e, CommitError::IncludedTwice { .. })),
        (3, vec![&waiting, &waiting], |e| matches!(e, CommitError::IncludedTwice { .. })),
        (3, vec![&waiting, &again], |e| matches!(e, CommitError::SpentTwice { .. })),
        (3, vec![&left, &right], |e| matches!(e, CommitError::SpentTwice { .. })),
        (3, vec![&other, &unmade], |e| matches!(e, CommitError::NoSuchOutput { .. })),
        (3, vec![&waiting, &twin], |e| matches!(e, CommitError::CreatedTwice { .. })),
    ];
    for (height, transactions, expected) in cases {
        let block = world.block(height, transactions.into_iter().map(Arc::clone).collect());
        let error = append(&ledger, height, block).unwrap_err();
        assert!(expected(&error), "{error}");
        assert_eq!(dump(&*store), before, "{error}");
        assert_eq!(ledger.height(), Some(2));
        assert!(ledger.is_waiting(&waiting.id()), "{error}");
    }
    append(&ledger, 3, world.block(3, vec![waiting])).unwrap();
}

/// Goal: a block's own text is kept where the backlog holds another one under the same id, as the
/// id of most formats does not cover signatures.
#[test]
fn the_text_of_the_block_counts() {
    let disk = MemoryDisk::default();
    let (ledger, store) = open(&disk);
    let mut world = World::new();
    append(&ledger, 0, world.genesis()).unwrap();
    let accepted = world.create(2);
    // Another fulfilment under the same id: what a node finds in a block of another one.
    let text = accepted.to_json();
    let other = world.create(2);
    let fulfillment = |text: &str| {
        let begin = text.find(r#""fulfillment":""#).unwrap() + 15;
        let end = begin + text[begin..].find('"').unwrap();
        text[begin..end].to_owned()
    };
    let changed = text.replace(&fulfillment(text), &fulfillment(other.to_json()));
    assert_ne!(changed, text);
    let changed = Arc::new(tally_ledger::Transaction::parse(changed.as_bytes()).unwrap());
    assert_eq!(changed.id(), accepted.id());
    ledger.accept(&[Arc::clone(&accepted)]).unwrap();
    let block = world.block(1, vec![Arc::clone(&changed)]);
    append(&ledger, 1, Arc::clone(&block)).unwrap();
    let stored = ledger.stored(&accepted.id()).unwrap().unwrap();
    assert_eq!(stored.text, changed.to_json());
    assert_eq!(ledger.block(1).unwrap().as_ref(), Some(&*block));
    let texts =
        store.scan(texts_table(), &KeyRange::all(), Direction::Forward, usize::MAX).unwrap();
    assert_eq!(texts.len(), 2, "the text that lost is gone");
    assert_eq!(ledger.backlog(None, 10).unwrap().items.len(), 0);
}

fn texts_table() -> Table {
    *TABLES.iter().find(|table| table.name() == "texts").unwrap()
}

/// Goal: a state that was asked for stays as it is while blocks are appended.
#[test]
fn a_view_does_not_move() {
    let (ledger, _) = open(&MemoryDisk::default());
    let mut world = World::new();
    append(&ledger, 0, world.genesis()).unwrap();
    let created = world.create(1);
    let output = OutputRef { transaction: created.id(), index: 0 };
    append(&ledger, 1, world.block(1, vec![Arc::clone(&created)])).unwrap();
    let view = ledger.view();
    let spend = world.transfer(&created, 0, 1);
    append(&ledger, 2, world.block(2, vec![Arc::clone(&spend)])).unwrap();
    assert!(view.contains(&created.id()).unwrap());
    assert!(!view.contains(&spend.id()).unwrap());
    assert!(view.transaction(&spend.id()).unwrap().is_none());
    assert_eq!(view.spender(&output).unwrap(), None);
    assert_eq!(ledger.view().spender(&output).unwrap(), Some(spend.id()));
    assert_eq!(ledger.spender(&output).unwrap(), Some(spend.id()));
    let tally_ledger::AssetId::Uuid(uuid) = created.asset_id() else { unreachable!() };
    assert_eq!(ledger.view_before(1).asset_creator(&uuid).unwrap(), None);
    assert_eq!(view.asset_creator(&uuid).unwrap(), Some(created.id()));
    assert_eq!((view.blocks(), ledger.view().blocks()), (2, 3));
    assert_eq!(world.genesis().id_hash(), IdHash::Sha3);
}

/// Goal: notes are kept with the commit that they belong to.
#[test]
fn notes_are_found_again() {
    let disk = MemoryDisk::default();
    let (ledger, store) = open(&disk);
    let mut commit = Commit::new();
    commit.note("engine", 7u64.to_be_bytes()).note("search", *b"here");
    store.fail_commit_after(0);
    assert!(ledger.commit(commit.clone(), Durability::Synced).is_err());
    assert_eq!(ledger.note("engine").unwrap(), None);
    ledger.commit(commit, Durability::Synced).unwrap();
    let ledger = open(&disk).0;
    assert_eq!(ledger.note("engine").unwrap().as_deref(), Some(&7u64.to_be_bytes()[..]));
    assert_eq!(ledger.note("search").unwrap().as_deref(), Some(&b"here"[..]));
    assert_eq!(ledger.note("other").unwrap(), None);
}

/// Goal: a store of another program, or one that cannot be read, is not opened.
#[test]
fn other_stores_are_refused() {
    let disk = MemoryDisk::default();
    let store = disk.open(TABLES);
    let mut batch = Batch::new();
    batch.put(META, *b"schema_version", 1u32.to_be_bytes());
    batch.put(META, *b"schema_name", *b"smartraiden-node");
    store.commit(batch, Durability::Synced).unwrap();
    let error = LedgerStore::open(Arc::new(store)).unwrap_err();
    assert!(matches!(error, OpenError::Schema(_)), "{error}");

    let disk = MemoryDisk::default();
    let (ledger, store) = open(&disk);
    store.fail_reads(true);
    assert!(ledger.head(0).is_err(), "what cannot be read is not absent");
    assert!(ledger.contains(&World::new().genesis().transactions()[0].id()).is_err());
    let error = LedgerStore::open(store).unwrap_err();
    assert!(matches!(error, OpenError::Schema(_) | OpenError::Store(StoreError::Io { .. })));
}
