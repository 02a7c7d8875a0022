use crate::{error::ApiError, mapping::Operation, values::ADDRESS};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use std::str::FromStr;
use tally_http::{FieldError, FieldProblem};
use tally_primitives::PaymentId;

/// The named parts of a request's path.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a part that is an address.
    pub(crate) fn address<T: FromStr>(
        &self,
        name: &'static str,
        operation: Operation,
    ) -> Result<T, ApiError> {
        self.text(name).parse().map_err(|_| {
            let error = FieldProblem::Malformed { expected: ADDRESS }.of(name);
            ApiError::Address { operation, error }
        })
    }

    /// Reads the number of a payment.
    pub(crate) fn identifier(&self) -> Result<PaymentId, FieldError> {
        let text = self.text("identifier");
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok());
        let expected = "a whole number of at most 18446744073709551615";
        let malformed = FieldProblem::Malformed { expected }.of("identifier");
        number.flatten().map(PaymentId).ok_or(malformed)
    }

    /// Reads a yes or no, in the ways in which Go reads one.
    pub(crate) fn boolean(&self, name: &'static str) -> Result<bool, FieldError> {
        match self.text(name) {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(FieldProblem::Malformed { expected: "true or false" }.of(name)),
        }
    }

    /// Returns a part's text.
    pub(crate) fn text(&self, name: &'static str) -> &str {
        let part = self.0.iter().find(|(key, _)| key == name);
        part.map_or("", |(_, value)| value)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| not_text())?;
        Ok(Self(params.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()))
    }
}

fn not_text() -> FieldError {
    FieldProblem::Malformed { expected: "text in UTF-8" }.of("path")
}
