//! The defects of the original, one by one.
//!
//! Spec §5.11 lists what a new node must not copy. Where each row is tested:
//!
//! | row | tested by |
//! |----:|-----------|
//! |  1 | [`defect_01_a_direct_transfer_carries_its_senders_root`], and `refusals::a_refused_envelope_surfaces_as_an_error` |
//! |  2 | [`defect_02_a_close_submits_the_partners_proof`] |
//! |  3 | `closing::a_channel_is_closed_once`; the status in smartraiden-api |
//! |  4 | [`defect_04_bad_amounts_are_refused`]; the rest in smartraiden-api |
//! |  5 | smartraiden-api: one reply to a bad path |
//! |  6 | channel-node and smartraiden-api: an opening whose deposit fails |
//! |  7 | smartraiden-api: names of reply fields |
//! |  8 | [`defect_08_a_fee_to_a_neighbour_is_ignored`] |
//! |  9 | [`defect_09_no_way_leads_to_oneself`]; the refusal in channel-node |
//! | 10 | [`defect_10_equal_numbers_do_not_meet`], and `refusals::a_number_is_used_once_while_it_is_pending` |
//! | 11 | channel-node and smartraiden-api: events of one channel, with blocks |
//! | 12 | [`defect_12_a_lost_removal_is_sent_again`] |
//! | 13 | net: datagrams and frames are owned |
//! | 14 | net: backoff with jitter |
//! | 15 | [`defect_15_finished_transfers_leave_nothing_behind`] |
//! | 16 | [`defect_16_a_secret_is_not_processed_twice`] |
//! | 17 | channel-node, with connections |
//! | 18 | channel-node, with connections and swaps |
//! | 19 | chain-evm: the password file |
//! | 20 | the module `reorg`; chain-evm for fees and confirmations |
//! | 21 | routing: ties, circles, lessons; [`defect_21_retries_learn_from_refusals`] |
//! | 22 | [`defect_22_settlement_never_pays_the_wrong_side`]; the contracts |
//! | 23 | `formats`: decoders never panic |
//! | 24 | channel-node, with connections |
//! | 25 | http: access, and methods that change nothing |
//! | 26 | [`defect_26_a_settled_channel_holds_nothing`]; the reply in smartraiden-api |
//! | 27 | [`defect_27_who_does_not_mediate_says_so`] |
//! | 28 | net: acknowledgements come over the authenticated session |
//! | 29 | [`defect_29_secrets_on_the_chain_reach_the_state_machines`] |
//! | 30 | `seven_nodes::scene_8_a_crash_anywhere_loses_nothing`; channel-node waits for its peers |

use crate::support::{
    node::Crash,
    users::secret_of,
    world::{SETTLE, World, units},
};
use tally_channel::{Content, Event, Message, PaymentFailure, ProtocolError, Report, Side};
use tally_primitives::LocksRoot;

fn pair() -> World {
    World::with_channels(2, &[(1, 2, 100, 100)])
}

fn line() -> World {
    World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)])
}

/// Goal: a direct transfer while both sides have locks pending is accepted.
#[test]
fn defect_01_a_direct_transfer_carries_its_senders_root() {
    let mut world = line();
    world.stop(3);
    world.cut(2, 3);
    let candidate = |world: &World| tally_channel::Candidate {
        channel: world.between(1, 2),
        next_hop: world.address(2),
    };
    let own = candidate(&world);
    world.try_pay(1, 2, 10, |order| order.candidates = vec![own]).unwrap();
    world.deliver_all(1, 2);
    world.pay(2, 1, 20);
    world.deliver_all(2, 1);
    assert_eq!(world.locked(1, 2), [10, 20]);
    let key = world.pay_direct(1, 2, 5);
    let (_, message) = world.node(1).sent.last().unwrap();
    let Message::Envelope(envelope, _) = message else { panic!("{message:?}") };
    assert!(matches!(envelope.content, Content::DirectTransfer { .. }));
    let ours = world.channel(1, 2).end(Side::Ours);
    let lock = ours.locks().values().next().unwrap().lock;
    assert_eq!(envelope.locksroot, LocksRoot(lock.leaf()));
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.node(2).refusals, []);
}

