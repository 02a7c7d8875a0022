use crate::Rating;
use serde::{Deserialize, Serialize};

/// How many deals somebody has finished in one role, and which of the last hundred were successes.
///
/// Shown as a [`Rating`]: `200+, 99%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(super) struct RatingCount {
    count: u64,
    /// The last deals, the newest in the lowest bit of the first; a bit that is set is a success.
    last: [u64; 2],
}

impl RatingCount {
    /// Of how many deals the part of successes is.
    pub(super) const LAST: u64 = 100;

    /// Returns how many deals there were.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Counts one more deal and returns its number, by which it can be changed.
    ///
    /// # Panics
    ///
    /// After 2^64-1 deals, which nobody lives to see.
    pub(super) fn push(&mut self, is_success: bool) -> u64 {
        let bits = (self.bits() << 1) | u128::from(is_success);
        self.set_bits(bits);
        self.count = self.count.checked_add(1).expect("nobody finishes 2^64 deals");
        self.count
    }

    /// Changes what the deal with a number counts as. Nothing happens if it is not among the last
    /// hundred.
    pub(super) fn set(&mut self, number: u64, is_success: bool) {
        let Some(age) = self.count.checked_sub(number).filter(|age| *age < Self::LAST) else {
            return;
        };
        if number > 0 {
            let bit = 1_u128 << age;
            let others = self.bits() & !bit;
            self.set_bits(if is_success { others | bit } else { others });
        }
    }

    /// Returns the number of the newest deal among the last hundred that was a success, or was none.
    pub(super) fn newest(&self, is_success: bool) -> Option<u64> {
        let ages = 0..self.count.min(Self::LAST);
        let is = |age: &u64| (self.bits() >> age & 1 == 1) == is_success;
        ages.into_iter().find(is).and_then(|age| self.count.checked_sub(age))
    }

    /// Returns how many of the last hundred deals were successes.
    pub(super) fn successes(&self) -> u64 {
        u64::from(self.bits().count_ones())
    }

    /// Returns the rating: the percentage is that of the last hundred deals, rounded down.
    pub(super) fn rating(&self) -> Rating {
        let among = self.count.min(Self::LAST);
        let percent = (self.successes() * 100).checked_div(among).unwrap_or(0);
        // Of the last deals at most all were successes, so this is at most 100.
        Rating { count: self.count, percent: percent.min(100) as u8 }
    }

    fn bits(&self) -> u128 {
        (u128::from(self.last[1]) << 64) | u128::from(self.last[0])
    }

    fn set_bits(&mut self, bits: u128) {
        let [low, high] = [bits, (bits & ((1 << Self::LAST) - 1)) >> 64]
            .map(|bits| u64::try_from(bits & u128::from(u64::MAX)).expect("64 bits were kept"));
        self.last = [low, high];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ratings_are_shown_as_in_messages() {
        let mut rating = RatingCount::default();
        assert_eq!(rating.rating().to_string(), "0, 0%");
        for _ in 0..10 {
            rating.push(true);
        }
        assert_eq!(rating.rating().to_string(), "10, 100%");
        for _ in 10..299 {
            rating.push(true);
        }
        let number = rating.push(false);
        rating.push(true);
        assert_eq!((number, rating.rating().to_string()), (300, "300+, 99%".to_owned()));
        rating.set(number, true);
        assert_eq!(rating.rating().to_string(), "300+, 100%");
    }

    proptest! {
        #[test]
        fn a_rating_is_of_the_last_hundred_deals(
            deals in prop::collection::vec(any::<bool>(), 0..300),
            changes in prop::collection::vec((0..310_u64, any::<bool>()), 0..20),
        ) {
            let mut deals = deals;
            let mut rating = RatingCount::default();
            for (at, deal) in deals.iter().enumerate() {
                prop_assert_eq!(rating.push(*deal), at as u64 + 1);
            }
            for (number, is_success) in changes {
                rating.set(number, is_success);
                if let Some(at) = number.checked_sub(1) && let Some(deal) = deals.get_mut(at as usize) {
                    *deal = is_success;
                }
            }
            let last = &deals[deals.len().saturating_sub(100)..];
            let successes = last.iter().filter(|deal| **deal).count() as u64;
            prop_assert_eq!(rating.successes(), successes);
            for is_success in [true, false] {
                let newest = last.iter().rposition(|deal| *deal == is_success);
                let newest = newest.map(|at| (deals.len() - last.len() + at) as u64 + 1);
                prop_assert_eq!(rating.newest(is_success), newest);
            }
            let percent = (successes * 100).checked_div(last.len() as u64).unwrap_or(0);
            prop_assert_eq!(u64::from(rating.rating().percent), percent);
        }
    }
}
