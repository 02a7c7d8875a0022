//! What mediators keep.

use crate::support::world::{SETTLE, World, units};
use tally_channel::Report;

/// Nodes in a line, of which 2 and 3 keep 3 each of what they pass on.
fn line() -> World {
    let mut world = World::new(4);
    for number in [2, 3] {
        world.node_mut(number).configure(|config| config.mediation_fee = units(3));
    }
    for (left, right) in [(1, 2), (2, 3), (3, 4)] {
        world.open(left, right, [100, 100], SETTLE);
    }
    world.mine(1);
    world
}

/// Goal: each mediator keeps its fee, the last one the rest, and the target gets its amount.
#[test]
fn mediators_share_the_fee() {
    let mut world = line();
    let key = world.try_pay(1, 4, 50, |order| order.fee = units(10)).unwrap();
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.received(4), [50]);
    assert_eq!(world.balances(1, 2), [40, 160]);
    assert_eq!(world.balances(2, 3), [43, 157]);
    assert_eq!(world.balances(3, 4), [50, 150]);
    let fee = |number: usize| {
        world.node(number).reports.iter().find_map(|report| match report {
            Report::PaymentMediated { fee, .. } => Some(*fee),
            _ => None,
        })
    };
    assert_eq!(fee(2), Some(units(3)));
    assert_eq!(fee(3), Some(units(7)));
    world.assert_nothing_pending();
}

/// Goal: too little for the way is refused at once, and nothing is kept.
#[test]
fn a_fee_that_is_too_small_comes_back() {
    for fee in [0, 2, 5] {
        let mut world = line();
        let key = world.try_pay(1, 4, 50, |order| order.fee = units(fee)).unwrap();
        world.run();
        assert!(world.failed(1, &key), "fee {fee}");
        assert_eq!(world.balances(1, 2), [100, 100]);
        world.assert_nothing_pending();
    }
}

/// Goal: whoever pays its neighbour pays no fee. Source: spec §5.11, row 8.
#[test]
fn a_neighbour_is_paid_without_a_fee() {
    let mut world = line();
    for is_direct in [false, true] {
        let change = |order: &mut tally_channel::PaymentOrder| {
            order.fee = units(10);
            order.is_direct = is_direct;
        };
        let key = world.try_pay(1, 2, 20, change).unwrap();
        world.run();
        assert!(world.succeeded(1, &key));
    }
    assert_eq!(world.balances(1, 2), [60, 140]);
    assert_eq!(world.received(2), [20, 20]);
}
