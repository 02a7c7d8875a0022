//! What becomes of the money when the parties disagree.

use super::{
    terms::{LEAVE_BEFORE, SUM, new_deal, postpaid, service_keys},
    world::World,
};
use tally_deal::{
    Actor, Command, CommandRefused, Deal, FeedbackStatus, Kind, Opinion, Percent, Policy, Purpose,
    Recipient, Rules, State, Waiting,
};

/// An opinion whose words are signed: another one has other words.
pub(super) fn opinion(status: FeedbackStatus) -> Opinion {
    Opinion { status, refund: None, comments: format!("so it was: {status:?}") }
}

pub(super) fn percent(percents: u64) -> Percent {
    Percent::whole(percents).unwrap()
}

pub(super) fn paid() -> World {
    let mut world = World::of(postpaid());
    world.pay(SUM);
    world.mine();
    world
}

pub(super) fn disputed() -> World {
    let mut world = paid();
    let bad = Command::Feedback(opinion(FeedbackStatus::Negative));
    world.command(bad, Actor::Customer).unwrap();
    world
}

fn paid_out(mut world: World) -> [u64; 2] {
    assert_eq!(world.state(), State::Completed);
    world.work();
    world.mine();
    assert_eq!(world.mined(Purpose::Payout), 1);
    [Recipient::Seller, Recipient::Customer].map(|recipient| world.received(recipient))
}

#[test]
fn a_dispute_waits_for_the_arbiter() {
    let mut world = disputed();
    assert_eq!(world.state(), State::Paid);
    assert_eq!(world.deal.waiting()[0].2, Waiting::Dispute);
    world.wait_until(LEAVE_BEFORE.plus(86_400));
    assert_eq!(world.state(), State::Paid, "the time for feedback does not end it");
    // A party can call the arbiter without an opinion.
    for by in [Actor::Seller, Actor::Customer, Actor::Site] {
        let mut world = paid();
        world.command(Command::Dispute { reason: "why".to_owned() }, by).unwrap();
        world.wait_until(LEAVE_BEFORE.plus(1));
        assert_eq!(world.state(), State::Paid);
        assert_eq!(world.deal.dispute().unwrap().reason, "why");
    }
}

#[test]
fn the_arbiter_divides_the_money() {
    // Fees are of what the seller gets: 0.1 % and 500; the larger share bears 200 for the miner.
    for (refund, seller, customer) in
        [(0, SUM - 100 - 500 - 200, 0), (100, 0, SUM - 200), (25, 74_225, 25_000)]
    {
        let mut world = disputed();
        world.wait(10 * 86_400);
        world.command(Command::Resolve { refund: percent(refund) }, Actor::Arbiter).unwrap();
        assert_eq!(paid_out(world), [seller, customer], "{refund}");
    }
}

#[test]
fn a_content_customer_ends_the_dispute() {
    let mut world = disputed();
    world.wait_until(LEAVE_BEFORE.plus(5));
    let good = Command::Feedback(opinion(FeedbackStatus::Neutral));
    world.command(good, Actor::Customer).unwrap();
    assert_eq!(world.deal.feedback().unwrap().status, FeedbackStatus::Neutral);
    assert_eq!(paid_out(world), [SUM - 800, 0]);
}

/// Goal: who has seen the customer's signed words cannot turn them round and release the money.
#[test]
fn words_that_are_repeated_release_no_money() {
    let bad = |comments: &str| Opinion {
        comments: comments.to_owned(),
        ..opinion(FeedbackStatus::Negative)
    };
    for words in ["", "broken", "line\nbreak"] {
        for make in [Command::Complete, Command::Feedback] {
            let mut world = paid();
            world.command(make(bad(words)), Actor::Customer).unwrap();
            // The newest words are not the only ones that were signed.
            world.command(make(bad("still broken")), Actor::Customer).unwrap();
            for comments in [words, &words.replace('\n', "\r\n"), "still broken"] {
                for status in [FeedbackStatus::Positive, FeedbackStatus::Neutral] {
                    let turned = Opinion { status, ..bad(comments) };
                    for make in [Command::Complete, Command::Feedback] {
                        let refused = world.command(make(turned.clone()), Actor::Customer);
                        assert_eq!(refused, Err(CommandRefused::Repeated), "{turned:?}");
                    }
                }
            }
            assert_eq!(world.deal.waiting()[0].2, Waiting::Dispute);
            // What was said before is not the last word.
            world.command(make(bad(words)), Actor::Customer).unwrap();
            assert_eq!(world.deal.feedback().unwrap().comments, "still broken");
            let content = Opinion { comments: "mended".to_owned(), ..Opinion::default() };
            world.command(make(content), Actor::Customer).unwrap();
            assert_eq!(world.state(), State::Completed);
            // Nor does it spoil the rating.
            let again = Opinion { comments: "mended".to_owned(), ..bad("") };
            assert_eq!(world.command(make(again), Actor::Customer), Err(CommandRefused::Repeated));
            world.command(make(bad(words)), Actor::Customer).unwrap();
            assert_eq!(world.deal.feedback().unwrap().comments, "mended");
        }
    }
}

