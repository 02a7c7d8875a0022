//! What is asked for.

use super::indexing::{RECORDS_EACH, SERVICES, rater, record_id, user_of};
use std::fmt::Write as _;

/// The prefix of all URLs, as requests sign it.
pub(crate) const URL_HEAD: &str = "http://localhost:8080/APIP/";
/// Ratings named by one request for ids.
const IDS: u64 = 5;
/// Ratings on a page of [`Kind::Page`], so that the smallest table has a thousand pages.
const PAGE_SIZE: u64 = 10;
/// The page that [`Kind::Page`] asks for, or one of a hundred before it.
const PAGE: u64 = 1000;
/// Characters of an address that [`Kind::Part`] asks for.
const PART: usize = 4;

/// How many ratings are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Size {
    TenThousand,
    Million,
    TenMillion,
}

/// A kind of query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ratings by their transactions.
    ByIds,
    /// The newest ratings of a user.
    Terms,
    /// The newest ratings of users with these characters in their address.
    Part,
    /// Publications with a word of their description, among all ratings.
    Match,
    /// The newest ratings of a stretch of heights: a half of all on average.
    Range,
    /// Page 1,000 of all ratings, by cursor.
    Page,
}

/// Numbers for choosing queries; the same in every run.
#[derive(Debug)]
pub(crate) struct Numbers(u64);

impl Size {
    pub(crate) const fn ratings(self) -> u64 {
        match self {
            Self::TenThousand => 10_000,
            Self::Million => 1_000_000,
            Self::TenMillion => 10_000_000,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::TenThousand => "10k",
            Self::Million => "1m",
            Self::TenMillion => "10m",
        }
    }

    /// Height of the newest record.
    const fn height(self) -> u64 {
        (SERVICES + self.ratings()) / RECORDS_EACH
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::ByIds, Self::Terms, Self::Part, Self::Match, Self::Range, Self::Page];

    pub(crate) fn name(self, size: Size) -> String {
        let kind = match self {
            Self::ByIds => "by_ids",
            Self::Terms => "terms",
            Self::Part => "part",
            Self::Match => "match",
            Self::Range => "range",
            Self::Page => "page",
        };
        format!("apip.query.{kind}.{}", size.name())
    }

    /// The interface that is asked.
    pub(crate) const fn tail(self) -> &'static str {
        match self {
            Self::Match => "apip6/v1/serviceOpHistory",
            Self::ByIds | Self::Terms | Self::Part | Self::Range | Self::Page => {
                "apip6/v1/serviceRateHistory"
            }
        }
    }

    /// Appends a query whose values are drawn at random.
    pub(crate) fn write(self, size: Size, numbers: &mut Numbers, out: &mut String) {
        let written = match self {
            Self::ByIds => {
                out.push_str(r#"{"ids":["#);
                for index in 0..IDS {
                    let number = numbers.rating(size);
                    let comma = if index == 0 { "" } else { "," };
                    write!(out, r#"{comma}"{}""#, record_id(number))
                        .expect("strings take any text");
                }
                out.push_str("]}");
                Ok(())
            }
            Self::Terms => {
                let user = user_of(rater(numbers.rating(size)));
                let user = user.as_str();
                write!(
                    out,
                    r#"{{"query":{{"terms":{{"fields":["signer"],"values":["{user}"]}}}}}}"#
                )
            }
            Self::Part => {
                let user = user_of(rater(numbers.rating(size)));
                // The first characters are the same in many addresses.
                let from = usize::try_from(4 + numbers.below(20)).unwrap_or(4);
                let part = user.as_str().get(from..from + PART).unwrap_or_default();
                write!(out, r#"{{"query":{{"part":{{"fields":["signer"],"value":"{part}"}}}}}}"#)
            }
            Self::Match => {
                let word = 1 + numbers.below(SERVICES - 1);
                write!(out, r#"{{"query":{{"match":{{"fields":["desc"],"value":"{word}"}}}}}}"#)
            }
            Self::Range => {
                let (one, two) = (numbers.below(size.height()), numbers.below(size.height()));
                let (from, to) = (one.min(two), one.max(two) + 1 + SERVICES / RECORDS_EACH);
                write!(
                    out,
                    r#"{{"query":{{"range":{{"fields":["height"],"gte":{from},"lte":{to}}}}}}}"#
                )
            }
            Self::Page => {
                let page = PAGE - numbers.below(PAGE / 10);
                // The place of the last rating of the page before.
                let number = SERVICES + size.ratings() - (page - 1) * PAGE_SIZE;
                let (height, index) = (1 + number / RECORDS_EACH, 1 + number % RECORDS_EACH);
                write!(out, r#"{{"size":{PAGE_SIZE},"after":["{height}","{index}"]}}"#)
            }
        };
        written.expect("strings take any text");
    }
}

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The number of a record that is a rating.
    const fn rating(&mut self, size: Size) -> u64 {
        SERVICES + self.below(size.ratings())
    }

    /// Xorshift.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names are those that later runs are compared by, and no two are the same.
    #[test]
    fn names_are_stable() {
        let mut names = Kind::ALL.map(|kind| kind.name(Size::TenMillion)).to_vec();
        assert_eq!(names[0], "apip.query.by_ids.10m");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn queries_are_json() {
        for kind in Kind::ALL {
            for seed in 0..100 {
                let mut text = String::new();
                kind.write(Size::TenThousand, &mut Numbers::new(seed), &mut text);
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            }
        }
    }
}
