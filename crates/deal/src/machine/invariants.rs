use super::{Deal, DealSettlement, Purpose, Recipient, plan, room};
use std::collections::BTreeSet;

impl Deal {
    /// Checks what must hold of the money after every fact.
    ///
    /// # Panics
    ///
    /// If something does not hold. A server that stops is better than one that pays twice.
    pub(super) fn assert_invariants(&self) {
        assert!(self.outputs.len() <= room::OUTPUTS_MAX, "a deal has a bounded number of outputs");
        let is_sorted = self.outputs.is_sorted_by(|one, two| one.outpoint < two.outpoint);
        assert!(is_sorted, "each output is known once");
        let stands = self.standing();
        let mut claimed = BTreeSet::new();
        let mut unsigned = 0;
        for (settlement, stands) in self.settlements.iter().zip(&stands) {
            self.assert_balanced(settlement);
            unsigned += usize::from(!settlement.is_signed() && settlement.rejected.is_none());
            if *stands || !settlement.is_signed() {
                for (outpoint, _) in &settlement.plan.inputs {
                    assert!(claimed.insert(*outpoint), "an output is spent by one settlement only");
                }
            }
            let fees: Vec<_> = settlement.versions.iter().map(|version| version.fee).collect();
            assert!(fees.is_sorted_by(|one, two| one < two), "a replacement pays the miner more");
        }
        assert!(unsigned <= 1, "one settlement is planned at a time");
        let payouts = self.settlements.iter().zip(&stands);
        let payouts = payouts.filter(|(settlement, stands)| **stands && settlement.is_payout());
        let (mined, waiting): (Vec<_>, Vec<_>) =
            payouts.partition(|(payout, _)| self.is_confirmed(payout));
        // Blocks can have two: what was signed before the deal lost its payment cannot be taken back.
        let most = usize::from(mined.is_empty());
        assert!(waiting.len() <= most, "a deal that is paid out is not paid out again");
    }

    fn assert_balanced(&self, settlement: &DealSettlement) {
        let plan = &settlement.plan;
        let shares = plan::sum(plan.shares.iter().map(|(_, share)| *share));
        assert_eq!(shares, plan.total(), "the shares of a plan sum up to its inputs");
        for (recipient, share) in &plan.shares {
            assert!(share.0 > 0, "nobody has an empty share");
            assert!(self.address_of(*recipient).is_some(), "who has a share has an address");
            let is_refund = plan.purpose == Purpose::Refund;
            assert!(!is_refund || *recipient == Recipient::Customer, "refunds are the customer's");
        }
        for (outpoint, value) in &plan.inputs {
            let output = self.output(*outpoint);
            assert!(
                output.is_some_and(|output| output.value == *value),
                "a settlement spends what came in"
            );
        }
    }
}
