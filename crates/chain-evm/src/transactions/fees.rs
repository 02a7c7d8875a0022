use crate::rpc::{Endpoint, RpcFailure};

/// What to tip where the server makes no suggestion: 1 gwei.
const TIP_DEFAULT: u128 = 1_000_000_000;

/// How much more a replacement pays, in percent. Servers ask for 10; the rest is for rounding and
/// for those that ask for a little more.
const BUMP_PERCENT: u128 = 20;

/// What a transaction offers per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fees {
    /// EIP-1559: at most `max` in total, of which at most `tip` above the base fee.
    Dynamic { max: u128, tip: u128 },
    /// Before EIP-1559: exactly this.
    Legacy { price: u128 },
}

impl Fees {
    /// Asks what a transaction has to offer now. Twice the base fee outlasts six full blocks.
    pub(crate) async fn estimate(endpoint: &Endpoint) -> Result<Self, RpcFailure> {
        let Some(base_fee) = endpoint.newest().await?.base_fee() else {
            return Ok(Self::Legacy { price: endpoint.gas_price().await? });
        };
        let tip = match endpoint.suggested_tip().await {
            Ok(tip) => tip,
            Err(failure) if failure.is_unknown_method() => TIP_DEFAULT,
            Err(failure) => return Err(failure),
        };
        Ok(Self::Dynamic { max: base_fee.saturating_mul(2).saturating_add(tip), tip })
    }

    /// Returns fees that replace a transaction with these, and are at least `current`.
    pub(crate) fn bumped(self, current: Self) -> Self {
        match (self, current) {
            (Self::Dynamic { max, tip }, Self::Dynamic { max: max_now, tip: tip_now }) => {
                let tip = bump(tip).max(tip_now);
                Self::Dynamic { max: bump(max).max(max_now).max(tip), tip }
            }
            (Self::Legacy { price }, Self::Legacy { price: now }) => {
                Self::Legacy { price: bump(price).max(now) }
            }
            // A chain changes its fee market once in its life; a dynamic fee replaces a legacy one
            // if both parts are above the price.
            (Self::Legacy { price }, Self::Dynamic { max, tip }) => {
                let price = bump(price);
                Self::Dynamic { max: max.max(price), tip: tip.max(price) }
            }
            (Self::Dynamic { max, .. }, Self::Legacy { price }) => {
                Self::Legacy { price: bump(max).max(price) }
            }
        }
    }
}

fn bump(fee: u128) -> u128 {
    // Rounded up, so that tiny fees rise too.
    fee.saturating_add(fee.saturating_mul(BUMP_PERCENT) / 100).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a replacement is accepted everywhere. Method: every part rises by more than 10 %.
    #[test]
    fn a_replacement_pays_enough_more() {
        for (max, tip) in [(0, 0), (7, 1), (1_000_000_007, 3), (u128::MAX, u128::MAX)] {
            let fees = Fees::Dynamic { max, tip };
            let Fees::Dynamic { max: max_bumped, tip: tip_bumped } = fees.bumped(fees) else {
                panic!("a dynamic fee stays dynamic");
            };
            for (old, new) in [(max, max_bumped), (tip, tip_bumped)] {
                assert!(new == u128::MAX || new * 100 > old * 110, "{old} -> {new}");
            }
            assert!(tip_bumped <= max_bumped);
        }
    }
}
