use crate::{ApiEra, values::MISSING};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use tally_http::{BodyError, ErrorShape};
use tally_ledger::{Rejection, RejectionCode};
use tally_ledger_node::{PostError, ReadError};
use tally_search::SearchError;

/// What old servers said about a body that is not JSON.
const NOT_UNDERSTOOD: &str =
    "The browser (or proxy) sent a request that this server could not understand.";

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no such thing, or no such path.
    #[error("Not found")]
    NotFound,
    /// A parameter is missing.
    #[error("{}", MISSING)]
    Missing(&'static str),
    /// A parameter cannot be read.
    #[error("{why}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// There are parameters that the endpoint does not know.
    #[error("Unknown arguments: {}", .0.join(", "))]
    Unknown(Vec<String>),
    /// The parameters belong to releases that have nothing in common.
    #[error("These parameters belong to different versions of the API: {}", .0.join(", "))]
    Contradiction(Vec<String>),
    /// Neither or both of two parameters that exclude each other.
    #[error("Provide exactly one query parameter. Choices are: {}", .0.join(", "))]
    Choice([&'static str; 2]),
    /// A search for nothing.
    #[error("text_search cannot be empty")]
    EmptySearch,
    /// A search that costs too much.
    #[error("{0}")]
    Search(String),
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The transaction breaks a rule.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The node has too much to do.
    #[error("the node is busy; try again in {} s", .retry_after_s)]
    Busy {
        /// When to ask again.
        retry_after_s: u64,
    },
    /// The outcome did not come in time.
    #[error("{0}")]
    Late(&'static str),
    /// The node cannot answer.
    #[error("the node cannot answer now")]
    Unavailable,
    /// The node's own fault. The cause is in the log.
    #[error("internal error")]
    Internal,
}

impl ApiError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Body(error) => error.status(),
            Self::Missing(_)
            | Self::Parameter { .. }
            | Self::Unknown(_)
            | Self::Contradiction(_)
            | Self::Choice(_)
            | Self::EmptySearch
            | Self::Search(_)
            | Self::Rejected(_) => StatusCode::BAD_REQUEST,
            Self::Busy { .. } | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code that programs react to.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Missing(_) => "missing_parameter",
            Self::Parameter { .. } => "invalid_parameter",
            Self::Unknown(_) => "unknown_parameter",
            Self::Contradiction(_) | Self::Choice(_) => "contradicting_parameters",
            Self::EmptySearch | Self::Search(_) => "invalid_search",
            Self::Body(_) => "invalid_body",
            Self::Rejected(rejection) => rejection.code.as_str(),
            Self::Busy { .. } => "busy",
            Self::Late(_) => "late",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The message, as the era's clients know it.
    fn message(&self, era: ApiEra) -> Value {
        let said = self.to_string();
        match self {
            Self::Missing(name) | Self::Parameter { name, .. } if era.names_parameters() => {
                json!({ *name: said })
            }
            Self::Missing(name) | Self::Parameter { name, .. } => json!(format!("{name}: {said}")),
            Self::Rejected(rejection) => json!(rejected(rejection)),
            Self::NotFound
            | Self::Unknown(_)
            | Self::Contradiction(_)
            | Self::Choice(_)
            | Self::EmptySearch
            | Self::Search(_)
            | Self::Body(_)
            | Self::Busy { .. }
            | Self::Late(_)
            | Self::Unavailable
            | Self::Internal => json!(said),
        }
    }

    /// Says whether old servers left the status out of the body: their framework found the error.
    const fn is_the_framework_s(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Parameter { .. } | Self::Unknown(_))
    }
}

/// Writes a rejection as servers since 0.9 did: which class of error, and what is wrong where.
fn rejected(rejection: &Rejection) -> String {
    let Rejection { code, message } = rejection;
    match (code, code.upstream_class()) {
        (RejectionCode::MalformedJson, _) => NOT_UNDERSTOOD.to_owned(),
        (_, "SchemaValidationError") => format!("Invalid transaction schema: {message}"),
        (_, class) => format!("Invalid transaction ({class}): {message}"),
    }
}

impl From<PostError> for ApiError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Rejected(rejection) => Self::Rejected(rejection),
            PostError::Busy { retry_after } => {
                Self::Busy { retry_after_s: retry_after.as_secs().max(1) }
            }
            PostError::Late { .. } => Self::Late(
                "the transaction was accepted, but is not in a block yet; ask for its status",
            ),
            PostError::Stopping => Self::Unavailable,
            // The node has logged why.
            PostError::Storage => Self::Internal,
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Search(error) => error.into(),
            ReadError::Stopping => Self::Unavailable,
            ReadError::Store(_) => {
                tracing::error!(error = chain(&error), "cannot read the ledger");
                Self::Internal
            }
        }
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::TooManyWords | SearchError::TooFar => Self::Search(error.to_string()),
            SearchError::Open { .. } | SearchError::Write(_) | SearchError::Read(_) => {
                tracing::error!(error = chain(&error), "cannot search");
                Self::Internal
            }
        }
    }
}

