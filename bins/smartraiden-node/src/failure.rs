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
    /// There is no key: no such account, wrong password, unreadable file.
    Key = 3,
    /// The chain does not answer, or is not the one that was meant.
    Chain = 4,
    /// The data folder is in use, damaged, or another node's.
    Data = 5,
    /// An address cannot be listened on.
    Listen = 6,
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

    /// Tells the user and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the log may not be there yet, or be a file")]
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("smartraiden-node: {:#}", self.error);
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
