//! Channels that are closed: with old proofs, with locks, with messages under way.

use crate::support::{
    chain::Call,
    users::secret_of,
    world::{REVEAL, SETTLE, World},
};
use tally_channel::{PaymentFailure, Phase, ProtocolError, Report, Side};
use tally_primitives::BlockSpan;

fn pair() -> World {
    World::with_channels(2, &[(1, 2, 100, 100)])
}

fn line() -> World {
    World::with_channels(3, &[(1, 2, 100, 100), (2, 3, 100, 100)])
}

/// Goal: settlement pays what both owe each other, worked by hand from spec §10.5.
#[test]
fn settlement_pays_what_is_owed() {
    let mut world = World::with_channels(2, &[(1, 2, 40, 50)]);
    for (from, to, amount) in [(1, 2, 10), (2, 1, 25)] {
        world.pay_direct(from, to, amount);
        world.run();
    }
    world.close(1, 2);
    world.mine(3);
    assert!(matches!(world.channel(2, 1).phase(), Phase::Closed { .. }));
    world.settle(2, 1);
    world.assert_paid_out(1, 2, [55, 35]);
    assert_eq!(world.chain.reverted, []);
}

/// Goal: a close with an old proof gains nothing. Method: the closer leaves out the partner's
/// later payments to itself, and hopes that its own are forgotten.
#[test]
fn an_outdated_close_is_corrected() {
    let mut world = pair();
    world.pay_direct(2, 1, 30);
    world.run();
    let old = world.old_state(1, 2);
    world.pay_direct(1, 2, 60);
    world.run();
    world.pay_direct(2, 1, 5);
    world.run();
    world.submit(1, old.close());
    world.mine(3);
    world.settle(2, 1);
    // 1 forgoes the 5 that it did not submit; 2 has its 60.
    world.assert_paid_out(1, 2, [70, 130]);
}

/// Goal: without any proof the partner's newest one still counts.
#[test]
fn a_close_without_a_proof_is_corrected() {
    let mut world = pair();
    world.pay_direct(1, 2, 60);
    world.run();
    let channel = world.between(1, 2);
    world.submit(1, Call::Close { channel, partner_proof: None });
    world.mine(3);
    world.settle(2, 1);
    world.assert_paid_out(1, 2, [40, 160]);
}

/// Lets 1 lock 10 towards 3 through 2, whose lock 3 has; 3 then gives it up and 2 cancels it, and
/// 3 keeps what it held before. Returns that.
fn cancelled_lock(world: &mut World) -> crate::support::cheater::OldState {
    world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.cut(1, 3);
    world.deliver_all(2, 3);
    let old = world.old_state(3, 2);
    assert_eq!(old.locks.len(), 1);
    world.mine(SETTLE.0 - 2 * REVEAL.0 - 2);
    assert_eq!(world.locked(2, 3), [0, 0]);
    assert_eq!(world.locked(1, 2), [0, 0]);
    old
}

/// Goal: a payee that gave a lock up and acknowledged that cannot claim it with an older proof,
/// although it has the secret and the lock has not expired.
/// Method: it closes with that proof, and claims as soon as it can.
#[test]
fn a_cancelled_lock_cannot_be_claimed_with_an_old_proof() {
    let mut world = line();
    let key = world.next_key(3);
    let old = cancelled_lock(&mut world);
    world.submit(3, old.close());
    world.mine(2);
    let unlock = old.unlock(&[secret_of(&key, 0)]).expect("the lock is in it");
    world.submit(3, unlock);
    world.mine(1);
    assert_eq!(world.chain.reverted.last().unwrap().1.0, "UnknownProof", "superseded");
    world.settle(2, 3);
    world.assert_paid_out(2, 3, [100, 100]);
    world.assert_nothing_pending();
}

/// Goal: as before, if the payee is faster. Its claim is undone; the payer has learnt the secret.
#[test]
fn a_claim_from_an_old_proof_is_undone() {
    let mut world = line();
    let key = world.next_key(3);
    let old = cancelled_lock(&mut world);
    world.submit(3, old.close());
    world.submit(3, old.unlock(&[secret_of(&key, 0)]).unwrap());
    world.mine(3);
    world.settle(2, 3);
    world.assert_paid_out(2, 3, [100, 100]);
}

