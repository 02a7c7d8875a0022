//! Damaged stores: found by the walk, reported with table and key, and never a panic.

use crate::{
    histories::findings,
    world::{World, open, reason},
};
use std::{collections::BTreeSet, sync::Arc};
use tally_ledger::{Decision, Transaction};
use tally_ledger_store::{
    Commit, Finding, LedgerStore, OutputFilter, ReadError, TABLES, Whereabouts,
};
use tally_storage::{
    Batch, Direction, Durability, Entry, KeyRange, MemoryDisk, Store as _, StoreError, Table,
};

/// Makes a ledger with at least one row in every table; returns its transactions.
fn full(disk: &MemoryDisk) -> Vec<Arc<Transaction>> {
    let (ledger, _) = open(disk);
    let mut world = World::new();
    let genesis = world.genesis();
    let (nested, shared, waiting) = (world.create(1), world.create(2), world.create(0));
    let spend = world.transfer(&nested, 0, 1);
    let invalid = world.block(3, vec![Arc::clone(&waiting)]);
    let blocks = [
        Arc::clone(&genesis),
        world.block(1, vec![Arc::clone(&nested), Arc::clone(&shared)]),
        world.block(2, vec![Arc::clone(&spend)]),
    ];
    for (height, block) in (0..).zip(blocks) {
        let mut commit = Commit::new();
        commit.vote(world.vote(0, &block, Decision::Valid)).append(height, block);
        ledger.commit(commit, Durability::Synced).unwrap();
    }
    ledger.accept(&[Arc::clone(&waiting)]).unwrap();
    let rejected = world.create(0);
    let mut commit = Commit::new();
    commit
        .invalid(3, Arc::clone(&invalid), reason("bad"))
        .vote(world.vote(1, &genesis, Decision::Valid))
        .vote(world.vote(1, &genesis, Decision::Invalid(None)))
        .reject(rejected.id(), reason("late"));
    ledger.commit(commit, Durability::Synced).unwrap();
    assert!(findings(&ledger).is_empty());
    vec![Arc::clone(&genesis.transactions()[0]), nested, shared, spend, waiting, rejected]
}

