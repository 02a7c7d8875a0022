//! Refusals and failures, as clients see them.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;
use tally_http::{BodyError, ErrorShape, FieldError};

/// Why a request is not answered with what it asks for.
///
/// Its body is `{"error": {"code": …, "message": …, "error": …}}`: the status of HTTP, or a number of
/// the platform that is a hundred times as large; a text for people; a word for programs.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: u32,
    /// A stable word in snake case.
    word: &'static str,
    message: String,
    /// Whether the original called it a fault of its own: status 500 and code 0.
    is_validation: bool,
    headers: Vec<(HeaderName, String)>,
    /// The body in the words of the server that refused.
    body: Option<Vec<u8>>,
}

/// How a refusal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Manner {
    /// As the original: validation errors have status 500 and code 0, and there is no word.
    pub(crate) compat: bool,
    /// As a page, because the request asks for HTML.
    pub(crate) html: bool,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, word: &'static str, message: impl Into<String>) -> Self {
        let (code, message) = (u32::from(status.as_u16()), message.into());
        Self { status, code, word, message, is_validation: false, headers: vec![], body: None }
    }

    /// The client sent something that breaks a rule of the messages.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_message", message);
        Self { is_validation: true, ..error }
    }

    /// The request itself is wrong: its path, its query, its headers.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not Found")
    }

    /// The path is good, and the method is not: `allowed` are.
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let (status, word) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        Self::new(status, word, "Method Not Allowed").with_header(header::ALLOW, allowed)
    }

    /// There is no such thing, of those that a path can name.
    pub(crate) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    pub(crate) fn conflict(word: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, word, message)
    }

    pub(crate) fn bad_gateway() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "bad_gateway", "Bad Gateway")
    }

    pub(crate) fn gateway_timeout() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "gateway_timeout", "Gateway Timeout")
    }

    /// Something of this server's own failed; what it was stands in the log alone.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "a request could not be answered");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal Server Error")
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
            .with_header(header::RETRY_AFTER, "30")
    }

    /// The access rules of the platform refuse it: `code` is one of its numbers.
    pub(crate) fn access(code: u32, word: &'static str, message: &str) -> Self {
        let status = u16::try_from(code / 100).ok().and_then(|it| StatusCode::from_u16(it).ok());
        let status = status.unwrap_or(StatusCode::UNAUTHORIZED);
        let error = Self { code, ..Self::new(status, word, message) };
        if status == StatusCode::UNAUTHORIZED { error.with_challenge(message) } else { error }
    }

    /// Credentials are missing.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized.")
            .with_challenge("an access token or a signature is needed")
    }

    pub(crate) fn with_challenge(self, description: &str) -> Self {
        let word = self.word;
        let challenge = format!(
            "Bearer realm=\"Access denied\", error=\"{word}\", \
             error_description=\"{description}\", charset=\"UTF-8\""
        );
        self.with_header(header::WWW_AUTHENTICATE, challenge)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says it in the words of the server that refused: a JSON object with `error`.
    pub(crate) fn with_body(self, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..self }
    }

    #[cfg(test)]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Writes the reply.
    pub(crate) fn reply(self, manner: Manner) -> Response {
        let is_old = manner.compat && self.is_validation;
        let status = if is_old { StatusCode::INTERNAL_SERVER_ERROR } else { self.status };
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        let mut reply = if let Some(body) = self.body {
            (status, kind, body).into_response()
        } else if manner.html {
            page(status, &self.message)
        } else {
            let error = match (is_old, manner.compat) {
                (true, _) => json!({ "code": 0, "message": self.message }),
                (false, true) => json!({ "code": self.code, "message": self.message }),
                (false, false) => {
                    json!({ "code": self.code, "message": self.message, "error": self.word })
                }
            };
            (status, kind, json!({ "error": error }).to_string()).into_response()
        };
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let (status, message) = (error.status(), error.to_string());
        match error {
            BodyError::TooLarge { .. } => Self::new(status, "too_large", message),
            BodyError::Late => Self::new(status, "too_slow", message),
            BodyError::Broken => Self::new(status, "bad_request", message),
            BodyError::ContentType => Self::new(status, "unknown_type", message),
            BodyError::Empty
            | BodyError::NotJson(_)
            | BodyError::WrongShape { .. }
            | BodyError::Field(_) => Self::validation(message),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::bad_request(error.to_string())
    }
}

/// An error with what caused it.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// The small page that says an error to a browser.
fn page(status: StatusCode, message: &str) -> Response {
    let title = crate::escape::html(message);
    let reason = status.canonical_reason().unwrap_or("Error");
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"UTF-8\">\n\
         <title>{title}</title>\n</head>\n<body>\n<h1>{} {reason}</h1>\n<p>{title}</p>\n\
         </body>\n</html>\n",
        status.as_u16()
    );
    (status, [(header::CONTENT_SECURITY_POLICY, "default-src 'none'")], Html(page)).into_response()
}

/// How what surrounds the API writes its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) compat: bool,
}

impl ErrorShape for Shape {
    fn reply(&self, status: StatusCode, message: &str) -> Response {
        let (word, message) = match status {
            StatusCode::NOT_FOUND => ("not_found", "Not Found"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "Method Not Allowed"),
            StatusCode::SERVICE_UNAVAILABLE => ("busy", message),
            StatusCode::GATEWAY_TIMEOUT => ("gateway_timeout", message),
            StatusCode::FORBIDDEN => ("forbidden", message),
            StatusCode::UNAUTHORIZED => ("unauthorized", message),
            status if status.is_server_error() => ("internal", message),
            _ => ("bad_request", message),
        };
        let mut reply =
            ApiError::new(status, word, message).reply(Manner { compat: self.compat, html: false });
        if status == StatusCode::SERVICE_UNAVAILABLE {
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        reply
    }
}
