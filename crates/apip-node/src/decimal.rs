use tally_primitives::Satoshi;

/// Digits after the point of an amount in coins.
const COIN_DIGITS: i64 = 8;

/// The longest text that is read: amounts have 17 digits.
const LENGTH_MAX: usize = 64;

/// A text is not an exact amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a decimal number, or one below zero.
    #[error("not a decimal number, or one below zero")]
    NotDecimal,
    /// Money is counted in 10^-8 coins, and nothing is rounded.
    #[error("more exact than 10^-8 coins")]
    TooExact,
    /// More than can be counted.
    #[error("too large")]
    TooLarge,
}

/// Reads an amount of coins, such as `0.001`, `10` or `1e-5`, exactly.
///
/// # Errors
///
/// [`DecimalError`].
pub fn parse_coins(text: &str) -> Result<Satoshi, DecimalError> {
    scaled(text, COIN_DIGITS).map(Satoshi)
}

/// Reads a number without a fraction, which may be written with one: `365.0`.
pub(crate) fn parse_whole(text: &str) -> Result<u64, DecimalError> {
    scaled(text, 0)
}

/// Returns the number times `10^scale`, if that is a whole one.
fn scaled(text: &str, scale: i64) -> Result<u64, DecimalError> {
    let text = text.trim_ascii();
    if text.len() > LENGTH_MAX {
        return Err(DecimalError::NotDecimal);
    }
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => {
            (number, exponent.parse::<i16>().map_err(|_| DecimalError::NotDecimal)?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_plain(whole) || !is_plain(fraction) {
        return Err(DecimalError::NotDecimal);
    }
    // `digits × 10^shift`, and zeros at the end of the digits say nothing.
    let digits = [whole, fraction].concat();
    let significant = digits.trim_end_matches('0');
    let ends = [fraction.len(), digits.len() - significant.len()];
    let [fraction, zeros] = ends.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    let shift = scale + i64::from(exponent) - fraction + zeros;
    if significant.is_empty() {
        return Ok(0);
    }
    let shift = u32::try_from(shift).map_err(|_| DecimalError::TooExact)?;
    let significant = significant.trim_start_matches('0');
    let number: u64 = significant.parse().map_err(|_| DecimalError::TooLarge)?;
    let power = 10_u64.checked_pow(shift).ok_or(DecimalError::TooLarge)?;
    number.checked_mul(power).ok_or(DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let cases = [
            ("0.001", Ok(100_000)),
            ("10.0", Ok(1_000_000_000)),
            ("1.5", Ok(150_000_000)),
            (" 1 ", Ok(100_000_000)),
            (".5", Ok(50_000_000)),
            ("5.", Ok(500_000_000)),
            ("0", Ok(0)),
            ("0.000000000000000000", Ok(0)),
            ("1e-5", Ok(1_000)),
            ("1.25E+1", Ok(1_250_000_000)),
            ("0.00000001", Ok(1)),
            ("0.000000010000", Ok(1)),
            ("184467440737.09551615", Ok(u64::MAX)),
            ("0.000000001", Err(DecimalError::TooExact)),
            ("1e-9", Err(DecimalError::TooExact)),
            ("184467440737.09551616", Err(DecimalError::TooLarge)),
            ("1e30", Err(DecimalError::TooLarge)),
            ("99999999999999999999999", Err(DecimalError::TooLarge)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_coins(text), expected.map(Satoshi), "{text}");
        }
        for bad in ["", ".", "-1", "+1", "1,5", "0x10", "abc", "1e", "1e99999", "NaN", "１"] {
            assert_eq!(parse_coins(bad), Err(DecimalError::NotDecimal), "{bad}");
        }
        assert_eq!(parse_coins(&"0".repeat(65)), Err(DecimalError::NotDecimal));
        assert_eq!(parse_whole("365.0"), Ok(365));
        assert_eq!(parse_whole("365.5"), Err(DecimalError::TooExact));
    }

    proptest! {
        /// Every amount is read back as it is usually written.
        #[test]
        fn every_amount_is_read_back(amount in any::<u64>()) {
            let text = format!("{}.{:08}", amount / 100_000_000, amount % 100_000_000);
            prop_assert_eq!(parse_coins(&text), Ok(Satoshi(amount)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9eE.+-]{0,70}") {
            if let Ok(amount) = parse_coins(&text) {
                let rounded: f64 = text.parse().unwrap();
                prop_assert!((rounded * 1e8 - amount.0 as f64).abs() <= rounded * 1e-6, "{text}");
            }
        }
    }
}
