//! How transactions get to other members, and stay there.

use super::{
    rules::{NOW, Scene},
    timeouts::spending,
    world::{create, post, transfer},
};
use crate::lock::lock;
use std::sync::atomic::Ordering;
use tally_ledger::{Block, TransactionId};

/// Goal: what was verified in a block that comes to nothing is not verified again, and is proposed;
/// what builds on such a block is not kept.
#[test]
fn what_was_in_a_valid_proposal_is_remembered() {
    let scene = Scene::new();
    let asset = create(1);
    let (parent, next) = (scene.payload(&[&asset]), transfer(&asset, 2));
    let child = scene.payload(&[&next]);
    assert!(!scene.verify(&[], &child));
    assert!(scene.verify(&[], &parent) && scene.verify(&[&parent], &child));
    let is_kept = |id| lock(&scene.replica.pool).get(&id).is_some();
    assert_eq!((is_kept(asset.id()), is_kept(next.id())), (true, false));
    let payload = scene.replica.make_proposal(&scene.ancestry(&[])).unwrap().unwrap();
    assert_eq!(Block::decode(&payload).unwrap().transactions()[0].id(), asset.id());
    scene.replica.append_final(1, &parent).unwrap();
    assert_eq!(lock(&scene.replica.pool).len(), (0, 0));
}

fn due(scene: &Scene) -> Vec<TransactionId> {
    scene.replica.due_again().iter().map(|found| found.id()).collect()
}

/// Goal: what waits for long is told again and again, a bounded number at once; what is new or of
/// others is not, nor what is settled; after a restart all that waits is told.
#[test]
fn what_waits_for_long_is_told_again() {
    let mut scene = Scene::new();
    let waiting: Vec<_> = (0..70).map(create).collect();
    let ids: Vec<_> = waiting.iter().map(tally_ledger::Transaction::id).collect();
    for transaction in &waiting {
        post(&scene.replica, transaction).unwrap();
    }
    assert!(scene.verify(&[], &scene.payload(&[&create(100)])));
    for tick in 1..20 {
        assert_eq!(due(&scene), [], "tick {tick}");
    }
    assert_eq!(due(&scene), ids[..64]);
    assert_eq!(due(&scene), ids[64..]);
    assert_eq!(due(&scene), []);
    scene.settle(&[&waiting[0]]);
    assert_eq!(due(&scene), ids[1..65]);
    scene.restart();
    assert_eq!(due(&scene), ids[1..65]);
}

/// Goal: nobody is told what they would have to take for a lie.
#[test]
fn what_has_timed_out_is_not_told_again() {
    let mut scene = Scene::new();
    let [source, next] = spending(1, NOW + 100);
    scene.settle(&[&source]);
    post(&scene.replica, &next).unwrap();
    scene.restart();
    assert_eq!(due(&scene), [next.id()]);
    assert_eq!(due(&scene), []);
    scene.clock.0.fetch_add(71, Ordering::Relaxed);
    assert_eq!(due(&scene), []);
}
