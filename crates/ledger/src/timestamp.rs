use std::{fmt, str::FromStr};

/// A moment as blocks and votes carry it: whole seconds since the Unix epoch, in exactly ten
/// decimal digits (2001 to 2286).
///
/// *Source:* `docs/formats.md`, section *Ledger: blocks and votes*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The first moment that has ten digits: 9 September 2001.
    pub const MIN: Self = Self(1_000_000_000);
    /// The last one: 20 November 2286.
    pub const MAX: Self = Self(9_999_999_999);

    /// The moment `seconds` after the Unix epoch.
    ///
    /// # Errors
    ///
    /// It does not have ten digits.
    pub fn from_seconds(seconds: u64) -> Result<Self, TimestampError> {
        let timestamp = Self(seconds);
        let is_in_range = (Self::MIN..=Self::MAX).contains(&timestamp);
        is_in_range.then_some(timestamp).ok_or(TimestampError)
    }

    /// Seconds since the Unix epoch.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        // `u64::from_str` takes a plus sign, and leading zeros are another text of the same number.
        if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with('0') {
            return Err(TimestampError);
        }
        Self::from_seconds(text.parse().map_err(|_| TimestampError)?)
    }
}

/// A timestamp does not have exactly ten decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timestamp has exactly ten decimal digits")]
pub struct TimestampError;

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: exactly the texts of the schema `[0-9]{10}` that are their number's own text.
    #[test]
    fn only_ten_digits_are_a_timestamp() {
        for text in ["1000000000", "1477578978", "9999999999"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        let wrong = ["", "999999999", "10000000000", "0147757897", "+147757897", "14775789x8"];
        for text in wrong.into_iter().chain(["-147757897", "1477578.78", " 1477578978"]) {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    /// Goal: the range of numbers is that of the texts.
    #[test]
    fn numbers_have_the_same_bounds() {
        assert_eq!(Timestamp::from_seconds(999_999_999), Err(TimestampError));
        assert_eq!(Timestamp::from_seconds(1_000_000_000), Ok(Timestamp::MIN));
        assert_eq!(Timestamp::from_seconds(9_999_999_999), Ok(Timestamp::MAX));
        assert_eq!(Timestamp::from_seconds(10_000_000_000), Err(TimestampError));
    }
}
