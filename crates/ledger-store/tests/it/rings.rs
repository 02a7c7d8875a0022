//! What is bounded drops its oldest.

use crate::{
    histories::findings,
    world::{World, open, reason},
};
use std::sync::Arc;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{Decision, TransactionId};
use tally_ledger_store::{
    Commit, EQUIVOCATIONS_MAX, Equivocation, EquivocationKind, INVALID_MAX, LedgerStore,
    REJECTED_MAX, UNDECIDED_MAX, Whereabouts,
};
use tally_storage::{Durability, MemoryDisk};

fn id(number: u64) -> TransactionId {
    TransactionId::from_bytes(tally_crypto::sha3_256(number.to_be_bytes()))
}

/// Goal: the newest rejections are kept, one that is repeated counts as new, and the bound holds
/// after a restart.
#[test]
fn the_oldest_rejections_are_dropped() {
    let disk = MemoryDisk::default();
    let (ledger, _) = open(&disk);
    let mut commit = Commit::new();
    (0..REJECTED_MAX).for_each(|number| {
        commit.reject(id(number), reason("first"));
    });
    ledger.commit(commit, Durability::Synced).unwrap();
    assert_eq!(ledger.counts().rejected, REJECTED_MAX);
    drop(ledger);
    let (ledger, _) = open(&disk);
    let mut commit = Commit::new();
    commit.reject(id(0), reason("again")).reject(id(REJECTED_MAX), reason("new"));
    ledger.commit(commit, Durability::Synced).unwrap();
    assert_eq!(ledger.rejected(&id(0)).unwrap(), Some(reason("again")));
    assert_eq!(ledger.rejected(&id(1)).unwrap(), None, "the oldest of those left");
    assert_eq!(ledger.rejected(&id(2)).unwrap(), Some(reason("first")));
    let found = ledger.whereabouts(&id(REJECTED_MAX)).unwrap();
    assert!(matches!(found, Some(Whereabouts::Rejected(why)) if why == reason("new")));
    assert_eq!(ledger.counts().rejected, REJECTED_MAX);
    assert!(findings(&ledger).is_empty());
}

/// Goal: a flood of invalid blocks leaves the newest and their votes, and nothing of the others.
#[test]
fn the_oldest_invalid_blocks_are_dropped() {
    let disk = MemoryDisk::default();
    let (ledger, _) = open(&disk);
    let mut world = World::new();
    let shared = world.create(0);
    let blocks: Vec<_> = (0..INVALID_MAX as u64 + 2)
        .map(|height| world.block(height, vec![Arc::clone(&shared)]))
        .collect();
    for (height, block) in (0..).zip(&blocks) {
        let vote = world.vote(1, block, Decision::Invalid(None));
        let mut commit = Commit::new();
        commit.invalid(height, Arc::clone(block), reason("bad")).vote(vote);
        ledger.commit(commit.clone(), Durability::Synced).unwrap();
        ledger.commit(commit, Durability::Synced).unwrap();
    }
    let check = |ledger: &LedgerStore| {
        assert_eq!(ledger.all_invalid().len(), INVALID_MAX);
        for (at, block) in blocks.iter().enumerate() {
            let is_kept = at >= 2;
            assert_eq!(ledger.invalid(&block.id()).is_some(), is_kept, "{at}");
            assert_eq!(ledger.invalid_block(&block.id()).unwrap().is_some(), is_kept, "{at}");
            assert_eq!(ledger.votes(&block.id()).unwrap().len(), usize::from(is_kept), "{at}");
        }
        let newest = ledger.whereabouts(&shared.id()).unwrap();
        let expected = blocks.last().unwrap().id();
        assert!(matches!(newest, Some(Whereabouts::InvalidBlock(found)) if found.id == expected));
        assert_eq!(ledger.candidates_with(&shared.id()).1.len(), INVALID_MAX);
        assert!(findings(ledger).is_empty());
    };
    check(&ledger);
    check(&open(&disk).0);
}