fn rows(disk: &MemoryDisk) -> Vec<(Table, Entry)> {
    let store = disk.open(TABLES);
    let of = |table: &Table| {
        let rows = store.scan(*table, &KeyRange::all(), Direction::Forward, usize::MAX).unwrap();
        assert!(!rows.is_empty(), "{table} has no row to damage");
        rows.into_iter().map(|row| (*table, row)).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(of).collect()
}

fn write(disk: &MemoryDisk, table: Table, key: &[u8], value: Option<&[u8]>) {
    let mut batch = Batch::new();
    match value {
        Some(value) => batch.put(table, key, value),
        None => batch.delete(table, key),
    }
    disk.open(TABLES).commit(batch, Durability::Synced).unwrap();
}

/// Opens a damaged ledger, asks everything and returns what the walk finds; `None` if it does not
/// open. Answers may be errors; that there is no panic is the point.
fn ask_everything(disk: &MemoryDisk, transactions: &[Arc<Transaction>]) -> Option<Vec<Finding>> {
    let ledger = LedgerStore::open(Arc::new(disk.open(TABLES))).ok()?;
    for transaction in transactions {
        let _ = ledger.whereabouts(&transaction.id());
        let _ = ledger.stored(&transaction.id());
        let _ = ledger.transactions_of_asset(&transaction.asset_id(), None, None, 10);
        let _ = ledger.last_of_asset(&transaction.asset_id());
        for output in transaction.outputs() {
            for owner in &output.public_keys {
                let _ = ledger.outputs_by_owner(owner, OutputFilter::Any, None, 10);
                let _ = ledger.transactions_by_owner(owner, OutputFilter::Any, None, 10);
            }
        }
    }
    for height in 0..4 {
        let _ = ledger.block(height);
    }
    let _ = (ledger.heads(None, 10), ledger.backlog(None, 10), ledger.equivocations(None, 10));
    for metadata in (0..3).map(World::metadata) {
        let _ = ledger.transactions_by_metadata(&metadata, None, 10);
    }
    Some(findings(&ledger))
}

/// The rows that nothing else vouches for: votes, evidence and notes may be missing, and what was
/// rejected or is invalid may be forgotten.
const UNVOUCHED: [&str; 2] = ["votes", "equivocations"];

/// Goal: the absence of any row that follows from something is found.
#[test]
fn a_missing_row_is_found() {
    let disk = MemoryDisk::default();
    let transactions = full(&disk);
    for (table, row) in rows(&disk) {
        write(&disk, table, &row.key, None);
        let found = ask_everything(&disk, &transactions);
        let is_found = found.is_none_or(|found| !found.is_empty());
        assert!(is_found || UNVOUCHED.contains(&table.name()), "{table} {row:?}");
        write(&disk, table, &row.key, Some(&row.value));
    }
    assert!(findings(&open(&disk).0).is_empty(), "everything is as it was");
}

/// Goal: a row whose value or key was changed never passes and never panics.
/// Method: flip a bit of each byte of each value, and cut each value.
#[test]
fn a_changed_row_is_found() {
    let disk = MemoryDisk::default();
    let transactions = full(&disk);
    let mut passed = BTreeSet::new();
    for (table, row) in rows(&disk) {
        let step = (row.value.len() / 4).max(1);
        let flipped = (0..row.value.len()).step_by(step).map(|at| {
            let mut value = row.value.clone();
            value[at] ^= 1;
            value
        });
        let cut = row.value.len().checked_sub(1).map(|end| row.value[..end].to_vec());
        let longer = [row.value.as_slice(), &[0]].concat();
        for value in flipped.chain(cut).chain([longer]) {
            write(&disk, table, &row.key, Some(&value));
            if ask_everything(&disk, &transactions).is_some_and(|found| found.is_empty()) {
                passed.insert(table.name());
            }
        }
        write(&disk, table, &row.key, Some(&row.value));
    }
    // Words of a reason and of evidence can be any; notes are the owner's.
    let free = BTreeSet::from(["rejected", "invalid", "equivocations"]);
    assert!(passed.is_subset(&free), "{passed:?}");
}

/// Goal: a row that follows from nothing is named, in every table.
#[test]
fn an_extra_row_is_named() {
    let disk = MemoryDisk::default();
    let transactions = full(&disk);
    for (table, row) in rows(&disk) {
        if ["ledger_state", "equivocations"].contains(&table.name()) {
            continue;
        }
        let mut key = row.key.clone();
        // The first byte of an id or an owner, or the last of a number.
        let at = if key.len() == 8 { 7 } else { 0 };
        key[at] ^= 0x40;
        write(&disk, table, &key, Some(&row.value));
        if let Some(found) = ask_everything(&disk, &transactions) {
            let is_named = found.iter().any(|finding| match finding {
                Finding::ExtraRow { table: named, key: at } => *named == table && at.0 == key,
                Finding::Unreadable(ReadError::Store(StoreError::Undecodable {
                    table: named,
                    key: at,
                })) => *named == table && *at == key,
                Finding::Unreadable(_) => true,
                Finding::MissingRow { .. }
                | Finding::WrongRow { .. }
                | Finding::InvalidBlock { .. }
                | Finding::WrongCounts { .. } => false,
            });
            assert!(is_named, "{table} {key:?}: {found:?}");
        }
        write(&disk, table, &key, None);
    }
}

/// Goal: an error names the table and the key.
#[test]
fn errors_name_the_row() {
    let disk = MemoryDisk::default();
    let transactions = full(&disk);
    let id = transactions[1].id();
    let table = *TABLES.iter().find(|table| table.name() == "transactions").unwrap();
    write(&disk, table, id.as_bytes(), Some(b"short"));
    let (ledger, _) = open(&disk);
    let error = ledger.stored(&id).unwrap_err();
    let ReadError::Store(StoreError::Undecodable { table, key }) = error else { unreachable!() };
    assert_eq!((table.name(), key.as_slice()), ("transactions", &id.as_bytes()[..]));

    let texts = *TABLES.iter().find(|table| table.name() == "texts").unwrap();
    write(&disk, texts, &0u64.to_be_bytes(), None);
    let (ledger, _) = open(&disk);
    let error = ledger.stored(&transactions[0].id()).unwrap_err().to_string();
    let expected = "table texts has no row 0x0000000000000000, though another row points to it";
    assert_eq!(error, expected);
    let waiting = ledger.whereabouts(&transactions[4].id()).unwrap();
    assert!(matches!(waiting, Some(Whereabouts::Backlog)), "the rest is readable");
}
