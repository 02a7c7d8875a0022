use crate::FieldProblem;
use serde_json::value::RawValue;

/// Reads `true` or `false`.
///
/// # Errors
///
/// [`FieldProblem::WrongType`] for anything else.
pub fn read_bool(value: &RawValue) -> Result<bool, FieldProblem> {
    match value.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(wrong_type("true or false", other)),
    }
}

/// Reads a string.
///
/// # Errors
///
/// [`FieldProblem::WrongType`] for anything else.
pub fn read_text(value: &RawValue) -> Result<String, FieldProblem> {
    serde_json::from_str(value.get()).map_err(|_| wrong_type("a string", value.get()))
}

/// Reads a non-negative integer of any size and returns its decimal digits.
///
/// # Errors
///
/// [`FieldProblem`] for anything else: other types, signs, fractions, exponents.
pub fn read_integer(value: &RawValue) -> Result<&str, FieldProblem> {
    let text = value.get();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if !is_number {
        return Err(wrong_type("an integer", text));
    }
    if text.contains(['.', 'e', 'E']) {
        return Err(FieldProblem::NotWhole);
    }
    if text.starts_with('-') {
        return Err(FieldProblem::Negative);
    }
    Ok(text)
}

/// Reads an integer of 64 bits.
///
/// # Errors
///
/// As [`read_integer`], and [`FieldProblem::TooLarge`].
pub fn read_u64(value: &RawValue) -> Result<u64, FieldProblem> {
    let digits = read_integer(value)?;
    digits.parse().map_err(|_| FieldProblem::TooLarge { max: "18446744073709551615" })
}

fn wrong_type(expected: &'static str, json: &str) -> FieldProblem {
    let found = match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(_) | None => "a number",
    };
    FieldProblem::WrongType { expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).unwrap()
    }

    /// Goal: integers keep every digit. Method: one beyond 64 bits and one beyond 256 bits.
    #[test]
    fn integers_of_any_size_are_exact() {
        for digits in ["0", "18446744073709551616", &"9".repeat(100)] {
            assert_eq!(read_integer(&raw(digits)), Ok(digits));
        }
        assert_eq!(read_u64(&raw("18446744073709551615")), Ok(u64::MAX));
        let error = read_u64(&raw("18446744073709551616")).unwrap_err();
        assert_eq!(error, FieldProblem::TooLarge { max: "18446744073709551615" });
    }

    #[test]
    fn what_is_not_an_integer_is_refused_with_the_reason() {
        let said = |json| read_integer(&raw(json)).unwrap_err().to_string();
        assert_eq!(said("-1"), "must not be negative");
        assert_eq!(said("\"5\""), "must be an integer, not a string");
        assert_eq!(said("null"), "must be an integer, not null");
        assert_eq!(said("[1]"), "must be an integer, not a list");
        assert_eq!(said("true"), "must be an integer, not a boolean");
        for json in ["1.0", "1e3", "1E3", "-1.5"] {
            assert!(said(json).contains("without fraction or exponent"), "{json}");
        }
    }

    #[test]
    fn strings_and_booleans_are_told_apart() {
        assert_eq!(read_text(&raw(r#""a\u0041""#)).unwrap(), "aA");
        assert_eq!(read_bool(&raw("true")), Ok(true));
        assert_eq!(
            read_bool(&raw("1")).unwrap_err().to_string(),
            "must be true or false, not a number"
        );
        assert_eq!(
            read_text(&raw("{}")).unwrap_err().to_string(),
            "must be a string, not an object"
        );
    }
}
