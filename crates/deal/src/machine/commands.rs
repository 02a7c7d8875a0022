//! Who may command what, and when.

use super::{
    Action, Actor, Cancellation, Command, CommandRefused, Deal, Dispute, Event, Feedback, Opinion,
    State, apply::VERSIONS_MAX,
};
use crate::{FeedbackStatus, Percent, Time};

impl Deal {
    /// Carries a command out. Everything is checked before the first change.
    pub(super) fn command(
        &mut self,
        command: Command,
        by: Actor,
        now: Time,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        let name = command.name();
        check_words(&command)?;
        match command {
            Command::Complete(opinion) => {
                let may = matches!(by, Actor::Customer | Actor::Site | Actor::Arbiter);
                allow(may, name, by)?;
                self.complete(opinion, by, now, name, out)
            }
            Command::Feedback(opinion) => {
                allow(by == Actor::Customer, name, by)?;
                // Too late for the money, but never too late for the rating.
                if self.state() == State::Paid && self.check_time(now).is_err() {
                    return self.give_feedback(opinion, by, now, out);
                }
                self.complete(opinion, by, now, name, out)
            }
            Command::Cancel { comments } => {
                allow(by == Actor::Seller, name, by)?;
                self.cancel(comments, now, name)
            }
            Command::Dispute { reason } => {
                let may = matches!(by, Actor::Seller | Actor::Customer | Actor::Site);
                allow(may, name, by)?;
                self.dispute_by(by, reason, now, name, out)
            }
            Command::Resolve { refund } => {
                allow(by == Actor::Arbiter, name, by)?;
                self.resolve(refund, now, name, out)
            }
            Command::Bump => {
                allow(by == Actor::Operator, name, by)?;
                self.bump(out)
            }
            Command::Retry => {
                allow(by == Actor::Operator, name, by)?;
                self.retry()
            }
            Command::Delete => {
                allow(by == Actor::Operator, name, by)?;
                self.delete(name)
            }
        }
    }

