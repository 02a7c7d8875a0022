use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A field of a request is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The field's name, with its place in a list: `amount`, `[2].ip_port`.
    pub field: String,
    /// What is wrong with it.
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is another kind of JSON value.
    #[error("must be {expected}, not {found}")]
    WrongType {
        /// What it must be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
    },
    /// A number below zero.
    #[error("must not be negative")]
    Negative,
    /// A number with a fraction or an exponent.
    #[error("must be an integer written in digits, without fraction or exponent")]
    NotWhole,
    /// A number above what the field can hold.
    #[error("is at most {max}")]
    TooLarge {
        /// The largest value.
        max: &'static str,
    },
    /// A number below what makes sense.
    #[error("must be at least {min}")]
    TooSmall {
        /// The smallest value.
        min: u64,
    },
    /// A text that is not what the field takes.
    #[error("must be {expected}")]
    Malformed {
        /// What it must be, with its article.
        expected: &'static str,
    },
    /// The request may not have such a field.
    #[error("is not a known field")]
    Unknown,
    /// The request has it twice.
    #[error("is given twice")]
    Duplicate,
}

impl FieldProblem {
    /// Says which field has the problem.
    pub fn of(self, field: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), problem: self }
    }
}

/// The fields of one JSON object, read by name; what nobody reads is refused by
/// [`finish`](Self::finish).
///
/// Values are kept as the text that was sent, so that integers of any size stay exact.
#[derive(Debug)]
pub struct Fields {
    prefix: String,
    entries: Vec<(String, Box<RawValue>)>,
}

impl Fields {
    /// Takes a JSON object apart. `prefix` stands before the names in messages.
    pub(crate) fn parse(json: &RawValue, prefix: String) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(json.get());
        let entries = reader.deserialize_map(Entries)?;
        Ok(Self { prefix, entries })
    }

    /// Reads a field that must be there.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if it is absent or `read` refuses it.
    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&RawValue) -> Result<T, FieldProblem>,
    ) -> Result<T, FieldError> {
        let value = self.take(name)?.ok_or_else(|| self.error(name, FieldProblem::Missing))?;
        read(&value).map_err(|problem| self.error(name, problem))
    }

    /// Reads a field that may be absent; `null` counts as absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if it is there and `read` refuses it.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&RawValue) -> Result<T, FieldProblem>,
    ) -> Result<Option<T>, FieldError> {
        match self.take(name)? {
            Some(value) if value.get() != "null" => {
                read(&value).map(Some).map_err(|problem| self.error(name, problem))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Drops a field that clients send and nobody needs.
    pub fn ignore(&mut self, name: &str) {
        self.entries.retain(|(key, _)| key != name);
    }

    /// Refuses the fields that are left.
    ///
    /// # Errors
    ///
    /// [`FieldError`] naming the first.
    pub fn finish(self) -> Result<(), FieldError> {
        match self.entries.first() {
            Some((key, _)) => Err(self.error(&printable(key), FieldProblem::Unknown)),
            None => Ok(()),
        }
    }

    /// Makes an error about the field `name`.
    pub fn error(&self, name: &str, problem: FieldProblem) -> FieldError {
        problem.of(format!("{}{name}", self.prefix))
    }

    fn take(&mut self, name: &str) -> Result<Option<Box<RawValue>>, FieldError> {
        let Some(at) = self.entries.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.entries.swap_remove(at);
        if self.entries.iter().any(|(key, _)| key == name) {
            return Err(self.error(name, FieldProblem::Duplicate));
        }
        Ok(Some(value))
    }
}

/// Cuts and cleans a name that a client made up, before it is said back.
pub(crate) fn printable(name: &str) -> String {
    const SHOWN_MAX: usize = 40;
    name.chars().take(SHOWN_MAX).map(|c| if c.is_control() { '?' } else { c }).collect()
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Box<RawValue>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        /// No request has more fields than this; more would make the look-ups slow.
        const FIELDS_MAX: usize = 64;
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            if entries.len() == FIELDS_MAX {
                return Err(A::Error::custom("too many fields"));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}
