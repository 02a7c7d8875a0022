//! JSON as records hold it: members in order, numbers as they were written.

mod parse;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use parse::parse_object;
pub use parse::{DEPTH_MAX, JsonError};

use serde::{Deserialize, Serialize};

/// A JSON value that is written back as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written: `365.0` is not `365`.
    Number(Box<str>),
    /// A string, unescaped.
    String(Box<str>),
    /// A list.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

/// The members of an object in order, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Object(pub(crate) Vec<(Box<str>, Json)>);

impl Json {
    /// Returns the string `text`.
    pub fn string(text: impl Into<Box<str>>) -> Self {
        Self::String(text.into())
    }

    /// Returns the integer `n`.
    pub fn integer(n: u64) -> Self {
        Self::Number(n.to_string().into())
    }

    /// Returns the list of these strings.
    pub fn strings<T: Into<Box<str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Array(texts.into_iter().map(Self::string).collect())
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }
}

impl Object {
    /// Returns an object without members.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find_map(|(known, value)| (**known == *name).then_some(value))
    }

    /// Appends a member, whose name must be new.
    pub fn push(&mut self, name: &str, value: Json) {
        debug_assert!(self.get(name).is_none(), "{name} is there already");
        self.0.push((name.into(), value));
    }

    /// Iterates over the members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Returns how many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
