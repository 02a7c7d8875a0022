use alloy_json_rpc::{ErrorPayload, RpcError};
use alloy_primitives::Bytes;
use alloy_transport::TransportError;
use std::{error::Error, time::Duration};
use tally_chain::ChainError;

/// JSON-RPC's code for a method the server does not have.
const METHOD_NOT_FOUND: i64 = -32601;

/// Why a JSON-RPC call gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RpcFailure {
    /// The call did not get through, or its answer did not get back.
    #[error("the server could not be reached")]
    Transport(#[source] Words),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The server answered with an error.
    #[error("the server answered: {} (code {})", .0.message, .0.code)]
    Refused(ErrorPayload),
    /// The answer is not what the method returns.
    #[error("the answer makes no sense")]
    Malformed(#[source] Words),
}

/// What a library said, without the server's URL: it often holds the key to an account, and errors
/// end up in logs.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Words(String);

/// Characters of a library's words that are kept; some quote whole web pages.
const WORDS_MAX: usize = 400;

impl Words {
    pub(crate) fn of(error: &dyn Error, url: Option<&str>) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            // Some errors show their causes themselves.
            let words = error.to_string();
            if !text.contains(&words) {
                text = format!("{text}: {words}");
            }
            cause = error.source();
        }
        if let Some(url) = url {
            text = text.replace(url, "the server").replace(url.trim_end_matches('/'), "the server");
        }
        Self(text.chars().take(WORDS_MAX).collect())
    }
}

impl RpcFailure {
    /// Takes over an error of the server at `url`.
    pub(crate) fn from_alloy(error: TransportError, url: Option<&str>) -> Self {
        match error {
            RpcError::ErrorResp(payload) => Self::Refused(payload),
            error @ (RpcError::DeserError { .. }
            | RpcError::SerError(_)
            | RpcError::NullResp
            | RpcError::UnsupportedFeature(_)
            | RpcError::LocalUsageError(_)) => Self::Malformed(Words::of(&error, url)),
            error @ RpcError::Transport(_) => Self::Transport(Words::of(&error, url)),
        }
    }

    /// Says whether the connection may be broken, so that the next call should make a new one.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Self::Transport(_) | Self::TimedOut(_) => true,
            Self::Refused(_) | Self::Malformed(_) => false,
        }
    }

    /// Says whether the server does not know the method.
    pub(crate) fn is_unknown_method(&self) -> bool {
        matches!(self, Self::Refused(payload) if payload.code == METHOD_NOT_FOUND)
    }

    /// Returns the server's words, if it answered.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Refused(payload) => Some(&payload.message),
            Self::Transport(_) | Self::TimedOut(_) | Self::Malformed(_) => None,
        }
    }

    /// Returns what a contract reverted with, empty if it gave no reason; `None` if the failure is
    /// no revert.
    pub(crate) fn revert_data(&self) -> Option<Bytes> {
        let Self::Refused(payload) = self else { return None };
        payload.as_revert_data().or_else(|| payload.message.contains("revert").then(Bytes::new))
    }

    /// Turns the failure into the port's error. Only what no server will ever do is permanent.
    pub(crate) fn during(self, operation: &'static str) -> ChainError {
        let is_permanent = matches!(&self, Self::Malformed(_)) || self.is_unknown_method();
        let source = Box::new(self);
        if is_permanent {
            ChainError::Permanent { operation, source }
        } else {
            ChainError::Transient { operation, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_transport::TransportErrorKind;

    /// Goal: the key in a URL does not get into logs.
    #[test]
    fn words_do_not_show_the_url() {
        let url = "https://example.com/v2/SECRET";
        let error = TransportErrorKind::custom_str(&format!("cannot send to {url}: refused"));
        let failure = RpcFailure::from_alloy(error, Some("https://example.com/v2/SECRET"));
        let RpcFailure::Transport(words) = &failure else { panic!("{failure:?}") };
        assert!(words.to_string().contains("refused"), "{words}");
        assert!(!format!("{failure:?}").contains("SECRET"), "{failure:?}");
    }
}
