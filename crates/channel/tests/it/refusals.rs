//! Messages and requests that are refused, and what is left after that.

use crate::support::{
    chain::CHAIN,
    world::{TOKEN, World, units},
};
use tally_channel::{
    Class, Content, Envelope, Event, Lock, MediatedTransfer, Message, Outgoing, PaymentFailure,
    ProtocolError, Rejected, Report, SecretRequest, Side,
};
use tally_primitives::{
    BlockNumber, Hashlock, LocksRoot, Nonce, PaymentId, Secret, Signature, TokenAmount,
};

fn pair() -> World {
    World::with_channels(2, &[(1, 2, 100, 100)])
}

/// Returns an envelope of node 1 for node 2 that follows the last one.
fn envelope(world: &World, content: Content) -> Envelope {
    let ours = world.channel(1, 2).end(Side::Ours);
    Envelope {
        channel: world.between(1, 2),
        nonce: ours.nonce().next(),
        transferred: ours.transferred(),
        locksroot: LocksRoot::default(),
        content,
    }
}

fn signed(world: &World, envelope: Envelope) -> Message {
    Outgoing::Envelope(envelope).sign(CHAIN, &world.node(1).key)
}

/// Lets node 2 take `envelope` as node 1's, and returns why it does not.
fn refusal(world: &mut World, envelope: Envelope) -> ProtocolError {
    let message = signed(world, envelope);
    world.inject(1, 2, message).expect_err("it must be refused")
}

fn direct(identifier: u64) -> Content {
    Content::DirectTransfer { identifier: PaymentId(identifier) }
}

fn lock(expiration: u64, amount: u64, secret: u8) -> Lock {
    let hashlock = tally_crypto::hashlock(&Secret::new([secret; 32]));
    Lock { expiration: BlockNumber(expiration), amount: units(amount), hashlock }
}

fn transfer(world: &World, lock: Lock) -> Content {
    Content::MediatedTransfer(MediatedTransfer {
        identifier: PaymentId(9),
        lock,
        initiator: world.address(1),
        target: world.address(2),
        fee: TokenAmount::ZERO,
    })
}

/// Goal: the checks of spec §4.4, one by one. Method: an envelope that is right but for one field.
#[test]
fn every_field_of_an_envelope_is_checked() {
    let mut world = pair();
    let good = |world: &World| {
        let mut good = envelope(world, direct(1));
        good.transferred = units(10);
        good
    };
    let channel = world.between(1, 2);

    let mut wrong = good(&world);
    wrong.nonce = Nonce(2);
    let error = refusal(&mut world, wrong);
    assert_eq!(error, ProtocolError::WrongNonce { channel, last: Nonce(0), got: Nonce(2) });

    let mut wrong = good(&world);
    wrong.transferred = units(0);
    assert_eq!(refusal(&mut world, wrong), ProtocolError::NothingTransferred);

    let mut wrong = good(&world);
    wrong.transferred = units(101);
    let error = refusal(&mut world, wrong);
    assert!(matches!(error, ProtocolError::InsufficientCapacity { .. }));
    assert_eq!(error.class(), Class::Defer, "a deposit may be on its way");

    let mut wrong = good(&world);
    wrong.locksroot = LocksRoot::new([1; 32]);
    assert_eq!(refusal(&mut world, wrong), ProtocolError::WrongLocksroot(channel));

    let mut wrong = good(&world);
    wrong.channel = tally_primitives::ChannelAddress::new([9; 20]);
    assert!(matches!(refusal(&mut world, wrong), ProtocolError::UnknownChannel { .. }));

    let right = good(&world);
    let message = signed(&world, right.clone());
    assert_eq!(world.inject(1, 2, message), Ok(()));
    assert!(matches!(refusal(&mut world, right), ProtocolError::WrongNonce { .. }), "only once");
    assert_eq!(world.received(2), [10]);
}

/// Goal: only the participant that a proof belongs to can speak for it. Method: a stranger sends,
/// and a stranger signs.
#[test]
fn strangers_cannot_speak_for_a_participant() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 100)]);
    let mut envelope = envelope(&world, direct(1));
    envelope.transferred = units(10);
    let (one, two) = (world.address(1), world.address(2));
    let signature = envelope.proof().sign(CHAIN, &world.node(3).key).signature;
    assert!(Message::Envelope(envelope.clone(), signature).verify(CHAIN, one, two).is_err());
    let by_3 = Message::Envelope(envelope, signature);
    let refused = world.inject(3, 2, by_3);
    assert!(matches!(refused, Err(ProtocolError::UnknownChannel { .. })));
    let forged = Signature([0; 65]);
    let none = self::envelope(&world, direct(1));
    assert!(Message::Envelope(none, forged).verify(CHAIN, one, two).is_err());
}

