use crate::{Refusal, SessionKeyError};

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory answered that it does not answer.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// No answer arrived.
    #[error("no answer from {url}")]
    Web {
        /// What was called.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// What answers is no directory, or a proxy before it answers in its place.
    #[error("{url} answered with HTTP status {status} instead of 200: {start:?}")]
    Status {
        /// What was called.
        url: String,
        /// The status.
        status: u16,
        /// How the body begins.
        start: String,
    },
    /// The answer is not as the documents say.
    #[error("{url} does not answer as a directory ({what}): {start:?}")]
    Malformed {
        /// What was called.
        url: String,
        /// What is wrong.
        what: &'static str,
        /// How the body begins.
        start: String,
    },
    /// A success is not signed.
    #[error("the answer of {url} is not signed: it may be anybody's")]
    Unsigned {
        /// What was called.
        url: String,
    },
    /// The answer was not signed with the key of the session.
    #[error("the answer of {url} has a wrong signature: it may be anybody's")]
    WrongSignature {
        /// What was called.
        url: String,
    },
    /// The answer, though signed, is not to this request.
    #[error(
        "the answer of {url} belongs to another request: its nonce is {found} instead of {sent}"
    )]
    OtherRequest {
        /// What was called.
        url: String,
        /// What the request said.
        sent: i64,
        /// What the answer says.
        found: i64,
    },
    /// The session key that was delivered at sign-in cannot be used.
    #[error("the directory delivered an unusable session key")]
    SessionKey(#[from] SessionKeyError),
    /// A session key in clear text would be readable on the way.
    #[error(
        "{0} is neither https:// nor on this machine: the session key would be readable on the way"
    )]
    NotPrivate(String),
    /// The pages do not go on: the directory gives the same cursor again.
    #[error("{url} gives the same page again and again")]
    Stuck {
        /// What was called.
        url: String,
    },
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Randomness(#[source] getrandom::Error),
}

impl Error {
    /// Returns what the directory said, if it refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Web { .. }
            | Self::Status { .. }
            | Self::Malformed { .. }
            | Self::Unsigned { .. }
            | Self::WrongSignature { .. }
            | Self::OtherRequest { .. }
            | Self::SessionKey(_)
            | Self::NotPrivate(_)
            | Self::Stuck { .. }
            | Self::Randomness(_) => None,
        }
    }
}
