//! Facts of the chain and of the network, and what follows from any fact.

use super::{
    Action, CommandRefused, Confirmation, Deal, DealSettlement, Event, Fact, Marks, Policy,
    Purpose, RawTransaction, SettlementId, Spend, State, Version, WrongSettlement, stage::Stage,
};
use crate::{FeedbackStatus, Percent};
use tally_chain::utxo::OutPoint;
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// The most versions of one settlement.
pub(super) const VERSIONS_MAX: usize = 25;
/// The longest reason of a failure that is kept, in bytes.
const REASON_BYTES_MAX: usize = 500;

impl Deal {
    /// Takes a fact and returns what is to be done.
    ///
    /// Costs time in proportion to the deal's outputs and settlements. The same fact again changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`CommandRefused`] if a command is not possible, or a settlement is not what was planned;
    /// the deal is as it was.
    ///
    /// # Panics
    ///
    /// If the deal breaks its invariants about money. Nothing of it must be stored then.
    pub fn apply(&mut self, fact: Fact, policy: &Policy) -> Result<Vec<Action>, CommandRefused> {
        let before = self.state();
        let mut actions = Vec::new();
        match fact {
            Fact::Seen { outpoint, value } => self.seen(outpoint, value, policy, &mut actions),
            Fact::Confirmed { outpoint, value, height, time } => {
                let block = Confirmation { height, time, is_deep: policy.confirmations <= 1 };
                self.confirmed(outpoint, value, block, policy, &mut actions);
            }
            Fact::Gone { outpoint } => self.gone(outpoint, &mut actions),
            Fact::RolledBackTo(height) => self.rolled_back(height, policy, &mut actions),
            Fact::Spent { outpoint, by, height } => self.spent(outpoint, by, height, &mut actions),
            Fact::Clock { now, tip } => self.clock(now, tip, policy, &mut actions),
            Fact::Command { command, by, now } => self.command(command, by, now, &mut actions)?,
            Fact::Settled { id, txid, fee, raw } => {
                self.settled(id, Version { txid, fee }, raw, &mut actions)?;
            }
            Fact::Accepted { id } => self.accepted(id),
            Fact::Rejected { id, reason } => self.rejected(id, reason, &mut actions),
        }
        self.keep_one_payout(&mut actions);
        self.plan(policy, &mut actions);
        self.rate(&mut actions);
        self.tell_state(before, &mut actions);
        self.assert_invariants();
        Ok(actions)
    }

    fn seen(&mut self, outpoint: OutPoint, value: Satoshi, policy: &Policy, out: &mut Vec<Action>) {
        let Some(at) = self.remember(outpoint, value, None, policy) else { return };
        let is_new = at.is_new || self.outputs[at.index].is_gone;
        self.outputs[at.index].is_gone = false;
        if is_new {
            self.tell_payment(Event::PaymentSeen { outpoint, value }, out);
            self.revive(outpoint, out);
        }
    }

    fn confirmed(
        &mut self,
        outpoint: OutPoint,
        value: Satoshi,
        mut block: Confirmation,
        policy: &Policy,
        out: &mut Vec<Action>,
    ) {
        let Some(at) = self.remember(outpoint, value, Some(block.time), policy) else { return };
        let output = &mut self.outputs[at.index];
        output.is_gone = false;
        if let Some(known) = output.confirmation
            && known.height == block.height
        {
            block.is_deep |= known.is_deep;
        }
        let before = output.confirmation.replace(block);
        if before.is_none_or(|before| before.height != block.height) {
            let height = block.height;
            self.tell_payment(Event::PaymentConfirmed { outpoint, value, height }, out);
            self.revive(outpoint, out);
        }
    }

    fn gone(&mut self, outpoint: OutPoint, out: &mut Vec<Action>) {
        let found = self.outputs.binary_search_by_key(&outpoint, |output| output.outpoint);
        let Ok(at) = found else { return };
        let output = &mut self.outputs[at];
        // What a block has is there, whatever the mempool lacks.
        if output.confirmation.is_some() || output.is_gone {
            return;
        }
        output.is_gone = true;
        output.spend = None;
        let value = output.value;
        self.tell_payment(Event::PaymentGone { outpoint, value }, out);
        let mut is_needed = false;
        for settlement in &mut self.settlements {
            if settlement.is_signed() && settlement.spends(outpoint) {
                is_needed = true;
                // No mempool keeps what spends an output that is not there.
                settlement.is_accepted = false;
            }
        }
        if !is_needed {
            self.outputs.remove(at);
        }
    }

