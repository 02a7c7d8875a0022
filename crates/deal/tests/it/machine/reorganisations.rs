//! What reorganisations undo.

use super::{
    disputes::{opinion, paid},
    terms::{SUM, UNTIL, postpaid, prepaid},
    world::World,
};
use tally_chain::utxo::OutPoint;
use tally_deal::{
    Action, Actor, Command, Fact, FeedbackStatus, Purpose, Recipient, SettlementId, State,
};

/// A prepaid deal with its payout in a block of its own.
fn executed() -> World {
    let mut world = World::of(prepaid());
    world.pay_with(1, SUM);
    world.mine();
    world.work();
    world.mine();
    world
}

#[test]
fn an_undone_payment_is_unpaid_again() {
    for deal in [prepaid(), postpaid()] {
        let mut world = World::of(deal);
        world.pay(SUM);
        world.mine();
        let state = world.state();
        world.undo(1);
        assert_eq!(world.state(), State::Created);
        world.mine();
        assert_eq!(world.state(), state, "it comes back with the payment");
    }
}

#[test]
fn an_undone_payment_can_be_too_late() {
    let mut world = paid();
    world.undo(1);
    world.mine_at(UNTIL.plus(200), |_| true);
    assert_eq!(world.state(), State::Canceled);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), SUM - 200);
}

#[test]
fn decisions_survive_a_reorganisation() {
    let mut world = paid();
    world.command(Command::Complete(opinion(FeedbackStatus::Positive)), Actor::Site).unwrap();
    world.todo.clear();
    world.undo(1);
    assert_eq!(world.state(), State::Created);
    world.mine();
    assert_eq!(world.state(), State::Completed);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Seller), SUM - 800);
}

#[test]
fn a_signed_payout_stands() {
    let mut world = executed();
    world.undo(2);
    assert_eq!(world.state(), State::Executed, "payment and payout are in the mempool again");
    let [Action::Broadcast { txid, .. }] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!(Some(*txid), world.deal.settlements()[0].newest().map(|version| version.txid));
    // However late: what was signed is not taken back.
    world.wait_until(UNTIL.plus(100_000));
    world.mine();
    assert_eq!(world.state(), State::Executed);
    assert_eq!((world.mined(Purpose::Payout), world.deal.settlements().len()), (1, 1));
}

#[test]
fn a_settlement_without_its_input_does_not_count() {
    let mut world = executed();
    let payment = world.deal.outputs()[0].outpoint.txid;
    world.undo(2);
    world.forget(payment);
    assert_eq!(world.state(), State::Created, "there is no money");
    assert!(world.deal.waiting().is_empty());
    world.todo.clear();
    // A part of it comes anew. It is not enough, so it goes back when the time is over.
    world.pay_with(2, SUM / 2);
    world.mine();
    world.wait_until(UNTIL.plus(200));
    assert_eq!(world.state(), State::Canceled);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), SUM / 2 - 200);
    assert_eq!(world.received(Recipient::Seller), 0);
    // The forgotten payment is sent again, and with it the payout that was signed.
    let outpoint = world.deal.settlements()[0].plan.inputs[0].0;
    let (now, height) = (world.now, world.tip());
    let value = tally_primitives::Satoshi(SUM);
    world.tell(Fact::Confirmed { outpoint, value, height, time: now }).unwrap();
    assert_eq!(world.state(), State::Completed);
    assert!(matches!(world.todo[..], [Action::Broadcast { .. }]));
}

#[test]
fn a_replaced_payment() {
    let mut world = executed();
    let first = world.deal.settlements()[0].plan.inputs[0].0;
    world.undo(2);
    // The customer pays with the same coin again, and the first payment is impossible.
    let second = world.pay_with(1, SUM + 5_000);
    assert!(!world.mempool.contains(&first.txid));
    world.todo.clear();
    world.mine();
    assert_eq!(world.state(), State::Completed);
    let [Action::Settle(plan)] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!(plan.inputs.iter().map(|(outpoint, _)| *outpoint).collect::<Vec<_>>(), [second]);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Seller), SUM - 800);
    assert_eq!(world.received(Recipient::Customer), 5_000);
    assert_eq!(world.mined(Purpose::Payout), 1);
}

/// A deal that was paid out of a second payment, after its first one was undone. Returns the first
/// payment and its payout.
fn paid_twice() -> (World, OutPoint, SettlementId) {
    let mut world = executed();
    let first = world.deal.settlements()[0].plan.clone();
    let outpoint = first.inputs[0].0;
    world.undo(2);
    world.forget(outpoint.txid);
    world.todo.clear();
    world.pay_with(2, SUM);
    world.mine();
    world.work();
    assert_eq!((world.state(), world.deal.settlements().len()), (State::Executed, 2));
    (world, outpoint, first.id)
}