/// Goal: the payee cannot bring the old proof in the window's last block either, when it is the
/// payer who closed. Method: the payer supersedes at once, before there is anything to supersede.
#[test]
fn an_old_proof_in_the_last_block_comes_too_late() {
    let mut world = line();
    let key = world.next_key(3);
    let old = cancelled_lock(&mut world);
    world.close(2, 3);
    world.mine(1);
    world.stop(3);
    world.mine(1);
    let update = old.update();
    world.submit(3, update);
    world.mine(1);
    assert_eq!(world.chain.reverted.last().unwrap().1.0, "StaleProof");
    assert!(old.unlock(&[secret_of(&key, 0)]).is_some());
    world.settle(2, 3);
    world.assert_paid_out(2, 3, [100, 100]);
}

/// Brings 1 to owe 2 three locks that 2 can open and 1 does not pay. Returns the keys.
fn owed_locks(world: &mut World, spacing: u64) -> Vec<tally_channel::PaymentKey> {
    let mut keys = vec![];
    for number in 0..3 {
        world.mend(1, 2);
        keys.push(world.pay(1, 2, 10 + number));
        world.cut(1, 2);
        world.mine(spacing);
    }
    world.mend(1, 2);
    world.deliver_all(1, 2);
    world.deliver_all(2, 1);
    world.deliver_all(1, 2);
    world.cut(1, 2);
    assert_eq!(world.locked(2, 1), [0, 33]);
    keys
}

/// Goal: claims are accepted in the order and with the proofs the core gives, and the payouts are
/// what is owed. Method: three locks in one close.
#[test]
fn locks_are_claimed_after_a_close() {
    let mut world = pair();
    let keys = owed_locks(&mut world, 0);
    world.close(2, 1);
    world.mine(2);
    assert_eq!(world.chain.reverted, []);
    for key in &keys {
        assert!(world.succeeded(1, key), "the payer learnt the secrets from the claims");
    }
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [67, 133]);
    let mut received = world.received(2);
    received.sort_unstable();
    assert_eq!(received, [10, 11, 12]);
    world.assert_nothing_pending();
}

/// Goal: the payer's own close changes nothing. Method: it closes without the locks; the payee
/// updates first and then claims.
#[test]
fn locks_are_claimed_after_the_payer_closed() {
    let mut world = pair();
    owed_locks(&mut world, 0);
    world.close(1, 2);
    world.mine(4);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [67, 133]);
}

/// Goal: that a claim was mined in time counts, not when the payer's node sees it.
/// Method: the payer sleeps until long after the locks' last block.
#[test]
fn a_claim_seen_late_is_a_payment_all_the_same() {
    let mut world = pair();
    let keys = owed_locks(&mut world, 0);
    world.stop(1);
    world.close(2, 1);
    world.mine(SETTLE.0 + 50);
    world.start(1);
    world.run();
    assert!(keys.iter().all(|key| world.succeeded(1, key)));
}

/// Goal: locks that expire one after the other are all claimed, although in every block one of
/// them is in its last. Method: the payee wakes up when the first is about to expire.
#[test]
fn locks_in_their_last_blocks_do_not_hold_up_the_others() {
    let mut world = pair();
    owed_locks(&mut world, 1);
    let locks = world.channel(2, 1).end(Side::Theirs).locks().values();
    let first = locks.map(|pending| pending.lock.expiration.0).min().unwrap();
    world.stop(2);
    world.close(1, 2);
    world.mine_to(first - 2);
    world.start(2);
    world.mine(6);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [67, 133]);
}

