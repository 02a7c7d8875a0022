//! What others than the parties get of a deal.

use crate::Percent;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use tally_primitives::Satoshi;

/// The fee of a module or of the service: a part of what the seller gets, or a fixed sum.
///
/// A text of 1 to [`Fee::LENGTH_MAX`] characters: `0.1%`, or whole satoshi without a sign. Stored
/// as text.
///
/// *Source:* the header `Module-Fee` of the module's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Fee {
    /// A part of the seller's money.
    Percent(Percent),
    /// So many satoshi, or all of the seller's money should it be less.
    Fixed(Satoshi),
}

/// A text is no fee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid module fee value: {0}")]
pub struct FeeError(
    /// The beginning of the text.
    pub String,
);

impl Fee {
    /// The most characters of a fee's text.
    pub const LENGTH_MAX: usize = 9;
    /// No fee.
    pub const NONE: Self = Self::Fixed(Satoshi(0));

    /// Returns the fee on `money`, rounded down to a satoshi; never more than `money`.
    pub fn of(self, money: Satoshi) -> Satoshi {
        match self {
            Self::Percent(percent) => percent.of(money),
            Self::Fixed(satoshi) => satoshi.min(money),
        }
    }

    /// Returns whether the fee on `sum` is at most this part of it.
    pub fn is_at_most(self, part: Percent, sum: Satoshi) -> bool {
        match self {
            Self::Percent(percent) => percent <= part,
            // What a small sum caps is no less a fee of all of it.
            Self::Fixed(satoshi) => satoshi <= part.of(sum),
        }
    }
}

impl Default for Fee {
    /// The fee of a module that states none: 0.1 %.
    fn default() -> Self {
        "0.1%".parse().expect("the default is a fee")
    }
}

impl FromStr for Fee {
    type Err = FeeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fee = (text.len() <= Self::LENGTH_MAX).then(|| read(text)).flatten();
        fee.ok_or_else(|| FeeError(text.chars().take(2 * Self::LENGTH_MAX).collect()))
    }
}

/// Reads a fee of any length: what a program made may be longer than what people may write.
fn read(text: &str) -> Option<Fee> {
    if text.ends_with('%') {
        return text.parse().map(Fee::Percent).ok();
    }
    // A fraction of a satoshi does not exist, so a point without a percent sign is a mistake.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).map(|satoshi| Fee::Fixed(Satoshi(satoshi)))
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => percent.fmt(f),
            Self::Fixed(satoshi) => satoshi.fmt(f),
        }
    }
}

impl From<Fee> for String {
    fn from(fee: Fee) -> Self {
        fee.to_string()
    }
}

impl TryFrom<String> for Fee {
    type Error = FeeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        read(&text).ok_or(FeeError(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_a_part_or_a_fixed_sum() {
        let of = |text: &str, money| text.parse::<Fee>().unwrap().of(Satoshi(money)).0;
        assert_eq!(of("0.1%", 100_000), 100);
        assert_eq!(of("0.1%", 999), 0);
        assert_eq!(of("500", 100_000), 500);
        assert_eq!(of("500", 300), 300);
        assert_eq!(of("100%", 300), 300);
        assert_eq!(Fee::default().to_string(), "0.1%");
        assert_eq!(Fee::NONE.of(Satoshi(5)), Satoshi(0));
    }

    #[test]
    fn a_fee_is_compared_with_a_part_of_the_sum() {
        let is = |text: &str, sum| {
            let tenth = "10%".parse().unwrap();
            text.parse::<Fee>().unwrap().is_at_most(tenth, Satoshi(sum))
        };
        for sum in [1_000, 1_009, 5_000_000] {
            assert!(is("10%", sum) && !is("10.00001%", sum), "{sum}");
            assert!(is("100", sum), "{sum}");
        }
        assert!(!is("101", 1_009) && is("101", 1_010) && is("0", 1));
    }

    #[test]
    fn what_is_no_fee_is_refused_by_its_text() {
        for bad in ["", "%", ".", "0.5", "1%%", "%1", "-1", "+1", "1 %", "0.0000001%", "101%"] {
            let error = bad.parse::<Fee>().expect_err(bad);
            assert_eq!(error.to_string(), format!("Invalid module fee value: {bad}"));
        }
        assert_eq!("1".repeat(99).parse::<Fee>().unwrap_err().0.len(), 18);
    }
}
