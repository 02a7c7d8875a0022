//! The scenes of the API's document, on its seven nodes.

use crate::support::{
    node::Crash,
    seven::{CHANNELS, seven_nodes},
    world::{SETTLE, World, units},
};
use tally_channel::{PaymentFailure, ProtocolError, Report};
use tally_primitives::TokenAddress;

/// Fails unless every channel has these balances and nothing is locked anywhere. Channels that are
/// not named have the balances of the picture.
fn assert_balances(world: &World, expected: &[(usize, usize, u64, u64)]) {
    for (left, right, mine, theirs) in CHANNELS {
        let changed = expected.iter().find(|row| (row.0, row.1) == (left, right));
        let balances = changed.map_or([mine, theirs], |row| [row.2, row.3]);
        assert_eq!(world.balances(left, right), balances, "{left}-{right}");
        assert_eq!(world.balances(right, left), [balances[1], balances[0]], "{right}-{left}");
    }
    world.assert_mirrored();
    world.assert_nothing_pending();
}

/// Scene one: node 2 pays 20 to each of its neighbours at the same time.
#[test]
fn scene_1_neighbours_are_paid_over_their_own_channels() {
    let mut world = seven_nodes();
    let keys = [1, 3, 4, 7].map(|target| (target, world.pay(2, target, 20)));
    world.run();
    for (target, key) in keys {
        assert!(world.succeeded(2, &key));
        assert_eq!(world.received(target), [20]);
    }
    assert_balances(&world, &[(1, 2, 320, 280), (2, 3, 30, 70), (2, 4, 70, 110), (2, 7, 50, 90)]);
}

/// Scene two, first part: one node in between.
#[test]
fn scene_2_a_payment_passes_one_mediator() {
    let mut world = seven_nodes();
    let key = world.pay(1, 3, 20);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.received(3), [20]);
    assert_balances(&world, &[(1, 2, 280, 320), (2, 3, 30, 70)]);
}

/// Scene two, second part: of three ways to node 6 the shortest is taken.
#[test]
fn scene_2_the_shortest_of_several_ways_is_taken() {
    let mut world = seven_nodes();
    let key = world.pay(2, 6, 20);
    world.run();
    assert!(world.succeeded(2, &key));
    assert_balances(&world, &[(2, 3, 30, 70), (3, 6, 280, 70)]);
}

/// Scene three: nodes 5 and 6 alone have a channel in another token.
#[test]
fn scene_3_without_a_route_a_payment_is_refused() {
    let mut world = seven_nodes();
    let token = TokenAddress::new([8; 20]);
    world.open_in(token, 6, 5, [50, 50], SETTLE);
    world.mine(1);
    let refused = world.try_pay(6, 1, 10, |order| order.token = token);
    assert_eq!(refused, Err(ProtocolError::NoRoute));
    world.assert_nothing_pending();
    world.try_pay(6, 5, 10, |order| order.token = token).unwrap();
    world.run();
    assert_eq!(world.received(5), [10]);
}

/// Scene four: node 1 pays node 2 many times, all at once and one after the other.
#[test]
fn scene_4_payments_follow_one_another() {
    let mut world = seven_nodes();
    let mut keys = vec![];
    for _ in 0..10 {
        keys.push(world.pay(1, 2, 7));
    }
    world.run();
    for _ in 0..10 {
        keys.push(world.pay_direct(1, 2, 3));
        world.run();
    }
    assert!(keys.iter().all(|key| world.succeeded(1, key)));
    assert_eq!(world.received(2).iter().sum::<u64>(), 100);
    assert_balances(&world, &[(1, 2, 200, 400)]);
}

/// Scene five: more than there is.
#[test]
fn scene_5_a_payment_beyond_the_balance_is_refused() {
    let mut world = seven_nodes();
    for is_direct in [false, true] {
        let refused = world.try_pay(1, 2, 301, |order| order.is_direct = is_direct);
        assert_eq!(refused, Err(ProtocolError::NoRoute));
    }
    // Enough at the first hop, too little at every second one: it comes back at once.
    let key = world.pay(1, 6, 95);
    world.run();
    let failed = world.outcome(1, &key);
    assert!(matches!(
        failed,
        Some(Report::PaymentFailed { reason: PaymentFailure::RoutesExhausted, .. })
    ));
    assert_balances(&world, &[]);
}