/// Goal: locks in a closed channel are registered before they expire, whatever holds up the claim.
/// Method: the update cannot be mined until the locks' last blocks are over.
#[test]
fn locks_in_a_closed_channel_are_registered_in_time() {
    let mut world = pair();
    owed_locks(&mut world, 0);
    let locks = world.channel(2, 1).end(Side::Theirs).locks().values();
    let first = locks.map(|pending| pending.lock.expiration.0).min().unwrap();
    world.mine_to(first - REVEAL.0 - 5);
    world.close(1, 2);
    world.mine(1);
    for _ in 0..REVEAL.0 + 8 {
        world.chain.retain_pending(|tx| !matches!(tx.call, Call::Update { .. }));
        world.mine(1);
    }
    assert!(world.chain.head().0 > first);
    world.mine(3);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [67, 133]);
}

/// Goal: a direct transfer that reaches a channel its receiver is closing is reported as failed,
/// and is not paid out. Method: the close overtakes the message.
#[test]
fn a_direct_transfer_that_meets_a_close_fails() {
    let mut world = pair();
    let key = world.pay_direct(1, 2, 10);
    world.cut(1, 2);
    world.request(2, tally_channel::Event::CloseRequested(world.between(1, 2))).unwrap();
    world.mend(1, 2);
    world.run();
    assert!(world.outcome(1, &key).is_none(), "nobody knows yet whether the close succeeds");
    world.mine(1);
    assert!(world.failed(1, &key));
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [100, 100]);
    assert_eq!(world.received(2), [0; 0]);
}

/// Goal: as before when the partner never answers again: settlement decides.
#[test]
fn settlement_decides_about_unanswered_direct_transfers() {
    let mut world = pair();
    let arrived = world.pay_direct(1, 2, 10);
    world.deliver(1, 2);
    world.cut(1, 2);
    let lost = world.pay_direct(1, 2, 5);
    world.close(2, 1);
    world.mine(2);
    world.settle(1, 2);
    assert!(world.succeeded(1, &arrived));
    assert!(matches!(
        world.outcome(1, &lost),
        Some(Report::PaymentFailed { reason: PaymentFailure::ChannelSettled, .. })
    ));
    world.assert_paid_out(1, 2, [90, 110]);
}

/// Goal: a payment locked in a channel that its hop closes takes another way at once.
#[test]
fn a_payment_leaves_a_closed_channel() {
    let mut world =
        World::with_channels(4, &[(1, 2, 50, 50), (2, 4, 50, 50), (1, 3, 50, 50), (3, 4, 50, 50)]);
    world.node_mut(1).routes.prefer = vec![world.address(2)];
    world.cut(1, 2);
    world.cut(2, 4);
    // Node 2 is out of reach only after the payment has begun.
    world.mend(1, 2);
    let key = world.pay(1, 4, 10);
    world.cut(1, 2);
    world.close(2, 1);
    world.mine(1);
    assert!(world.succeeded(1, &key));
    assert_eq!(world.received(4), [10]);
    assert_eq!(world.balances(1, 3), [40, 60]);
}

/// Goal: a close that the chain refuses leaves the channel usable, and pays what came due.
/// Method: the payee shows the secret meanwhile.
#[test]
fn a_failed_close_leaves_nothing_behind() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.close(2, 3);
    world.run();
    assert!(world.succeeded(1, &key));
    assert_eq!(world.locked(2, 3), [10, 0], "a channel that is closing carries nothing");
    world.chain.drop_pending();
    world.request(2, tally_channel::Event::CloseFailed(world.between(2, 3))).unwrap();
    world.run();
    assert_eq!(world.received(3), [10]);
    world.assert_nothing_pending();
    world.assert_mirrored();
}

/// Goal: a lock that its payee gave up while it was closing is given back when the close fails.
/// Method: the lock comes into danger meanwhile.
#[test]
fn a_failed_close_gives_back_what_was_given_up() {
    let mut world = pair();
    let key = world.pay(1, 2, 10);
    world.deliver_all(1, 2);
    world.cut(1, 2);
    world.close(2, 1);
    world.chain.drop_pending();
    for _ in 0..SETTLE.0 - REVEAL.0 {
        world.chain.mine();
        world.follow_all();
        world.chain.drop_pending();
    }
    world.mend(1, 2);
    world.run();
    assert_eq!(world.locked(1, 2), [10, 0]);
    world.request(2, tally_channel::Event::CloseFailed(world.between(1, 2))).unwrap();
    world.run();
    assert_eq!(world.locked(1, 2), [0, 0]);
    assert!(world.failed(1, &key));
    world.assert_nothing_pending();
}

