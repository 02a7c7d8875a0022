//! Votes that come twice, late, or in between.

use super::{
    rules::{Scene, member, open_on, vote},
    world::create,
};
use crate::{TABLES, lock::lock, message::Message, replica::Replica};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use tally_consensus::Application as _;
use tally_ledger::{Block, Decision, RejectionCode, Vote};
use tally_ledger_store::Commit;
use tally_storage::{
    Batch, Direction, Durability, Entry, KeyRange, MemoryStore, Store, StoreError, Table,
};

/// Many different votes of one member on a block, none of them the first.
fn flood(by: u8, block: &Block, previous: &Block) -> Vec<Vote> {
    let codes = RejectionCode::ALL.iter().map(|code| code.as_str().parse().ok());
    codes.map(|code| vote(by, block, previous, Decision::Invalid(code))).collect()
}

/// Goal: a member that floods contradictions costs a commit for the first few, and nothing later;
/// its name and what is known of others stay.
#[test]
fn a_flood_of_contradictions_is_passed_over() {
    let scene = Scene::new();
    let block = scene.settle(&[&create(1)]);
    scene.hear(&[1, 2].map(|by| vote(by, &block, &scene.genesis, Decision::Valid)));
    let lies = flood(1, &block, &scene.genesis);
    assert!(lies.len() > 5, "{}", lies.len());
    scene.hear(&lies[..1]);
    let commits = || scene.store.synced_commits() + scene.store.buffered_commits();
    let before = commits();
    scene.hear(&lies);
    let forged = Vote { signature: lies[0].signature, ..lies[1].clone() };
    let bad = scene.bad_messages();
    scene.hear(&[forged]);
    assert_eq!((commits(), scene.bad_messages()), (before, bad), "looked at again");
    let accused = scene.replica.ledger.store.equivocations(None, 10).unwrap().items;
    assert_eq!(accused.len(), 1);
    scene.hear(&flood(2, &block, &scene.genesis)[..1]);
    assert_eq!(scene.replica.ledger.store.equivocations(None, 10).unwrap().items.len(), 2);
}

/// Goal: whoever waits for the decided height is not kept out for long by a long way to catch up.
#[test]
fn much_is_decided_in_steps() {
    let scene = Scene::new();
    let mut previous = scene.genesis.clone();
    let mut commit = Commit::new();
    for number in 0..70 {
        let block = scene.settle(&[&create(number)]);
        commit.vote(vote(1, &block, &previous, Decision::Valid));
        previous = block;
    }
    let ledger = &scene.replica.ledger;
    ledger.store.commit(commit, Durability::Buffered).unwrap();
    assert_eq!(ledger.advance_step().unwrap(), (64, false));
    assert_eq!(ledger.decided.height(), 64);
    assert_eq!(ledger.advance_decided().unwrap(), 70);
    assert_eq!(ledger.advance_step().unwrap(), (70, true));
}

/// A store that lets a replica hear something while it commits.
#[derive(Debug)]
struct Interrupted {
    store: MemoryStore,
    message: Mutex<Option<(Arc<Replica>, Bytes)>>,
}

impl Store for Interrupted {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.store.scan(table, range, direction, limit)
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let message = lock(&self.message).take();
        if let Some((replica, message)) = message {
            replica.received(member(1).public_key(), message);
        }
        self.store.commit(batch, durability)
    }
}

/// Goal: a vote that comes while its block is on its way to the disk, or is looked for before and
/// kept after, counts.
#[test]
fn a_vote_that_comes_while_its_block_is_appended_counts() {
    let scene = Scene::new();
    let store = MemoryStore::new(TABLES);
    let store = Arc::new(Interrupted { store, message: Mutex::default() });
    let replica = open_on(Arc::clone(&store) as _, &scene.clock, &scene.genesis);
    let first = scene.block(&[&create(1)]);
    let early = vote(1, &first, &scene.genesis, Decision::Valid);
    let message = Message::pack_votes([&early].into_iter()).remove(0);
    *lock(&store.message) = Some((Arc::clone(&replica), message));
    replica.append_final(1, &first.encode().into()).unwrap();
    assert_eq!(replica.ledger.decided.height(), 1);
    let stored = replica.ledger.store.vote(&first.id(), &early.node_pubkey).unwrap();
    assert_eq!(stored, Some(early));

    let late = vote(2, &first, &scene.genesis, Decision::Valid);
    assert_eq!(replica.keep_early(late.clone()).unwrap(), [late]);
    let second = scene.block(&[&create(2)]);
    let early = vote(2, &second, &first, Decision::Valid);
    assert_eq!(replica.keep_early(early).unwrap(), []);
}
