use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

mod calendar;
mod parse;

/// A moment: seconds since 1970-01-01 00:00:00 UTC.
///
/// Written `YYYY-MM-DD HH:MM:SS UTC`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid date value: \"{0}\".")]
pub struct TimeParseError(pub(crate) String);

impl Time {
    /// The last moment that can be written: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// Returns the moment `seconds` later, at most [`Self::MAX`].
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds)).min(Self::MAX)
    }

    /// Returns the moment `seconds` earlier, at least the beginning of 1970.
    #[must_use]
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Returns the seconds from `earlier` to this moment, none if that is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the day.
    pub fn date(self) -> Date {
        Date(self.0.min(Self::MAX.0) / calendar::DAY)
    }
}

impl FromStr for Time {
    type Err = TimeParseError;

    /// Reads `YYYY-MM-DD HH:MM:SS`, with or without ` UTC`, a `T` between date and time, fractions
    /// of a second (dropped), `Z` or a difference to UTC such as `+03:00` (taken off), or
    /// milliseconds since 1970.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::time(text).ok_or_else(|| TimeParseError(crate::text::excerpt(text)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.min(Self::MAX.0) % calendar::DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{} {hour:02}:{minute:02}:{second:02} UTC", self.date())
    }
}

/// A day of the calendar: days since 1970-01-01.
///
/// Written `YYYY-MM-DD`, as messages about accounts have it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Date(u64);

impl Date {
    /// Returns the days from one of the two to the other.
    pub fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }

    /// Returns the moment at which the day begins.
    pub fn start(self) -> Time {
        Time(self.0 * calendar::DAY)
    }
}

impl FromStr for Date {
    type Err = TimeParseError;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::date(text).ok_or_else(|| TimeParseError(crate::text::excerpt(text)))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = calendar::civil(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests;
