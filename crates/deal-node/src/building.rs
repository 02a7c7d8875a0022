//! Makes the transactions of plans, with the fees of the day.

use crate::core::Core;
use tally_chain::utxo::FeeRate;
use tally_deal::{
    Deal, Plan,
    settlement::{SettlementError, UnsignedSettlement},
};

/// Makes the transaction of a plan. Little money that cannot bear the rate of the day goes at the
/// least rate: it comes slowly rather than not at all.
pub(crate) fn build(
    core: &Core,
    deal: &Deal,
    plan: &Plan,
    rate: FeeRate,
) -> Result<UnsignedSettlement, SettlementError> {
    match build_at(core, deal, plan, rate) {
        Err(SettlementError::BelowDust { .. }) => {
            build_at(core, deal, plan, core.config.settling.fee_rate_min)
        }
        built => built,
    }
}

/// Whether a plan replaces what is signed and out already: that is good, and may be in a block soon,
/// so a replacement that cannot be made is no failure.
pub(crate) fn is_replacement(deal: &Deal, plan: &Plan) -> bool {
    let is_signed = |id| deal.settlement(id).is_some_and(|known| known.newest().is_some());
    plan.replaces_fee.is_some() || is_signed(plan.id)
}

/// Whether a plan that could not be made can be made another day, or need not be.
pub(crate) fn may_wait(core: &Core, deal: &Deal, plan: &Plan, error: &SettlementError) -> bool {
    if is_replacement(deal, plan) {
        return true;
    }
    matches!(error, SettlementError::BelowDust { .. })
        && build_at(core, deal, plan, FeeRate::RELAYED_MIN).is_ok()
}

fn build_at(
    core: &Core,
    deal: &Deal,
    plan: &Plan,
    rate: FeeRate,
) -> Result<UnsignedSettlement, SettlementError> {
    let rules = core.config.settling.fee_rules;
    UnsignedSettlement::build(plan, &deal.payment_address(), &deal.recipients(), rate, rules)
}
