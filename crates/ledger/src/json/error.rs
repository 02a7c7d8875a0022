use std::fmt;

/// A text is not JSON as [`parse`](crate::json::parse) demands it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}{}", Place(.path))]
pub struct JsonError {
    /// What is wrong.
    pub problem: JsonProblem,
    /// Where, in bytes from the start.
    pub offset: usize,
    /// In which value, as in `asset.data[3]`; empty for the outermost one.
    pub path: String,
}

/// What is wrong with a text that should be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// The text is longer than allowed.
    #[error("more than {0} bytes")]
    TooLong(usize),
    /// Lists and objects are nested more deeply than allowed.
    #[error("more than {0} levels")]
    TooDeep(usize),
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8")]
    Utf8,
    /// The text ends within a value.
    #[error("unexpected end")]
    End,
    /// Something else should be here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A string contains a control character that is not escaped.
    #[error("unescaped control character")]
    Control,
    /// A backslash is not followed by what JSON allows.
    #[error("invalid escape sequence")]
    Escape,
    /// Half of a surrogate pair stands alone.
    #[error("lone surrogate")]
    Surrogate,
    /// A number is written as JSON does not allow.
    #[error("malformed number")]
    Number,
    /// A number is too large for a double.
    #[error("number out of range")]
    NotFinite,
    /// Something follows the value.
    #[error("unexpected text after the value")]
    Trailing,
}

/// Where an error was found, for people.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " in {}", self.0) }
    }
}
