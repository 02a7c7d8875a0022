//! Locks that nobody claims.

use crate::support::world::{REVEAL, SETTLE, World};
use tally_channel::{PaymentFailure, ProtocolError, Report, Side};

fn line() -> World {
    World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)])
}

/// Goal: an unclaimed transfer is undone at every hop. Method: the target is gone.
#[test]
fn an_unclaimed_transfer_is_undone_at_every_hop() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.stop(3);
    world.run();
    let last = world.chain.head().0 + SETTLE.0 - REVEAL.0 - 2;
    assert_eq!(world.locked(2, 3), [10, 0]);
    world.mine_to(last);
    assert_eq!(world.locked(2, 3), [10, 0], "the lock's last block counts");
    world.mine(1);
    assert_eq!(world.locked(2, 3), [0, 0]);
    // The mediator gives the payer's lock up at once; nobody waits for that one's expiry.
    assert_eq!(world.locked(1, 2), [0, 0]);
    assert!(world.failed(1, &key));
    world.start(3);
    world.mine(1);
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: both ends remove an expired lock although one lags behind the chain.
/// Method: the receiver sees two blocks fewer; the removal waits at its door and holds up what
/// comes after, until the chain has caught up.
#[test]
fn a_lagging_receiver_removes_the_lock_later() {
    let mut world = World::with_channels(2, &[(1, 2, 100, 100)]);
    world.node_mut(2).confirmations = 2;
    let key = world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.cut(1, 2);
    world.mine(SETTLE.0 + 1);
    assert!(world.failed(1, &key));
    world.mend(1, 2);
    world.run();
    assert!(world.node(2).is_waiting());
    let direct = world.pay_direct(1, 2, 5);
    world.run();
    assert_eq!(world.locked(2, 1), [0, 10]);
    assert!(world.outcome(1, &direct).is_none(), "it waits behind the removal");
    world.mine(2);
    assert_eq!(world.locked(2, 1), [0, 0]);
    assert!(world.succeeded(1, &direct));
    assert!(world.node(2).refusals.is_empty());
    world.assert_mirrored();
    world.assert_nothing_pending();
}

/// Goal: nobody takes a lock back early. Method: the payer's clock is ahead; its removal is
/// deferred, not believed.
#[test]
fn a_lock_cannot_be_taken_back_early() {
    let mut world = World::with_channels(2, &[(1, 2, 100, 100)]);
    world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.cut(1, 2);
    // Node 2 is kept in the past.
    for _ in 0..=SETTLE.0 {
        world.chain.mine();
    }
    world.follow(1);
    let removal = world.node(1).sent.last().unwrap().1.clone();
    let refused = world.inject(1, 2, removal);
    assert!(matches!(refused, Err(ProtocolError::LockNotExpired { .. })));
    assert_eq!(world.channel(2, 1).end(Side::Theirs).locks().len(), 1);
}

/// Goal: a target that could not claim in time gives the lock back before it expires.
/// Method: the secret does not come.
#[test]
fn a_target_without_the_secret_gives_the_lock_back_in_time() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.cut(1, 3);
    world.deliver_all(2, 3);
    let expiration = world.chain.head().0 + SETTLE.0 - REVEAL.0 - 2;
    world.mine_to(expiration - REVEAL.0 - 1);
    assert_eq!(world.locked(3, 2), [0, 10]);
    world.mine(1);
    assert_eq!(world.locked(3, 2), [0, 0]);
    let failed = Report::PaymentFailed {
        payment: key,
        amount: crate::support::world::units(10),
        reason: PaymentFailure::RoutesExhausted,
        channels: vec![world.between(1, 2)],
    };
    assert_eq!(world.outcome(1, &key), Some(&failed));
    world.mend(1, 3);
    world.run();
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: a restart long after the locks' end finds its way.
/// Method: each node in turn sleeps through everything.
#[test]
fn nodes_may_sleep_through_the_end_of_locks() {
    for sleeper in [1, 2, 3] {
        let mut world = line();
        world.pay(1, 3, 10);
        world.deliver_all(1, 2);
        world.stop(sleeper);
        world.run();
        world.mine(2 * SETTLE.0);
        world.start(sleeper);
        world.mine(2);
        world.assert_nothing_pending();
        world.assert_mirrored();
        assert_eq!(world.chain.reverted, []);
    }
}