    fn rolled_back(&mut self, height: BlockNumber, policy: &Policy, out: &mut Vec<Action>) {
        let mut undone = Vec::new();
        for output in &mut self.outputs {
            if output.roll_back(height, policy.confirmations) {
                undone.push(output.outpoint);
            }
        }
        for outpoint in undone {
            self.broadcast(outpoint, out);
        }
    }

    fn spent(
        &mut self,
        outpoint: OutPoint,
        by: Txid,
        height: Option<BlockNumber>,
        out: &mut Vec<Action>,
    ) {
        let found = self.outputs.binary_search_by_key(&outpoint, |output| output.outpoint);
        let Ok(at) = found else { return };
        let own = self
            .settlements
            .iter()
            .position(|settlement| settlement.is_made_by(by) && settlement.spends(outpoint));
        if let Some(own) = own {
            self.settlements[own].is_accepted = true;
            self.settlements[own].rejected = None;
        }
        // A transaction of others in the mempool proves nothing.
        let Some(height) = height else { return };
        let was_confirmed = own.map(|own| self.is_confirmed(&self.settlements[own]));
        let before = self.outputs[at].spend.replace(Spend { by, height });
        match (own, was_confirmed) {
            (Some(own), Some(false)) => {
                let id = self.settlements[own].plan.id;
                out.push(Action::Notify(Event::SettlementConfirmed { id, txid: by, height }));
            }
            (None, _) if before.is_none_or(|before| before.by != by) => {
                out.push(Action::Notify(Event::SpentByOthers { outpoint, by }));
            }
            _ => {}
        }
    }

    fn settled(
        &mut self,
        id: SettlementId,
        version: Version,
        raw: Vec<u8>,
        out: &mut Vec<Action>,
    ) -> Result<(), CommandRefused> {
        let unknown = CommandRefused::UnknownSettlement(id);
        let found = self.settlements.iter().position(|settlement| settlement.plan.id == id);
        let at = found.ok_or_else(|| unknown.clone())?;
        let settlement = &self.settlements[at];
        let Version { txid, fee } = version;
        if settlement.newest() == Some(version) {
            out.extend(settlement.broadcast());
            return Ok(());
        }
        let is_open = !settlement.is_signed()
            || (self.standing()[at]
                && !self.is_confirmed(settlement)
                && settlement.versions.len() < VERSIONS_MAX);
        if !is_open {
            return Err(unknown);
        }
        let wrong = |wrong| CommandRefused::WrongSettlement { id, txid, wrong };
        if settlement.newest().is_some_and(|before| fee <= before.fee) {
            return Err(wrong(WrongSettlement::Fee));
        }
        self.verify(&settlement.plan, version, &raw).map_err(wrong)?;
        let settlement = &mut self.settlements[at];
        settlement.versions.push(version);
        settlement.raw = Some(RawTransaction(raw));
        settlement.is_accepted = false;
        settlement.rejected = None;
        let purpose = settlement.plan.purpose;
        out.push(Action::Notify(Event::Settled { id, purpose, txid }));
        out.extend(settlement.broadcast());
        Ok(())
    }

    fn accepted(&mut self, id: SettlementId) {
        let signed = self.settlements.iter_mut().find(|settlement| settlement.plan.id == id);
        let Some(settlement) = signed.filter(|settlement| settlement.is_signed()) else { return };
        settlement.is_accepted = true;
        settlement.rejected = None;
    }

    fn rejected(&mut self, id: SettlementId, mut reason: String, out: &mut Vec<Action>) {
        let found = self.settlements.iter().position(|settlement| settlement.plan.id == id);
        let Some(at) = found else { return };
        let settlement = &self.settlements[at];
        let counts = !settlement.is_signed() || self.standing()[at];
        if !counts || self.is_confirmed(settlement) || settlement.rejected.is_some() {
            return;
        }
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        let settlement = &mut self.settlements[at];
        settlement.rejected = Some(reason.clone());
        settlement.is_accepted = false;
        out.push(Action::Notify(Event::SettlementFailed { id, reason }));
    }

