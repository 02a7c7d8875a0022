use alloy_primitives::U256;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A sum or a difference of amounts does not fit `0..=2^256-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range")]
pub struct AmountRangeError;

/// A text is not a decimal amount in `0..=2^256-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountParseError {
    /// Something other than decimal digits.
    #[error("an amount is written in decimal digits")]
    NotDigits,
    /// The number is above `2^256-1`.
    #[error("an amount is at most 2^256-1")]
    TooLarge,
}

fn parse(text: &str) -> Result<U256, AmountParseError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountParseError::NotDigits);
    }
    U256::from_str_radix(text, 10).map_err(|_| AmountParseError::TooLarge)
}

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// `0..=2^256-1`, exact; written in decimal digits.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(U256);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(U256::ZERO);
            /// The largest amount, `2^256-1`.
            pub const MAX: Self = Self(U256::MAX);

            /// Makes an amount of a 256-bit number.
            pub const fn new(units: U256) -> Self {
                Self(units)
            }

            /// Makes an amount of a small number.
            pub const fn from_units(units: u64) -> Self {
                Self(U256::from_limbs([units, 0, 0, 0]))
            }

            /// Returns the number.
            pub const fn units(self) -> U256 {
                self.0
            }

            /// Says whether this is nothing.
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// Returns `self + rhs`.
            ///
            /// # Errors
            ///
            /// [`AmountRangeError`] if the sum does not fit.
            pub fn try_add(self, rhs: Self) -> Result<Self, AmountRangeError> {
                self.0.checked_add(rhs.0).map(Self).ok_or(AmountRangeError)
            }

            /// Returns `self - rhs`.
            ///
            /// # Errors
            ///
            /// [`AmountRangeError`] if `rhs` is larger.
            pub fn try_sub(self, rhs: Self) -> Result<Self, AmountRangeError> {
                self.0.checked_sub(rhs.0).map(Self).ok_or(AmountRangeError)
            }

            /// Returns `self - rhs`, or nothing if `rhs` is larger.
            pub fn saturating_sub(self, rhs: Self) -> Self {
                Self(self.0.saturating_sub(rhs.0))
            }

            /// Returns the 32 bytes, most significant first.
            pub fn to_be_bytes(self) -> [u8; 32] {
                self.0.to_be_bytes()
            }

            /// Makes an amount of 32 bytes, most significant first.
            pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
                Self(U256::from_be_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = AmountParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

amount! {
    /// A count of a token's base units.
    TokenAmount
}
amount! {
    /// A count of wei, the base unit of the chain's native coin.
    Wei
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_stay_in_range() {
        let one = TokenAmount::from_units(1);
        assert_eq!(TokenAmount::MAX.try_add(one), Err(AmountRangeError));
        assert_eq!(TokenAmount::ZERO.try_sub(one), Err(AmountRangeError));
        assert_eq!(TokenAmount::ZERO.saturating_sub(one), TokenAmount::ZERO);
        assert_eq!(one.try_add(one).unwrap().try_sub(one), Ok(one));
    }

    #[test]
    fn reads_digits_up_to_the_largest_amount() {
        let max = TokenAmount::MAX.to_string();
        assert_eq!(max.parse(), Ok(TokenAmount::MAX));
        assert_eq!(format!("{max}0").parse::<TokenAmount>(), Err(AmountParseError::TooLarge));
        for text in ["", "-1", "+1", "0x10", "1_000", "1.0"] {
            assert_eq!(text.parse::<TokenAmount>(), Err(AmountParseError::NotDigits), "{text}");
        }
    }
}
