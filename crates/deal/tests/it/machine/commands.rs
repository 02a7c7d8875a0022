//! Who may command what, and when.

use super::{
    disputes::{disputed, opinion, paid, percent},
    terms::{LEAVE_BEFORE, SUM, UNTIL, postpaid, prepaid},
    world::World,
};
use tally_deal::{Actor, Command, CommandRefused, FeedbackStatus, Opinion, Recipient, State};

const ALL: [Actor; 5] =
    [Actor::Seller, Actor::Customer, Actor::Site, Actor::Arbiter, Actor::Operator];

fn cancel() -> Command {
    Command::Cancel { comments: "sold out".to_owned() }
}

fn good() -> Opinion {
    opinion(FeedbackStatus::Positive)
}

#[test]
fn who_may_command_what() {
    let with_refund = Opinion { refund: Some(percent(10)), ..good() };
    for (command, allowed) in [
        (Command::Complete(good()), &[Actor::Customer, Actor::Site][..]),
        (Command::Complete(with_refund), &[Actor::Site, Actor::Arbiter]),
        (Command::Complete(opinion(FeedbackStatus::Negative)), &[Actor::Customer, Actor::Site]),
        (Command::Feedback(good()), &[Actor::Customer]),
        (cancel(), &[Actor::Seller]),
        (
            Command::Dispute { reason: String::new() },
            &[Actor::Seller, Actor::Customer, Actor::Site],
        ),
        (Command::Resolve { refund: percent(1) }, &[Actor::Arbiter]),
    ] {
        for by in ALL {
            let told = paid().command(command.clone(), by);
            let refused = CommandRefused::NotAllowed { command: command.name(), by };
            let expected = if allowed.contains(&by) { Ok(()) } else { Err(refused) };
            assert_eq!(told, expected, "{command:?} by the {by}");
        }
    }
    for command in [Command::Bump, Command::Retry, Command::Delete] {
        for by in ALL.into_iter().filter(|by| *by != Actor::Operator) {
            let refused = CommandRefused::NotAllowed { command: command.name(), by };
            assert_eq!(paid().command(command.clone(), by), Err(refused));
        }
    }
}

#[test]
fn commands_in_the_wrong_state_are_refused() {
    let judged = [
        (Command::Complete(good()), Actor::Site),
        (Command::Feedback(good()), Actor::Customer),
        (Command::Dispute { reason: String::new() }, Actor::Customer),
        (Command::Resolve { refund: percent(0) }, Actor::Arbiter),
    ];
    for (command, by) in judged {
        for canceled in [false, true] {
            let mut world = World::of(postpaid());
            if canceled {
                world.command(cancel(), Actor::Seller).unwrap();
            }
            let state = world.state();
            let refused = CommandRefused::WrongState { state, command: command.name() };
            assert_eq!(world.command(command.clone(), by), Err(refused.clone()));
            assert!(refused.to_string().starts_with("The deal is "), "{refused}");
        }
    }
    let mut world = paid();
    world.command(Command::Complete(good()), Actor::Site).unwrap();
    for (command, by) in [
        (cancel(), Actor::Seller),
        (Command::Dispute { reason: String::new() }, Actor::Customer),
        (Command::Resolve { refund: percent(0) }, Actor::Arbiter),
        (Command::Delete, Actor::Operator),
    ] {
        assert!(matches!(world.command(command, by), Err(CommandRefused::WrongState { .. })));
    }
    assert_eq!(world.command(Command::Retry, Actor::Operator), Err(CommandRefused::NothingFailed));
    assert_eq!(world.command(Command::Bump, Actor::Operator), Err(CommandRefused::NothingToBump));
}

#[test]
fn the_seller_cancels_in_time() {
    for mut world in [World::of(prepaid()), World::of(postpaid()), paid()] {
        world.wait_until(UNTIL);
        world.command(cancel(), Actor::Seller).unwrap();
        assert_eq!(world.state(), State::Canceled);
        assert_eq!(world.deal.cancellation().unwrap().comments, "sold out");
        assert_eq!(world.command(cancel(), Actor::Seller), Ok(()), "again");
    }
    let mut world = paid();
    world.wait_until(UNTIL.plus(1));
    let refused = world.command(cancel(), Actor::Seller).unwrap_err();
    assert_eq!(refused.to_string(), "Deal cancellation expired.");
    assert_eq!(world.state(), State::Paid);
}

