//! JSON as the ledger hashes it.
//!
//! The parser is strict, keeps numbers as they were written, and answers one question the same way
//! on every node: what does this text say? The writers turn it into canonical text: members sorted
//! by the bytes of their names, no white space, raw UTF-8. They differ only in how they write
//! numbers with a fraction or an exponent ([`NumberStyle`]), because ids and signatures of the old
//! formats cover what the libraries of their time wrote.
//!
//! A general-purpose library is not used: its rules for duplicate members, depth, lone surrogates
//! or numbers can change with a release, and with them the ids.
//!
//! *Source:* RFC 8259; `docs/formats.md`, section *Ledger: transactions*.

mod error;
mod number;
mod parse;
mod write;

pub use error::{JsonError, JsonProblem};
pub use number::{Number, NumberStyle};
pub use parse::{Limits, parse};
pub(crate) use write::Writer;
pub use write::{canonical, write_string};

use std::borrow::Cow;

/// A JSON value that borrows from its text wherever the text needs no unescaping.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Number<'a>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// Returns the integer `n`.
    pub fn integer(n: u64) -> Self {
        Self::Number(Number::from(n))
    }

    /// Returns the string `text`.
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// Returns the list of these values.
    pub fn array(values: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(values.into_iter().collect())
    }

    /// Returns the object of these members; of two with the same name the later one.
    pub fn object<N: Into<Cow<'a, str>>>(members: impl IntoIterator<Item = (N, Self)>) -> Self {
        let members = members.into_iter().map(|(name, value)| (name.into(), value));
        Self::Object(Object::new(members.collect()))
    }

    /// Returns what kind of value this is, in words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The members of an object: sorted by the bytes of their names, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Makes an object of members in any order; of two with the same name the later one counts.
    pub fn new(mut members: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        let is_ascending = members.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !is_ascending {
            // Stable, so that of equal names the last one stays last.
            members.sort_by(|left, right| left.0.cmp(&right.0));
            members.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                if is_same {
                    std::mem::swap(later, earlier);
                }
                is_same
            });
        }
        Self(members)
    }

    /// Returns the members in canonical order.
    pub fn members(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        &self.0
    }

    /// Returns the member `name`.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let found = self.0.binary_search_by(|(own, _)| own.as_ref().cmp(name)).ok()?;
        Some(&self.0[found].1)
    }

    /// Returns the member `name`, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let found = self.0.binary_search_by(|(own, _)| own.as_ref().cmp(name)).ok()?;
        Some(&mut self.0[found].1)
    }
}

#[cfg(test)]
mod tests;