#[test]
fn defect_02_a_close_submits_the_partners_proof() {
    let mut world = pair();
    for (from, to) in [(1, 2), (2, 1)] {
        world.pay_direct(from, to, 10);
        world.run();
    }
    world.close(1, 2);
    world.mine(1);
    assert_eq!(world.chain.reverted, []);
    let contract = world.chain.contract(world.between(1, 2));
    assert_eq!(contract.stored[1].transferred, units(10), "what the partner paid");
    assert_eq!(contract.stored[0].nonce.0, 0, "not what the closer paid itself");
}

#[test]
fn defect_04_bad_amounts_are_refused() {
    let mut world = pair();
    assert_eq!(world.try_pay(1, 2, 0, |_| ()), Err(ProtocolError::ZeroAmount));
    let huge = tally_primitives::TokenAmount::MAX;
    let candidate =
        tally_channel::Candidate { channel: world.between(1, 2), next_hop: world.address(2) };
    let refused = world.try_pay(1, 2, 1, |order| {
        order.amount = huge;
        order.candidates = vec![candidate];
    });
    assert_eq!(refused, Err(ProtocolError::NoRoute));
    let refused = world.try_pay(1, 2, 1, |order| {
        order.amount = huge;
        order.fee = units(1);
        order.candidates = vec![candidate];
    });
    assert!(matches!(refused, Err(ProtocolError::Range(_))));
}

#[test]
fn defect_08_a_fee_to_a_neighbour_is_ignored() {
    let mut world = pair();
    let key = world.try_pay(1, 2, 20, |order| order.fee = units(90)).unwrap();
    assert_eq!(world.locked(1, 2), [20, 0]);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.balances(1, 2), [80, 120]);
}

#[test]
fn defect_09_no_way_leads_to_oneself() {
    let mut world = World::with_channels(3, &[(1, 2, 50, 50), (2, 3, 50, 50), (3, 1, 50, 50)]);
    assert_eq!(world.try_pay(1, 1, 10, |_| ()), Err(ProtocolError::NoRoute));
    let refused = world.try_pay(1, 1, 10, |order| order.is_direct = true);
    assert!(matches!(refused, Err(ProtocolError::NoDirectChannel { .. })));
    world.assert_nothing_pending();
}

/// Goal: two initiators that use the same number for the same target do not meet.
#[test]
fn defect_10_equal_numbers_do_not_meet() {
    let mut world = World::with_channels(4, &[(1, 3, 50, 0), (2, 3, 50, 0), (3, 4, 100, 0)]);
    let number = tally_primitives::PaymentId(5);
    let first = world.try_pay(1, 4, 10, |order| order.identifier = number).unwrap();
    let seed = tally_primitives::Secret::new([9; 32]);
    let change = |order: &mut tally_channel::PaymentOrder| {
        order.identifier = number;
        order.seed = seed;
    };
    let second = world.try_pay(2, 4, 20, change).unwrap();
    world.run();
    assert!(world.succeeded(1, &first) && world.succeeded(2, &second));
    let mut received = world.received(4);
    received.sort_unstable();
    assert_eq!(received, [10, 20]);
}

/// Goal: the removal of an expired lock is neither lost nor overtaken.
/// Method: the partner is away, and the payer dies after its commit.
#[test]
fn defect_12_a_lost_removal_is_sent_again() {
    let mut world = pair();
    world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.stop(2);
    world.mine(SETTLE.0);
    world.crash_next(1, Crash::AfterCommit);
    world.mine(1);
    assert!(!world.node(1).is_up);
    world.start(2);
    world.start(1);
    world.pay_direct(1, 2, 5);
    world.mine(1);
    assert_eq!(world.locked(2, 1), [0, 0]);
    assert_eq!(world.received(2), [5]);
    world.assert_mirrored();
    world.assert_nothing_pending();
}

/// Goal: the state does not grow with the number of finished transfers.
#[test]
fn defect_15_finished_transfers_leave_nothing_behind() {
    let mut world = line();
    let size = |world: &World| {
        let channels = world.node(2).protocol.channels();
        channels.map(|channel| postcard::to_allocvec(channel).unwrap().len()).sum::<usize>()
    };
    for _ in 0..5 {
        world.pay(1, 3, 1);
        world.mine(1);
    }
    let before = size(&world);
    for _ in 0..20 {
        world.pay(1, 3, 1);
        world.mine(1);
    }
    assert!(size(&world) <= before + 8, "{} grew to {}", before, size(&world));
    world.assert_nothing_pending();
}

