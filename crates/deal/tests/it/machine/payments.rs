//! What counts as payment, and what becomes of money that does not.

use super::{
    terms::{SUM, UNTIL, new_deal, postpaid, prepaid, service_keys},
    world::World,
};
use proptest::prelude::*;
use tally_chain::utxo::OutPoint;
use tally_deal::{
    Action, Deal, Event, Fact, Kind, Policy, Purpose, Recipient, State, Sum, Time, Waiting,
};
use tally_primitives::{BlockNumber, Satoshi};

/// Two minutes: what a block in time may take to be known.
const GRACE: u64 = 120;

fn deep(confirmations: u64) -> World {
    let policy = Policy { confirmations, ..Policy::default() };
    World::new(Deal::new(new_deal(Kind::Postpaid, service_keys()), &policy).unwrap(), policy)
}

#[test]
fn a_payment_counts_in_its_block() {
    let mut world = World::of(postpaid());
    world.pay(SUM);
    world.mine();
    assert_eq!(world.state(), State::Paid);
    let mut world = World::of(postpaid());
    world.pay(SUM - 1);
    world.mine();
    assert_eq!(world.state(), State::Created);
    assert_eq!(world.deal.waiting()[0].2, Waiting::Payment);
}

#[test]
fn a_payment_counts_when_enough_blocks_lie_upon_it() {
    let mut world = deep(3);
    world.pay(SUM);
    world.mine_blocks(2);
    assert_eq!(world.state(), State::Created);
    assert_eq!(world.deal.waiting()[0].2, Waiting::Confirmation);
    assert_eq!(world.deal.wakeup(&world.policy).height, Some(BlockNumber(3)));
    world.mine();
    assert_eq!(world.state(), State::Paid);
    assert_eq!(world.deal.wakeup(&world.policy).height, None);
    // A reorganisation that leaves the payment takes the blocks upon it away.
    world.undo(1);
    assert_eq!(world.state(), State::Created);
}

#[test]
fn the_time_of_the_block_counts() {
    for (time, state) in [(UNTIL, State::Paid), (UNTIL.plus(1), State::Created)] {
        let mut world = World::of(postpaid());
        world.pay(SUM);
        world.mine_at(time, |_| true);
        assert_eq!(world.state(), state, "{time}");
    }
}

#[test]
fn a_payment_may_come_in_parts() {
    let mut world = World::of(postpaid());
    world.pay(SUM / 2);
    world.mine();
    world.pay(SUM / 4);
    world.pay(SUM / 4);
    world.mine();
    assert_eq!(world.state(), State::Paid);
}

#[test]
fn the_mempool_pays_nothing() {
    let mut world = World::of(prepaid());
    let outpoint = world.pay(SUM);
    assert_eq!(world.state(), State::Created);
    assert_eq!(world.deal.waiting(), [(outpoint, Satoshi(SUM), Waiting::Confirmation)]);
    world.forget(outpoint.txid);
    assert!(world.deal.outputs().is_empty());
}

#[test]
fn an_unpaid_deal_expires_after_the_grace() {
    let mut world = World::of(prepaid());
    assert_eq!(world.deal.wakeup(&world.policy).time, Some(UNTIL.plus(GRACE + 1)));
    world.wait_until(UNTIL.plus(GRACE));
    assert_eq!(world.state(), State::Created);
    world.wait(1);
    assert_eq!(world.state(), State::Canceled);
    assert_eq!(world.deal.wakeup(&world.policy).time, None);
    // A block in time that is known within the grace is in time.
    let mut world = World::of(postpaid());
    world.pay(SUM);
    world.wait_until(UNTIL.plus(GRACE));
    world.mine_at(UNTIL, |_| true);
    assert_eq!(world.state(), State::Paid);
}

#[test]
fn a_payment_that_waits_for_blocks_does_not_expire() {
    let mut world = deep(3);
    world.pay(SUM);
    world.mine();
    world.wait(86_000);
    assert_eq!(world.state(), State::Created);
    assert_eq!(world.deal.wakeup(&world.policy).time, None, "blocks wake it");
    world.mine_blocks(2);
    assert_eq!(world.state(), State::Paid);
}

