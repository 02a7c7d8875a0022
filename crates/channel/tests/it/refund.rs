//! Hops that cannot pass a transfer on give it back, and nothing stays locked.

use crate::support::world::{World, units};
use tally_channel::{
    Candidate, Class, MessageKind, PaymentFailure, ProtocolError, Refund, Report, Side,
};

/// A, B, C, D, E of spec §10.6 are nodes 1 to 5.
const CASE_1: [(usize, usize, u64, u64); 5] =
    [(1, 2, 199, 161), (1, 3, 200, 60), (2, 4, 4, 51), (3, 5, 200, 60), (4, 5, 100, 60)];
const CASE_2: [(usize, usize, u64, u64); 5] =
    [(1, 2, 199, 161), (1, 3, 149, 111), (2, 4, 4, 51), (3, 5, 149, 111), (4, 5, 151, 9)];

fn assert_balances(world: &World, expected: &[(usize, usize, u64, u64)]) {
    for (left, right, mine, theirs) in expected {
        assert_eq!(world.balances(*left, *right), [*mine, *theirs], "{left}-{right}");
    }
    world.assert_mirrored();
    world.assert_nothing_pending();
}

/// Goal: spec §10.6, case 1, but without the lock that the original leaves until it expires.
#[test]
fn case_1_the_payment_goes_around_and_leaves_no_lock() {
    let mut world = World::with_channels(5, &CASE_1);
    world.node_mut(1).routes.prefer = vec![world.address(2)];
    let key = world.pay(1, 4, 51);
    world.run();
    assert!(world.succeeded(1, &key));
    let refused =
        world.node(1).reports.iter().any(
            |report| matches!(report, Report::HopRefused { hop, .. } if *hop == world.address(2)),
        );
    assert!(refused, "it tried B first");
    assert_balances(&world, &CASE_2);
}

/// Goal: spec §10.6, case 2: total failure, nothing changed, nothing locked.
#[test]
fn case_2_the_payment_fails_and_changes_nothing() {
    let mut world = World::with_channels(5, &CASE_2);
    let key = world.pay(1, 4, 71);
    world.run();
    assert!(matches!(
        world.outcome(1, &key),
        Some(Report::PaymentFailed { reason: PaymentFailure::RoutesExhausted, .. })
    ));
    assert_balances(&world, &CASE_2);
}

/// Goal: the refunding node needs no money in the other direction. Source: spec §4.6.
#[test]
fn a_refund_needs_no_capacity() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 0), (2, 3, 5, 0)]);
    let channel = world.between(1, 2);
    let next_hop = world.address(2);
    let candidates = vec![Candidate { channel, next_hop }];
    let key = world.try_pay(1, 3, 50, |order| order.candidates = candidates).unwrap();
    world.run();
    assert!(world.failed(1, &key));
    assert_balances(&world, &[(1, 2, 100, 0), (2, 3, 5, 0)]);
}

/// Goal: a mediator takes another way only after the refunding hop has acknowledged that its lock
/// is gone. Method: hold the acknowledgement back.
#[test]
fn a_mediator_waits_for_the_acknowledgement() {
    let mut world = World::with_channels(
        5,
        &[(1, 2, 50, 0), (2, 3, 50, 0), (3, 5, 5, 45), (2, 4, 50, 0), (4, 5, 50, 0)],
    );
    world.node_mut(2).routes.prefer = vec![world.address(3)];
    let key = world.pay(1, 5, 20);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 2);
    let last = |world: &World| world.node(2).sent.last().unwrap().1.kind();
    assert_eq!(last(&world), MessageKind::LockCancellation);
    assert_eq!(world.locked(2, 3), [0, 0]);
    assert_eq!(world.locked(2, 4), [0, 0], "not before the acknowledgement");
    world.deliver_all(2, 3);
    world.deliver_all(3, 2);
    assert_eq!(last(&world), MessageKind::MediatedTransfer);
    world.run();
    assert!(world.succeeded(1, &key));
    world.assert_nothing_pending();
}