    /// Tries what was signed again when an output that it spends has come back.
    fn revive(&mut self, outpoint: OutPoint, out: &mut Vec<Action>) {
        for settlement in &mut self.settlements {
            if settlement.is_signed() && settlement.spends(outpoint) {
                settlement.rejected = None;
            }
        }
        self.broadcast(outpoint, out);
    }

    /// Broadcasts what spends this output and is in no block.
    fn broadcast(&self, outpoint: OutPoint, out: &mut Vec<Action>) {
        for (settlement, stands) in self.settlements.iter().zip(self.standing()) {
            let is_waiting = stands && !self.is_confirmed(settlement);
            let again = settlement.broadcast().filter(|_| settlement.rejected.is_none());
            if is_waiting
                && settlement.spends(outpoint)
                && let Some(action) = again
                && !out.contains(&action)
            {
                out.push(action);
            }
        }
    }

    /// Gives up a payout that can be mined again when the deal has been paid out otherwise since:
    /// what it would spend goes back to the customer, by a transaction that takes its place.
    fn keep_one_payout(&mut self, out: &mut Vec<Action>) {
        let stands = self.standing();
        let is_payout = |at: &usize| stands[*at] && self.settlements[*at].is_payout();
        let payouts: Vec<_> = (0..self.settlements.len()).filter(is_payout).collect();
        // What a block has is kept; else the newest.
        let (mined, mut waiting): (Vec<_>, Vec<_>) =
            payouts.into_iter().partition(|at| self.is_confirmed(&self.settlements[*at]));
        if mined.is_empty() {
            waiting.pop();
        }
        for at in waiting {
            self.settlements[at].is_given_up = true;
            let given_up = self.settlements[at].plan.id;
            out.retain(|action| !matches!(action, Action::Broadcast { id, .. } if *id == given_up));
        }
    }

    /// Counts the deal for the ratings once its payout is in a block. A payout that is undone
    /// later is mined again, so the deal goes on counting.
    fn rate(&mut self, out: &mut Vec<Action>) {
        let is_finished = match self.stage() {
            Stage::PaidOut(at) => self.is_confirmed(&self.settlements[at]),
            Stage::SpentByOthers => self.state() == State::Executed,
            Stage::Over | Stage::Decided(_) | Stage::Undecided | Stage::Unpaid => false,
        };
        // Who deals with himself earns no name by it.
        let is_own = self.terms.seller.script() == self.terms.customer.script();
        if is_own || (!is_finished && self.marks.is_none()) {
            return;
        }
        let marks = self.marks_now();
        if self.marks.replace(marks) != Some(marks) {
            let Marks { seller, customer } = marks;
            out.push(Action::Notify(Event::Rated { seller, customer }));
        }
    }

    fn marks_now(&self) -> Marks {
        let feedback = self.feedback.as_ref().map(|feedback| feedback.status);
        // Who called the arbiter for nothing has not made a success of the deal.
        let is_lost =
            self.dispute.as_ref().zip(self.decision.as_ref()).is_some_and(|(dispute, decision)| {
                dispute.by != super::Actor::Seller
                    && decision.by == super::Actor::Arbiter
                    && decision.refund == Percent::ZERO
            });
        Marks { seller: feedback != Some(FeedbackStatus::Negative), customer: !is_lost }
    }

    /// Tells each state that the deal went through on its way.
    fn tell_state(&self, before: State, out: &mut Vec<Action>) {
        let now = self.state();
        let between: &[State] = match (before, now) {
            (State::Created, State::Completed | State::Executed) => &[State::Paid],
            _ => &[],
        };
        let mut from = before;
        for &to in between.iter().chain(&[now]) {
            if from != to {
                out.push(Action::Notify(Event::StateChanged { from, to }));
            }
            from = to;
        }
    }
}

impl DealSettlement {
    /// Returns the action that gives the newest transaction to the network.
    pub(super) fn broadcast(&self) -> Option<Action> {
        let (newest, raw) = (self.newest()?, self.raw.as_ref()?);
        Some(Action::Broadcast { id: self.plan.id, txid: newest.txid, raw: raw.0.clone() })
    }

    /// Returns whether it is for the outcome of the deal.
    pub(super) fn is_payout(&self) -> bool {
        self.plan.purpose == Purpose::Payout
    }
}