#[test]
fn defect_16_a_secret_is_not_processed_twice() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.run();
    let reveal = Message::RevealSecret(secret_of(&key, 0));
    for (from, to) in [(1, 3), (3, 2), (2, 1)] {
        assert_eq!(world.inject(from, to, reveal.clone()), Err(ProtocolError::UnknownSecret));
    }
    for number in [1, 2, 3] {
        world.stop(number);
        world.start(number);
    }
    world.run();
    assert_eq!(world.received(3), [10]);
    assert_eq!(world.balances(1, 2), [90, 110]);
}

/// Goal: after a refusal the next payment does not begin with the hop that refused.
#[test]
fn defect_21_retries_learn_from_refusals() {
    let mut world =
        World::with_channels(5, &[(1, 2, 50, 50), (2, 4, 25, 25), (1, 3, 50, 50), (3, 4, 50, 50)]);
    world.pay(2, 4, 20);
    world.run();
    let key = world.pay(1, 4, 10);
    world.run();
    assert!(world.succeeded(1, &key));
    let key = world.pay(1, 4, 11);
    world.run();
    assert!(world.succeeded(1, &key));
    let refusals = world.node(1).reports.iter().filter(|r| matches!(r, Report::HopRefused { .. }));
    assert!(refusals.count() <= 1, "the second payment starts where the first went through");
}

/// Goal: a proof beyond the deposits pays at most everything, and to the payee.
#[test]
fn defect_22_settlement_never_pays_the_wrong_side() {
    let mut world = pair();
    let mut proof = {
        world.pay_direct(1, 2, 100);
        world.run();
        world.old_state(2, 1).signed.proof
    };
    proof.nonce = proof.nonce.next();
    proof.transferred = units(1_000_000);
    let signed = proof.sign(crate::support::chain::CHAIN, &world.node(1).key);
    let channel = world.between(1, 2);
    let close = crate::support::chain::Call::Close { channel, partner_proof: Some(signed) };
    world.submit(2, close);
    world.mine(2);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [0, 200]);
}

#[test]
fn defect_26_a_settled_channel_holds_nothing() {
    let mut world = pair();
    world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.close(1, 2);
    world.mine(2);
    world.settle(1, 2);
    let channel = world.channel(1, 2);
    assert!(channel.end(Side::Ours).locks().is_empty());
    assert_eq!(channel.payouts(), Some([units(90), units(110)]), "the target had the secret");
    let refused = world.request(1, Event::CloseRequested(world.between(1, 2)));
    assert!(matches!(refused, Err(ProtocolError::ChannelNotOpen(_))));
}

#[test]
fn defect_27_who_does_not_mediate_says_so() {
    let mut world = World::new(3);
    world.node_mut(2).configure(|config| config.mediates = false);
    world.open(1, 2, [50, 50], SETTLE);
    world.open(2, 3, [50, 50], SETTLE);
    world.mine(1);
    let head = world.chain.head();
    let key = world.pay(1, 3, 10);
    world.run();
    assert!(matches!(
        world.outcome(1, &key),
        Some(Report::PaymentFailed { reason: PaymentFailure::RoutesExhausted, .. })
    ));
    assert_eq!(world.chain.head(), head, "no block was waited for");
    world.assert_nothing_pending();
}

/// Goal: initiator and mediator act on a secret that only the chain tells them.
#[test]
fn defect_29_secrets_on_the_chain_reach_the_state_machines() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 1);
    world.deliver_all(1, 3);
    world.cut(2, 3);
    world.cut(1, 3);
    let secret = secret_of(&key, 0);
    world.submit(3, crate::support::chain::Call::RegisterSecret(secret));
    world.mine(1);
    assert!(world.succeeded(1, &key));
    assert_eq!(world.balances(1, 2), [90, 110]);
    assert_eq!(world.balances(2, 3), [90, 110]);
}
