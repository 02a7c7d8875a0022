use crate::{FieldError, FieldProblem, fields::printable};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::str::FromStr;

/// The parameters after the `?` of a request, read by name; what nobody reads is refused by
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a parameter that may be absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if it is there twice or is not a `T`, which `expected` describes.
    pub fn optional<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, FieldError> {
        let Some(at) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(at);
        if self.0.iter().any(|(key, _)| key == name) {
            return Err(FieldProblem::Duplicate.of(name));
        }
        value.parse().map(Some).map_err(|_| FieldProblem::Malformed { expected }.of(name))
    }

    /// Reads a whole number that may be absent: decimal digits only.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if it is something else.
    pub fn number(&mut self, name: &'static str) -> Result<Option<u64>, FieldError> {
        const EXPECTED: &str = "a whole number of at most 18446744073709551615";
        let text: Option<String> = self.optional(name, EXPECTED)?;
        let malformed = || FieldProblem::Malformed { expected: EXPECTED }.of(name);
        match text {
            Some(text) if text.starts_with('+') => Err(malformed()),
            Some(text) => text.parse().map(Some).map_err(|_| malformed()),
            None => Ok(None),
        }
    }

    /// Refuses the parameters that are left.
    ///
    /// # Errors
    ///
    /// [`FieldError`] naming the first.
    pub fn finish(self) -> Result<(), FieldError> {
        match self.0.first() {
            Some((name, _)) => Err(FieldProblem::Unknown.of(printable(name))),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Ok(Self(pairs.map(|pairs| pairs.0).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        Query(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn numbers_are_digits_or_absent() {
        assert_eq!(query(&[("from_block", "7")]).number("from_block"), Ok(Some(7)));
        assert_eq!(query(&[]).number("from_block"), Ok(None));
        for bad in ["", "-1", "+1", "1.0", "0x1", "18446744073709551616", "x"] {
            let error = query(&[("from_block", bad)]).number("from_block").unwrap_err();
            assert!(error.to_string().starts_with("from_block must be a whole number"), "{bad}");
        }
    }

    #[test]
    fn doubles_and_strangers_are_refused() {
        let error = query(&[("a", "1"), ("a", "1")]).number("a").unwrap_err();
        assert_eq!(error.to_string(), "a is given twice");
        assert_eq!(query(&[("b", "")]).finish().unwrap_err().to_string(), "b is not a known field");
    }
}
