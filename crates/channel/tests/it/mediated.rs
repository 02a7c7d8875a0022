//! A transfer through one mediator, message by message.

use crate::support::world::{REVEAL, SETTLE, World, units};
use tally_channel::{Content, Message, MessageKind, Report, Side};

/// Nodes 1, 2, 3 in a line.
fn line() -> World {
    World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)])
}

/// Returns the kinds of what a node sent to whom.
fn sent(world: &World, number: usize) -> Vec<(usize, MessageKind)> {
    let sent = &world.node(number).sent;
    sent.iter().map(|(to, message)| (world.number(*to), message.kind())).collect()
}

/// Goal: the messages of spec §4.5, in its order. Method: deliver them one at a time.
#[test]
fn messages_come_in_the_safe_order() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(
        sent(&world, 1),
        [
            (2, MessageKind::MediatedTransfer),
            (3, MessageKind::RevealSecret),
            (2, MessageKind::Unlock),
        ]
    );
    // The payer is shown the secret before the payee is paid.
    assert_eq!(
        sent(&world, 2),
        [
            (3, MessageKind::MediatedTransfer),
            (1, MessageKind::RevealSecret),
            (3, MessageKind::Unlock),
        ]
    );
    assert_eq!(sent(&world, 3), [(1, MessageKind::SecretRequest), (2, MessageKind::RevealSecret)]);
    assert_eq!(world.received(3), [10]);
    assert_eq!(world.balances(1, 2), [90, 110]);
    assert_eq!(world.balances(2, 3), [90, 110]);
    let mediated = Report::PaymentMediated {
        token: key.token,
        identifier: key.identifier,
        initiator: world.address(1),
        target: key.target,
        amount: units(10),
        fee: units(0),
        payer: world.between(1, 2),
        payee: world.between(2, 3),
    };
    assert!(world.node(2).reports.contains(&mediated));
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: the initiator shows the secret only when the target has its lock, and pays only when its
/// own hop shows the secret. Method: stop after each message.
#[test]
fn nobody_pays_before_it_is_safe() {
    let mut world = line();
    world.pay(1, 3, 10);
    assert_eq!(world.locked(1, 2), [10, 0]);
    assert!(world.node(1).sent.iter().all(|(_, m)| m.kind() != MessageKind::RevealSecret));
    world.deliver_all(1, 2);
    assert_eq!(world.locked(2, 3), [10, 0]);
    world.deliver_all(2, 3);
    assert!(world.node(1).sent.iter().all(|(_, m)| m.kind() != MessageKind::RevealSecret));
    world.deliver_all(3, 1);
    assert_eq!(sent(&world, 1).last(), Some(&(3, MessageKind::RevealSecret)));
    world.deliver_all(1, 3);
    // The target shows it to its payer, and nothing has moved yet.
    assert_eq!(world.balances(2, 3), [100, 100]);
    world.deliver_all(3, 2);
    assert_eq!(world.balances(2, 3), [90, 110]);
    assert_eq!(world.locked(1, 2), [10, 0]);
    world.run();
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.assert_nothing_pending();
}

/// Goal: each hop's lock is gone early enough for the hop before to reach the chain.
#[test]
fn locks_expire_earlier_from_hop_to_hop() {
    let mut world = World::with_channels(4, &[(1, 2, 50, 0), (2, 3, 50, 0), (3, 4, 50, 0)]);
    world.pay(1, 4, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    let expirations: Vec<u64> = (1..4)
        .map(|number| {
            let (_, message) = world.node(number).sent.first().unwrap();
            let Message::Envelope(envelope, _) = message else { panic!("{message:?}") };
            let Content::MediatedTransfer(transfer) = &envelope.content else { panic!() };
            transfer.lock.expiration.0
        })
        .collect();
    let head = world.chain.head().0;
    assert_eq!(expirations[0], head + SETTLE.0);
    assert_eq!(expirations[0] - expirations[1], REVEAL.0 + 2);
    assert_eq!(expirations[1] - expirations[2], REVEAL.0 + 2);
}

/// Goal: a neighbour can be paid under a lock, too.
#[test]
fn a_neighbour_is_paid_under_a_lock() {
    let mut world = line();
    let key = world.pay(1, 2, 10);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(
        sent(&world, 1),
        [
            (2, MessageKind::MediatedTransfer),
            (2, MessageKind::RevealSecret),
            (2, MessageKind::Unlock),
        ]
    );
    assert_eq!(world.channel(2, 1).balance(Side::Ours), units(110));
    world.assert_nothing_pending();
}
