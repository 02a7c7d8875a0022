use axum::http::HeaderMap;
use serde_json::value::RawValue;
use std::str::FromStr;
use tally_channel_node::IdempotencyKey;
use tally_http::{FieldError, FieldProblem, read_integer, read_text};
use tally_primitives::TokenAmount;

/// What an address looks like, for messages.
pub(crate) const ADDRESS: &str = "an address: 0x and 40 hexadecimal digits";

/// The largest amount, for messages.
const AMOUNT_MAX: &str = "2^256-1";

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Reads what the client calls its request, if it does.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, FieldError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(FieldProblem::Duplicate.of("Idempotency-Key"));
    }
    let key = value.to_str().ok().and_then(IdempotencyKey::new);
    let expected = "1 to 200 visible ASCII characters";
    key.map(Some).ok_or_else(|| FieldProblem::Malformed { expected }.of("Idempotency-Key"))
}

/// Reads an amount: a JSON integer of any size up to 2^256-1.
pub(crate) fn read_amount(value: &RawValue) -> Result<TokenAmount, FieldProblem> {
    let digits = read_integer(value)?;
    digits.parse().map_err(|_| FieldProblem::TooLarge { max: AMOUNT_MAX })
}

/// Reads an amount that moves something.
pub(crate) fn read_positive_amount(value: &RawValue) -> Result<TokenAmount, FieldProblem> {
    let amount = read_amount(value)?;
    if amount.is_zero() { Err(FieldProblem::TooSmall { min: 1 }) } else { Ok(amount) }
}

/// Reads an address in any case.
pub(crate) fn read_address<T: FromStr>(value: &RawValue) -> Result<T, FieldProblem> {
    let text = read_text(value)?;
    text.parse().map_err(|_| FieldProblem::Malformed { expected: ADDRESS })
}

/// Reads the amount of a path: decimal digits, or hexadecimal ones after `0x`.
pub(crate) fn parse_positive_amount(text: &str) -> Result<TokenAmount, FieldProblem> {
    let expected = "an integer in decimal digits, or in hexadecimal ones after 0x";
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = hexadecimal.unwrap_or(text);
    let is_digit: fn(&u8) -> bool =
        if hexadecimal.is_some() { u8::is_ascii_hexdigit } else { u8::is_ascii_digit };
    if digits.is_empty() || !digits.as_bytes().iter().all(is_digit) {
        return Err(FieldProblem::Malformed { expected });
    }
    let radix = if hexadecimal.is_some() { 16 } else { 10 };
    let units = tally_primitives::U256::from_str_radix(digits, radix)
        .map_err(|_| FieldProblem::TooLarge { max: AMOUNT_MAX })?;
    let amount = TokenAmount::new(units);
    if amount.is_zero() { Err(FieldProblem::TooSmall { min: 1 }) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn amounts_are_exact_up_to_256_bits() {
        let max = TokenAmount::MAX.to_string();
        assert_eq!(read_amount(&raw(&max)), Ok(TokenAmount::MAX));
        let above = format!("{}6", &max[..max.len() - 1]);
        assert_eq!(read_amount(&raw(&above)).unwrap_err().to_string(), "is at most 2^256-1");
        assert_eq!(read_positive_amount(&raw("0")).unwrap_err().to_string(), "must be at least 1");
    }

    #[test]
    fn amounts_of_a_path_are_decimal_or_hexadecimal() {
        assert_eq!(parse_positive_amount("45"), Ok(TokenAmount::from_units(45)));
        assert_eq!(parse_positive_amount("0x2D"), Ok(TokenAmount::from_units(45)));
        for bad in ["", "0x", "-1", "+1", "1.0", "1_0", "0", "0x0", &"9".repeat(78)] {
            assert!(parse_positive_amount(bad).is_err(), "{bad}");
        }
    }
}
