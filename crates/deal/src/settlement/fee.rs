use super::SettlementError;
use crate::Percent;
use tally_chain::utxo::FeeRate;
use tally_primitives::Satoshi;

/// The lowest fee is above the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lowest miner's fee, {min}, is above the highest, {max}")]
pub struct FeeRulesError {
    /// The lowest fee.
    pub min: Satoshi,
    /// The highest fee.
    pub max: Satoshi,
}

/// Between which bounds the fee rate decides what the miner gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRules {
    min: Satoshi,
    max: Satoshi,
    part_max: Percent,
}

impl FeeRules {
    /// Bounds the miner's fee of one settlement, whatever part of the money that is.
    ///
    /// # Errors
    ///
    /// [`FeeRulesError`].
    pub fn new(min: Satoshi, max: Satoshi) -> Result<Self, FeeRulesError> {
        if min > max {
            Err(FeeRulesError { min, max })
        } else {
            Ok(Self { min, max, part_max: Percent::HUNDRED })
        }
    }

    /// Bounds the fee also by a part of what the settlement spends: small deals then wait for a
    /// cheaper hour instead of paying the miner most of their money.
    #[must_use]
    pub const fn with_part_max(self, part_max: Percent) -> Self {
        Self { part_max, ..self }
    }

    /// Returns the lowest fee.
    pub const fn min(self) -> Satoshi {
        self.min
    }

    /// Returns the highest fee.
    pub const fn max(self) -> Satoshi {
        self.max
    }

    /// Returns the highest part of the money that the fee is.
    pub const fn part_max(self) -> Percent {
        self.part_max
    }

    /// Returns the fee of a transaction of `vsize` virtual bytes that spends `inputs` in all and
    /// replaces one with the fee `replaced`, if any.
    ///
    /// Nodes relay nothing below [`FeeRate::RELAYED_MIN`]. That comes before the highest fee:
    /// otherwise a bound set too low, or a thousand tiny payments of a stranger, would lock the
    /// money up. The highest fee comes before the lowest. A replacement pays for its own relaying
    /// on top of what it replaces (BIP-125), and never more than the highest fee.
    pub(super) fn fee(
        self,
        rate: FeeRate,
        vsize: u64,
        inputs: Satoshi,
        replaced: Option<Satoshi>,
    ) -> Result<Satoshi, SettlementError> {
        let relayed = FeeRate::RELAYED_MIN.fee(vsize).ok_or(SettlementError::Overflow)?;
        let max = self.max.min(self.part_max.of(inputs));
        // A rate beyond all amounts is above the highest fee in any case.
        let wanted = rate.fee(vsize).unwrap_or(max);
        let fee = wanted.max(self.min).min(max).max(relayed);
        let Some(replaced) = replaced else { return Ok(fee) };
        let needed = replaced.checked_add(relayed).ok_or(SettlementError::Overflow)?;
        if needed > max {
            return Err(SettlementError::FeeAboveMax { needed, max });
        }
        Ok(fee.max(needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: FeeRules =
        FeeRules { min: Satoshi(200), max: Satoshi(2_000), part_max: Percent::HUNDRED };
    const MUCH: Satoshi = Satoshi::COIN;

    #[test]
    fn the_rate_decides_between_the_bounds() {
        let fee = |per_kvb| RULES.fee(FeeRate::per_kvb(per_kvb), 150, MUCH, None);
        assert_eq!(fee(0), Ok(Satoshi(200)));
        assert_eq!(fee(1_500), Ok(Satoshi(225)));
        assert_eq!(fee(1_501), Ok(Satoshi(226)));
        assert_eq!(fee(13_333), Ok(Satoshi(2_000)));
        assert_eq!(fee(u64::MAX), Ok(Satoshi(2_000)));
    }

    #[test]
    fn a_fee_is_at_least_what_nodes_relay_even_above_the_highest() {
        assert_eq!(RULES.fee(FeeRate::per_kvb(0), 2_500, MUCH, None), Ok(Satoshi(2_500)));
    }

    #[test]
    fn a_replacement_pays_for_its_relaying_and_keeps_below_the_highest() {
        let bump = |per_kvb, replaced| {
            RULES.fee(FeeRate::per_kvb(per_kvb), 150, MUCH, Some(Satoshi(replaced)))
        };
        assert_eq!(bump(1_000, 200), Ok(Satoshi(350)));
        assert_eq!(bump(10_000, 200), Ok(Satoshi(1_500)));
        assert_eq!(bump(10_000, 1_850), Ok(Satoshi(2_000)));
        let above = SettlementError::FeeAboveMax { needed: Satoshi(2_001), max: Satoshi(2_000) };
        assert_eq!(bump(10_000, 1_851), Err(above));
    }

    #[test]
    fn a_fee_is_at_most_its_part_of_the_money_if_nodes_relay_that() {
        let rules = RULES.with_part_max(Percent::whole(10).unwrap());
        let fee = |inputs, replaced: Option<u64>| {
            let rate = FeeRate::per_kvb(20_000);
            rules.fee(rate, 150, Satoshi(inputs), replaced.map(Satoshi))
        };
        assert_eq!(fee(100_000, None), Ok(Satoshi(2_000)));
        assert_eq!(fee(10_000, None), Ok(Satoshi(1_000)));
        // The lowest fee gives way, what nodes relay does not.
        assert_eq!(fee(1_900, None), Ok(Satoshi(190)));
        assert_eq!(fee(1_000, None), Ok(Satoshi(150)));
        let above = SettlementError::FeeAboveMax { needed: Satoshi(1_001), max: Satoshi(1_000) };
        assert_eq!(fee(10_000, Some(850)), Ok(Satoshi(1_000)));
        assert_eq!(fee(10_000, Some(851)), Err(above));
    }

    #[test]
    fn bounds_in_the_wrong_order_are_refused() {
        let wrong = FeeRulesError { min: Satoshi(2), max: Satoshi(1) };
        assert_eq!(FeeRules::new(Satoshi(2), Satoshi(1)), Err(wrong));
        assert!(FeeRules::new(Satoshi(1), Satoshi(1)).is_ok());
    }
}
