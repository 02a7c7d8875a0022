//! A JSON object as a list of fields.

use super::{AccountRefusal, FIELDS_MAX, MESSAGE_BYTES_MAX};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// Reads an object whose members are texts, whole numbers or lists of them: a list becomes several
/// fields of its name. Members that are `null` are left out.
pub(super) fn fields(body: &[u8]) -> Result<Vec<(String, String)>, AccountRefusal> {
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(AccountRefusal::TooMany { what: "bytes", max: MESSAGE_BYTES_MAX });
    }
    let wrong = |_| AccountRefusal::Json("expected an object of texts and lists of texts.");
    let Fields(fields) = serde_json::from_slice(body).map_err(wrong)?;
    Ok(fields)
}

struct Fields(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut names: Vec<String> = Vec::new();
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom("a member twice"));
            }
            let values = match map.next_value()? {
                Member::Nothing(()) => Vec::new(),
                Member::One(Scalar(value)) => vec![value],
                Member::Many(values) => values.into_iter().map(|Scalar(value)| value).collect(),
                Member::Other(_) => return Err(A::Error::custom("neither a text nor a list")),
            };
            fields.extend(values.into_iter().map(|value| (name.clone(), value)));
            names.push(name);
            if fields.len() > FIELDS_MAX || names.len() > FIELDS_MAX {
                return Err(A::Error::custom("too many members"));
            }
        }
        Ok(Fields(fields))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Nothing(()),
    One(Scalar),
    Many(Vec<Scalar>),
    Other(IgnoredAny),
}

/// A text, or a whole number as its text.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Number(i64),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Text(text) => Self(text),
            Either::Number(number) => Self(number.to_string()),
        })
    }
}
