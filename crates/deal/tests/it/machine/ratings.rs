//! What a deal counts as.

use super::{
    disputes::{disputed, opinion, paid, percent},
    terms::{LEAVE_BEFORE, SUM, new_deal, postpaid, service_keys},
    world::World,
};
use tally_deal::{Actor, Command, Deal, Event, FeedbackStatus, Kind, Marks, Policy, State};

fn finish(world: &mut World) -> Option<Marks> {
    world.work();
    world.mine();
    world.deal.marks()
}

fn rated(world: &World) -> usize {
    world.events.iter().filter(|event| matches!(event, Event::Rated { .. })).count()
}

fn feedback(status: FeedbackStatus) -> Command {
    Command::Feedback(opinion(status))
}

#[test]
fn a_deal_counts_when_its_payout_is_mined() {
    let mut world = paid();
    world.command(feedback(FeedbackStatus::Positive), Actor::Customer).unwrap();
    world.work();
    assert_eq!((world.state(), world.deal.marks()), (State::Executed, None));
    world.mine();
    assert_eq!(world.deal.marks(), Some(Marks { seller: true, customer: true }));
    // It counts once, whatever becomes of the blocks.
    world.undo(1);
    world.mine();
    assert_eq!(rated(&world), 1);
    let mut world = World::of(postpaid());
    world.command(Command::Cancel { comments: String::new() }, Actor::Seller).unwrap();
    world.pay(SUM);
    world.mine();
    assert_eq!(finish(&mut world), None, "canceled deals do not count");
}

#[test]
fn a_bad_opinion_is_no_success() {
    let mut world = disputed();
    world.command(Command::Resolve { refund: percent(40) }, Actor::Arbiter).unwrap();
    assert_eq!(finish(&mut world), Some(Marks { seller: false, customer: true }));
    let mut world = paid();
    world.command(feedback(FeedbackStatus::Neutral), Actor::Customer).unwrap();
    assert_eq!(finish(&mut world), Some(Marks { seller: true, customer: true }));
}

#[test]
fn a_groundless_dispute_is_no_success() {
    let mut world = disputed();
    world.command(Command::Resolve { refund: percent(0) }, Actor::Arbiter).unwrap();
    assert_eq!(finish(&mut world).map(|marks| marks.customer), Some(false));
    // The seller's own dispute says nothing of the customer.
    let mut world = paid();
    world.command(Command::Dispute { reason: String::new() }, Actor::Seller).unwrap();
    world.command(Command::Resolve { refund: percent(0) }, Actor::Arbiter).unwrap();
    assert_eq!(finish(&mut world), Some(Marks { seller: true, customer: true }));
}

#[test]
fn a_deal_with_oneself_is_not_rated() {
    let mut new = new_deal(Kind::Prepaid, service_keys());
    new.terms.customer = new.terms.seller.clone();
    new.payment = new.terms.payment_address(&service_keys());
    let mut world = World::of(Deal::new(new, &Policy::default()).unwrap());
    world.pay(SUM);
    world.mine();
    assert_eq!(finish(&mut world), None);
    assert_eq!((world.state(), rated(&world)), (State::Executed, 0));
}

#[test]
fn opinions_after_the_decision() {
    let mut world = paid();
    let by_site = Command::Complete(opinion(FeedbackStatus::Positive));
    world.command(by_site.clone(), Actor::Site).unwrap();
    assert_eq!(finish(&mut world), Some(Marks { seller: true, customer: true }));
    // The customer outweighs the site, can think again, and moves no money.
    world.command(feedback(FeedbackStatus::Negative), Actor::Customer).unwrap();
    assert_eq!(world.deal.marks(), Some(Marks { seller: false, customer: true }));
    assert_eq!((world.state(), rated(&world)), (State::Executed, 2));
    world.command(by_site, Actor::Site).unwrap();
    assert_eq!(world.deal.feedback().unwrap().status, FeedbackStatus::Negative);
    world.command(feedback(FeedbackStatus::Neutral), Actor::Customer).unwrap();
    assert_eq!(world.deal.marks(), Some(Marks { seller: true, customer: true }));
    // After the time the opinion stays; the first one may still come.
    world.wait_until(LEAVE_BEFORE.plus(1));
    let refused = world.command(feedback(FeedbackStatus::Positive), Actor::Customer).unwrap_err();
    assert_eq!(refused.to_string(), "Feedback has been left already.");
    world.command(feedback(FeedbackStatus::Neutral), Actor::Customer).unwrap();
    let mut silent = paid();
    silent.wait_until(LEAVE_BEFORE.plus(1));
    assert_eq!(finish(&mut silent), Some(Marks { seller: true, customer: true }));
    silent.command(feedback(FeedbackStatus::Negative), Actor::Customer).unwrap();
    assert_eq!(silent.deal.marks(), Some(Marks { seller: false, customer: true }));
    assert!(silent.deal.dispute().is_none() && silent.todo.is_empty());
}
