//! Many threads at once.

use crate::{
    histories::findings,
    world::{World, open, reason},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tally_ledger_store::{Acceptance, Commit, OutputFilter, Whereabouts};
use tally_storage::{Durability, MemoryDisk};

/// Goal: a transaction that two threads accept while a third appends it is in the chain once and
/// nowhere else, and readers see no state in between.
/// Method: two threads accept the same transactions in different orders, one appends them, one
/// lists what an owner has; then everything is verified.
#[test]
fn accepting_appending_and_listing_do_not_disturb_each_other() {
    const BLOCKS: u64 = 24;
    let disk = MemoryDisk::default();
    let (ledger, _) = open(&disk);
    let mut world = World::new();
    let owner = world.owners()[0];
    let mut commit = Commit::new();
    commit.append(0, world.genesis());
    ledger.commit(commit, Durability::Synced).unwrap();
    let sources: Vec<_> = (0..BLOCKS).map(|_| world.create(0)).collect();
    let spends: Vec<_> = sources.iter().map(|source| world.transfer(source, 0, 0)).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for is_reversed in [false, true] {
            let mut order: Vec<_> = sources.iter().chain(&spends).collect();
            if is_reversed {
                order.reverse();
            }
            let ledger = &ledger;
            scope.spawn(move || {
                for pair in order.chunks(2) {
                    let pair: Vec<_> = pair.iter().map(|found| Arc::clone(found)).collect();
                    ledger.accept(&pair).unwrap();
                    for found in &pair {
                        assert!(ledger.whereabouts(&found.id()).unwrap().is_some());
                    }
                }
            });
        }
        scope.spawn(|| {
            for (height, pair) in (1..).zip(sources.iter().zip(&spends)) {
                for (step, transaction) in [pair.0, pair.1].into_iter().enumerate() {
                    let height = 2 * height - 1 + step as u64;
                    let mut commit = Commit::new();
                    let block = world.block(height, vec![Arc::clone(transaction)]);
                    commit.append(height, block).reject(transaction.id(), reason("never"));
                    ledger.commit(commit, Durability::Synced).unwrap();
                    let found = ledger.whereabouts(&transaction.id()).unwrap();
                    assert!(matches!(found, Some(Whereabouts::Chain { .. })), "{found:?}");
                }
            }
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            let mut longest = 0;
            while !done.load(Ordering::Acquire) {
                let page = ledger.outputs_by_owner(&owner, OutputFilter::Any, None, 1000).unwrap();
                let places: Vec<_> = page.items.iter().map(|found| found.place).collect();
                let distinct: BTreeSet<_> = places.iter().collect();
                assert!(places.is_sorted() && distinct.len() == places.len(), "{places:?}");
                assert!(places.len() >= longest, "an output went missing");
                longest = places.len();
            }
        });
    });
    for transaction in sources.iter().chain(&spends) {
        assert!(ledger.place(&transaction.id()).unwrap().is_some());
        assert!(!ledger.is_waiting(&transaction.id()));
        assert_eq!(ledger.accept(&[Arc::clone(transaction)]).unwrap(), [Acceptance::InChain]);
    }
    let found = findings(&ledger);
    assert!(found.is_empty(), "{found:?}");
    let reopened = open(&disk).0;
    assert_eq!(reopened.counts().backlog, 0);
    assert!(findings(&reopened).is_empty());
}
