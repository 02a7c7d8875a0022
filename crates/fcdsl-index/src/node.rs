//! JSON as it was written: members in their order, numbers with their digits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tally_fcdsl::{Branch, Tree};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Boolean(bool),
    /// A number whose digits are those of this integer.
    Long(i64),
    /// Any other number, as written.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    /// Members in their order, names unique.
    Object(Vec<(String, Self)>),
}

impl Node {
    /// Reads JSON text.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Self::from_valid(raw.get())
    }

    fn from_valid(text: &str) -> Result<Self, serde_json::Error> {
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let mut object: Vec<(String, Self)> = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = Self::from_valid(value.get())?;
                    match object.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, old)) => *old = value,
                        None => object.push((name, value)),
                    }
                }
                Self::Object(object)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let items = items.into_iter().map(|item| Self::from_valid(item.get()));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Boolean(text == "true"),
            Some(b'n') | None => Self::Null,
            Some(_) => match text.parse::<i64>() {
                Ok(long) if long.to_string() == text => Self::Long(long),
                _ => Self::Number(text.to_owned()),
            },
        })
    }

    /// Shows each scalar that queries can see, with the names that lead to it joined by dots.
    pub(crate) fn leaves<'a>(&'a self, show: &mut impl FnMut(&str, &'a Self)) {
        tally_fcdsl::leaves(self, show);
    }

    /// Shows each scalar but `null` that is not in an object.
    pub(crate) fn scalars<'a>(&'a self, show: &mut impl FnMut(&'a Self)) {
        match self {
            Self::Null | Self::Object(_) => {}
            Self::Boolean(_) | Self::Long(_) | Self::Number(_) | Self::Text(_) => show(self),
            Self::Array(items) => items.iter().for_each(|item| item.scalars(show)),
        }
    }

    /// A scalar as text.
    pub(crate) fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            Self::Long(long) => Some(long.to_string()),
            Self::Boolean(boolean) => Some(boolean.to_string()),
            Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// Appends it as JSON text.
    pub(crate) fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Boolean(boolean) => text.push_str(if *boolean { "true" } else { "false" }),
            Self::Long(long) => text.push_str(&long.to_string()),
            Self::Number(number) => text.push_str(number),
            Self::Text(string) => write_string(string, text),
            Self::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    write_string(name, text);
                    text.push(':');
                    member.write(text);
                }
                text.push('}');
            }
        }
    }
}

impl Tree for Node {
    fn branch(&self) -> Branch<'_, Self> {
        match self {
            Self::Null => Branch::Null,
            Self::Boolean(_) | Self::Long(_) => {
                Branch::Scalar { bytes: self.as_text().map_or(0, |text| text.len()) }
            }
            Self::Number(text) | Self::Text(text) => Branch::Scalar { bytes: text.len() },
            Self::Array(items) => Branch::Items(items),
            Self::Object(members) => {
                Branch::Members(Box::new(members.iter().map(|(name, value)| (&**name, value))))
            }
        }
    }
}

/// Appends a text as JSON.
pub(crate) fn write_string(string: &str, text: &mut String) {
    if string.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        text.push('"');
        text.push_str(string);
        text.push('"');
    } else {
        text.push_str(&serde_json::Value::from(string).to_string());
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn text_is_written_as_it_was_read() {
        for text in [
            r#"{"z":1,"a":[1.50,-0,"ü\n",null,true],"b":{"c":123456789012345678901234567890}}"#,
            "[]",
            r#""a\"b""#,
            "-7",
            "false",
        ] {
            let mut again = String::new();
            Node::parse(text).unwrap().write(&mut again);
            assert_eq!(again, text);
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{\"a\":1}x", "[1,]", "nul", "01"] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
        let twice = Node::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(twice, Node::parse(r#"{"a":3,"b":2}"#).unwrap());
    }
}
