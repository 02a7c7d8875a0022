//! What happens when time passes.

use super::{Action, Actor, Cancellation, Deal, Decision, Event, Feedback, Policy, stage::Stage};
use crate::{FeedbackStatus, Percent, Time};
use tally_primitives::{BlockNumber, BlockSpan};

/// When a deal wants to be told the clock: at the first of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wakeup {
    /// From this time on.
    pub time: Option<Time>,
    /// From this block on.
    pub height: Option<BlockNumber>,
}

impl Deal {
    /// Returns when [`Fact::Clock`](super::Fact::Clock) will change something; telling it earlier
    /// or more often does no harm.
    pub fn wakeup(&self, policy: &Policy) -> Wakeup {
        let time = match self.stage() {
            // A payment that waits for more blocks stops the clock; the blocks wake the deal.
            Stage::Unpaid if !self.may_be_paid() => {
                Some(self.terms.until.plus(policy.grace_seconds))
            }
            Stage::Undecided => Some(self.dispute_ends().unwrap_or(self.terms.leave_before)),
            Stage::Unpaid
            | Stage::PaidOut(_)
            | Stage::SpentByOthers
            | Stage::Over
            | Stage::Decided(_) => None,
        };
        let depth = BlockSpan(policy.confirmations.saturating_sub(1));
        let blocks = self.outputs.iter().filter_map(|output| output.confirmation);
        let shallow = blocks.filter(|block| !block.is_deep);
        let height = shallow.map(|block| block.height.after(depth)).min();
        Wakeup { time: time.map(|last| last.plus(1)), height }
    }

    fn dispute_ends(&self) -> Option<Time> {
        let dispute = self.dispute.as_ref()?;
        Some(dispute.since.plus(self.rules.dispute_seconds))
    }

    pub(super) fn clock(
        &mut self,
        now: Time,
        tip: BlockNumber,
        policy: &Policy,
        out: &mut Vec<Action>,
    ) {
        for output in &mut self.outputs {
            output.sink(tip, policy.confirmations);
        }
        match self.stage() {
            Stage::Unpaid => self.expire(now, policy),
            Stage::Undecided => self.decide_by_time(now, out),
            Stage::PaidOut(_) | Stage::SpentByOthers | Stage::Over | Stage::Decided(_) => {}
        }
    }

    fn expire(&mut self, now: Time, policy: &Policy) {
        let until = self.terms.until;
        if now > until.plus(policy.grace_seconds) && !self.may_be_paid() {
            let comments = String::new();
            self.cancellation = Some(Cancellation { time: now, by: Actor::Operator, comments });
        }
    }

    fn decide_by_time(&mut self, now: Time, out: &mut Vec<Action>) {
        match self.dispute_ends() {
            Some(end) if now > end => {
                self.decide(self.rules.undecided_refund, Actor::Operator, now, out);
            }
            None if now > self.terms.leave_before => {
                self.decide(Percent::ZERO, Actor::Operator, now, out);
                if self.feedback.is_none() {
                    let status = FeedbackStatus::Positive;
                    let comments = String::new();
                    let by = Actor::Operator;
                    self.feedback = Some(Feedback { time: now, by, status, comments });
                    out.push(Action::Notify(Event::FeedbackLeft { by, status }));
                }
            }
            Some(_) | None => {}
        }
    }

    pub(super) fn decide(&mut self, refund: Percent, by: Actor, now: Time, out: &mut Vec<Action>) {
        self.decision = Some(Decision { time: now, by, refund });
        out.push(Action::Notify(Event::Decided { by, refund }));
    }
}