#[test]
fn a_customer_does_not_talk_for_ever() {
    let mut world = paid();
    let say = |number: u32| {
        let comments = format!("broken {number}");
        Command::Feedback(Opinion { comments, ..opinion(FeedbackStatus::Negative) })
    };
    for number in 0..16 {
        world.command(say(number), Actor::Customer).unwrap();
    }
    assert_eq!(world.command(say(16), Actor::Customer), Err(CommandRefused::SaidTooMuch));
    world.command(say(3), Actor::Customer).unwrap();
}

#[test]
fn an_undecided_dispute_ends_by_the_rule() {
    let mut world = disputed();
    let end = world.deal.dispute().unwrap().since.plus(30 * 86_400);
    assert_eq!(world.deal.wakeup(&world.policy).time, Some(end.plus(1)));
    world.wait_until(end);
    assert_eq!(world.state(), State::Paid);
    world.wait(1);
    assert_eq!(paid_out(world), [SUM / 2 - 50 - 500, SUM / 2 - 200]);

    // The rule is that of the day when the deal was made.
    let rules = Rules { dispute_seconds: 100, undecided_refund: percent(80) };
    let made = Policy { rules, ..Policy::default() };
    let deal = Deal::new(new_deal(Kind::Postpaid, service_keys()), &made).unwrap();
    let mut world = World::of(deal);
    world.pay(SUM);
    world.mine();
    world.command(Command::Dispute { reason: String::new() }, Actor::Seller).unwrap();
    world.wait(101);
    assert_eq!(paid_out(world), [20_000 - 20 - 500, 80_000 - 200]);
}

#[test]
fn the_seller_can_give_in() {
    let mut world = disputed();
    world.command(Command::Cancel { comments: String::new() }, Actor::Seller).unwrap();
    assert_eq!(world.state(), State::Canceled);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), SUM - 200);
}

#[test]
fn a_customer_cannot_decide_on_a_refund() {
    let wish = |status| Opinion { refund: Some(percent(100)), ..opinion(status) };
    for make in [Command::Complete, Command::Feedback] {
        let mut world = paid();
        let content = make(wish(FeedbackStatus::Positive));
        assert!(world.command(content, Actor::Customer).is_err());
        assert_eq!(world.state(), State::Paid);
        world.command(make(wish(FeedbackStatus::Negative)), Actor::Customer).unwrap();
        assert_eq!(world.deal.waiting()[0].2, Waiting::Dispute);
        assert_eq!(world.deal.decision(), None);
    }
}

#[test]
fn the_mediator_of_the_site_decides() {
    let word = |refund| {
        Command::Complete(Opinion {
            refund: Some(percent(refund)),
            ..opinion(FeedbackStatus::Neutral)
        })
    };
    let mut world = paid();
    world.command(word(50), Actor::Site).unwrap();
    assert_eq!(paid_out(world), [49_450, 49_800]);
    let mut world = disputed();
    world.wait(10 * 86_400);
    world.command(word(100), Actor::Site).unwrap();
    assert_eq!(world.deal.feedback().unwrap().by, Actor::Customer, "whose opinion stays");
    assert_eq!(paid_out(world), [0, SUM - 200]);
    // Without a refund it is no word of a mediator.
    let mut world = disputed();
    let good = Command::Complete(opinion(FeedbackStatus::Positive));
    let refused = world.command(good, Actor::Site).unwrap_err();
    assert_eq!(refused.to_string(), "The deal is in dispute.");
    // A bad opinion of the site begins a dispute, whatever it says of the money.
    let mut world = paid();
    let bad = Opinion { refund: Some(percent(100)), ..opinion(FeedbackStatus::Negative) };
    world.command(Command::Complete(bad), Actor::Site).unwrap();
    assert_eq!(world.deal.waiting()[0].2, Waiting::Dispute);
}