/// Goal: locks obey their rules. Method: empty, too large, twice the same, never locked.
#[test]
fn locks_are_checked() {
    let mut world = pair();
    let empty = envelope(&world, transfer(&world, lock(50, 0, 1)));
    assert!(matches!(refusal(&mut world, empty), ProtocolError::EmptyLock(_)));
    let large = envelope(&world, transfer(&world, lock(50, 101, 1)));
    assert!(matches!(refusal(&mut world, large), ProtocolError::InsufficientCapacity { .. }));
    let good = lock(50, 10, 1);
    let mut first = envelope(&world, transfer(&world, good));
    first.locksroot = LocksRoot(good.leaf());
    let message = signed(&world, first.clone());
    assert_eq!(world.inject(1, 2, message), Ok(()));
    let mut again = first;
    again.nonce = Nonce(2);
    assert_eq!(refusal(&mut world, again.clone()), ProtocolError::DuplicateLock(good.hashlock));
    for content in [
        Content::LockExpired { hashlock: lock(50, 10, 2).hashlock },
        Content::LockCancellation { hashlock: lock(50, 10, 2).hashlock },
        Content::Unlock { identifier: PaymentId(9), secret: Secret::new([2; 32]) },
    ] {
        again.content = content;
        assert!(matches!(refusal(&mut world, again.clone()), ProtocolError::UnknownLock(_)));
    }
    again.content = Content::LockCancellation { hashlock: good.hashlock };
    again.locksroot = LocksRoot::default();
    assert_eq!(refusal(&mut world, again.clone()), ProtocolError::NotGivenUp(good.hashlock));
    again.content = Content::Unlock { identifier: PaymentId(9), secret: Secret::new([1; 32]) };
    again.transferred = units(9);
    assert!(matches!(refusal(&mut world, again), ProtocolError::WrongTransferred { .. }));
    assert_eq!(world.locked(2, 1), [0, 10]);
}

/// Goal: a partner that refuses an envelope puts the channel out of step: the user is told, the
/// payment fails, and closing is what is left. Source: spec §5.11, row 1.
#[test]
fn a_refused_envelope_surfaces_as_an_error() {
    let mut world = pair();
    let key = world.pay_direct(1, 2, 10);
    let channel = world.between(1, 2);
    world.cut(1, 2);
    let rejected = Message::Rejected(Rejected { channel, nonce: Nonce(1) });
    world.inject(2, 1, rejected.clone()).unwrap();
    assert!(world.node(1).reports.contains(&Report::ChannelOutOfStep(channel)));
    assert!(matches!(
        world.outcome(1, &key),
        Some(Report::PaymentFailed { reason: PaymentFailure::Rejected, .. })
    ));
    let refused = world.try_pay(1, 2, 1, |order| order.is_direct = true);
    assert!(matches!(refused, Err(ProtocolError::NoDirectChannel { .. })));
    world.inject(2, 1, rejected).unwrap();
    let told = world.node(1).reports.iter();
    assert_eq!(told.filter(|r| matches!(r, Report::ChannelOutOfStep(_))).count(), 1);
    world.close(1, 2);
    world.mine(2);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [100, 100]);
}

/// Goal: a transfer whose lock was refused takes another way, and one whose secret was shown ends
/// when the lock does. Method: the hop refuses after everything.
#[test]
fn transfers_in_a_refused_channel_come_to_an_end() {
    let mut world =
        World::with_channels(4, &[(1, 2, 50, 0), (2, 4, 50, 0), (1, 3, 50, 0), (3, 4, 50, 0)]);
    world.node_mut(1).routes.prefer = vec![world.address(2)];
    let rejected = |world: &World, nonce: u64| {
        let channel = world.between(1, 2);
        Message::Rejected(Rejected { channel, nonce: Nonce(nonce) })
    };
    let shown = world.pay(1, 4, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 4);
    world.cut(2, 4);
    world.deliver_all(4, 1);
    let unshown = world.pay(1, 4, 20);
    world.cut(1, 2);
    let message = rejected(&world, 2);
    world.inject(2, 1, message).unwrap();
    world.run();
    assert!(world.succeeded(1, &unshown), "over node 3");
    assert!(world.outcome(1, &shown).is_none(), "the hop may still claim");
    world.stop(2);
    world.stop(4);
    world.mine(crate::support::world::SETTLE.0 + 1);
    assert!(world.failed(1, &shown));
}

/// Goal: a rejection names an envelope that was sent.
#[test]
fn a_rejection_of_nothing_is_ignored() {
    let mut world = pair();
    let rejected = Rejected { channel: world.between(1, 2), nonce: Nonce(1) };
    let refused = world.inject(2, 1, Message::Rejected(rejected)).unwrap_err();
    assert_eq!(refused.class(), Class::Ignore);
    assert!(world.channel(1, 2).is_open());
}

