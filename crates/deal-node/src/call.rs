use crate::Payload;

/// Where a call comes from, as the module tells it with its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The site on whose behalf the module asks (`Origin`), a URL.
    pub site: Option<String>,
    /// The module's Bitcoin address (`Module-Address`).
    pub module: Option<String>,
    /// What the module takes of a deal (`Module-Fee`): `0.1%`, or a number of satoshi.
    pub fee: Option<String>,
    /// Whether the module is this process itself: then its messages need no PGP signature.
    pub is_own: bool,
}

/// What an account message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountAction {
    /// Show how messages are written.
    Help,
    /// Show what is known of an account.
    Status,
    /// Register an account.
    New,
    /// Fill in what an account lacks.
    Add,
    /// Change an account; signed.
    Update,
    /// Prove that the key of an account is known, to get an access token; signed.
    Token,
    /// Delete an account; signed.
    Delete,
}

impl AccountAction {
    /// All of them, in the order of the help text.
    pub const ALL: [Self; 7] = [
        Self::Help,
        Self::Status,
        Self::New,
        Self::Add,
        Self::Update,
        Self::Token,
        Self::Delete,
    ];

    /// Returns the word of a path and of a package: `help`, `status`, …
    pub fn word(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Status => "status",
            Self::New => "new",
            Self::Add => "add",
            Self::Update => "update",
            Self::Token => "token",
            Self::Delete => "delete",
        }
    }

    /// Returns the action of a word, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word().eq_ignore_ascii_case(word))
    }

    /// Returns the word of a reply's `action`: `Help`, `Status`, …
    pub fn title(self) -> &'static str {
        match self {
            Self::Help => "Help",
            Self::Status => "Status",
            Self::New => "New",
            Self::Add => "Add",
            Self::Update => "Update",
            Self::Token => "Token",
            Self::Delete => "Delete",
        }
    }
}

/// A call about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCall {
    /// What is asked; `None` lets the message tell by what it holds.
    pub action: Option<AccountAction>,
    /// The account, as the caller wrote it; if absent, the message or the module says which.
    pub address: Option<String>,
    /// The message, with or without a PGP cleartext signature around it; empty if there is none.
    pub text: String,
    /// Where the call comes from.
    pub origin: Origin,
}

/// An answer to a call that was understood: a refusal in the sense of the business is one too.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was done, capitalised as packages have it: `Status`, `Created`, …
    pub action: &'static str,
    /// Whether it was.
    pub success: bool,
    /// What a reader is told; the reason if it was not done.
    pub message: String,
    /// What was asked for.
    pub payload: Payload,
    /// The address of the account whose key was proven, if the front is to issue a token to it.
    pub grant: Option<String>,
}
