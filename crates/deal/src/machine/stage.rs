//! Where a deal stands, computed from what it knows.

use super::{Deal, DealOutput, DealSettlement, Purpose, Recipient, State, plan};
use crate::{Kind, Percent, Scheme};
use tally_chain::utxo::OutPoint;
use tally_primitives::Satoshi;

/// What decides about the money, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A payout is signed and can be mined, or is: the one at this position.
    PaidOut(usize),
    /// Others have spent what the deal was paid with.
    SpentByOthers,
    /// The deal was canceled or deleted.
    Over,
    /// The payment counts, and it is decided what part goes back to the customer.
    Decided(Percent),
    /// The payment counts.
    Undecided,
    /// The payment does not count.
    Unpaid,
}

impl Stage {
    /// Returns what free money is for.
    pub(super) const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::PaidOut(_) | Self::SpentByOthers | Self::Over => Some(Purpose::Refund),
            Self::Decided(_) => Some(Purpose::Payout),
            Self::Undecided | Self::Unpaid => None,
        }
    }
}

impl Deal {
    /// Returns how far the deal has come.
    pub fn state(&self) -> State {
        if self.is_deleted {
            return State::Deleted;
        }
        match self.stage() {
            Stage::PaidOut(at) => {
                let payout = &self.settlements[at];
                match (self.is_confirmed(payout), payout.rejected.is_some(), payout.is_accepted) {
                    (true, _, _) | (false, false, true) => State::Executed,
                    (false, true, _) => State::Failed,
                    (false, false, false) => State::Completed,
                }
            }
            // The keys of the parties are theirs to use.
            Stage::SpentByOthers if matches!(self.scheme, Scheme::Escrow { .. }) => State::Executed,
            Stage::SpentByOthers => State::Failed,
            Stage::Over if self.has_failed_refund() => State::Failed,
            Stage::Over => State::Canceled,
            Stage::Decided(_) if self.unsigned_failure().is_some() => State::Failed,
            Stage::Decided(_) => State::Completed,
            Stage::Undecided => State::Paid,
            Stage::Unpaid => State::Created,
        }
    }

    /// Returns why money cannot be paid out, if that is so.
    pub fn failure(&self) -> Option<&str> {
        let settlements = self.settlements.iter().zip(self.standing());
        let failed = |(settlement, stands): (&'_ DealSettlement, bool)| {
            (stands || !settlement.is_signed()) && settlement.rejected.is_some()
        };
        let mut failed = settlements.filter(|pair| failed(*pair)).map(|(settlement, _)| settlement);
        let reason = failed.next().and_then(|settlement| settlement.rejected.as_deref());
        let is_lost = self.stage() == Stage::SpentByOthers && self.state() == State::Failed;
        reason.or(is_lost.then_some("The money was spent by a transaction of somebody else."))
    }

    pub(super) fn stage(&self) -> Stage {
        let stands = self.standing();
        let is_payout =
            |at: &usize| stands[*at] && self.settlements[*at].plan.purpose == Purpose::Payout;
        if let Some(at) = (0..self.settlements.len()).rfind(is_payout) {
            return Stage::PaidOut(at);
        }
        let sum = self.terms.sum.satoshi();
        let spent = self.spent_by_others(&stands);
        let counted = self.counted(&stands);
        let is_over = self.cancellation.is_some() || self.is_deleted;
        if !is_over && counted < sum && plan::sum([counted, spent].into_iter()) >= sum {
            return Stage::SpentByOthers;
        }
        match (is_over, counted >= sum, self.outcome()) {
            (true, _, _) => Stage::Over,
            (false, false, _) => Stage::Unpaid,
            (false, true, Some(refund)) => Stage::Decided(refund),
            (false, true, None) => Stage::Undecided,
        }
    }

    /// Returns what part of the sum goes back to the customer, if that is decided. A prepaid deal
    /// is decided by its payment.
    fn outcome(&self) -> Option<Percent> {
        match self.terms.kind {
            Kind::Prepaid => Some(Percent::ZERO),
            Kind::Postpaid => self.decision.as_ref().map(|decision| decision.refund),
        }
    }

