//! What stands behind the `?` of a request.

use crate::{error::ApiError, form};
use tally_http::FieldProblem;

/// The most parameters of a request.
const PARAMETERS_MAX: usize = 64;

/// In which form a request wants the payload of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Html,
    Json,
    Xml,
    Text,
}

impl Format {
    /// Returns the form of a word: any that is not known is text.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "html" => Self::Html,
            "json" => Self::Json,
            "xml" => Self::Xml,
            _ => Self::Text,
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Xml => "application/xml; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// The parameters of a request. Those that an endpoint does not know are ignored, as they always
/// were; one that is there twice is refused.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    text: String,
}

impl Query {
    /// Reads the text behind the `?`.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let pairs = form::read(text, PARAMETERS_MAX)
            .map_err(|error| ApiError::bad_request(format!("query: {error}")))?;
        Ok(Self { pairs, text: text.to_owned() })
    }

    /// Returns a parameter; an empty one is absent.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(FieldProblem::Duplicate.of(name).into());
        }
        Ok(value.map(String::as_str).filter(|value| !value.is_empty()))
    }

    /// Returns a parameter that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| FieldProblem::Missing.of(name).into())
    }

    /// Returns a parameter that `T` is read from; `expected` says what it must be.
    pub(crate) fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, ApiError> {
        let malformed = |_| FieldProblem::Malformed { expected }.of(name);
        Ok(self.text(name)?.map(str::parse).transpose().map_err(malformed)?)
    }

    /// Returns a whole number: decimal digits.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<u64>, ApiError> {
        const EXPECTED: &str = "a whole number of at most 18446744073709551615";
        match self.text(name)? {
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(FieldProblem::Malformed { expected: EXPECTED }.of(name).into())
            }
            Some(_) => self.parsed(name, EXPECTED),
            None => Ok(None),
        }
    }

    /// In which form the payload is wanted; nothing for the whole package.
    pub(crate) fn format(&self) -> Result<Option<Format>, ApiError> {
        Ok(self.text("payload")?.map(Format::of))
    }

    /// Whether the module shall sign what it sends.
    pub(crate) fn wants_signature(&self) -> Result<bool, ApiError> {
        let word = self.text("pgp")?.unwrap_or_default();
        Ok(!word.eq_ignore_ascii_case("off") && !word.eq_ignore_ascii_case("false"))
    }

    /// Returns the text behind the `?`, as it came.
    pub(crate) fn as_sent(&self) -> &str {
        &self.text
    }

    /// Returns what a server shall see of the query: everything but what is said to the module.
    pub(crate) fn for_server(&self) -> String {
        let others =
            self.pairs.iter().filter(|(name, _)| !["server", "pgp"].contains(&name.as_str()));
        let pairs: Vec<String> = others
            .map(|(name, value)| format!("{}={}", form::escape(name), form::escape(value)))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(text).unwrap()
    }

    #[test]
    fn parameters_are_found_by_name() {
        let asked = query("payload=html&server=a%3A1&address=null&empty=&n=7&pgp=OFF");
        assert_eq!(asked.format().unwrap(), Some(Format::Html));
        assert_eq!(asked.text("server").unwrap(), Some("a:1"));
        assert_eq!(asked.text("empty").unwrap(), None);
        assert_eq!(asked.number("n").unwrap(), Some(7));
        assert!(!asked.wants_signature().unwrap());
        assert_eq!(asked.for_server(), "?payload=html&address=null&empty=&n=7");
        assert!(query("pgp=on").wants_signature().unwrap());
        assert!(!query("pgp=false").wants_signature().unwrap());
        assert_eq!(query("").for_server(), "");
    }

    #[test]
    fn unknown_forms_are_text() {
        for (word, format) in [
            ("html", Format::Html),
            ("json", Format::Json),
            ("xml", Format::Xml),
            ("text", Format::Text),
            ("zzz", Format::Text),
        ] {
            assert_eq!(query(&format!("payload={word}")).format().unwrap(), Some(format));
        }
        assert_eq!(query("payload=").format().unwrap(), None);
    }

    #[test]
    fn doubles_and_nonsense_are_refused() {
        assert!(query("a=1&a=2").text("a").is_err());
        assert!(Query::read("a=%ff").is_err());
        for bad in ["-1", "+1", "1.0", "x", "18446744073709551616"] {
            assert!(query(&format!("n={bad}")).number("n").is_err(), "{bad}");
        }
        let many = "a=1&".repeat(PARAMETERS_MAX + 1);
        assert!(Query::read(&many).is_err());
    }
}
