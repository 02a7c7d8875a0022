//! What an answer costs. Exact, in satoshi, and never less than what the terms say.

use tally_apip_node::Price;
use tally_primitives::Satoshi;

/// Bytes that the price per size is for.
const KILOBYTE: u64 = 1024;

/// What an interface costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tariff {
    pub(crate) price: Price,
    pub(crate) factor: u64,
}

impl Tariff {
    /// Of what costs nothing.
    pub(crate) const FREE: Self = Self { price: Price::PerRequest(Satoshi(0)), factor: 1 };

    /// The least that an answer costs: a user who has less is not served.
    pub(crate) const fn least(self) -> Satoshi {
        self.cost(1)
    }

    /// What an answer of so many bytes costs. Begun kilobytes count whole.
    pub(crate) const fn cost(self, bytes: u64) -> Satoshi {
        let (price, units) = match self.price {
            Price::PerRequest(price) => (price, 1),
            Price::PerKilobyte(price) => (price, bytes.div_ceil(KILOBYTE)),
        };
        // More than there is of the coin cannot be paid; so the answer is refused, not given away.
        Satoshi(price.0.saturating_mul(self.factor).saturating_mul(units))
    }

    /// What a refusal costs where refusals cost.
    pub(crate) const fn refusal(self) -> Satoshi {
        Self { factor: 1, ..self }.least()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact() {
        let tariff = Tariff { price: Price::PerRequest(Satoshi(100_000)), factor: 3 };
        assert_eq!(tariff.cost(1), Satoshi(300_000));
        assert_eq!(tariff.cost(1_000_000), Satoshi(300_000));
        assert_eq!(tariff.refusal(), Satoshi(100_000));
        let tariff = Tariff { price: Price::PerKilobyte(Satoshi(7)), factor: 2 };
        for (bytes, cost) in [(1, 14), (1024, 14), (1025, 28), (10 * 1024 + 1, 154)] {
            assert_eq!(tariff.cost(bytes), Satoshi(cost), "{bytes}");
        }
        assert_eq!(Tariff::FREE.cost(u64::MAX), Satoshi(0));
        let dear = Tariff { price: Price::PerKilobyte(Satoshi(u64::MAX)), factor: u64::MAX };
        assert_eq!(dear.cost(u64::MAX), Satoshi(u64::MAX));
    }
}
