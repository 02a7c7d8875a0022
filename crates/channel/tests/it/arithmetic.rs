//! The channel arithmetic of spec §10.5, step by step.

use crate::support::world::{World, small, units};
use tally_channel::{ProtocolError, Side};
use tally_primitives::BlockSpan;

/// Our balance, what we can spend, what we have locked, what we have transferred, our next nonce.
fn row(world: &World) -> [u64; 5] {
    let channel = world.channel(1, 2);
    let ours = channel.end(Side::Ours);
    [
        small(channel.balance(Side::Ours)),
        small(channel.distributable(Side::Ours)),
        small(ours.locked()),
        small(ours.transferred()),
        ours.nonce().0 + 1,
    ]
}

fn partner_balance(world: &World) -> u64 {
    small(world.channel(1, 2).balance(Side::Theirs))
}

/// Goal: the table of spec §10.5. Method: its steps, in its setting: block 10, reveal timeout 5,
/// settle timeout 15, deposits 70 and 110.
#[test]
fn a_channel_counts_as_the_specification_does() {
    let mut world = World::new(2);
    for number in [1, 2] {
        world.node_mut(number).configure(|config| config.reveal_timeout = BlockSpan(5));
    }
    world.open(1, 2, [70, 110], BlockSpan(15));
    world.mine(1);
    world.mine_to(10);
    assert_eq!((row(&world), partner_balance(&world)), ([70, 70, 0, 0, 1], 110));

    world.pay_direct(1, 2, 10);
    world.run();
    assert_eq!((row(&world), partner_balance(&world)), ([60, 60, 0, 10, 2], 120));

    world.pay(1, 2, 10);
    assert_eq!((row(&world), partner_balance(&world)), ([60, 50, 10, 10, 3], 120));
    world.deliver_all(1, 2);
    assert_eq!(world.locked(2, 1), [0, 10]);

    world.run();
    assert_eq!((row(&world), partner_balance(&world)), ([50, 50, 0, 20, 4], 130));
    assert_eq!(world.locked(1, 2), [0, 0]);
    assert_eq!(world.channel(1, 2).deposit(Side::Ours), units(70), "the chain knows nothing of it");
    world.assert_mirrored();
}

/// Goal: nobody spends what it does not have. Source: spec §10.5, "errors expected".
#[test]
fn nobody_spends_more_than_it_has() {
    let mut world = World::with_channels(2, &[(1, 2, 70, 110)]);
    let refused = world.try_pay(1, 2, 80, |order| order.is_direct = true);
    assert_eq!(refused, Err(ProtocolError::NoRoute));
    let refused = world.try_pay(1, 2, 0, |order| order.is_direct = true);
    assert_eq!(refused, Err(ProtocolError::ZeroAmount));
    world.try_pay(1, 2, 70, |order| order.is_direct = true).unwrap();
    world.run();
    assert_eq!(world.balances(1, 2), [0, 180]);
    // What was received can be spent again.
    world.try_pay(2, 1, 180, |order| order.is_direct = true).unwrap();
    world.run();
    assert_eq!(world.balances(1, 2), [180, 0]);
}

/// Goal: what is locked cannot be spent a second time.
#[test]
fn a_lock_takes_from_what_can_be_spent() {
    let mut world = World::with_channels(3, &[(1, 2, 50, 0), (2, 3, 50, 0)]);
    world.cut(1, 2);
    world.mend(1, 2);
    world.pay(1, 3, 40);
    let refused = world.try_pay(1, 2, 11, |order| order.is_direct = true);
    assert_eq!(refused, Err(ProtocolError::NoRoute));
    world.try_pay(1, 2, 10, |order| order.is_direct = true).unwrap();
    world.run();
    assert_eq!(world.balances(1, 2), [0, 50]);
    assert_eq!(world.received(3), [40]);
    assert_eq!(world.received(2), [10]);
}

/// Goal: amounts up to the largest a contract accounts are exact.
#[test]
fn large_amounts_are_exact() {
    let mut world = World::with_channels(2, &[(1, 2, u64::MAX, u64::MAX)]);
    world.pay(1, 2, u64::MAX);
    world.run();
    let sum = units(u64::MAX).try_add(units(u64::MAX)).unwrap();
    assert_eq!(world.channel(2, 1).balance(Side::Ours), sum);
    assert_eq!(world.channel(1, 2).balance(Side::Ours), units(0));
}
