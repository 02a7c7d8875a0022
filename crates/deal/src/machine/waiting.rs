use super::{Deal, DealOutput, DealSettlement, SettlementId, State, stage::Stage};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::OutPoint;
use tally_primitives::Satoshi;

/// Why money is still at a deal's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// No block has it, or not enough blocks lie upon it.
    Confirmation,
    /// It is not enough to pay the deal; more may come until the time to pay is over.
    Payment,
    /// The customer's feedback, or the end of the time for it, will decide.
    Feedback,
    /// The arbiter will decide.
    Dispute,
    /// This settlement is planned and not signed yet.
    Signature(SettlementId),
    /// This settlement is signed, and no block has it.
    Settlement(SettlementId),
    /// This settlement failed; it waits for the operator.
    Retry(SettlementId),
    /// It goes back to the customer with the next money: alone it is less than is worth sending,
    /// or another settlement has to be signed first.
    NextSettlement,
}

impl Deal {
    /// Returns every unspent output that is there, with the reason why it still is.
    pub fn waiting(&self) -> Vec<(OutPoint, Satoshi, Waiting)> {
        let stage = self.stage();
        let stands = self.standing();
        let there = self.outputs.iter().filter(|output| !output.is_gone && output.spend.is_none());
        there
            .map(|output| (output.outpoint, output.value, self.reason(output, stage, &stands)))
            .collect()
    }

    /// Returns whether nothing is left to be done: the deal is over, no money waits at its address,
    /// and nothing is to be signed or sent. Later money begins it anew.
    pub fn is_finished(&self) -> bool {
        let is_over = match self.state() {
            State::Executed | State::Canceled | State::Deleted => true,
            // One that failed waits for the operator.
            State::Created | State::Paid | State::Completed | State::Failed => false,
        };
        is_over && self.waiting().is_empty() && self.pending().is_empty()
    }

    fn reason(&self, output: &DealOutput, stage: Stage, stands: &[bool]) -> Waiting {
        let mut settlements = self.settlements.iter().zip(stands);
        let holds = |(settlement, stands): &(&DealSettlement, &bool)| {
            (**stands || !settlement.is_signed()) && settlement.spends(output.outpoint)
        };
        if let Some((settlement, _)) = settlements.find(holds) {
            let id = settlement.plan.id;
            return match (settlement.rejected.is_some(), settlement.is_signed()) {
                (true, _) => Waiting::Retry(id),
                (false, true) => Waiting::Settlement(id),
                (false, false) => Waiting::Signature(id),
            };
        }
        if !output.is_deep() {
            return Waiting::Confirmation;
        }
        match stage {
            Stage::Unpaid => Waiting::Payment,
            Stage::Undecided if self.dispute.is_some() => Waiting::Dispute,
            Stage::Undecided => Waiting::Feedback,
            Stage::PaidOut(_) | Stage::SpentByOthers | Stage::Over | Stage::Decided(_) => {
                Waiting::NextSettlement
            }
        }
    }
}