/// Goal: closing twice and closing what is closed are refused. Source: spec §5.11, row 3.
#[test]
fn a_channel_is_closed_once() {
    let mut world = pair();
    let channel = world.between(1, 2);
    let close = || tally_channel::Event::CloseRequested(channel);
    world.close(1, 2);
    assert_eq!(world.request(1, close()), Err(ProtocolError::ChannelClosing(channel)));
    world.mine(1);
    assert_eq!(world.request(1, close()), Err(ProtocolError::ChannelNotOpen(channel)));
    assert_eq!(world.request(2, close()), Err(ProtocolError::ChannelNotOpen(channel)));
}

/// Goal: both close in the same block; the chain takes one.
#[test]
fn both_may_close_at_once() {
    let mut world = pair();
    world.pay_direct(1, 2, 10);
    world.run();
    world.pay_direct(2, 1, 4);
    world.run();
    world.close(1, 2);
    world.close(2, 1);
    world.mine(3);
    assert_eq!(world.chain.reverted.len(), 1);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [94, 106]);
}

/// Goal: a mediator that learns the secret from a claim on the chain claims in time itself.
/// Method: the payee closes and claims instead of showing the secret.
#[test]
fn a_mediator_learns_the_secret_from_a_claim() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.cut(2, 3);
    world.run();
    world.close(3, 2);
    world.mine(3);
    assert!(world.succeeded(1, &key));
    assert_eq!(world.balances(1, 2), [90, 110]);
    world.settle(2, 3);
    world.assert_paid_out(2, 3, [90, 110]);
    assert_eq!(world.received(3), [10]);
    world.assert_nothing_pending();
}

/// Goal: a mediator whose payer closes the channel claims the lock there.
/// Method: the payer closes before the secret is known.
#[test]
fn a_mediator_claims_from_a_payer_that_closed() {
    let mut world = line();
    world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.deliver_all(2, 3);
    world.deliver_all(3, 1);
    world.deliver_all(1, 3);
    world.close(1, 2);
    world.mine(3);
    assert_eq!(world.received(3), [10]);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [90, 110]);
    assert_eq!(world.balances(2, 3), [90, 110]);
    world.assert_nothing_pending();
}

/// Goal: a transfer whose lock hangs in a channel that settles ends, in every stage.
/// Method: the payee gave the lock up, does not acknowledge the removal, and its secret is
/// registered, so that nothing but settlement can end it.
#[test]
fn settlement_ends_a_cancellation_that_is_not_acknowledged() {
    let mut world = line();
    let key = world.pay(1, 3, 10);
    world.deliver_all(1, 2);
    world.cut(1, 3);
    world.deliver_all(2, 3);
    let mut blocks = 0;
    while world.locked(2, 3) == [10, 0] {
        world.chain.mine();
        world.follow_all();
        if !world.busy_wires().is_empty() {
            world.deliver_all(3, 2);
        }
        blocks += 1;
        assert!(blocks < SETTLE.0);
    }
    world.cut(2, 3);
    world.submit(3, Call::RegisterSecret(secret_of(&key, 0)));
    world.mine(1);
    world.close(3, 2);
    world.mine(2);
    world.settle(2, 3);
    world.mine(2);
    world.assert_nothing_pending();
    assert!(world.payouts(2, 3)[0] >= 90);
}

/// Goal: the shortest window there is, and a node that has to update and claim in it.
#[test]
fn a_short_window_is_enough() {
    let mut world = World::new(2);
    world.open(1, 2, [100, 100], BlockSpan(20));
    world.mine(1);
    owed_locks(&mut world, 0);
    world.close(1, 2);
    world.mine(2);
    world.settle(1, 2);
    world.assert_paid_out(1, 2, [67, 133]);
}