#[test]
fn late_and_partial_payments_go_back() {
    let mut world = World::of(prepaid());
    world.pay(SUM / 2);
    world.mine();
    world.pay(SUM);
    world.mine_at(UNTIL.plus(1), |_| true);
    assert_eq!(world.state(), State::Created);
    world.wait(GRACE);
    assert_eq!(world.state(), State::Canceled);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), SUM + SUM / 2 - 200);
    assert_eq!(world.mined(Purpose::Refund), 1, "one refund of both");
    assert_eq!(world.received(Recipient::Module), 0, "a refund is free of fees");
}

#[test]
fn excess_goes_back_with_the_payout() {
    let mut world = World::of(prepaid());
    world.pay(SUM + 30_000);
    world.mine();
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), 30_000);
    // 0.1 % for the module, 500 for the service, 200 for the miner.
    assert_eq!(world.received(Recipient::Seller), SUM - 100 - 500 - 200);
    assert_eq!(world.received(Recipient::Module), 100);
    assert_eq!(world.received(Recipient::Service), 500);
    assert_eq!(world.mined(Purpose::Payout), 1);
}

#[test]
fn later_money_goes_back() {
    let mut world = World::of(prepaid());
    world.pay(SUM);
    world.mine();
    world.work();
    world.mine();
    let seller = world.received(Recipient::Seller);
    world.pay(SUM);
    world.mine_at(UNTIL, |_| true);
    world.work();
    world.mine();
    assert_eq!(world.state(), State::Executed);
    assert_eq!(world.received(Recipient::Customer), SUM - 200);
    assert_eq!(world.received(Recipient::Seller), seller);
    assert_eq!((world.mined(Purpose::Payout), world.mined(Purpose::Refund)), (1, 1));
}

#[test]
fn refunds_wait_until_they_are_worth_sending() {
    let policy = Policy { output_min: Satoshi(546), ..Policy::default() };
    let mut world = World::new(prepaid(), policy);
    world.wait_until(UNTIL.plus(GRACE + 1));
    world.pay(600);
    world.mine();
    assert!(world.todo.is_empty());
    assert_eq!(world.deal.waiting()[0].2, Waiting::NextSettlement);
    world.pay(600);
    world.mine();
    let [Action::Settle(plan)] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!(plan.shares, [(Recipient::Customer, Satoshi(1_200))]);
}

#[test]
fn crumbs_are_not_looked_at() {
    let mut world = World::of(prepaid());
    world.pay(2_999);
    world.mine();
    assert!(world.deal.outputs().is_empty());
    world.pay(3_000);
    world.mine();
    assert_eq!(world.deal.outputs().len(), 1);
}

#[test]
fn a_small_deal_can_be_paid() {
    let mut new = new_deal(Kind::Prepaid, service_keys());
    new.terms.sum = Sum::from_satoshi(Satoshi(1_000)).unwrap();
    new.payment = new.terms.payment_address(&service_keys());
    new.service = None;
    let mut world = World::of(Deal::new(new, &Policy::default()).unwrap());
    world.pay(999);
    world.mine();
    assert!(world.deal.outputs().is_empty());
    world.pay(1_000);
    world.mine();
    assert_eq!(world.state(), State::Completed);
}

#[test]
fn many_small_outputs_do_not_displace_a_payment() {
    let policy = Policy { confirmations: 2, ..Policy::default() };
    let mut world = World::new(prepaid(), policy);
    for _ in 0..300 {
        world.pay(3_000);
        world.mine_at(UNTIL, |_| true);
    }
    assert_eq!(world.deal.outputs().len(), 250);
    assert_eq!(world.deal.waiting().len(), 250);
    world.pay(700_000);
    world.mine_at(UNTIL, |_| true);
    world.mine();
    assert_eq!(world.deal.outputs().len(), 250);
    let size = serde_json::to_vec(&world.deal).unwrap().len();
    assert!(size < 150_000, "{size}");
}

fn outpoint(number: u32) -> OutPoint {
    World::coin(number)
}

fn seen(number: u32, value: u64) -> Fact {
    Fact::Seen { outpoint: outpoint(number), value: Satoshi(value) }
}

fn confirmed(number: u32, value: u64, time: Time) -> Fact {
    let (outpoint, value) = (outpoint(number), Satoshi(value));
    Fact::Confirmed { outpoint, value, height: BlockNumber(1), time }
}

