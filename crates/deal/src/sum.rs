use crate::Network;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use tally_primitives::Satoshi;

mod decimal;

/// The sum of a deal: an exact number of satoshi, and the text that the payment address is made of.
///
/// A sum without a symbol has one text: a plain decimal number without needless zeros, such as
/// `0.00001 tBTC`. A sum that came with the symbol keeps the text that it came with, because that
/// text is hashed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sum {
    satoshi: Satoshi,
    literal: Option<Box<str>>,
}

/// A text is no sum of a deal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumParseError {
    /// The text is no decimal number, or has another symbol than the network's.
    #[error("Invalid payment sum value: \"{0}\".")]
    NotANumber(String),
    /// There are more than eight decimal places.
    #[error("Invalid payment sum value: \"{0}\" (at most 8 decimal places).")]
    TooFine(String),
    /// More than all coins that there will ever be.
    #[error("Invalid payment sum value: \"{0}\" (at most 21000000).")]
    TooLarge(String),
    /// Less than can be paid.
    #[error("Invalid payment sum value: \"{text}\" (at least {min} satoshi).")]
    TooSmall {
        /// The beginning of the text.
        text: String,
        /// The smallest sum.
        min: Satoshi,
    },
}

impl Sum {
    /// All coins that there will ever be.
    pub const MAX: Satoshi = Satoshi(2_100_000_000_000_000);

    /// Reads a sum: a decimal number of coins, alone (an exponent is taken, as programs write small
    /// numbers with one) or with the symbol of the network behind it.
    ///
    /// # Errors
    ///
    /// [`SumParseError`] if the text is something else, or not within [`Network::sum_min`] and
    /// [`Self::MAX`].
    pub fn parse(text: &str, network: Network) -> Result<Self, SumParseError> {
        let number = text.strip_suffix(network.symbol());
        let value = match number {
            Some(number) => decimal::plain(number.trim_end_matches(' ')),
            None => decimal::with_exponent(text),
        };
        let shown = || crate::text::excerpt(text);
        let satoshi = value.map_err(|error| match error {
            decimal::Error::NotANumber => SumParseError::NotANumber(shown()),
            decimal::Error::TooFine => SumParseError::TooFine(shown()),
            decimal::Error::TooLarge => SumParseError::TooLarge(shown()),
        })?;
        let min = network.sum_min();
        if satoshi < min {
            return Err(SumParseError::TooSmall { text: shown(), min });
        }
        if satoshi > Self::MAX {
            return Err(SumParseError::TooLarge(shown()));
        }
        let literal =
            (number.is_some() && canonical(satoshi, network) != text).then(|| text.into());
        Ok(Self { satoshi, literal })
    }

    /// Makes a sum of satoshi, or `None` if it is zero or more than [`Self::MAX`].
    pub fn from_satoshi(satoshi: Satoshi) -> Option<Self> {
        let is_possible = (1..=Self::MAX.0).contains(&satoshi.0);
        is_possible.then_some(Self { satoshi, literal: None })
    }

    /// Returns the sum in satoshi.
    pub fn satoshi(&self) -> Satoshi {
        self.satoshi
    }

    /// Returns the text with the symbol of the network, `0.00001 tBTC`.
    pub fn text(&self, network: Network) -> String {
        match &self.literal {
            Some(literal) => literal.to_string(),
            None => canonical(self.satoshi, network),
        }
    }
}

/// Returns coins as a plain decimal number without needless zeros: `0.00001`.
pub fn coins(satoshi: Satoshi) -> String {
    let (whole, part) = (satoshi.0 / Satoshi::COIN.0, satoshi.0 % Satoshi::COIN.0);
    let mut text = whole.to_string();
    if part > 0 {
        let _ = write!(text, ".{part:08}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

fn canonical(satoshi: Satoshi, network: Network) -> String {
    format!("{} {}", coins(satoshi), network.symbol())
}

#[cfg(test)]
mod tests;
