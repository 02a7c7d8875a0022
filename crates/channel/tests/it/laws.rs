//! Laws that hold for every sequence of events, the impossible ones included.

mod events;

use crate::support::world::World;
use events::{Script, any_script, hashlocks, payments};
use proptest::prelude::*;
use tally_channel::{Outcome, Protocol, ProtocolError, Side, Snapshot};

/// Feeds a script to a node that has seen a few honest payments, and returns what came of it.
fn play(protocol: &mut Protocol, script: &Script) -> Vec<Result<Outcome, ProtocolError>> {
    let apply = |step: &events::Step| {
        let event = step.event(protocol);
        protocol.apply(event)
    };
    script.0.iter().map(apply).collect()
}

/// Returns node 1 of three in the middle of things: locks in both directions, in three roles.
fn start() -> World {
    let mut world = World::with_channels(4, &[(2, 1, 100, 100), (1, 3, 100, 100), (1, 4, 20, 20)]);
    world.pay(2, 3, 10);
    world.deliver_all(2, 1);
    world.pay(1, 2, 5);
    world.pay(3, 1, 7);
    world.deliver_all(3, 1);
    world.pay(1, 4, 3);
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Law: a refused event leaves the state exactly as it was.
    #[test]
    fn a_refused_event_leaves_no_trace(script in any_script()) {
        let mut protocol = start().node(1).protocol.clone();
        for step in &script.0 {
            let event = step.event(&protocol);
            let before = protocol.clone();
            if protocol.apply(event).is_err() {
                prop_assert_eq!(&protocol, &before);
            }
        }
    }

    /// Law: what an event changed is named, and nothing else changed.
    #[test]
    fn changes_are_named(script in any_script()) {
        let mut protocol = start().node(1).protocol.clone();
        for step in &script.0 {
            let event = step.event(&protocol);
            let before = protocol.clone();
            let Ok(outcome) = protocol.apply(event) else { continue };
            for channel in protocol.channels() {
                let address = channel.address();
                let is_named = outcome.changes.channels.contains(&address);
                prop_assert!(is_named || before.channel(address) == Some(channel));
            }
            for channel in before.channels() {
                let is_named = outcome.changes.channels.contains(&channel.address());
                prop_assert!(is_named || protocol.channel(channel.address()).is_some());
            }
        }
    }

    /// Law: the same events give the same states and the same actions.
    #[test]
    fn replay_is_deterministic(script in any_script()) {
        let mut one = start().node(1).protocol.clone();
        let mut other = start().node(1).protocol.clone();
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(play(&mut one, &script), play(&mut other, &script));
        prop_assert_eq!(one.resume(), other.resume());
        prop_assert_eq!(one, other);
    }

    /// Law: no event makes or destroys money, and nobody has locked more than it owns.
    #[test]
    fn money_is_conserved(script in any_script()) {
        let mut protocol = start().node(1).protocol.clone();
        for step in &script.0 {
            let event = step.event(&protocol);
            let _ = protocol.apply(event);
            for channel in protocol.channels() {
                let both = [Side::Ours, Side::Theirs];
                let sum = |amounts: [tally_primitives::TokenAmount; 2]| {
                    amounts[0].try_add(amounts[1]).unwrap()
                };
                let deposits = sum(both.map(|side| channel.deposit(side)));
                let withdrawn = sum(both.map(|side| channel.withdrawn(side)));
                let balances = both.map(|side| channel.balance(side));
                if balances.iter().all(|balance| !balance.is_zero()) {
                    prop_assert_eq!(Some(sum(balances)), deposits.try_sub(withdrawn).ok());
                }
            }
        }
    }

    /// Law: what is stored is all there is: a restart changes nothing that comes after it.
    #[test]
    fn a_restart_changes_nothing(script in any_script()) {
        let mut kept = start().node(1).protocol.clone();
        for step in &script.0 {
            let event = step.event(&kept);
            let mut restarted = Protocol::restore(*kept.config(), snapshot(&kept));
            prop_assert_eq!(&restarted, &kept);
            prop_assert_eq!(restarted.apply(event.clone()), kept.apply(event));
        }
    }
}

/// Returns what a store holds of `protocol`, encoded and decoded.
fn snapshot(protocol: &Protocol) -> Snapshot {
    fn through_bytes<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap()
    }
    Snapshot {
        channels: protocol.channels().map(through_bytes).collect(),
        payments: payments(protocol)
            .iter()
            .filter_map(|key| protocol.payment(key).map(through_bytes))
            .collect(),
        mediations: hashlocks(protocol)
            .iter()
            .filter_map(|hashlock| protocol.mediation(hashlock).map(through_bytes))
            .collect(),
        receipts: hashlocks(protocol)
            .iter()
            .filter_map(|hashlock| protocol.receipt(hashlock).map(through_bytes))
            .collect(),
        registered: hashlocks(protocol)
            .iter()
            .filter_map(|hashlock| Some((*hashlock, protocol.registered_at(hashlock)?)))
            .collect(),
        head: protocol.head(),
        confirmed: protocol.confirmed(),
    }
}

/// What two users and their network do.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Pay(usize, u64),
    PayDirectly(usize, u64),
    Deliver(usize),
    Interrupt,
    Restart(usize),
    Mine(u64),
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let side = 1..3_usize;
    prop_oneof![
        (side.clone(), 1..40_u64).prop_map(|(from, amount)| Deed::Pay(from, amount)),
        (side.clone(), 1..40_u64).prop_map(|(from, amount)| Deed::PayDirectly(from, amount)),
        side.clone().prop_map(Deed::Deliver),
        side.clone().prop_map(Deed::Deliver),
        Just(Deed::Interrupt),
        side.prop_map(Deed::Restart),
        (1..15_u64).prop_map(Deed::Mine),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Law: two honest ends agree as soon as they have heard each other out.
    #[test]
    fn two_honest_ends_agree(deeds in proptest::collection::vec(any_deed(), 0..40)) {
        let mut world = World::with_channels(2, &[(1, 2, 100, 100)]);
        for deed in deeds {
            match deed {
                Deed::Pay(from, amount) => {
                    let _ = world.try_pay(from, 3 - from, amount, |_| ());
                }
                Deed::PayDirectly(from, amount) => {
                    let _ = world.try_pay(from, 3 - from, amount, |order| order.is_direct = true);
                }
                Deed::Deliver(from) if world.busy_wires().contains(&(from, 3 - from)) => {
                    world.deliver(from, 3 - from);
                }
                Deed::Deliver(_) => {}
                Deed::Interrupt => {
                    world.cut(1, 2);
                    world.mend(1, 2);
                }
                Deed::Restart(number) => {
                    world.stop(number);
                    world.start(number);
                }
                Deed::Mine(blocks) => {
                    for _ in 0..blocks {
                        world.chain.mine();
                    }
                    world.follow_all();
                }
            }
        }
        world.run();
        world.assert_mirrored();
        world.mine(110);
        world.assert_mirrored();
        world.assert_nothing_pending();
        for number in [1, 2] {
            for (_, error) in &world.node(number).refusals {
                prop_assert_eq!(error.class(), tally_channel::Class::Ignore);
            }
        }
    }
}
