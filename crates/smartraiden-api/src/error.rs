use crate::{
    compat::Upstream,
    mapping::{Operation, Refusal, statuses_of_bad_address},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::error::Error as _;
use tally_channel_node::RequestError;
use tally_http::{BodyError, ErrorShape, FieldError, Json};

/// `{"Error": "<text>"}`, the original's shape of every error.
#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "Error")]
    error: &'a str,
}

/// Writes the errors that are found before a handler runs.
pub(crate) struct Shape;

impl ErrorShape for Shape {
    fn reply(&self, status: StatusCode, message: &str) -> Response {
        (status, Json(ErrorBody { error: message })).into_response()
    }
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The body cannot be used.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A parameter of the path or the query cannot be used.
    #[error(transparent)]
    Parameter(#[from] FieldError),
    /// An address in the path is none.
    #[error("{error}")]
    Address { operation: Operation, error: FieldError },
    /// A request both to deposit and to change the state.
    #[error("balance and state cannot be given together")]
    DepositAndState,
    /// A request that asks for nothing.
    #[error("nothing to do: give balance (at least 1) or state (\"closed\" or \"settled\")")]
    NothingToDo,
    /// As many streams as may be are served.
    #[error("too many streams at a time")]
    TooManyStreams,
    /// The node refused.
    #[error("{source}")]
    Node { operation: Operation, source: RequestError },
}

impl ApiError {
    /// Ties a refusal of the node to what was asked.
    pub(crate) fn during(operation: Operation) -> impl FnOnce(RequestError) -> Self {
        move |source| Self::Node { operation, source }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = self.to_string();
        let same = |status| (status, Upstream::status(status));
        let bad_request = same(StatusCode::BAD_REQUEST);
        let (status, upstream) = match self {
            Self::Body(error) => same(error.status()),
            Self::Parameter(_) | Self::NothingToDo => bad_request,
            Self::Address { operation, .. } => statuses_of_bad_address(operation),
            Self::DepositAndState => same(StatusCode::CONFLICT),
            Self::TooManyStreams => same(StatusCode::SERVICE_UNAVAILABLE),
            Self::Node { operation, source } => return refusal(operation, &source),
        };
        upstream.mark(Shape.reply(status, &message))
    }
}

fn refusal(operation: Operation, error: &RequestError) -> Response {
    let refusal = Refusal::of(operation, error);
    if refusal.status.is_server_error() {
        log(operation, error);
    }
    let field = refusal.field.map(|field| format!("{field}: ")).unwrap_or_default();
    // The cause of a failed first deposit is part of the answer; other causes are for the log.
    let mut message = format!("{field}{error}");
    if let RequestError::OpenedWithoutDeposit { source, .. } = error {
        message = format!("{message}: {source}");
    }
    refusal.upstream.mark(Shape.reply(refusal.status, &message))
}

fn log(operation: Operation, error: &RequestError) {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    tracing::warn!(?operation, %error, causes = causes.join(": "), "request not carried out");
}
