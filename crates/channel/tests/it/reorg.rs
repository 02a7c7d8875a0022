//! Blocks that are undone, with what they held.

use crate::support::{
    chain::Call,
    world::{World, units},
};
use tally_channel::{Phase, ProtocolError, Side};

fn pair() -> World {
    World::with_channels(2, &[(1, 2, 100, 100)])
}

/// Goal: an opening that is undone takes the unused channel with it, and the same opening brings
/// it back.
#[test]
fn an_opening_can_be_undone_and_come_again() {
    let mut world = World::new(2);
    world.mine(3);
    let channel = world.open(1, 2, [100, 100], crate::support::world::SETTLE);
    world.mine(1);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);
    world.reorganise(2, |_| false);
    for number in [1, 2] {
        assert!(world.node(number).protocol.channel(channel).is_none());
    }
    let again = world.open(1, 2, [100, 100], crate::support::world::SETTLE);
    assert_eq!(again, channel, "its address follows from its participants");
    world.mine(1);
    world.pay(1, 2, 10);
    world.run();
    assert_eq!(world.balances(1, 2), [90, 110]);
}

/// Goal: a channel that was used and whose opening is undone keeps what was signed: if the opening
/// comes again, it counts.
#[test]
fn a_used_channel_survives_that_its_opening_is_undone() {
    let mut world = World::new(2);
    world.mine(3);
    world.open(1, 2, [100, 100], crate::support::world::SETTLE);
    world.mine(1);
    world.pay_direct(1, 2, 10);
    world.run();
    world.chain.undo(2, |_| true);
    let channel = world.node(1).protocol.channels().next().unwrap().address();
    world.chain.retain_pending(|tx| !matches!(tx.call, Call::Open { .. } | Call::Deposit { .. }));
    world.mine(3);
    let phase = |world: &World| world.node(1).protocol.channel(channel).unwrap().phase();
    assert_eq!(phase(&world), Phase::Vanished);
    let refused = world.try_pay(1, 2, 1, |order| order.is_direct = true);
    assert!(matches!(refused, Err(ProtocolError::NoDirectChannel { .. })));
    world.open(1, 2, [100, 100], crate::support::world::SETTLE);
    world.mine(1);
    assert_eq!(phase(&world), Phase::Open);
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.pay_direct(2, 1, 20);
    world.run();
    assert_eq!(world.balances(2, 1), [90, 110]);
    world.assert_mirrored();
}

/// Goal: a deposit that is undone is no longer there to spend, and counts again when it comes.
#[test]
fn a_deposit_can_be_undone() {
    let mut world = World::with_channels(2, &[(1, 2, 10, 10)]);
    let channel = world.between(1, 2);
    world.deposit(1, channel, 90);
    world.mine(1);
    assert_eq!(world.balances(1, 2), [100, 10]);
    world.reorganise(1, |_| false);
    assert_eq!(world.balances(1, 2), [10, 10]);
    let refused = world.try_pay(1, 2, 50, |order| order.is_direct = true);
    assert_eq!(refused, Err(ProtocolError::NoRoute));
    world.deposit(1, channel, 90);
    world.mine(1);
    world.pay_direct(1, 2, 50);
    world.run();
    assert_eq!(world.balances(1, 2), [50, 60]);
    // Undone although it was spent: nobody counts below zero, and the sum is never exceeded.
    world.reorganise(2, |_| false);
    assert_eq!(world.channel(1, 2).balance(Side::Ours), units(0));
    world.deposit(1, channel, 90);
    world.mine(1);
    assert_eq!(world.balances(1, 2), [50, 60]);
    world.assert_mirrored();
}

/// Goal: a transfer that relies on a deposit which the receiver does not see yet waits for it.
#[test]
fn a_transfer_waits_for_the_deposit_it_relies_on() {
    let mut world = World::with_channels(2, &[(1, 2, 10, 10)]);
    world.node_mut(2).confirmations = 3;
    world.mine(3);
    let channel = world.between(1, 2);
    world.deposit(1, channel, 90);
    world.mine(1);
    let key = world.pay(1, 2, 80);
    world.run();
    assert!(world.node(2).is_waiting());
    world.mine(3);
    assert!(world.succeeded(1, &key));
    assert_eq!(world.balances(2, 1), [90, 20]);
    assert!(world.node(2).refusals.is_empty());
}

/// Goal: a close that is undone and never comes again leaves an open channel.
#[test]
fn a_close_can_be_undone() {
    let mut world = pair();
    world.pay_direct(1, 2, 10);
    world.run();
    let channel = world.between(1, 2);
    world.submit(1, Call::Close { channel, partner_proof: None });
    world.mine(1);
    assert!(matches!(world.channel(2, 1).phase(), Phase::Closed { .. }));
    world.reorganise(1, |_| false);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);
    assert_eq!(world.channel(2, 1).phase(), Phase::Open);
    world.pay(2, 1, 30);
    world.run();
    assert_eq!(world.balances(1, 2), [120, 80]);
    world.assert_mirrored();
}

/// Goal: a node that wanted the close wants it again after it was undone.
#[test]
fn an_undone_close_is_ordered_again() {
    let mut world = pair();
    world.pay_direct(2, 1, 10);
    world.run();
    world.close(1, 2);
    world.mine(2);
    world.reorganise(2, |_| false);
    assert!(matches!(world.channel(2, 1).phase(), Phase::Open | Phase::Closed { .. }));
    world.mine(2);
    assert!(matches!(world.channel(1, 2).phase(), Phase::Closed { .. }));
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [110, 90]);
}