/// Writes an error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// An error and the era whose shape it is written in.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) era: ApiEra,
    pub(crate) error: ApiError,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { era, error } = self;
        let status = error.status();
        let mut body = Map::new();
        body.insert("message".to_owned(), error.message(era));
        if !(error.is_the_framework_s() && era.names_parameters()) {
            body.insert("status".to_owned(), json!(status.as_u16()));
        }
        body.insert("code".to_owned(), json!(error.code()));
        if let ApiError::Rejected(Rejection { code: RejectionCode::MalformedJson, message }) =
            &error
        {
            body.insert("detail".to_owned(), json!(message));
        }
        let mut reply = (status, crate::reply::json(&Value::Object(body))).into_response();
        if let ApiError::Busy { retry_after_s } = error {
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        reply
    }
}

/// Writes the errors that are found before a handler runs.
pub(crate) struct Shape;

impl ErrorShape for Shape {
    fn reply(&self, status: StatusCode, message: &str) -> Response {
        let body = match status {
            StatusCode::NOT_FOUND => {
                json!({ "message": "Not found", "status": 404, "code": "not_found" })
            }
            StatusCode::METHOD_NOT_ALLOWED => json!({
                "message": "The method is not allowed for the requested URL.",
                "code": "method_not_allowed",
            }),
            _ => json!({ "message": message, "status": status.as_u16(), "code": code_of(status) }),
        };
        (status, crate::reply::json(&body)).into_response()
    }
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        StatusCode::GATEWAY_TIMEOUT => "late",
        status if status.is_server_error() => "internal",
        _ => "invalid_request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn written(era: ApiEra, error: ApiError) -> (u16, Value) {
        let reply = Refusal { era, error }.into_response();
        let status = reply.status().as_u16();
        let body = to_bytes(reply.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Goal: the three shapes of the old servers, told apart by era and kind of error.
    #[tokio::test]
    async fn errors_have_the_shape_of_their_era() {
        let bad = || ApiError::Parameter { name: "tx_id", why: "Invalid hash".to_owned() };
        let code = "invalid_parameter";
        let seed = json!({ "status": 400, "message": "tx_id: Invalid hash", "code": code });
        assert_eq!(written(ApiEra::Seed, bad()).await, (400, seed));
        let later = json!({ "message": { "tx_id": "Invalid hash" }, "code": code });
        for era in [ApiEra::V0_9, ApiEra::V0_10, ApiEra::V1, ApiEra::V2] {
            assert_eq!(written(era, bad()).await, (400, later.clone()));
            let not_found = json!({ "status": 404, "message": "Not found", "code": "not_found" });
            assert_eq!(written(era, ApiError::NotFound).await, (404, not_found));
        }
        let unknown = ApiError::Unknown(vec!["foo".to_owned()]);
        let said = json!({ "message": "Unknown arguments: foo", "code": "unknown_parameter" });
        assert_eq!(written(ApiEra::V1, unknown).await, (400, said));
    }

    #[tokio::test]
    async fn rejections_name_the_class_the_code_and_the_place() {
        let rejected = async |code, message: &str| {
            written(ApiEra::V0_9, Rejection::new(code, message).into()).await.1
        };
        let schema = rejected(RejectionCode::SchemaViolation, "inputs: is missing").await;
        assert_eq!(schema["message"], "Invalid transaction schema: inputs: is missing");
        assert_eq!(schema["code"], "schema_violation");
        let spent = rejected(RejectionCode::DoubleSpend, "inputs[0]: is spent").await;
        assert_eq!(spent["message"], "Invalid transaction (DoubleSpend): inputs[0]: is spent");
        assert_eq!(spent["status"], 400);
        let malformed = rejected(RejectionCode::MalformedJson, "at byte 7").await;
        assert_eq!(malformed["message"], NOT_UNDERSTOOD);
        assert_eq!(malformed["detail"], "at byte 7");
    }

    #[tokio::test]
    async fn a_busy_node_says_when_to_come_back() {
        let busy = Refusal { era: ApiEra::V2, error: ApiError::Busy { retry_after_s: 2 } };
        let reply = busy.into_response();
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.headers()["retry-after"], "2");
    }
}
