use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::fmt::Display;

/// Writes a number as bare JSON digits, however large; for `#[serde(serialize_with)]`.
///
/// The value's `Display` must be a JSON number.
///
/// # Errors
///
/// As the serializer.
pub fn digits<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(value.to_string()).map_err(S::Error::custom)?;
    raw.serialize(serializer)
}

/// Writes an absent number as `null` and a present one as [`digits`] does.
///
/// # Errors
///
/// As the serializer.
pub fn optional_digits<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => digits(value, serializer),
        None => serializer.serialize_none(),
    }
}
