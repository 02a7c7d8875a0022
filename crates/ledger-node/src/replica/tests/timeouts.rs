//! Transactions that stop to count while they wait.

use super::{
    rules::{NOW, Scene},
    world::{client, create, post, status},
};
use crate::TransactionStatus;
use std::sync::atomic::Ordering;
use tally_conditions::Policy;
use tally_ledger::{Block, Transaction, Version, build::Draft};

/// A new asset whose one output can be spent until `last`, and a transfer that spends it.
pub(super) fn spending(number: u64, last: u64) -> [Transaction; 2] {
    let owner = client(1);
    let timeout = Policy::Timeout { expire_time: last.to_string() };
    let policy = Policy::threshold(2, [Policy::ed25519(owner.public_key()), timeout]);
    let draft = Draft::create(Version::Flat0_10, &[owner.public_key()]);
    let draft = draft.asset_data(format!(r#"{{"timed":{number}}}"#)).output_to(1, policy);
    let source = draft.sign(&[&owner]).unwrap();
    let draft = Draft::transfer(Version::Flat0_10, source.asset_id()).input(&source, 0);
    let next = draft.output(1, &[client(2).public_key()]).sign(&[&owner]).unwrap();
    [source, next]
}

/// Goal: however many have timed out at the front of the line, what waits behind them is proposed.
#[test]
fn what_has_timed_out_hides_nothing() {
    let scene = Scene::new();
    let timed: Vec<_> = (0..50).map(|number| spending(number, NOW + 1)).collect();
    let sources: Vec<&Transaction> = timed.iter().map(|[source, _]| source).collect();
    scene.settle(&sources);
    for [_, next] in &timed {
        post(&scene.replica, next).unwrap();
    }
    post(&scene.replica, &create(1)).unwrap();
    scene.clock.0.fetch_add(2, Ordering::Relaxed);
    for _ in 0..2 {
        let payload = scene.replica.make_proposal(&scene.ancestry(&[])).unwrap().unwrap();
        let block = Block::decode(&payload).unwrap();
        assert_eq!(block.transactions().len(), 1);
        assert_eq!(block.transactions()[0].id(), create(1).id());
    }
    // The clock goes back: they count again.
    scene.clock.0.fetch_sub(2, Ordering::Relaxed);
    let payload = scene.replica.make_proposal(&scene.ancestry(&[])).unwrap().unwrap();
    assert_eq!(Block::decode(&payload).unwrap().transactions().len(), 5);
}

/// Goal: a timeout ends an accepted transaction, with a reason that stays, when no member's clock
/// can be before it any more, though nothing else happens; and at once when a block is past it.
#[test]
fn what_has_timed_out_for_everybody_ends() {
    let mut scene = Scene::new();
    let [source, next] = spending(1, NOW + 1);
    let [other_source, other] = spending(2, NOW + 1000);
    scene.settle(&[&source, &other_source]);
    post(&scene.replica, &next).unwrap();
    let code = |scene: &Scene, id| match status(&scene.replica, &id) {
        Some(TransactionStatus::Invalid(reason)) => Some(reason.code),
        Some(TransactionStatus::Backlog) => None,
        found => panic!("{found:?}"),
    };
    for (passed, ended) in [(2, None), (330, None), (1, Some("invalid_signature"))] {
        scene.clock.0.fetch_add(passed, Ordering::Relaxed);
        assert_eq!(scene.replica.make_proposal(&scene.ancestry(&[])).unwrap(), None);
        assert_eq!(code(&scene, next.id()).as_deref(), ended, "{passed} s later");
    }
    scene.restart();
    assert_eq!(code(&scene, next.id()).as_deref(), Some("invalid_signature"));

    post(&scene.replica, &other).unwrap();
    scene.clock.0.store(NOW + 1001, Ordering::Relaxed);
    assert_eq!(scene.replica.make_proposal(&scene.ancestry(&[])).unwrap(), None);
    assert_eq!(code(&scene, other.id()), None);
    scene.settle(&[&create(1)]);
    assert_eq!(scene.replica.make_proposal(&scene.ancestry(&[])).unwrap(), None);
    assert_eq!(code(&scene, other.id()).as_deref(), Some("invalid_signature"));
}
