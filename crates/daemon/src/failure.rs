use std::process::ExitCode;

/// Why a daemon ended with an error; each kind has an exit code that scripts can tell apart.
///
/// Documented in `docs/configuration.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bug, or something the system refused.
    Unexpected = 1,
    /// The settings cannot be used.
    Settings = 2,
    /// There is no key, or it is malformed or not readable.
    Key = 3,
    /// The chain does not answer or is not the one that was meant, or those who make it together do
    /// not agree.
    Chain = 4,
    /// The data is missing, in use, damaged, or another node's.
    Data = 5,
    /// An address cannot be listened on.
    Listen = 6,
    /// A server that was called does not answer as it should.
    Server = 7,
}

/// What ended a daemon.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: anyhow::Error,
}

impl Failure {
    /// Makes a failure of an error with its causes.
    pub fn new(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into() }
    }

    /// Makes a failure of a kind that has no cause below it.
    pub fn message(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, anyhow::Error::msg(message.into()))
    }

    /// Makes a failure about the settings.
    pub fn settings(message: impl Into<String>) -> Self {
        Self::message(Kind::Settings, message)
    }

    /// Returns a function that makes failures of one kind, for `map_err`.
    pub fn of<E: Into<anyhow::Error>>(kind: Kind) -> impl FnOnce(E) -> Self {
        move |error| Self::new(kind, error)
    }

    /// Returns of which kind it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what the user is told: the error and its causes, separated by colons.
    pub fn text(&self) -> String {
        format!("{:#}", self.error)
    }

    /// Returns why, for a failure that is a part of another one.
    pub fn into_error(self) -> anyhow::Error {
        self.error
    }

    /// Tells the user, in one line on standard error, and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the log may not be there yet, or be a file")]
    pub fn report(&self, program: &str) -> ExitCode {
        eprintln!("{program}: {}", self.text());
        ExitCode::from(self.kind as u8)
    }
}