/// Brings 1 to owe 2 a lock of 10 that 2 can open.
fn owed_lock(world: &mut World) {
    world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 1);
    world.deliver_all(1, 2);
    world.cut(1, 2);
}

/// Goal: claims and even the settlement can be undone; what is owed is claimed again.
/// Method: undo everything since the close, then only the settlement and the claim.
#[test]
fn claims_and_settlement_can_be_undone() {
    let mut world = pair();
    owed_lock(&mut world);
    world.close(2, 1);
    world.mine(2);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [90, 110]);
    world.reorganise(3, |_| false);
    assert!(matches!(world.channel(1, 2).phase(), Phase::Closed { .. }));
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [90, 110]);
    // The claim was in the second block of the window.
    let mut world = pair();
    owed_lock(&mut world);
    world.close(2, 1);
    world.mine(2);
    world.reorganise(1, |_| false);
    world.mine(2);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [90, 110]);
}

/// Goal: when a close is undone after its lock was claimed, the lock is paid like any other.
#[test]
fn a_claimed_lock_is_paid_when_the_close_is_undone() {
    let mut world = pair();
    owed_lock(&mut world);
    let old = world.old_state(2, 1);
    world.submit(2, old.close());
    world.mine(2);
    assert_eq!(world.node(2).reports.len(), 1, "the claim was a payment");
    world.reorganise(2, |_| false);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);
    world.mend(1, 2);
    world.mine(1);
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.assert_nothing_pending();
    world.assert_mirrored();
    assert_eq!(world.received(2), [10], "and is not reported twice");
}

/// Goal: a lock that no transfer waits for any more is cancelled without touching another transfer
/// that has its hash.
/// Method: a payment leaves a channel whose close is undone; somebody sends its old hash through
/// this node; then the old lock is given back.
#[test]
fn an_abandoned_lock_does_not_meet_a_later_transfer() {
    let mut world =
        World::with_channels(4, &[(1, 2, 100, 100), (3, 1, 100, 100), (1, 4, 100, 100)]);
    world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.cut(1, 2);
    let hashlock = *world.channel(1, 2).end(Side::Ours).locks().keys().next().unwrap();
    let channel = world.between(1, 2);
    world.submit(2, Call::Close { channel, partner_proof: None });
    world.mine(1);
    world.reorganise(1, |_| false);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);

    let lock = tally_channel::Lock {
        expiration: tally_primitives::BlockNumber(90),
        amount: units(20),
        hashlock,
    };
    let envelope = tally_channel::Envelope {
        channel: world.between(3, 1),
        nonce: tally_primitives::Nonce(1),
        transferred: units(0),
        locksroot: tally_primitives::LocksRoot(lock.leaf()),
        content: tally_channel::Content::MediatedTransfer(tally_channel::MediatedTransfer {
            identifier: tally_primitives::PaymentId(9),
            lock,
            initiator: world.address(3),
            target: world.address(4),
            fee: units(0),
        }),
    };
    let message = tally_channel::Outgoing::Envelope(envelope)
        .sign(super::support::chain::CHAIN, &world.node(3).key);
    world.inject(3, 1, message).unwrap();
    let before = world.node(1).protocol.mediation(&hashlock).cloned();
    assert!(before.is_some());
    let refund = tally_channel::Refund { channel, hashlock };
    world.inject(2, 1, tally_channel::Message::Refund(refund)).unwrap();
    assert_eq!(world.node(1).protocol.mediation(&hashlock).cloned(), before);
    assert_eq!(world.locked(1, 2), [0, 0]);
    assert_eq!(world.locked(1, 4), [20, 0]);
}

/// Goal: a registration that is undone is ordered again while it still helps.
#[test]
fn a_registration_can_be_undone() {
    let mut world = pair();
    owed_lock(&mut world);
    let expiration = {
        let mut locks = world.channel(2, 1).end(Side::Theirs).locks().values();
        locks.next().unwrap().lock.expiration.0
    };
    world.mine_to(expiration - 8);
    let hashlock = *world.channel(2, 1).end(Side::Theirs).locks().keys().next().unwrap();
    let first = world.chain.registered(&hashlock).expect("it was in danger");
    assert!(world.node(1).protocol.registered_at(&hashlock).is_some());
    let depth = usize::try_from(world.chain.head().0 - first.0 + 1).unwrap();
    world.chain.undo(depth, |_| false);
    world.mine(1);
    world.mine_to(expiration + 2);
    assert!(world.chain.registered(&hashlock).is_some_and(|at| at.0 <= expiration));
    world.mend(1, 2);
    world.run();
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.assert_nothing_pending();
}

/// Goal: with confirmations a short reorganisation is no event at all.
#[test]
fn confirmations_hide_short_reorganisations() {
    let mut world = World::new(2);
    for number in [1, 2] {
        world.node_mut(number).confirmations = 3;
    }
    world.open(1, 2, [100, 100], crate::support::world::SETTLE);
    world.mine(5);
    world.pay(1, 2, 10);
    world.run();
    let channel = world.between(1, 2);
    world.submit(1, Call::Close { channel, partner_proof: None });
    world.mine(2);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);
    world.reorganise(2, |_| false);
    world.mine(5);
    assert_eq!(world.channel(1, 2).phase(), Phase::Open);
    world.pay(2, 1, 5);
    world.run();
    assert_eq!(world.balances(1, 2), [95, 105]);
}
