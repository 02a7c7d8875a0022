use crate::ReplyKey;
use std::{error::Error, fmt};
use tally_deal::DealCode;

/// Why deals cannot be read or written now.
#[derive(Debug, thiserror::Error)]
pub enum DealStoreError {
    /// More waits to be stored than the bounds allow; nothing was changed. Try again later.
    #[error("too many {what} at a time")]
    Busy {
        /// What there is too much of.
        what: &'static str,
    },
    /// The storage failed while it wrote. What was being changed is there after a restart whole or
    /// not at all; nothing else is answered from then on.
    #[error("the deals cannot be stored any more")]
    Failed,
    /// The database or store could not be reached or read; what was being changed is there whole
    /// or not at all. It may work again later.
    #[error("the deals cannot be read or stored now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored does not decode, or is not for this program; do not write to it.
    #[error("the stored deals cannot be used: {0}")]
    Damaged(Damage),
}

/// What is wrong with what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A newer version of this program has been at the store.
    Newer {
        /// The version of what is stored.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// A row does not decode, or one that another names is missing.
    Row {
        /// The table that holds it.
        table: &'static str,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { found, supported } => {
                write!(f, "they have version {found}, and this program knows {supported}")
            }
            Self::Row { table } => write!(f, "a row of table {table} does not decode"),
        }
    }
}

/// Why a commit changed nothing, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something is not what the commit expects: nothing was changed. Read it again and decide
    /// again.
    #[error("{0} was changed by somebody else")]
    Conflict(Conflict),
    /// The commit is beyond a bound or malformed: nothing was changed. A bug of the caller, or
    /// input that was not checked.
    #[error("{what} of a commit is {problem}")]
    Invalid {
        /// What is wrong.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It may have been made, whole, or not at all.
    #[error(transparent)]
    Store(#[from] DealStoreError),
}

/// What a commit found changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The account of this address.
    Account(String),
    /// The deal of this code.
    Deal(DealCode),
    /// Another deal has this payment address.
    PaymentAddress(String),
    /// A request with this key was answered before.
    Reply(ReplyKey),
    /// The position in the chain.
    Position,
    /// The secret of this name.
    Secret(String),
    /// The event of a delivery, which there is not.
    Event,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(address) => write!(f, "account {address}"),
            Self::Deal(code) => write!(f, "deal {code}"),
            Self::PaymentAddress(address) => write!(f, "payment address {address}"),
            Self::Reply(key) => write!(f, "the reply to {}", key.key),
            Self::Position => f.write_str("the position in the chain"),
            Self::Secret(name) => write!(f, "secret {name}"),
            Self::Event => f.write_str("an event to deliver"),
        }
    }
}
