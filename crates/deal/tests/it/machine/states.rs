//! What the states mean.

use super::{
    terms::{SUM, postpaid, prepaid},
    world::World,
};
use tally_deal::{Action, Actor, Command, Event, State, Waiting};

fn states(world: &World) -> Vec<(State, State)> {
    let changes = world.events.iter().filter_map(|event| {
        let Event::StateChanged { from, to } = event else { return None };
        Some((*from, *to))
    });
    changes.collect()
}

#[test]
fn a_deal_is_finished_when_nothing_waits() {
    let mut world = World::of(prepaid());
    assert!(!world.deal.is_finished());
    world.pay(SUM);
    world.mine();
    world.work();
    assert_eq!(world.state(), State::Executed);
    assert!(!world.deal.is_finished(), "no block has the payout");
    world.mine();
    assert!(world.deal.is_finished());
    world.pay(SUM);
    assert!(!world.deal.is_finished(), "later money waits to go back");
}

#[test]
fn a_prepaid_deal_is_completed_by_its_payment() {
    let mut world = World::of(prepaid());
    world.pay(SUM);
    world.mine();
    assert_eq!(world.state(), State::Completed);
    assert_eq!(
        states(&world),
        [(State::Created, State::Paid), (State::Paid, State::Completed)],
        "who waits for the payment hears of it"
    );
    assert!(matches!(world.todo[..], [Action::Settle(_)]));
}

#[test]
fn a_postpaid_deal_waits_for_an_opinion() {
    let mut world = World::of(postpaid());
    world.pay(SUM);
    world.mine();
    assert_eq!(world.state(), State::Paid);
    assert_eq!(states(&world), [(State::Created, State::Paid)]);
    assert_eq!(world.deal.waiting()[0].2, Waiting::Feedback);
    assert!(world.todo.is_empty(), "nothing is planned");
}

#[test]
fn a_deal_is_executed_when_the_network_has_the_payout() {
    let mut world = World::of(prepaid());
    world.pay(SUM);
    world.mine();
    let settle = world.todo.remove(0);
    world.perform(settle);
    assert_eq!(world.state(), State::Completed, "signed, but not sent");
    world.work();
    assert_eq!(world.state(), State::Executed, "in the mempool");
    world.mine();
    assert_eq!(world.state(), State::Executed, "in a block");
    assert!(world.deal.waiting().is_empty());
}

#[test]
fn a_payout_that_is_refused_fails_the_deal() {
    let mut world = World::of(prepaid());
    world.is_refusing = true;
    world.pay(SUM);
    world.mine();
    world.work();
    assert_eq!(world.state(), State::Failed);
    assert_eq!(world.deal.failure(), Some("refused"));
    assert!(matches!(world.deal.waiting()[0].2, Waiting::Retry(_)));
    assert!(world.events.iter().any(|event| event.name() == "settlement_failed"));
}

#[test]
fn a_small_refund_that_is_refused_fails_nothing() {
    let mut world = World::of(prepaid());
    world.pay(SUM);
    world.mine();
    world.work();
    world.mine();
    world.is_refusing = true;
    world.pay(SUM - 1);
    world.mine();
    world.work();
    assert_eq!(world.state(), State::Executed);
    assert_eq!(world.deal.failure(), Some("below dust"));

    let mut canceled = World::of(prepaid());
    canceled.command(Command::Cancel { comments: String::new() }, Actor::Seller).unwrap();
    canceled.is_refusing = true;
    canceled.pay(SUM - 1);
    canceled.mine();
    canceled.work();
    assert_eq!(canceled.state(), State::Canceled);
    canceled.pay(SUM);
    canceled.mine();
    canceled.work();
    assert_eq!(canceled.state(), State::Failed, "a whole payment is not anybody's joke");
}
