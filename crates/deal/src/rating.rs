use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};

/// How many deals somebody has had, and how many of the last hundred were good, in percent.
///
/// Written `0, 0%`, `10, 100%`, `200+, 99%`: of the count only the first digit is shown, and a `+`
/// if that leaves something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Rating {
    /// The number of deals.
    pub count: u64,
    /// The share of good ones among the last hundred, 0 to 100.
    pub percent: u8,
}

/// A text is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid rating value.")]
pub struct RatingParseError;

impl Rating {
    /// Digits of a count at most.
    const DIGITS_MAX: usize = 12;

    /// Compares two ratings as the protocol does: by the number of deals alone.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.count.cmp(&other.count)
    }
}

impl FromStr for Rating {
    type Err = RatingParseError;

    /// Reads `200+, 99%`; a count with `+` is one more than without, so that it is the larger one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (count, percent) = text.split_once(',').ok_or(RatingParseError)?;
        let percent = percent.trim_matches(' ').strip_suffix('%').ok_or(RatingParseError)?;
        let digits = count.strip_suffix('+');
        let more = u64::from(digits.is_some());
        let count = number(digits.unwrap_or(count), Self::DIGITS_MAX)? + more;
        let percent = u8::try_from(number(percent, 3)?).map_err(|_| RatingParseError)?;
        if percent > 100 {
            return Err(RatingParseError);
        }
        Ok(Self { count, percent })
    }
}

fn number(text: &str, digits_max: usize) -> Result<u64, RatingParseError> {
    let is_number =
        (1..=digits_max).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { text.parse().map_err(|_| RatingParseError) } else { Err(RatingParseError) }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.count.checked_ilog10().unwrap_or(0));
        let rounded = self.count / unit * unit;
        let more = if rounded < self.count { "+" } else { "" };
        write!(f, "{rounded}{more}, {}%", self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_of_ratings() {
        for (text, count, percent) in [
            ("0, 0%", 0, 0),
            ("9, 7%", 9, 7),
            ("10, 100%", 10, 100),
            ("10+, 100%", 11, 100),
            ("200, 99%", 200, 99),
            ("200+, 99%", 201, 99),
        ] {
            let rating = Rating { count, percent };
            assert_eq!(text.parse(), Ok(rating));
            assert_eq!(rating.to_string(), text);
        }
        assert_eq!(Rating { count: 299, percent: 5 }.to_string(), "200+, 5%");
        assert_eq!("42,7%".parse(), Ok(Rating { count: 42, percent: 7 }));
        let [less, more] = ["200, 99%", "200+, 1%"].map(|text| text.parse::<Rating>().unwrap());
        assert_eq!(less.compare(&more), Ordering::Less);
    }

    #[test]
    fn what_is_no_rating_is_refused() {
        for text in [
            "",
            "0",
            "0%",
            "0, 0",
            ", 0%",
            "+, 0%",
            "0, %",
            "-1, 0%",
            "+1, 0%",
            "1++, 0%",
            "1 0, 0%",
            "1, 101%",
            "1, 1000%",
            "1, -1%",
            "a, 0%",
            " 1, 0%",
            "1, 0%x",
            "1.5, 0%",
            "9999999999999, 0%",
            "1, 0, 0%",
            "١, 0%",
        ] {
            assert_eq!(text.parse::<Rating>(), Err(RatingParseError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_rating_read_back_shows_the_same(count in 0..1_000_000_000_000_u64, percent in 0..=100_u8) {
            let text = Rating { count, percent }.to_string();
            let again: Rating = text.parse().unwrap();
            prop_assert_eq!(again.to_string(), text);
            prop_assert!(again.count <= count);
        }

        #[test]
        fn no_text_is_too_much(text in ".*") {
            let _ = text.parse::<Rating>();
        }
    }
}
