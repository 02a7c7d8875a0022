//! The four kinds of bodies.

use crate::{error::ApiError, form};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use multer::{Constraints, Multipart, SizeLimit};
use std::{convert::Infallible, fmt};

/// The most bytes of a body.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// The most bytes of one field of a form.
const FIELD_BYTES_MAX: u64 = 64 * 1024;

/// The most fields of a form.
pub(crate) const FIELDS_MAX: usize = 128;

/// A body, by what it says that it is.
#[derive(PartialEq, Eq)]
pub(crate) enum Body {
    /// There is none.
    None,
    /// The fields of a form, urlencoded or multipart, in their order.
    Fields(Vec<(String, String)>),
    /// JSON, not yet read.
    Json(Vec<u8>),
    /// A text of any kind.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Form,
    Multipart,
    Json,
    Text,
}

impl fmt::Debug for Body {
    /// There may be passwords in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Fields(_) => "Fields(..)",
            Self::Json(_) => "Json(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

impl Body {
    /// Reads a body by its `Content-Type`, which counts by its beginning; one without is text.
    ///
    /// Text is UTF-8, and a body that says something else is refused.
    pub(crate) async fn read(headers: &HeaderMap, bytes: &Bytes) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Ok(Self::None);
        }
        let declared = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str());
        let declared = declared.transpose().map_err(|_| unknown_type())?.unwrap_or("text/plain");
        let kind = kind_of(declared).ok_or_else(unknown_type)?;
        check_charset(declared)?;
        match kind {
            Kind::Form => {
                let fields = form::read(text(bytes)?, FIELDS_MAX);
                let fields = fields.map_err(|error| invalid(&error.to_string()))?;
                Ok(Self::Fields(fields))
            }
            Kind::Multipart => multipart(declared, bytes).await.map(Self::Fields),
            Kind::Json => text(bytes).map(|text| Self::Json(text.as_bytes().to_vec())),
            Kind::Text => text(bytes).map(|text| Self::Text(text.to_owned())),
        }
    }
}

fn kind_of(declared: &str) -> Option<Kind> {
    let declared = declared.trim_start().to_ascii_lowercase();
    let begins = |kinds: &[&str]| kinds.iter().any(|kind| declared.starts_with(kind));
    if begins(&["application/x-www-form-urlencoded"]) {
        Some(Kind::Form)
    } else if begins(&["multipart/form-data"]) {
        Some(Kind::Multipart)
    } else if begins(&["application/json"]) {
        Some(Kind::Json)
    } else if begins(&["text/", "application/yaml", "application/x-yaml"]) {
        Some(Kind::Text)
    } else {
        None
    }
}

fn check_charset(declared: &str) -> Result<(), ApiError> {
    let named = declared.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let is_known = named.is_none_or(|name| {
        ["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    if is_known {
        return Ok(());
    }
    let message = "bodies are in UTF-8: no other charset is known";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_charset", message))
}

async fn multipart(declared: &str, bytes: &Bytes) -> Result<Vec<(String, String)>, ApiError> {
    let boundary = match multer::parse_boundary(declared) {
        Ok(boundary) => boundary,
        // Pages that set the type themselves forget the boundary; the body begins with it.
        Err(_) => first_line(bytes).ok_or_else(|| invalid("the multipart body has no boundary"))?,
    };
    let limits = SizeLimit::new().whole_stream(BODY_BYTES_MAX as u64).per_field(FIELD_BYTES_MAX);
    let body = bytes.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let limits = Constraints::new().size_limit(limits);
    let mut parts = Multipart::with_constraints(stream, boundary, limits);
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        if fields.len() == FIELDS_MAX {
            return Err(invalid(&format!("there are more than {FIELDS_MAX} fields")));
        }
        if let Some(declared) = part.headers().get(header::CONTENT_TYPE) {
            check_charset(declared.to_str().map_err(|_| unknown_type())?)?;
        }
        let name = part.name().map(str::to_owned);
        let name = name.ok_or_else(|| invalid("a part of the multipart body has no name"))?;
        let value = part.bytes().await.map_err(|error| broken(&error))?;
        fields.push((name, text(&value)?.to_owned()));
    }
    Ok(fields)
}

/// Returns the boundary that a multipart body begins with.
fn first_line(bytes: &[u8]) -> Option<String> {
    /// The longest that MIME allows.
    const BOUNDARY_BYTES_MAX: usize = 70;
    let line = bytes.strip_prefix(b"--")?.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
    let good = (1..=BOUNDARY_BYTES_MAX).contains(&line.len())
        && line.iter().all(|byte| byte.is_ascii_graphic());
    good.then(|| line.iter().copied().map(char::from).collect())
}

fn broken(error: &multer::Error) -> ApiError {
    let is_long = matches!(
        error,
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. }
    );
    if is_long {
        let message = format!("a field of a form has at most {FIELD_BYTES_MAX} bytes");
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
    }
    invalid(&format!("the multipart body is malformed: {error}"))
}

fn text(bytes: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(bytes).map_err(|_| invalid("the text is not UTF-8"))
}

fn invalid(what: &str) -> ApiError {
    ApiError::validation(format!("Invalid format: {what}."))
}

fn unknown_type() -> ApiError {
    let message = "bodies are application/x-www-form-urlencoded, multipart/form-data, \
                   application/json, text/plain or application/yaml";
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_type", message)
}

#[cfg(test)]
mod tests;