/// Goal: each attempt of an initiator has a secret of its own; the old one opens nothing.
#[test]
fn an_initiator_never_uses_a_secret_twice() {
    let mut world = World::with_channels(5, &CASE_1);
    world.node_mut(1).routes.prefer = vec![world.address(2)];
    let key = world.pay(1, 4, 51);
    let first = world.node(1).protocol.payment(&key).cloned().unwrap();
    world.deliver_all(1, 2);
    world.deliver_all(2, 1);
    let second = world.node(1).protocol.payment(&key).cloned().unwrap();
    assert_ne!(first.stage, second.stage);
    assert_eq!(second.tried, [world.between(1, 2), world.between(1, 3)]);
    world.run();
    assert!(world.succeeded(1, &key));
}

/// Goal: a node that does not mediate says so at once.
/// Source: spec §5.11, row 27.
#[test]
fn a_node_that_does_not_mediate_gives_back_at_once() {
    let mut world = World::new(3);
    world.node_mut(2).configure(|config| config.mediates = false);
    world.open(1, 2, [50, 50], crate::support::world::SETTLE);
    world.open(2, 3, [50, 50], crate::support::world::SETTLE);
    world.mine(1);
    let key = world.pay(1, 3, 10);
    world.run();
    assert!(world.failed(1, &key));
    assert_balances(&world, &[(1, 2, 50, 50), (2, 3, 50, 50)]);
}

/// Goal: once the secret was shown, a refund comes too late, and the money is not sent again.
/// Method: the hop lies.
#[test]
fn a_refund_after_the_secret_was_shown_is_ignored() {
    let mut world = World::with_channels(3, &[(1, 2, 50, 0), (2, 3, 50, 0)]);
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 1);
    let hashlock = *world.channel(1, 2).end(Side::Ours).locks().keys().next().unwrap();
    let refund = Refund { channel: world.between(1, 2), hashlock };
    let refused = world.inject(2, 1, tally_channel::Message::Refund(refund)).unwrap_err();
    assert_eq!(refused, ProtocolError::RefundTooLate(hashlock));
    assert_eq!(refused.class(), Class::Ignore);
    world.run();
    assert!(world.succeeded(1, &key));
    world.assert_nothing_pending();
}

/// Goal: a hash that comes a second time over another way, after it was given back, is treated
/// like any other, although the channel ahead still remembers it.
/// Method: 3 gives back to 2; 2 tries 5, which leads to 3 again, and 3's only way is the channel
/// whose lock with this hash was just cancelled.
#[test]
fn a_hash_may_come_again_over_another_way() {
    let mut world = World::with_channels(
        6,
        &[(1, 2, 50, 0), (2, 3, 50, 0), (3, 4, 50, 0), (4, 6, 0, 50), (2, 5, 50, 0), (5, 3, 50, 0)],
    );
    let order = [3, 5].map(|number| world.address(number));
    world.node_mut(2).routes.prefer = order.to_vec();
    let key = world.pay(1, 6, 20);
    world.run();
    assert!(world.failed(1, &key));
    for number in 1..=6 {
        assert_eq!(world.node(number).refusals, [], "node {number} refused an honest message");
    }
    let hops = world.node(2).reports.iter().filter(|r| matches!(r, Report::HopRefused { .. }));
    assert_eq!(hops.count(), 2);
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: a transfer never runs in a circle: the second lock with its hash comes back.
#[test]
fn a_circle_is_refused() {
    let mut world = World::with_channels(
        5,
        &[(1, 2, 50, 0), (2, 3, 50, 0), (3, 4, 50, 0), (4, 2, 50, 0), (2, 5, 9, 0)],
    );
    let first = Candidate { channel: world.between(1, 2), next_hop: world.address(2) };
    // Node 2's own channel to the target is too small, so the only way left leads in a circle.
    let key = world.try_pay(1, 5, 20, |order| order.candidates = vec![first]).unwrap();
    world.run();
    assert!(world.failed(1, &key));
    assert_eq!(world.balances(1, 2), [50, 0]);
    world.assert_nothing_pending();
    assert_eq!(world.channel(1, 2).distributable(Side::Ours), units(50));
}
