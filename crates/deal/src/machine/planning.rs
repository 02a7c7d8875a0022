//! Who gets what, and when a settlement is planned.

use super::{
    Action, Deal, DealSettlement, Plan, Policy, Purpose, Recipient, SettlementId, plan,
    stage::Stage,
};
use crate::{Fee, Percent};
use tally_chain::utxo::OutPoint;
use tally_primitives::Satoshi;

impl Deal {
    /// Drops plans that are no longer right and makes the one that is due.
    pub(super) fn plan(&mut self, policy: &Policy, actions: &mut Vec<Action>) {
        let stage = self.stage();
        let stands = self.standing();
        let kept: Vec<_> =
            self.settlements.iter().map(|plan| self.is_kept(plan, stage, &stands)).collect();
        let mut kept = kept.into_iter();
        self.settlements.retain(|_| kept.next().expect("each settlement was looked at"));
        let Some(plan) = self.due(stage, policy) else { return };
        self.last_settlement = plan.id;
        self.settlements.push(DealSettlement::new(plan.clone()));
        actions.push(Action::Settle(plan));
    }

    /// Returns whether a settlement is signed, or would be planned today as it was.
    fn is_kept(&self, settlement: &DealSettlement, stage: Stage, stands: &[bool]) -> bool {
        let plan = &settlement.plan;
        let is_free = |outpoint: OutPoint| {
            self.output(outpoint).is_some_and(super::DealOutput::is_available)
                && !self.is_claimed(outpoint, stands)
        };
        settlement.is_signed()
            || (stage.purpose() == Some(plan.purpose)
                && plan.inputs.iter().all(|(outpoint, _)| is_free(*outpoint))
                && plan.shares == self.shares(stage, plan.total()))
    }

    /// Returns the plan for all money that is free, if it is time for one. There is one plan at a
    /// time: what comes in meanwhile has the next.
    fn due(&self, stage: Stage, policy: &Policy) -> Option<Plan> {
        let purpose = stage.purpose()?;
        let mut unsigned = self.settlements.iter().filter(|settlement| !settlement.is_signed());
        let is_busy = unsigned
            .any(|waiting| waiting.rejected.is_none() || waiting.plan.purpose == Purpose::Payout);
        let inputs = self.free();
        let total = plan::sum(inputs.iter().map(|(_, value)| *value));
        let is_little = purpose == Purpose::Refund && total < policy.refund_min;
        if is_busy || inputs.is_empty() || is_little {
            return None;
        }
        let id = SettlementId(self.last_settlement.0.checked_add(1)?);
        let replaces_fee = self.fee_replaced(&inputs);
        Some(Plan { id, purpose, shares: self.shares(stage, total), inputs, replaces_fee })
    }

    /// Returns the outputs that lie deep enough and that no settlement has.
    pub(super) fn free(&self) -> Vec<(OutPoint, Satoshi)> {
        let stands = self.standing();
        let is_planned = |outpoint| {
            let mut unsigned = self.settlements.iter().filter(|settlement| !settlement.is_signed());
            unsigned.any(|settlement| settlement.spends(outpoint))
        };
        let free = self.outputs.iter().filter(|output| {
            output.is_available()
                && !self.is_claimed(output.outpoint, &stands)
                && !is_planned(output.outpoint)
        });
        free.map(|output| (output.outpoint, output.value)).collect()
    }

    /// Returns the highest fee among the signed transactions that spend one of these outputs too:
    /// the network takes the new one instead only for more.
    fn fee_replaced(&self, inputs: &[(OutPoint, Satoshi)]) -> Option<Satoshi> {
        let spends = |settlement: &&DealSettlement| {
            inputs.iter().any(|(outpoint, _)| settlement.spends(*outpoint))
        };
        let signed = self.settlements.iter().filter(spends);
        signed.filter_map(|settlement| Some(settlement.newest()?.fee)).max()
    }

    /// Divides `total`; the shares sum up to it exactly.
    fn shares(&self, stage: Stage, total: Satoshi) -> Vec<(Recipient, Satoshi)> {
        let refund = match stage {
            Stage::Decided(refund) => refund,
            Stage::PaidOut(_)
            | Stage::SpentByOthers
            | Stage::Over
            | Stage::Undecided
            | Stage::Unpaid => return vec![(Recipient::Customer, total)],
        };
        let fees = [&self.module, &self.service]
            .map(|payee| payee.as_ref().map_or(Fee::NONE, |payee| payee.fee));
        divide(self.terms.sum.satoshi(), total, refund, fees)
    }
}

/// Divides the money of a deal that is decided.
///
/// The customer gets the refund, rounded down, and what is more than the sum. What is left of the
/// sum is the seller's; of it come the fees, each rounded down, the module's first and the
/// service's out of what that leaves. So the seller has what does not divide.
fn divide(
    sum: Satoshi,
    total: Satoshi,
    refund: Percent,
    [module, service]: [Fee; 2],
) -> Vec<(Recipient, Satoshi)> {
    let less = |from: Satoshi, part: Satoshi| {
        from.checked_sub(part).expect("a part is not more than the whole")
    };
    // A payment counts when it reaches the sum, and a plan has all of it.
    let sum = sum.min(total);
    let back = refund.of(sum);
    let goods = less(sum, back);
    let module = module.of(goods);
    let service = service.of(goods).min(less(goods, module));
    let customer = plan::sum([back, less(total, sum)].into_iter());
    let seller = less(less(goods, module), service);
    let shares = [
        (Recipient::Seller, seller),
        (Recipient::Customer, customer),
        (Recipient::Module, module),
        (Recipient::Service, service),
    ];
    shares.into_iter().filter(|(_, share)| share.0 > 0).collect()
}

#[cfg(test)]
mod tests;
