//! Votes that come twice, late, or in between.

use super::{
    rules::{Scene, vote},
    world::create,
};
use tally_ledger::{Block, Decision, RejectionCode, Vote};
use tally_ledger_store::Commit;
use tally_storage::Durability;

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
