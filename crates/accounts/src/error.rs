use std::{error::Error, fmt};
use tally_primitives::Fid;

/// Why an account cannot be used now. Nothing was changed, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// More waits to be stored, or more is remembered, than the bounds allow; try again later.
    #[error("too many {what} at a time")]
    Busy {
        /// What there is too much of.
        what: &'static str,
    },
    /// The storage failed while it wrote. What was being changed may be there after a restart or
    /// not; an implementation that keeps state in memory answers nothing else from then on.
    #[error("the accounts cannot be stored any more")]
    Failed,
    /// The database or store could not be reached or read; it may work again later.
    #[error("the accounts cannot be read now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored contradicts itself, or is not for this program; do not write to it.
    #[error("the stored accounts cannot be used: {0}")]
    Damaged(Damage),
    /// An order's amount, added to what the user has, is more money than there can be.
    #[error("the order would credit {fid} with more than can be counted")]
    Overflow {
        /// The user.
        fid: Fid,
    },
}

/// What is wrong with stored accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The orders of a user do not add up to what the user was credited.
    Sum {
        /// The user.
        fid: Fid,
        /// What the account says, in satoshi.
        credited: i64,
        /// What the orders say, in satoshi.
        ordered: i64,
    },
    /// A newer version of this program has been at the store.
    Newer {
        /// The version of what is stored.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// A row does not decode.
    Row {
        /// The table that holds it.
        table: &'static str,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum { fid, credited, ordered } => {
                write!(f, "{fid} was credited {credited} satoshi by orders of {ordered}")
            }
            Self::Newer { found, supported } => {
                write!(f, "they have version {found}, and this program knows {supported}")
            }
            Self::Row { table } => write!(f, "a row of table {table} does not decode"),
        }
    }
}