#[test]
fn a_canceled_deal_sends_payments_back() {
    let mut world = World::of(prepaid());
    world.command(cancel(), Actor::Seller).unwrap();
    world.pay(SUM);
    world.mine();
    assert_eq!(world.state(), State::Canceled);
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), SUM - 200);
    assert_eq!(world.received(Recipient::Seller), 0);
    // A deleted deal does, too.
    world.command(Command::Delete, Actor::Operator).unwrap();
    assert_eq!(world.state(), State::Deleted);
    world.pay(SUM);
    let deleted_again = world.command(Command::Delete, Actor::Operator);
    assert_eq!(deleted_again, Ok(()));
    world.mine();
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Customer), 2 * (SUM - 200));
    // A deal with money is not deleted.
    let mut world = World::of(postpaid());
    world.pay(3_000);
    let refused = world.command(Command::Delete, Actor::Operator);
    assert_eq!(refused, Err(CommandRefused::HasMoney));
}

#[test]
fn a_good_opinion_pays_the_seller() {
    for status in [FeedbackStatus::Positive, FeedbackStatus::Neutral] {
        for command in [Command::Complete(opinion(status)), Command::Feedback(opinion(status))] {
            let mut world = paid();
            world.wait_until(LEAVE_BEFORE.minus(1));
            world.command(command, Actor::Customer).unwrap();
            assert_eq!(world.state(), State::Completed);
            world.work();
            world.mine();
            assert_eq!(world.received(Recipient::Seller), SUM - 800);
        }
    }
}

#[test]
fn silence_pays_the_seller() {
    let mut world = paid();
    assert_eq!(world.deal.wakeup(&world.policy).time, Some(LEAVE_BEFORE.plus(1)));
    world.wait_until(LEAVE_BEFORE);
    assert_eq!(world.state(), State::Paid);
    world.wait(1);
    assert_eq!(world.state(), State::Completed);
    let feedback = world.deal.feedback().unwrap();
    assert_eq!((feedback.status, feedback.by), (FeedbackStatus::Positive, Actor::Operator));
    world.work();
    world.mine();
    assert_eq!(world.received(Recipient::Seller), SUM - 800);
}

/// Method: the clock has not been told yet, so the deal is still undecided.
#[test]
fn an_opinion_after_the_time_decides_nothing() {
    let mut world = paid();
    world.now = LEAVE_BEFORE.plus(1);
    for status in FeedbackStatus::ALL {
        let refused = world.command(Command::Complete(opinion(status)), Actor::Customer);
        assert_eq!(refused.unwrap_err().to_string(), "Date feedback expired.");
    }
    let dispute = Command::Dispute { reason: String::new() };
    assert_eq!(world.command(dispute, Actor::Customer), Err(CommandRefused::FeedbackExpired));
    let bad = Command::Feedback(opinion(FeedbackStatus::Negative));
    world.command(bad, Actor::Customer).unwrap();
    assert_eq!(world.deal.dispute(), None, "it counts for the rating only");
    world.wait(0);
    assert_eq!(world.state(), State::Completed);
    assert_eq!(world.deal.feedback().unwrap().status, FeedbackStatus::Negative);
    // The arbiter is bound to no time.
    let mut world = disputed();
    world.now = LEAVE_BEFORE.plus(1);
    world.command(Command::Resolve { refund: percent(5) }, Actor::Arbiter).unwrap();
    assert_eq!(world.state(), State::Completed);
}

#[test]
fn comments_are_text() {
    for (letter, is_text) in [
        ('\n', true),
        ('\r', true),
        ('\t', true),
        ('\0', false),
        ('\u{1b}', false),
        ('\u{7f}', false),
        ('\u{9b}', false),
    ] {
        let text = format!("a{letter}b");
        let words = Opinion { comments: text.clone(), ..good() };
        for (command, by) in [
            (Command::Complete(words.clone()), Actor::Site),
            (Command::Feedback(words), Actor::Customer),
            (Command::Cancel { comments: text.clone() }, Actor::Seller),
            (Command::Dispute { reason: text.clone() }, Actor::Seller),
        ] {
            let taken = paid().command(command, by);
            let expected = if is_text { Ok(()) } else { Err(CommandRefused::Control) };
            assert_eq!(taken, expected, "{letter:?}");
        }
    }
}

#[test]
fn long_comments_are_refused() {
    let long = "x".repeat(Opinion::COMMENTS_BYTES_MAX + 1);
    let words = Opinion { comments: long.clone(), ..good() };
    for (command, by) in [
        (Command::Complete(words.clone()), Actor::Site),
        (Command::Feedback(words), Actor::Customer),
        (Command::Cancel { comments: long.clone() }, Actor::Seller),
        (Command::Dispute { reason: long.clone() }, Actor::Seller),
    ] {
        assert_eq!(paid().command(command, by), Err(CommandRefused::TooLong));
    }
    let longest = long[1..].to_owned();
    assert_eq!(paid().command(Command::Cancel { comments: longest }, Actor::Seller), Ok(()));
}
