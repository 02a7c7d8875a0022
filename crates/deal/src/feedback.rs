use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What the customer says of a deal.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum FeedbackStatus {
    /// The deal was bad.
    Negative,
    /// Neither.
    Neutral,
    /// The deal was good. A message that does not say means this.
    #[default]
    Positive,
}

/// A text is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid feedback status value: \"{0}\".")]
pub struct FeedbackStatusParseError(pub(crate) String);

impl FeedbackStatus {
    /// All of them, from bad to good.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];

    /// Returns the word: `Positive`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "Negative",
            Self::Neutral => "Neutral",
            Self::Positive => "Positive",
        }
    }

    /// Returns the number that lists of feedback have: -1, 0 or 1.
    pub const fn number(self) -> i8 {
        match self {
            Self::Negative => -1,
            Self::Neutral => 0,
            Self::Positive => 1,
        }
    }
}

impl FromStr for FeedbackStatus {
    type Err = FeedbackStatusParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| FeedbackStatusParseError(crate::text::excerpt(&text.to_lowercase())))
    }
}

impl fmt::Display for FeedbackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        for (status, number) in FeedbackStatus::ALL.into_iter().zip(-1_i8..) {
            assert_eq!(status.number(), number);
            assert_eq!(status.to_string().parse(), Ok(status));
            assert_eq!(status.to_string().to_uppercase().parse(), Ok(status));
        }
        let error = "Great".parse::<FeedbackStatus>().unwrap_err();
        assert_eq!(error.to_string(), "Invalid feedback status value: \"great\".");
    }
}