/// Scene six: node 3 is offline, so the payment takes the way over 4 and 5.
#[test]
fn scene_6_a_payment_goes_around_an_offline_node() {
    let mut world = seven_nodes();
    world.stop(3);
    let key = world.pay(1, 6, 20);
    world.run();
    assert!(world.succeeded(1, &key));
    world.start(3);
    world.run();
    assert_balances(&world, &[(1, 2, 280, 320), (2, 4, 70, 110), (4, 5, 70, 110), (5, 6, 60, 100)]);
}

/// Scene six, when there is no other way: the payment fails before the next block, and nothing
/// stays locked.
#[test]
fn scene_6_without_another_way_the_payment_fails_at_once() {
    let mut world = seven_nodes();
    world.stop(3);
    let key = world.pay(1, 3, 20);
    world.run();
    assert!(world.failed(1, &key));
    world.start(3);
    world.run();
    assert_balances(&world, &[]);
}

/// Leaves 3 with too little towards both 6 and 7, as scene seven says.
fn exhaust_node_3(world: &mut World) {
    let keys = [world.pay(3, 6, 270), world.pay(3, 7, 30)];
    world.run();
    assert!(keys.iter().all(|key| world.succeeded(3, key)));
    assert_eq!(world.balances(3, 6), [30, 320]);
    assert_eq!(world.balances(3, 7), [30, 90]);
}

const SCENE_7: [(usize, usize, u64, u64); 6] = [
    (1, 2, 255, 345),
    (2, 4, 45, 135),
    (4, 5, 45, 135),
    (5, 6, 35, 125),
    (3, 6, 30, 320),
    (3, 7, 30, 90),
];

/// Scene seven: 3 gives the payment back to 2, which tries 4.
#[test]
fn scene_7_a_refund_leads_to_another_way() {
    let mut world = seven_nodes();
    exhaust_node_3(&mut world);
    let key = world.pay(1, 6, 45);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.received(6), [270, 45]);
    assert_balances(&world, &SCENE_7);
}

/// Scene seven with the detour: 3 gives back, then 7 is a dead end (it leads to 3, and from there
/// in a circle to 2), then 4-5-6 succeeds; no lock is left anywhere, and no block was needed.
#[test]
fn scene_7_a_dead_end_is_left_again() {
    let mut world = seven_nodes();
    exhaust_node_3(&mut world);
    let order = [3, 7, 4].map(|number| world.address(number));
    world.node_mut(2).routes.prefer = order.to_vec();
    let key = world.pay(1, 6, 45);
    world.run();
    assert!(world.succeeded(1, &key));
    let refused: Vec<usize> = world
        .node(2)
        .reports
        .iter()
        .filter_map(|report| match report {
            Report::HopRefused { hop, amount, .. } if *amount == units(45) => Some(*hop),
            _ => None,
        })
        .map(|hop| world.number(hop))
        .collect();
    assert_eq!(refused, [3, 7]);
    assert_balances(&world, &SCENE_7);
}

/// Scene seven where every way is exhausted: the payer is told at once and nothing is locked.
#[test]
fn scene_7_when_all_ways_fail_nothing_stays_locked() {
    let mut world = seven_nodes();
    exhaust_node_3(&mut world);
    let key = world.pay(5, 6, 50);
    world.run();
    assert!(world.succeeded(5, &key));
    let key = world.pay(1, 6, 45);
    world.run();
    assert!(world.failed(1, &key));
    assert_balances(&world, &[(3, 6, 30, 320), (3, 7, 30, 90), (5, 6, 30, 130)]);
}

/// Scene eight begins here: any node of the way dies after any of its commits, comes back, and the
/// payment is either done or undone everywhere.
#[test]
fn scene_8_a_crash_anywhere_loses_nothing() {
    for crash in [Crash::BeforeCommit, Crash::AfterCommit] {
        for victim in [1, 2, 3, 6] {
            for nth in 0..12 {
                crash_in_scene_2(victim, nth, crash);
            }
        }
    }
}

fn crash_in_scene_2(victim: usize, nth: usize, crash: Crash) {
    let mut world = seven_nodes();
    let key = world.pay(1, 6, 20);
    let mut turns = 0;
    while let Some((from, to)) = world.busy_wires().first().copied() {
        if to == victim {
            if turns == nth {
                world.crash_next(victim, crash);
            }
            turns += 1;
        }
        world.deliver(from, to);
        if !world.node(victim).is_up {
            world.start(victim);
        }
    }
    let at = (victim, nth, crash);
    assert!(world.succeeded(1, &key), "{at:?}");
    assert_eq!(world.received(6), [20], "{at:?}");
    assert_balances(&world, &[(1, 2, 280, 320), (2, 3, 30, 70), (3, 6, 280, 70)]);
    assert!(world.chain.reverted.is_empty());
}
