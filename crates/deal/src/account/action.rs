use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What an account message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAction {
    /// Show how messages are written.
    Help,
    /// Show what is known of an account.
    Status,
    /// Open an account.
    New,
    /// Fill in what an account lacks.
    Add,
    /// Change an account; signed.
    Update,
    /// Prove that the key of an account is at hand, to get an access token; signed.
    Token,
    /// Delete an account; signed.
    Delete,
}

/// A text names no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected help, status, new, add, update, token or delete")]
pub struct AccountActionParseError;

impl AccountAction {
    /// All of them, in the order of the help text.
    pub const ALL: [Self; 7] =
        [Self::Help, Self::Status, Self::New, Self::Add, Self::Update, Self::Token, Self::Delete];

    /// Returns the word of a path and of a package: `help`, `status`, …
    pub const fn word(self) -> &'static str {
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

    /// Returns the word of a reply's `action`: `Help`, `Status`, …
    pub const fn title(self) -> &'static str {
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

    /// Returns the action of a word, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word().eq_ignore_ascii_case(word))
    }

    /// Returns the action that the subject of a letter names, in any case: `new | any text`.
    pub fn of_subject(subject: &str) -> Option<Self> {
        Self::parse(subject.split('|').next().unwrap_or_default().trim())
    }

    /// Says whether the owner of the address has to sign.
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Help | Self::Status | Self::New | Self::Add => false,
            Self::Update | Self::Token | Self::Delete => true,
        }
    }
}

impl FromStr for AccountAction {
    type Err = AccountActionParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(AccountActionParseError)
    }
}

impl fmt::Display for AccountAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
