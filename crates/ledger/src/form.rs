//! Reading the JSON forms of blocks and votes: exactly the members that they have, no more.

use std::str::FromStr;

use crate::json::{JsonError, Limits, Value, parse};

/// A text is not the JSON form that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is not JSON.
    #[error("not the JSON of a block or vote")]
    Json(#[from] JsonError),
    /// A value is not what it should be.
    #[error("{place}: expected {expected}")]
    Expected {
        /// Where, as in `vote.timestamp`; `.` is the outermost value.
        place: &'static str,
        /// What would have been right, in words.
        expected: &'static str,
    },
    /// A member is missing.
    #[error("{place}: member {name} is missing")]
    Missing {
        /// The object that should have it.
        place: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// There is a member that does not belong there. Its name is not repeated: anybody chose it.
    #[error("{place}: a member does not belong there")]
    Unknown {
        /// The object that has it.
        place: &'static str,
    },
}

/// The outermost value of a text.
pub(crate) fn document(text: &[u8], limits: Limits) -> Result<Value<'_>, FormError> {
    Ok(parse(text, limits)?)
}

/// The members of an object that has exactly these, in the order of `names`.
pub(crate) fn members<'v, 'a, const N: usize>(
    value: &'v Value<'a>,
    place: &'static str,
    names: [&'static str; N],
) -> Result<[&'v Value<'a>; N], FormError> {
    let Value::Object(object) = value else {
        return Err(FormError::Expected { place, expected: "an object" });
    };
    let mut found = [value; N];
    for (slot, name) in found.iter_mut().zip(names) {
        *slot = object.get(name).ok_or(FormError::Missing { place, name })?;
    }
    // Names are distinct in an object: as many as were found means that there are no others.
    if object.members().len() == N { Ok(found) } else { Err(FormError::Unknown { place }) }
}

/// The elements of a list.
pub(crate) fn elements<'v, 'a>(
    value: &'v Value<'a>,
    place: &'static str,
) -> Result<&'v [Value<'a>], FormError> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(FormError::Expected { place, expected: "a list" })
        }
    }
}

/// A string.
pub(crate) fn string<'v>(
    value: &'v Value<'_>,
    place: &'static str,
    expected: &'static str,
) -> Result<&'v str, FormError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(FormError::Expected { place, expected })
        }
    }
}

/// A value that is written as a string.
pub(crate) fn written<T: FromStr>(
    value: &Value<'_>,
    place: &'static str,
    expected: &'static str,
) -> Result<T, FormError> {
    let text = string(value, place, expected)?;
    text.parse().map_err(|_| FormError::Expected { place, expected })
}

/// `true` or `false`.
pub(crate) fn boolean(value: &Value<'_>, place: &'static str) -> Result<bool, FormError> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(FormError::Expected { place, expected: "true or false" })
        }
    }
}

/// What a hash should look like.
pub(crate) const HASH: &str = "64 lower-case hexadecimal digits";
/// What a public key should look like.
pub(crate) const KEY: &str = "a public key: 32 bytes in Base58";
/// What a signature should look like.
pub(crate) const SIGNATURE: &str = "a signature: 64 bytes in Base58";
/// What a time should look like.
pub(crate) const TIME: &str = "a string of ten digits: seconds since the Unix epoch";
