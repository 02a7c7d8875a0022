use crate::{
    BODY_BYTES_MAX, BODY_READ_TIMEOUT, FieldError, Fields, limits::BODY_BYTES_DISCARDED_MAX,
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::value::RawValue;

/// Why a request's body cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is none.
    #[error("JSON payload is empty")]
    Empty,
    /// It is longer than what the endpoint takes.
    #[error("the body is longer than {max} bytes")]
    TooLarge {
        /// The most bytes it takes.
        max: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    Late,
    /// It ended early, or its chunks are malformed.
    #[error("the body did not arrive whole, or its chunks are malformed")]
    Broken,
    /// It is not declared as JSON in UTF-8.
    #[error("Bad Content-Type or charset, expected 'application/json'")]
    ContentType,
    /// It is not JSON; the place and the reason.
    #[error("the body is not valid JSON: {0}")]
    NotJson(String),
    /// It is JSON, but not the kind of value the endpoint takes.
    #[error("the body must be {expected}")]
    WrongShape {
        /// What it must be.
        expected: &'static str,
    },
    /// One of its fields is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl BodyError {
    /// Returns the status that says so in HTTP.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Empty
            | Self::Broken
            | Self::NotJson(_)
            | Self::WrongShape { .. }
            | Self::Field(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// The body of a request that must be JSON.
#[derive(Debug)]
pub struct JsonBody(Box<RawValue>);

impl JsonBody {
    /// Parses a body.
    ///
    /// # Errors
    ///
    /// [`BodyError::Empty`] or [`BodyError::NotJson`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.trim_ascii().is_empty() {
            return Err(BodyError::Empty);
        }
        serde_json::from_slice(bytes)
            .map(Self)
            .map_err(|error| BodyError::NotJson(error.to_string()))
    }

    /// Takes the body as one object.
    ///
    /// # Errors
    ///
    /// [`BodyError::WrongShape`] if it is none.
    pub fn object(self) -> Result<Fields, BodyError> {
        if !self.0.get().starts_with('{') {
            return Err(BodyError::WrongShape { expected: "a JSON object" });
        }
        Fields::parse(&self.0, String::new()).map_err(|error| BodyError::NotJson(error.to_string()))
    }

    /// Takes the body as a list of objects; messages name a field as `[index].name`.
    ///
    /// # Errors
    ///
    /// [`BodyError::WrongShape`] if it is none.
    pub fn objects(self) -> Result<Vec<Fields>, BodyError> {
        let wrong = || BodyError::WrongShape { expected: "a JSON list of objects" };
        let items: Vec<Box<RawValue>> = serde_json::from_str(self.0.get()).map_err(|_| wrong())?;
        let fields = items.iter().enumerate().map(|(index, item)| {
            if !item.get().starts_with('{') {
                return Err(wrong());
            }
            Fields::parse(item, format!("[{index}]."))
                .map_err(|error| BodyError::NotJson(error.to_string()))
        });
        fields.collect()
    }
}

/// The bytes of a body, whatever they are: at most `MAX` of them, read in bounded time.
///
/// A body that says that it is longer is refused, and nothing of it is kept.
#[derive(Debug)]
pub struct RawBody<const MAX: usize>(pub Bytes);

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for RawBody<MAX> {
    type Rejection = BodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, BodyError> {
        let declared = request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if let Some(length) = declared.filter(|length| *length > MAX as u64) {
            if length <= BODY_BYTES_DISCARDED_MAX as u64 {
                discard(request.into_body()).await;
            }
            return Err(BodyError::TooLarge { max: MAX });
        }
        read(request.into_body(), MAX).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = BodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, BodyError> {
        check_content_type(request.headers())?;
        Self::parse(&read(request.into_body(), BODY_BYTES_MAX).await?)
    }
}

impl axum::response::IntoResponse for BodyError {
    fn into_response(self) -> axum::response::Response {
        (self.status(), self.to_string()).into_response()
    }
}

async fn read(body: Body, max: usize) -> Result<Bytes, BodyError> {
    let reading = axum::body::to_bytes(body, max);
    let read = tokio::time::timeout(BODY_READ_TIMEOUT, reading).await;
    read.map_err(|_| BodyError::Late)?.map_err(|error| {
        let too_large = std::error::Error::source(&error).is_some_and(is_length_limit);
        if too_large { BodyError::TooLarge { max } } else { BodyError::Broken }
    })
}

/// Reads a body to its end, and keeps nothing.
async fn discard(mut body: Body) {
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever is too slow need not hear the answer.
    drop(tokio::time::timeout(BODY_READ_TIMEOUT, reading).await);
}

fn is_length_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string() == "length limit exceeded"
}

/// Refuses a body that is not declared as JSON in UTF-8. This also keeps other sites' forms out,
/// which a browser sends without asking.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), BodyError> {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or(""));
    if !has_body(headers) || kind.is_some_and(is_json) {
        Ok(())
    } else {
        Err(BodyError::ContentType)
    }
}

/// Says whether a request brings a body.
pub(crate) fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length.as_bytes() != b"0")
        || headers.contains_key(header::TRANSFER_ENCODING)
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("");
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            Some(_) | None => true,
        })
}

#[cfg(test)]
mod tests;