/// Goal: the server does not pay the seller twice, though it has signed twice.
#[test]
fn a_payout_that_comes_back_is_replaced_by_a_refund() {
    for is_mined in [true, false] {
        let (mut world, outpoint, first) = paid_twice();
        if is_mined {
            world.mine();
        }
        let fee = world.deal.settlement(first).unwrap().newest().unwrap().fee;
        let (height, value) = (world.tip(), tally_primitives::Satoshi(SUM));
        world.tell(Fact::Seen { outpoint, value }).unwrap();
        assert!(world.todo.is_empty(), "the old payout is not sent: {:?}", world.todo);
        world.tell(Fact::Confirmed { outpoint, value, height, time: UNTIL }).unwrap();
        let [Action::Settle(plan)] = &world.todo[..] else { panic!("{:?}", world.todo) };
        assert_eq!(plan.purpose, Purpose::Refund);
        assert_eq!(plan.shares, [(Recipient::Customer, value)]);
        assert_eq!(plan.replaces_fee, Some(fee), "it takes the place of the old payout");
        assert!(world.deal.settlement(first).unwrap().is_given_up);
        assert_eq!(world.state(), State::Executed);
    }
}

/// Goal: when a miner has kept the old payout, the newer one is given up instead.
#[test]
fn an_old_payout_that_is_mined_ends_the_newer_one() {
    let (mut world, outpoint, first) = paid_twice();
    let by = world.deal.settlement(first).unwrap().newest().unwrap().txid;
    let (height, value) = (world.tip(), tally_primitives::Satoshi(SUM));
    world.tell(Fact::Confirmed { outpoint, value, height, time: UNTIL }).unwrap();
    world.todo.clear();
    world.tell(Fact::Spent { outpoint, by, height: Some(height) }).unwrap();
    assert_eq!(world.state(), State::Executed);
    let [Action::Settle(plan)] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!((plan.purpose, plan.inputs.len()), (Purpose::Refund, 1));
    assert!(plan.inputs[0].0 != outpoint && plan.replaces_fee.is_some());
    assert!(world.deal.pending().iter().all(|action| !matches!(action, Action::Broadcast { .. })));
}

/// Goal: a payment that was already on its way back does not keep the deal waiting.
#[test]
fn money_on_its_way_back_is_no_payment() {
    let mut world = executed();
    world.pay_with(2, SUM);
    world.mine();
    world.work();
    world.mine();
    assert_eq!(world.mined(Purpose::Refund), 1);
    // The first payment is undone for good; the second one and its refund are mined again.
    world.undo(4);
    world.spend_elsewhere(World::coin(1));
    world.mine();
    assert_eq!(world.state(), State::Created);
    world.wait_until(UNTIL.plus(200));
    assert_eq!(world.state(), State::Canceled);
    assert_eq!(world.received(Recipient::Customer), SUM - 200);
}

/// Goal: an old settlement that is mined after all ends the newer one that shares an input, also
/// between the facts about its two inputs.
#[test]
fn an_old_settlement_that_is_mined_counts() {
    let mut world = World::of(prepaid());
    let first = world.pay_with(1, SUM * 6 / 10);
    let second = world.pay_with(2, SUM * 6 / 10);
    world.mine();
    world.work();
    let payout = world.deal.settlements()[0].newest().unwrap().txid;
    world.undo(1);
    world.forget(first.txid);
    world.mine_at(UNTIL, |_| true);
    world.wait(200);
    assert_eq!(world.state(), State::Canceled);
    world.work();
    let refund = world.deal.settlements()[1].clone();
    assert_eq!(refund.plan.inputs[0].0, second, "what is there goes back");
    // The first payment comes back, and a miner has kept the payout.
    let (height, value) = (world.tip(), tally_primitives::Satoshi(SUM * 6 / 10));
    let back = Fact::Confirmed { outpoint: first, value, height, time: UNTIL };
    world.tell(back).unwrap();
    for outpoint in [first, second] {
        world.tell(Fact::Spent { outpoint, by: payout, height: Some(height) }).unwrap();
        assert_eq!(world.state(), State::Executed);
    }
    assert!(world.deal.waiting().is_empty());
    assert!(world.deal.pending().is_empty(), "the refund is void");
}

/// Goal: depth makes no difference.
#[test]
fn a_hundred_blocks_are_undone() {
    let mut world = executed();
    world.mine_blocks(98);
    assert_eq!(world.tip().0, 100);
    world.undo(100);
    assert_eq!(world.state(), State::Executed);
    world.mine();
    world.mine_blocks(100);
    assert_eq!(world.received(Recipient::Seller), SUM - 800);
    assert!(world.deal.waiting().is_empty());
}
