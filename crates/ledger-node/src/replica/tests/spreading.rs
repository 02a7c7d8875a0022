//! How transactions get to other members, and stay there.

use super::{
    rules::Scene,
    world::{create, transfer},
};
use crate::lock::lock;
use tally_ledger::Block;

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
