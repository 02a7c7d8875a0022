use std::process::ExitCode;

/// Why the daemon ended with an error; each kind has an exit code that scripts can tell apart.
///
/// Documented in `docs/configuration.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bug, or something the system refused.
    Unexpected = 1,
    /// The settings cannot be used.
    Settings = 2,
    /// There is no key, or it is malformed or not readable.
    Key = 3,
    /// The federation does not agree: another genesis block, a key outside of the keyring.
    Federation = 4,
    /// The ledger's folder is missing, in use, damaged, or another node's; or a file of blocks is.
    Data = 5,
    /// An address cannot be listened on.
    Listen = 6,
    /// A server that was called does not answer as it should.
    Server = 7,
}

/// What ended the daemon.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into() }
    }

    /// Makes a failure about the settings.
    pub(crate) fn settings(message: impl Into<String>) -> Self {
        Self::new(Kind::Settings, anyhow::Error::msg(message.into()))
    }

    /// Returns a function that makes failures of one kind, for `map_err`.
    pub(crate) fn of<E: Into<anyhow::Error>>(kind: Kind) -> impl FnOnce(E) -> Self {
        move |error| Self::new(kind, error)
    }

    /// Returns why, for a failure that is a part of another one.
    pub(crate) fn into_error(self) -> anyhow::Error {
        self.error
    }

    /// Tells the user and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the log may not be there yet, or be a file")]
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("bigchain-node: {:#}", self.error);
        ExitCode::from(self.kind as u8)
    }
}

#[cfg(test)]
impl Failure {
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn text(&self) -> String {
        format!("{:#}", self.error)
    }
}
