//! Three nodes that keep to the rules, and one that does not.

use super::{liar::Liar, random::seeds, world::World};
use std::{sync::Arc, time::Duration};
use tally_consensus::{
    Application,
    simulation::{Behaviour, Federation, Setup, run},
};
use tally_storage::MemoryDisk;

const ROUND: Duration = Duration::from_secs(2);

/// Clients post to the honest nodes for a while; then all must be well.
async fn play(world: &mut World, federation: &mut Federation) {
    for round in 0..8 {
        world.load(4);
        world.pass(federation, ROUND).await;
        if round == 3 {
            let node = world.honest[world.random.below(3)];
            world.crash(federation, node).await;
            world.pass(federation, ROUND).await;
            world.start(federation, node).await;
        }
    }
    world.settle(federation).await;
    world.check();
    assert!(world.valid_count() > 5, "{}", world.valid_count());
}

/// Goal: invalid proposals never become final and get votes against them; false, forged and
/// contradictory votes do not count; floods do not stop anybody.
#[test]
fn a_liar_harms_nobody() {
    for seed in seeds(&[21, 22]) {
        println!("seed {seed}");
        run(Setup::new(4, seed), async |federation| {
            let mut world = World::new(federation, seed);
            world.honest = vec![0, 2, 3];
            let replica = world.replica(1, &MemoryDisk::default());
            let liar: Arc<dyn Application> = Arc::new(Liar::new(replica));
            federation.start(1, liar).await;
            world.start_all(federation).await;
            play(&mut world, federation).await;
            let replica = world.nodes[0].replica.as_ref().unwrap();
            let counters = replica.ledger.tallies.read();
            assert!(counters.invalid_proposals > 0, "{counters:?}");
            assert!(counters.bad_messages > 0, "{counters:?}");
            let invalid = replica.ledger.store.all_invalid();
            let own = replica.ledger.key.public_key();
            for block in &invalid {
                let vote = replica.ledger.store.vote(&block.id, &own).unwrap().unwrap();
                assert!(!vote.body.decision.is_valid());
            }
            assert!(!invalid.is_empty());
            let accused = replica.ledger.store.equivocations(None, 10).unwrap().items;
            assert!(!accused.is_empty(), "contradictory votes are recorded");
        });
    }
}

/// Goal: a member that runs twice, with one key and two disks, proposes and votes twice; the others
/// agree on one of it.
#[test]
fn twins_harm_nobody() {
    for seed in seeds(&[31]) {
        println!("seed {seed}");
        run(Setup::new(4, seed), async |federation| {
            let mut world = World::new(federation, seed);
            world.honest = vec![0, 1, 2];
            let twin = |world: &World| -> Arc<dyn Application> {
                world.replica(3, &MemoryDisk::default())
            };
            let twins = vec![twin(&world), twin(&world)];
            federation.start_byzantine(3, Behaviour::Twins, twins).await;
            world.start_all(federation).await;
            play(&mut world, federation).await;
        });
    }
}

#[test]
fn engines_that_lie_harm_nobody() {
    for behaviour in [Behaviour::ConflictingVotes, Behaviour::NullifyAndFinalize] {
        run(Setup::new(4, 41), async |federation| {
            let mut world = World::new(federation, 41);
            world.honest = vec![0, 1, 3];
            federation.start_byzantine(2, behaviour, vec![]).await;
            world.start_all(federation).await;
            play(&mut world, federation).await;
        });
    }
}
