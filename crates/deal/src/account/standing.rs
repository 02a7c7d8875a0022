use crate::Rating;
use serde::{Deserialize, Serialize};

/// Deals that a rating's percentage looks back on.
const RECENT_MAX: u64 = 100;

/// How the deals of an account have gone, in one of the two roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    count: u64,
    positive: u64,
    /// Good ones among the last deals, the newest in the lowest bit of the first number.
    recent: [u64; 2],
}

impl Standing {
    /// Returns the number of deals.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the number of good ones among all of them.
    pub const fn positive(&self) -> u64 {
        self.positive
    }

    /// Counts one more deal.
    pub fn record(&mut self, is_good: bool) {
        self.count = self.count.saturating_add(1);
        self.positive = self.positive.saturating_add(u64::from(is_good));
        let [new, old] = self.recent;
        let old = (old << 1 | new >> 63) & ((1 << (RECENT_MAX - 64)) - 1);
        self.recent = [new << 1 | u64::from(is_good), old];
    }

    /// Says that one of the deals was good after all, or was not: the newest one that was counted as
    /// the opposite.
    pub fn correct(&mut self, is_good: bool) {
        let bits = u128::from(self.recent[1]) << 64 | u128::from(self.recent[0]);
        let known = self.count.min(RECENT_MAX);
        let place = (0..known).find(|place| (bits >> place & 1 == 1) != is_good);
        let Some(place) = place else { return };
        let half = usize::from(place >= 64);
        self.recent[half] ^= 1 << (place % 64);
        if is_good {
            self.positive = self.positive.saturating_add(1);
        } else {
            self.positive = self.positive.saturating_sub(1);
        }
    }

    /// Returns what others are shown: the number of deals, and how many of the last hundred were
    /// good, in percent, rounded down.
    pub fn rating(&self) -> Rating {
        let [new, old] = self.recent;
        let good = u64::from(new.count_ones() + old.count_ones());
        let recent = self.count.clamp(1, RECENT_MAX);
        let percent = u8::try_from(good * 100 / recent).unwrap_or(100).min(100);
        Rating { count: self.count, percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A correction changes the newest deal of the other kind, and nothing if there is none.
    #[test]
    fn deals_are_counted_otherwise() {
        let mut standing = Standing::default();
        standing.correct(true);
        assert_eq!(standing, Standing::default());
        for number in 0..80 {
            standing.record(number < 5);
        }
        assert_eq!((standing.positive(), standing.rating().percent), (5, 6));
        standing.correct(false);
        assert_eq!((standing.positive(), standing.rating().percent), (4, 5));
        standing.correct(true);
        standing.correct(true);
        assert_eq!((standing.count(), standing.positive()), (80, 6));
        assert_eq!(standing.rating().percent, 7);
    }
}
