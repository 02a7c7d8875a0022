//! Nodes that keep to the rules, on networks and machines that do not.

use super::{
    random::seeds,
    world::{World, create, post, status, transfer},
};
use crate::TransactionStatus;
use std::time::Duration;
use tally_consensus::simulation::{Link, Setup, run};

const SECOND: Duration = Duration::from_secs(1);

/// Goal: what one node accepts is valid on all, by votes of all; the accepting node may be any.
#[test]
fn what_one_accepts_all_have() {
    run(Setup::new(4, 1), async |federation| {
        let mut world = World::new(federation, 1);
        world.start_all(federation).await;
        world.load(20);
        world.settle(federation).await;
        world.check();
        assert!(world.valid_count() >= 8);
        let replica = world.nodes[2].replica.as_ref().unwrap();
        let tip = replica.ledger.store.tip().unwrap();
        assert!(replica.ledger.store.votes(&tip.block).unwrap().len() >= 3);
    });
}

/// Goal: of two transfers of one output that two nodes accept, one becomes valid everywhere, and
/// the other is invalid with its reason where it was accepted.
#[test]
fn of_a_double_spend_at_two_nodes_one_ends_valid_and_one_with_a_reason() {
    run(Setup::new(4, 2), async |federation| {
        let mut world = World::new(federation, 2);
        world.start_all(federation).await;
        let asset = create(1);
        let replica = |world: &World, node: usize| world.nodes[node].replica.clone().unwrap();
        post(&replica(&world, 0), &asset).unwrap();
        world.settle(federation).await;
        let (one, other) = (transfer(&asset, 2), transfer(&asset, 3));
        post(&replica(&world, 0), &one).unwrap();
        post(&replica(&world, 3), &other).unwrap();
        world.settle(federation).await;
        world.check();
        let end = |node, id| status(&replica(&world, node), id);
        let (first, second) = (end(0, &one.id()), end(3, &other.id()));
        let reason = match (first.unwrap(), second.unwrap()) {
            (TransactionStatus::Valid(_), TransactionStatus::Invalid(reason))
            | (TransactionStatus::Invalid(reason), TransactionStatus::Valid(_)) => reason,
            ends => panic!("{ends:?}"),
        };
        assert_eq!(reason.code, "double_spend");
    });
}

/// Goal: nothing is lost and nobody differs, whatever is lost on the way, whoever is cut off, and
/// whoever loses power while clients post.
#[test]
fn losses_partitions_and_crashes_do_no_harm() {
    let mut lost = 0;
    for seed in seeds(&[11, 12, 13]) {
        println!("seed {seed}");
        let setup =
            Setup { link: Link { lost_per_thousand: 30, ..Link::GOOD }, ..Setup::new(4, seed) };
        run(setup, async |federation| {
            let mut world = World::new(federation, seed);
            world.start_all(federation).await;
            for _ in 0..12 {
                world.load(4);
                let node = world.random.below(4);
                let is_up = world.nodes[node].replica.is_some();
                match world.random.below(6) {
                    0 if is_up && world.running().len() == 4 => {
                        world.crash(federation, node).await;
                    }
                    1 => federation.partition(&[&[0, 1], &[2, 3]]).await,
                    2 => {
                        let others: Vec<usize> = (0..4).filter(|other| *other != node).collect();
                        federation.partition(&[&others]).await;
                    }
                    3 => federation.heal().await,
                    _ => {}
                }
                if !is_up {
                    world.start(federation, node).await;
                }
                world.pass(federation, 2 * SECOND).await;
            }
            federation.heal().await;
            for node in 0..4 {
                if world.nodes[node].replica.is_none() {
                    world.start(federation, node).await;
                }
            }
            world.settle(federation).await;
            world.check();
            assert!(world.valid_count() > 10, "{}", world.valid_count());
            lost += world.lost_count();
        });
    }
    assert!(lost > 0, "double spends at two nodes have losers");
}

/// Goal: two halves of a federation make no progress apart, and go on when they are together.
#[test]
fn halves_do_not_decide() {
    run(Setup::new(4, 3), async |federation| {
        let mut world = World::new(federation, 3);
        world.start_all(federation).await;
        world.load(6);
        world.settle(federation).await;
        let height = |world: &World, node: usize| {
            world.nodes[node].replica.as_ref().unwrap().ledger.store.height().unwrap()
        };
        federation.partition(&[&[0, 1], &[2, 3]]).await;
        world.pass(federation, SECOND).await;
        let before: Vec<u64> = (0..4).map(|node| height(&world, node)).collect();
        world.load(6);
        world.pass(federation, 20 * SECOND).await;
        assert_eq!((0..4).map(|node| height(&world, node)).collect::<Vec<_>>(), before);
        federation.heal().await;
        world.settle(federation).await;
        world.check();
        assert!(height(&world, 0) > before[0]);
    });
}

/// Goal: a node that was away gets the blocks and the votes on them, all of the latter by asking.
#[test]
fn a_node_that_was_away_catches_up() {
    run(Setup::new(4, 4), async |federation| {
        let mut world = World::new(federation, 4);
        for node in 0..3 {
            world.start(federation, node).await;
        }
        for _ in 0..10 {
            world.load(5);
            world.pass(federation, 3 * SECOND).await;
        }
        world.settle(federation).await;
        world.start(federation, 3).await;
        world.settle(federation).await;
        world.check();
        let late = world.nodes[3].replica.as_ref().unwrap();
        let height = late.ledger.store.height().unwrap();
        assert!(height >= 5, "{height}");
        assert_eq!(late.ledger.decided.height(), height);
    });
}
