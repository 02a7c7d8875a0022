//! Percentages of money, exact.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use tally_primitives::Satoshi;

/// A part of a sum, from 0 % to 100 %.
///
/// Written as a plain decimal and a percent sign, `50%` or `0.1%`, with at most
/// [`Percent::DECIMALS`] digits after the point; kept as it was written, without floating point,
/// so that two servers agree on each satoshi. Stored as text.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct Percent(u64);

/// A text is no percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a percentage is a number from 0 to 100 with at most 8 decimals and a percent sign")]
pub struct PercentError;

impl Percent {
    /// The most digits after the decimal point.
    pub const DECIMALS: u32 = 8;
    /// One percent in the units of the inner number.
    const ONE: u64 = 10_u64.pow(Self::DECIMALS);
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All.
    pub const HUNDRED: Self = Self(100 * Self::ONE);

    /// Makes a percentage of whole percents, or `None` above 100.
    pub const fn whole(percents: u64) -> Option<Self> {
        if percents <= 100 { Some(Self(percents * Self::ONE)) } else { None }
    }

    /// Returns this part of `whole`, rounded down to a satoshi; never more than `whole`.
    ///
    /// # Panics
    ///
    /// Never: a part of a sum is at most the sum.
    pub fn of(self, whole: Satoshi) -> Satoshi {
        let part = u128::from(whole.0) * u128::from(self.0) / u128::from(Self::HUNDRED.0);
        Satoshi(u64::try_from(part).expect("a part of a sum is at most the sum"))
    }
}

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').ok_or(PercentError)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_short = whole.len() <= 9 && decimals.len() <= Self::DECIMALS as usize;
        if !is_plain || !is_short || decimals.contains('.') || whole.len() + decimals.len() == 0 {
            return Err(PercentError);
        }
        let digits = format!("{whole}{decimals:0<width$}", width = Self::DECIMALS as usize);
        let units = digits.parse().map_err(|_| PercentError)?;
        (units <= Self::HUNDRED.0).then_some(Self(units)).ok_or(PercentError)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::ONE, self.0 % Self::ONE);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        let decimals = format!("{rest:0width$}", width = Self::DECIMALS as usize);
        write!(f, "{whole}.{}%", decimals.trim_end_matches('0'))
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        percent.to_string()
    }
}

impl TryFrom<String> for Percent {
    type Error = PercentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_percentage_is_exact_and_written_shortly() {
        for (text, shown, of_a_coin) in [
            ("50%", "50%", 50_000_000),
            ("0.1%", "0.1%", 100_000),
            ("100%", "100%", 100_000_000),
            ("0%", "0%", 0),
            (".5%", "0.5%", 500_000),
            ("2.%", "2%", 2_000_000),
            ("00012.50%", "12.5%", 12_500_000),
            ("0.00000001%", "0.00000001%", 0),
            ("33.33333333%", "33.33333333%", 33_333_333),
        ] {
            let percent: Percent = text.parse().unwrap();
            assert_eq!(percent.to_string(), shown);
            assert_eq!(percent.of(Satoshi::COIN), Satoshi(of_a_coin), "{text}");
        }
    }

    #[test]
    fn what_is_no_percentage_is_refused() {
        for bad in
            ["", "%", ".%", "50", "50%%", "-1%", "+1%", "1e1%", "1 %", " 1%", "1.2.3%", "100.1%"]
        {
            assert_eq!(bad.parse::<Percent>(), Err(PercentError), "{bad}");
        }
        assert_eq!("0.000000001%".parse::<Percent>(), Err(PercentError));
        assert_eq!("1000000000%".parse::<Percent>(), Err(PercentError));
        assert_eq!(Percent::whole(101), None);
    }

    proptest! {
        #[test]
        fn a_part_is_never_more_than_the_whole(units in 0..=Percent::HUNDRED.0, whole: u64) {
            let percent = Percent(units);
            let part = percent.of(Satoshi(whole));
            prop_assert!(part.0 <= whole);
            let exact = u128::from(whole) * u128::from(units);
            let rest = exact - u128::from(part.0) * u128::from(Percent::HUNDRED.0);
            prop_assert!(rest < u128::from(Percent::HUNDRED.0));
            prop_assert_eq!(percent.to_string().parse(), Ok(percent));
        }
    }
}
