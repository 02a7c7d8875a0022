use crate::Table;
use std::{error::Error, fmt};

/// Which call of a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Opening the store.
    Open,
    /// Reading one key.
    Get,
    /// Reading a range.
    Scan,
    /// Writing a batch.
    Commit,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Get => "get",
            Self::Scan => "scan",
            Self::Commit => "commit",
        })
    }
}

/// Why a call of a store failed. Every variant is a reason to stop the owner of the data: see the
/// requirements of [`Store`](crate::Store).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table was not declared when the store was opened; a bug of the caller.
    #[error("table {table} was not declared when the store was opened")]
    UnknownTable {
        /// The table asked for.
        table: Table,
    },
    /// The device or the database reported a failure; nothing of a batch is visible.
    #[error("{operation} failed in the store")]
    Io {
        /// What was tried.
        operation: Operation,
        /// What the database said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database found its own files damaged; do not write to this store again.
    #[error("{operation} found the store's files damaged")]
    Damaged {
        /// What was tried.
        operation: Operation,
        /// What the database said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A stored value does not decode; do not write to this store again. Made by whoever decodes.
    #[error("the value in table {table} under key {} does not decode", Hex(key))]
    Undecodable {
        /// The table that holds the value.
        table: Table,
        /// Its key.
        key: Vec<u8>,
    },
}

/// Bytes shown in hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undecodable_value_is_named() {
        let error = StoreError::Undecodable { table: Table::new("outbox"), key: vec![0, 0xab] };
        let expected = "the value in table outbox under key 0x00ab does not decode";
        assert_eq!(error.to_string(), expected);
    }
}