/// Goal: transactions that never come into a block push no payment out, and keep none out.
#[test]
fn unconfirmed_outputs_displace_no_payment() {
    for is_paid_first in [true, false] {
        let mut world = World::of(postpaid());
        if is_paid_first {
            world.tell(confirmed(0, SUM, UNTIL)).unwrap();
        }
        for number in 1..=300 {
            world.tell(seen(number, SUM + u64::from(number))).unwrap();
        }
        assert!(world.deal.outputs().len() <= 51);
        if !is_paid_first {
            world.tell(confirmed(0, SUM, UNTIL)).unwrap();
        }
        assert_eq!(world.state(), State::Paid, "{is_paid_first}");
        for number in 1..=300 {
            world.tell(Fact::Gone { outpoint: outpoint(number) }).unwrap();
        }
        assert_eq!(world.deal.outputs().len(), 1);
        world.wait_until(UNTIL.plus(GRACE + 1));
        assert_eq!(world.state(), State::Paid, "{is_paid_first}");
    }
    // Where blocks have filled the place, they are known by their blocks only.
    let mut world = World::of(postpaid());
    for number in 0..250 {
        world.tell(confirmed(number, 3_000, UNTIL.plus(1))).unwrap();
    }
    world.tell(seen(300, SUM)).unwrap();
    assert!(world.deal.outputs().iter().all(|output| output.confirmation.is_some()));
    world.tell(confirmed(300, SUM, UNTIL)).unwrap();
    assert_eq!(world.state(), State::Paid);
}

/// Goal: who has much money cannot undo a payment by sending more of it too late.
#[test]
fn late_outputs_displace_no_payment() {
    let mut world = World::of(postpaid());
    world.tell(confirmed(0, SUM, UNTIL)).unwrap();
    for number in 1..=300 {
        world.tell(confirmed(number, 10 * SUM, UNTIL.plus(1))).unwrap();
    }
    assert_eq!((world.state(), world.deal.outputs().len()), (State::Paid, 250));
    let mut world = World::of(postpaid());
    for number in 1..=300 {
        world.tell(confirmed(number, 10 * SUM, UNTIL.plus(1))).unwrap();
    }
    world.tell(confirmed(0, SUM, UNTIL)).unwrap();
    assert_eq!((world.state(), world.deal.outputs().len()), (State::Paid, 250));
}

/// Goal: a stranger cannot fill the log, however often transactions replace each other.
#[test]
fn events_about_outputs_are_bounded() {
    let mut world = World::of(prepaid());
    for number in 1..=2_000 {
        world.tell(seen(number, 3_000 + u64::from(number))).unwrap();
        world.tell(confirmed(10_000 + number, 3_000 + u64::from(number), UNTIL.plus(1))).unwrap();
    }
    for number in 1..=2_000 {
        world.tell(Fact::Gone { outpoint: outpoint(number) }).unwrap();
    }
    assert_eq!(world.events.len(), 1_000);
    world.tell(confirmed(0, SUM, UNTIL)).unwrap();
    let last = world.events.last();
    assert!(matches!(last, Some(Event::StateChanged { to: State::Completed, .. })), "{last:?}");
}

proptest! {
    /// Goal: whatever a stranger sends, in blocks too late or not in blocks at all, a payment counts.
    #[test]
    fn nothing_displaces_a_payment(
        strangers in prop::collection::vec((1..400_u32, 0..3 * SUM, 0..4_u8), 0..600),
        at in any::<prop::sample::Index>(),
    ) {
        let mut world = World::of(postpaid());
        let at = at.index(strangers.len() + 1);
        for (step, (number, value, what)) in strangers.iter().copied().enumerate() {
            if step == at {
                world.tell(confirmed(0, SUM, UNTIL)).unwrap();
            }
            let fact = match what {
                0 | 1 => seen(number, value),
                2 => Fact::Gone { outpoint: outpoint(number) },
                _ => confirmed(1_000 + number, value, UNTIL.plus(1)),
            };
            world.tell(fact).unwrap();
        }
        world.tell(confirmed(0, SUM, UNTIL)).unwrap();
        prop_assert_eq!(world.state(), State::Paid);
        let unconfirmed = world.deal.outputs().iter().filter(|it| it.confirmation.is_none());
        prop_assert!(unconfirmed.count() <= 50);
    }
}