#[test]
fn the_oldest_undecided_blocks_are_dropped() {
    let (ledger, _) = open(&MemoryDisk::default());
    let mut world = World::new();
    let blocks: Vec<_> = (0..UNDECIDED_MAX as u64 + 1)
        .map(|height| {
            let transaction = world.create(0);
            world.block(height, vec![transaction])
        })
        .collect();
    for (height, block) in (0..).zip(&blocks) {
        ledger.add_undecided(height, Arc::clone(block));
    }
    assert!(ledger.undecided(&blocks[0].id()).is_none());
    assert_eq!(ledger.all_undecided().len(), UNDECIDED_MAX);
    ledger.drop_undecided(&blocks[1].id());
    assert!(ledger.undecided(&blocks[1].id()).is_none());
    let mut commit = Commit::new();
    commit.invalid(2, Arc::clone(&blocks[2]), reason("bad"));
    ledger.commit(commit, Durability::Synced).unwrap();
    assert!(ledger.undecided(&blocks[2].id()).is_none(), "it is invalid, not undecided");
    assert!(ledger.undecided(&blocks[3].id()).is_some());
}

/// Goal: contradictory votes are kept as evidence, the first one stays the vote, and however many
/// follow, one record is made of them.
#[test]
fn contradictory_votes_are_an_equivocation() {
    let disk = MemoryDisk::default();
    let (ledger, _) = open(&disk);
    let world = World::new();
    let genesis = world.genesis();
    let (yes, no) = (
        world.vote(1, &genesis, Decision::Valid),
        world.vote(1, &genesis, Decision::Invalid(None)),
    );
    let mut commit = Commit::new();
    commit.append(0, Arc::clone(&genesis)).vote(yes.clone()).vote(no.clone()).vote(yes.clone());
    let committed = ledger.commit(commit, Durability::Synced).unwrap();
    assert_eq!((committed.votes, committed.equivocations), (1, 1));
    let mut commit = Commit::new();
    commit.vote(world.vote(1, &genesis, Decision::Invalid(Some("late".parse().unwrap()))));
    assert_eq!(ledger.commit(commit, Durability::Synced).unwrap().equivocations, 0);
    assert_eq!(ledger.vote(&genesis.id(), &yes.node_pubkey).unwrap(), Some(yes.clone()));
    let expected = Equivocation {
        accused: yes.node_pubkey,
        kind: EquivocationKind::Vote,
        first: yes.to_json().into(),
        second: no.to_json().into(),
    };
    assert_eq!(ledger.equivocations(None, 10).unwrap().items, [expected]);

    for number in 0..EQUIVOCATIONS_MAX {
        let mut commit = Commit::new();
        commit.equivocation(Equivocation {
            accused: PublicKey::from_bytes([u8::try_from(number / 8).unwrap() + 100; 32]),
            kind: EquivocationKind::Proposal,
            first: number.to_be_bytes().to_vec(),
            second: vec![],
        });
        ledger.commit(commit, Durability::Buffered).unwrap();
    }
    let ledger = open(&disk).0;
    let first = ledger.equivocations(None, 1).unwrap();
    assert_eq!(first.items[0].first, 0u64.to_be_bytes(), "the oldest was dropped");
    let rest = ledger.equivocations(first.next, 1000).unwrap();
    assert_eq!(rest.items.len() as u64 + 1, EQUIVOCATIONS_MAX);
    assert_eq!(ledger.counts().equivocations, EQUIVOCATIONS_MAX);
}

/// Goal: whatever a liar says, and in whatever portions, what is known of others stays.
#[test]
fn one_liar_does_not_push_out_what_is_known_of_another() {
    let disk = MemoryDisk::default();
    let (ledger, _) = open(&disk);
    let accuse = |accused: u8, number: u64| Equivocation {
        accused: PublicKey::from_bytes([accused; 32]),
        kind: EquivocationKind::Vote,
        first: number.to_be_bytes().to_vec(),
        second: vec![],
    };
    let mut commit = Commit::new();
    commit.equivocation(accuse(1, 0));
    for number in 0..2 * EQUIVOCATIONS_MAX {
        commit.equivocation(accuse(2, number));
    }
    assert_eq!(ledger.commit(commit, Durability::Buffered).unwrap().equivocations, 1 + 8);
    let ledger = open(&disk).0;
    for number in 1000..1000 + EQUIVOCATIONS_MAX {
        let mut commit = Commit::new();
        commit.equivocation(accuse(2, number));
        assert_eq!(ledger.commit(commit, Durability::Buffered).unwrap().equivocations, 0);
    }
    let items = ledger.equivocations(None, 1000).unwrap().items;
    assert_eq!((items.len(), &items[0]), (9, &accuse(1, 0)));
}
