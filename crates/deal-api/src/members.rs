//! The named values of a body that is no message: a form, or a JSON object.

use crate::{body::Body, call::Call, error::ApiError, text::printable};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Named values, none of which is there twice. A form has texts only. They may be passwords and
/// secrets: nothing shows them.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads the body of a request. One without a body has no members.
    pub(crate) async fn read(call: &Call) -> Result<Self, ApiError> {
        Self::of(call.body().await?)
    }

    /// Reads a body. A text is the member `text`.
    pub(crate) fn of(body: Body) -> Result<Self, ApiError> {
        let mut members = Map::new();
        match body {
            Body::None => {}
            Body::Text(text) => {
                members.insert("text".to_owned(), text.into());
            }
            Body::Fields(fields) => {
                for (name, value) in fields {
                    if members.contains_key(&name) {
                        return Err(twice(&name));
                    }
                    members.insert(name, value.into());
                }
            }
            Body::Json(json) => match serde_json::from_slice(&json) {
                Ok(Unique(Value::Object(object))) => members = object,
                Ok(_) => return Err(malformed("not an object")),
                Err(error) => return Err(malformed(&error.to_string())),
            },
        }
        Ok(Self(members))
    }

    /// Returns a text; an empty one is absent, and so is another kind of value.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Returns a text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.optional(name).ok_or_else(|| {
            ApiError::validation(format!("Invalid format: key \"{name}\" cannot be empty."))
        })
    }

    /// Returns a list of texts; a text is a list of the words in it.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let wrong =
            || ApiError::validation(format!("Invalid format: key \"{name}\" is a list of texts."));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(vec![]),
            Some(Value::String(text)) => {
                Ok(text.split([' ', ',']).filter(|it| !it.is_empty()).map(str::to_owned).collect())
            }
            Some(Value::Array(items)) => {
                let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(wrong);
                items.iter().map(text).collect()
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong()),
        }
    }

    /// Returns a value of any kind.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

fn twice(name: &str) -> ApiError {
    let name = printable(name);
    ApiError::validation(format!("Invalid format: key \"{name}\" is given twice."))
}

fn malformed(what: &str) -> ApiError {
    ApiError::validation(format!("Invalid JSON format: {what}."))
}

/// A JSON value in which no object has a member twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, Unique>()? {
            if members.contains_key(&name) {
                let name = printable(&name);
                return Err(A::Error::custom(format!("key \"{name}\" is given twice")));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Members, ApiError> {
        Members::of(Body::Json(text.as_bytes().to_vec()))
    }

    #[test]
    fn members_are_found_by_name() {
        let members =
            json(r#"{"a":"x","n":-1,"f":1.5,"l":["p","q"],"e":"","o":{"a":true}}"#).unwrap();
        assert_eq!((members.optional("a"), members.optional("e")), (Some("x"), None));
        assert_eq!(members.optional("n"), None);
        assert_eq!(members.texts("l").unwrap(), ["p", "q"]);
        assert_eq!(members.texts("absent").unwrap(), Vec::<String>::new());
        assert_eq!(members.value("o").unwrap()["a"], true);
        assert!(members.required("e").is_err() && members.texts("n").is_err());
        let form = Members::of(Body::Fields(vec![("l".to_owned(), "p, q".to_owned())])).unwrap();
        assert_eq!(form.texts("l").unwrap(), ["p", "q"]);
    }

    #[test]
    fn doubles_and_other_values_are_refused() {
        for bad in [r#"{"a":1,"a":2}"#, r#"{"o":[{"a":1,"a":1}]}"#, "[]", "1", "{", r#"{"a":1} x"#]
        {
            assert!(json(bad).is_err(), "{bad}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert!(json(&deep).is_err());
        let fields = vec![("a".to_owned(), "1".to_owned()); 2];
        assert!(Members::of(Body::Fields(fields)).is_err());
    }
}