    fn complete(
        &mut self,
        opinion: Opinion,
        by: Actor,
        now: Time,
        command: &'static str,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        match self.state() {
            State::Paid => self.judge(opinion, by, now, command, out),
            State::Completed | State::Executed | State::Failed => {
                self.give_feedback(opinion, by, now, out)
            }
            state @ (State::Created | State::Canceled | State::Deleted) => {
                Err(CommandRefused::WrongState { state, command })
            }
        }
    }

    /// An opinion while the money waits for one.
    fn judge(
        &mut self,
        opinion: Opinion,
        by: Actor,
        now: Time,
        command: &'static str,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        let is_bad = opinion.status == FeedbackStatus::Negative;
        let is_mediated = by == Actor::Arbiter || (by == Actor::Site && !is_bad);
        if let Some(refund) = opinion.refund.filter(|_| is_mediated) {
            self.check_time_of_site(by, now)?;
            self.give_feedback(opinion, by, now, out)?;
            self.decide(refund, by, now, out);
            return Ok(());
        }
        if by == Actor::Arbiter {
            return Err(CommandRefused::NotAllowed { command, by });
        }
        // A refund is the word of a mediator; the customer's own wish is for a dispute.
        if is_bad {
            return self.accuse(opinion, by, now, out);
        }
        if opinion.refund.is_some_and(|refund| refund > Percent::ZERO) {
            return Err(CommandRefused::NotAllowed { command, by });
        }
        if self.dispute.is_some() && by != Actor::Customer {
            return Err(CommandRefused::InDispute);
        }
        self.check_time(now)?;
        self.give_feedback(opinion, by, now, out)?;
        self.decide(Percent::ZERO, by, now, out);
        Ok(())
    }

    /// The time in which opinions decide. A dispute stops it: the customer can still be content,
    /// and a mediator can still decide.
    fn check_time(&self, now: Time) -> Result<(), CommandRefused> {
        let is_late = self.dispute.is_none() && now > self.terms.leave_before;
        if is_late { Err(CommandRefused::FeedbackExpired) } else { Ok(()) }
    }

    /// The arbiter has no time limit of its own.
    fn check_time_of_site(&self, by: Actor, now: Time) -> Result<(), CommandRefused> {
        if by == Actor::Arbiter { Ok(()) } else { self.check_time(now) }
    }

    /// A bad opinion: the money waits for the arbiter.
    fn accuse(
        &mut self,
        opinion: Opinion,
        by: Actor,
        now: Time,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        self.check_time(now)?;
        let reason = opinion.comments.clone();
        self.give_feedback(opinion, by, now, out)?;
        self.begin_dispute(by, reason, now, out);
        Ok(())
    }

    fn begin_dispute(&mut self, by: Actor, reason: String, now: Time, out: &mut Vec<Action>) {
        if self.dispute.is_none() {
            self.dispute = Some(Dispute { since: now, by, reason });
            out.push(Action::Notify(Event::Disputed { by }));
        }
    }

    /// Keeps an opinion. The customer's counts more than the site's, which counts more than none;
    /// the customer can change it until the time for feedback is over, in other words.
    fn give_feedback(
        &mut self,
        opinion: Opinion,
        by: Actor,
        now: Time,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        if self.was_said(&opinion, by)? {
            return Ok(());
        }
        let said = opinion.clone();
        let Opinion { status, comments, refund: _ } = opinion;
        if let Some(known) = &self.feedback {
            let is_same = known.status == status && known.comments == comments;
            let is_stronger = known.by == Actor::Customer && by != Actor::Customer;
            if (is_same && known.by == by) || is_stronger {
                return Ok(());
            }
            let is_late = now > self.terms.leave_before && self.state() != State::Paid;
            if known.by == by && is_late {
                return Err(CommandRefused::FeedbackLeft);
            }
        }
        self.note_said(&said, by);
        self.feedback = Some(Feedback { time: now, by, status, comments });
        out.push(Action::Notify(Event::FeedbackLeft { by, status }));
        Ok(())
    }

    fn cancel(
        &mut self,
        comments: String,
        now: Time,
        command: &'static str,
    ) -> Result<(), CommandRefused> {
        match self.state() {
            State::Canceled => return Ok(()),
            State::Created | State::Paid => {}
            State::Failed if self.cancellation.is_some() => return Ok(()),
            state @ (State::Completed | State::Executed | State::Failed | State::Deleted) => {
                return Err(CommandRefused::WrongState { state, command });
            }
        }
        if now > self.terms.until {
            return Err(CommandRefused::CancellationExpired);
        }
        self.cancellation = Some(Cancellation { time: now, by: Actor::Seller, comments });
        Ok(())
    }

    fn dispute_by(
        &mut self,
        by: Actor,
        reason: String,
        now: Time,
        command: &'static str,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        let state = self.state();
        if state != State::Paid {
            return Err(CommandRefused::WrongState { state, command });
        }
        self.check_time(now)?;
        self.begin_dispute(by, reason, now, out);
        Ok(())
    }

    fn resolve(
        &mut self,
        refund: Percent,
        now: Time,
        command: &'static str,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        let state = self.state();
        if state == State::Paid {
            self.decide(refund, Actor::Arbiter, now, out);
            return Ok(());
        }
        let is_same = self
            .decision
            .as_ref()
            .is_some_and(|decision| decision.by == Actor::Arbiter && decision.refund == refund);
        let is_over = matches!(state, State::Created | State::Canceled | State::Deleted);
        if is_same && !is_over {
            Ok(())
        } else {
            Err(CommandRefused::WrongState { state, command })
        }
    }

    fn bump(&self, out: &mut Vec<Action>) -> Result<(), CommandRefused> {
        let settlements = self.settlements.iter().zip(self.standing());
        let slow = settlements.filter(|(settlement, stands)| {
            *stands && !self.is_confirmed(settlement) && settlement.versions.len() < VERSIONS_MAX
        });
        let plans: Vec<_> = slow
            .map(|(settlement, _)| {
                let mut plan = settlement.plan.clone();
                plan.replaces_fee = settlement.newest().map(|version| version.fee);
                Action::Settle(plan)
            })
            .collect();
        if plans.is_empty() {
            return Err(CommandRefused::NothingToBump);
        }
        out.extend(plans);
        Ok(())
    }

    /// Gives up what failed, so that the money is planned for anew.
    ///
    /// A signed transaction cannot be taken back. The new one spends the same outputs, so a chain
    /// takes only one of them.
    fn retry(&mut self) -> Result<(), CommandRefused> {
        let stands = self.standing();
        let has_failed = |settlement: &super::DealSettlement, stands: bool| {
            settlement.rejected.is_some() && (stands || !settlement.is_signed())
        };
        let failed: Vec<_> = self
            .settlements
            .iter()
            .zip(stands)
            .map(|(settlement, stands)| has_failed(settlement, stands))
            .collect();
        if !failed.contains(&true) {
            return Err(CommandRefused::NothingFailed);
        }
        for (settlement, failed) in self.settlements.iter_mut().zip(&failed) {
            settlement.is_given_up |= *failed;
        }
        self.settlements.retain(|settlement| settlement.is_signed() || !settlement.is_given_up);
        Ok(())
    }

    fn delete(&mut self, command: &'static str) -> Result<(), CommandRefused> {
        let state = self.state();
        match state {
            State::Deleted => return Ok(()),
            State::Created | State::Executed | State::Canceled => {}
            State::Paid | State::Completed | State::Failed => {
                return Err(CommandRefused::WrongState { state, command });
            }
        }
        if !self.waiting().is_empty() {
            return Err(CommandRefused::HasMoney);
        }
        self.is_deleted = true;
        Ok(())
    }
}

fn allow(may: bool, command: &'static str, by: Actor) -> Result<(), CommandRefused> {
    if may { Ok(()) } else { Err(CommandRefused::NotAllowed { command, by }) }
}

/// Words are kept, shown and sent on, in places that take text only.
fn check_words(command: &Command) -> Result<(), CommandRefused> {
    let text = match command {
        Command::Complete(opinion) | Command::Feedback(opinion) => &opinion.comments,
        Command::Cancel { comments } => comments,
        Command::Dispute { reason } => reason,
        Command::Resolve { .. } | Command::Bump | Command::Retry | Command::Delete => return Ok(()),
    };
    if text.len() > Opinion::COMMENTS_BYTES_MAX {
        return Err(CommandRefused::TooLong);
    }
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.contains(is_control) { Err(CommandRefused::Control) } else { Ok(()) }
}
