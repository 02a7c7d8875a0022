use std::error::Error;

/// Why a server could not answer; whether something was changed is known only where it is said.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The store failed; what was to be written may have been, or not.
    #[error("the store failed")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// Others changed the same deal or account again and again; nothing was changed.
    #[error("{what} is changed by others all the time")]
    Contended {
        /// What.
        what: &'static str,
    },
    /// Too much is being done at the same time; nothing was changed.
    #[error("too many {what} at the same time")]
    Busy {
        /// Of what.
        what: &'static str,
    },
    /// A message could not be signed with the server's key; nothing was sent.
    #[error("a reply could not be signed")]
    Sign(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored contradicts itself.
    #[error("stored data contradict themselves: {what}")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// Why a server could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting makes no sense, or contradicts another.
    #[error("{setting}: {reason}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored contradicts itself.
    #[error("stored data contradict themselves: {what}")]
    Corrupt {
        /// What was found.
        what: String,
    },
}

/// Returns what is behind an error, outermost first, as one text.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut texts = vec![];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}