    /// Returns, for each settlement, whether it is signed and can be mined or is in a block.
    ///
    /// A settlement without one of its inputs cannot be mined, nor can one whose inputs another
    /// transaction has spent. Of two signed ones that spend the same, the newer counts, because the
    /// older was replaced by it; unless a block has the older.
    pub(super) fn standing(&self) -> Vec<bool> {
        let count = self.settlements.len();
        let mut stands: Vec<_> =
            self.settlements.iter().map(|settlement| self.is_confirmed(settlement)).collect();
        // A block is told output by output: what it has counts before all of its inputs were told.
        let is_mined = stands.clone();
        for at in (0..count).rev().filter(|at| !is_mined[*at]) {
            let settlement = &self.settlements[at];
            let is_replaced = (0..count).any(|other| {
                (other > at || is_mined[other])
                    && stands[other]
                    && self.settlements[other].conflicts_with(settlement)
            });
            stands[at] = settlement.is_signed()
                && !settlement.is_given_up
                && !is_replaced
                && !self.is_dead(settlement);
        }
        stands
    }

    fn is_dead(&self, settlement: &DealSettlement) -> bool {
        settlement.plan.inputs.iter().any(|(outpoint, _)| {
            self.output(*outpoint).is_none_or(|output| {
                let is_taken = output.spend.is_some_and(|spend| !settlement.is_made_by(spend.by));
                output.is_gone || is_taken
            })
        })
    }

    /// Returns whether a block has one of the settlement's transactions.
    pub fn is_confirmed(&self, settlement: &DealSettlement) -> bool {
        settlement.plan.inputs.iter().any(|(outpoint, _)| {
            let spend = self.output(*outpoint).and_then(|output| output.spend);
            spend.is_some_and(|spend| settlement.is_made_by(spend.by))
        })
    }

    pub(super) fn output(&self, outpoint: OutPoint) -> Option<&DealOutput> {
        let at = self.outputs.binary_search_by_key(&outpoint, |output| output.outpoint).ok()?;
        Some(&self.outputs[at])
    }

    /// Returns whether a settlement that counts spends this output.
    pub(super) fn is_claimed(&self, outpoint: OutPoint, stands: &[bool]) -> bool {
        let mut settlements = self.settlements.iter().zip(stands);
        settlements.any(|(settlement, stands)| *stands && settlement.spends(outpoint))
    }

    /// Returns what counts as payment.
    fn counted(&self, stands: &[bool]) -> Satoshi {
        plan::sum(
            self.free_in_time(stands).filter(|output| output.is_deep()).map(|output| output.value),
        )
    }

    /// Returns whether the payment will count as soon as enough blocks lie upon it.
    pub(super) fn may_be_paid(&self) -> bool {
        let stands = self.standing();
        let in_time = plan::sum(self.free_in_time(&stands).map(|output| output.value));
        in_time >= self.terms.sum.satoshi()
    }

    /// Returns the outputs in time that nobody has spent and that do not go back already.
    fn free_in_time<'a>(&'a self, stands: &'a [bool]) -> impl Iterator<Item = &'a DealOutput> {
        self.in_time()
            .filter(|output| output.spend.is_none() && !self.is_claimed(output.outpoint, stands))
    }

    /// Returns what would count as payment, had others not spent it.
    fn spent_by_others(&self, stands: &[bool]) -> Satoshi {
        plan::sum(self.in_time().filter_map(|output| {
            let is_spent = output.spend.is_some() && !self.is_claimed(output.outpoint, stands);
            (is_spent && output.is_deep()).then_some(output.value)
        }))
    }

    fn in_time(&self) -> impl Iterator<Item = &DealOutput> {
        let until = self.terms.until;
        self.outputs.iter().filter(move |output| output.is_in_time(until))
    }

    /// Returns the plan that could not be carried out and that the deal waits for.
    fn unsigned_failure(&self) -> Option<&DealSettlement> {
        self.settlements.iter().find(|settlement| {
            !settlement.is_signed()
                && settlement.rejected.is_some()
                && settlement.plan.purpose == Purpose::Payout
        })
    }

    /// Returns whether as much as the deal's sum cannot be sent back. Less does not make a deal
    /// fail: anybody can send an output that is too small to be worth its fee.
    fn has_failed_refund(&self) -> bool {
        self.settlements.iter().zip(self.standing()).any(|(settlement, stands)| {
            (stands || !settlement.is_signed())
                && settlement.rejected.is_some()
                && settlement.plan.share(Recipient::Customer) >= self.terms.sum.satoshi()
        })
    }
}
