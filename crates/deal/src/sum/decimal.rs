//! Decimal numbers of coins as whole satoshi, exactly.

use tally_primitives::Satoshi;

/// Decimal places of a coin.
const PLACES: i32 = 8;
/// The longest number that is looked at.
const LENGTH_MAX: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Error {
    NotANumber,
    TooFine,
    TooLarge,
}

/// Reads `12.5`, `.5` or `5.`, without a sign.
pub(super) fn plain(text: &str) -> Result<Satoshi, Error> {
    scaled(text, 0)
}

/// Reads a plain number with an exponent behind it: `1e-7`.
pub(super) fn with_exponent(text: &str) -> Result<Satoshi, Error> {
    let Some((number, exponent)) = text.split_once(['e', 'E']) else { return plain(text) };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !(1..=3).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Error::NotANumber);
    }
    scaled(number, exponent.parse().map_err(|_| Error::NotANumber)?)
}

fn scaled(text: &str, exponent: i32) -> Result<Satoshi, Error> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = || whole.bytes().chain(part.bytes());
    let is_number = text.len() <= LENGTH_MAX
        && digits().next().is_some()
        && digits().all(|digit| digit.is_ascii_digit());
    if !is_number {
        return Err(Error::NotANumber);
    }
    // The place of each digit in satoshi: 0 is one satoshi, below it there must be zeros only.
    let length = i32::try_from(whole.len()).map_err(|_| Error::NotANumber)?;
    let first = PLACES + exponent + length - 1;
    let mut satoshi = 0_u64;
    for (place, digit) in (0..=first).rev().zip(digits().chain(std::iter::repeat(b'0'))) {
        debug_assert!(place >= 0);
        satoshi = satoshi
            .checked_mul(10)
            .and_then(|satoshi| satoshi.checked_add(u64::from(digit - b'0')))
            .ok_or(Error::TooLarge)?;
    }
    let taken = usize::try_from(first + 1).unwrap_or(0);
    if digits().skip(taken).any(|digit| digit != b'0') {
        return Err(Error::TooFine);
    }
    Ok(Satoshi(satoshi))
}
