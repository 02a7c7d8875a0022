use super::rating_count::RatingCount;
use crate::Rating;
use serde::{Deserialize, Serialize};

/// How the deals of an account have gone, in one of the two roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    deals: RatingCount,
    positive: u64,
}

impl Standing {
    /// Returns the number of deals.
    pub const fn count(&self) -> u64 {
        self.deals.count()
    }

    /// Returns the number of good ones among all of them.
    pub const fn positive(&self) -> u64 {
        self.positive
    }

    /// Counts one more deal.
    pub fn record(&mut self, is_good: bool) {
        self.deals.push(is_good);
        // At most as many as there are deals.
        self.positive = self.positive.saturating_add(u64::from(is_good));
    }

    /// Says that one of the deals was good after all, or was not: the newest one that was counted as
    /// the opposite.
    pub fn correct(&mut self, is_good: bool) {
        let Some(number) = self.deals.newest(!is_good) else { return };
        self.deals.set(number, is_good);
        if is_good {
            self.positive = self.positive.saturating_add(1);
        } else {
            self.positive = self.positive.saturating_sub(1);
        }
    }

    /// Returns what others are shown: the number of deals, and how many of the last hundred were
    /// good, in percent, rounded down.
    pub fn rating(&self) -> Rating {
        self.deals.rating()
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