/// Goal: a number names one payment to one target while it is pending. Source: spec §5.11, row 10.
#[test]
fn a_number_is_used_once_while_it_is_pending() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 0), (1, 3, 100, 0)]);
    let number = PaymentId(77);
    let first = world.try_pay(1, 2, 10, |order| order.identifier = number).unwrap();
    let again = world.try_pay(1, 2, 20, |order| order.identifier = number);
    assert_eq!(again, Err(ProtocolError::IdentifierInUse(number)));
    world.try_pay(1, 3, 20, |order| order.identifier = number).expect("another target");
    world.run();
    assert!(world.succeeded(1, &first));
    world.try_pay(1, 2, 20, |order| order.identifier = number).expect("it is free again");
    world.run();
    assert_eq!(world.received(2), [10, 20]);
    assert_eq!(world.received(3), [20]);
}

/// Goal: two payments never share a secret, even if a caller gives both the same seed.
#[test]
fn two_payments_never_share_a_secret() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 0), (1, 3, 100, 0)]);
    let pay = |world: &mut World, target| {
        world.try_pay(1, target, 10, |order| order.seed = Secret::new([9; 32])).unwrap()
    };
    let keys = [pay(&mut world, 2), pay(&mut world, 3), pay(&mut world, 2)];
    world.run();
    assert!(keys.iter().all(|key| world.succeeded(1, key)));
    assert_eq!((world.received(2), world.received(3)), (vec![10, 10], vec![10]));
    world.assert_nothing_pending();
}

/// Goal: a secret is shown only to the target, for the right payment, in full.
#[test]
fn only_the_target_gets_the_secret() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 0), (2, 3, 100, 0)]);
    let key = world.pay(1, 3, 10);
    let hashlock = *world.channel(1, 2).end(Side::Ours).locks().keys().next().unwrap();
    let identifier = key.identifier;
    let good = SecretRequest { identifier, hashlock, amount: units(10) };
    let wrong = [
        (2, good),
        (3, SecretRequest { amount: units(9), ..good }),
        (3, SecretRequest { amount: units(11), ..good }),
        (3, SecretRequest { identifier: PaymentId(0), ..good }),
        (3, SecretRequest { hashlock: Hashlock::new([1; 32]), ..good }),
    ];
    for (from, request) in wrong {
        let refused = world.inject(from, 1, Message::SecretRequest(request)).unwrap_err();
        assert_eq!(refused.class(), Class::Ignore, "{refused}");
    }
    world.inject(3, 1, Message::SecretRequest(good)).unwrap();
    world.run();
    assert!(world.succeeded(1, &key));
}

/// Goal: the secret is not shown when the target could not claim in time any more.
#[test]
fn a_secret_is_not_shown_too_late() {
    let mut world = pair();
    let key = world.pay(1, 2, 10);
    world.cut(1, 2);
    world.mine(crate::support::world::SETTLE.0 - crate::support::world::REVEAL.0);
    let hashlock = *world.channel(1, 2).end(Side::Ours).locks().keys().next().unwrap();
    let request = SecretRequest { identifier: key.identifier, hashlock, amount: units(10) };
    let refused = world.inject(2, 1, Message::SecretRequest(request));
    assert_eq!(refused, Err(ProtocolError::RevealTooLate(hashlock)));
}

/// Goal: a secret that nobody waits for does nothing.
#[test]
fn an_unknown_secret_is_ignored() {
    let mut world = pair();
    let refused = world.inject(2, 1, Message::RevealSecret(Secret::new([3; 32])));
    assert_eq!(refused, Err(ProtocolError::UnknownSecret));
}

/// Goal: facts about channels and tokens that the node has no part in change nothing.
#[test]
fn facts_about_others_change_nothing() {
    let mut world = World::with_channels(4, &[(1, 2, 10, 0)]);
    world.open(3, 4, [10, 0], crate::support::world::SETTLE);
    let channel = world.open_in(TOKEN, 2, 3, [10, 0], crate::support::world::SETTLE);
    world.mine(1);
    assert!(world.node(1).protocol.channel(channel).is_none());
    let before = world.node(1).protocol.clone();
    assert!(world.request(1, Event::CloseRequested(channel)).is_err());
    assert_eq!(world.node(1).protocol, before);
}

/// Goal: a peer whose message can never be accepted holds up only itself.
#[test]
fn a_peer_holds_up_only_itself() {
    let mut world = World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)]);
    let channel = world.between(1, 2);
    let nowhere = Envelope {
        channel: tally_primitives::ChannelAddress::new([9; 20]),
        ..envelope(&world, direct(1))
    };
    let nowhere = signed(&world, nowhere);
    world.smuggle(1, 2, &nowhere);
    world.run();
    assert!(world.node(2).is_waiting());
    let key = world.pay(3, 2, 10);
    world.run();
    assert!(world.succeeded(3, &key));
    assert_eq!(world.channel(2, 3).balance(Side::Ours), units(110));
    assert!(world.node(2).protocol.channel(channel).is_some());
}
