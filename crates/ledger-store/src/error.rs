use std::fmt;
use tally_ledger::{BlockId, OutputRef, TransactionId, ViewError};
use tally_storage::{StoreError, Table, schema::SchemaError};

/// The key of a row, shown in hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct RowKey(pub Vec<u8>);

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why the ledger could not be read. What was asked remains unknown: this never means absence.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed, or a row does not decode.
    #[error("the store of the ledger could not be read")]
    Store(#[from] StoreError),
    /// A row that another one points to is absent: the store is damaged, do not write to it.
    #[error("table {table} has no row {key}, though another row points to it")]
    Missing {
        /// The table without the row.
        table: Table,
        /// The row's key.
        key: RowKey,
    },
    /// The state that a block is checked against could not be read.
    #[error("the state before a block could not be read")]
    View(#[source] ViewError),
}

impl ReadError {
    /// The row under `key` does not decode.
    pub(crate) fn undecodable(table: Table, key: &[u8]) -> Self {
        Self::Store(StoreError::Undecodable { table, key: key.to_vec() })
    }

    /// The row under `key` is absent and must not be.
    pub(crate) fn missing(table: Table, key: &[u8]) -> Self {
        Self::Missing { table, key: RowKey(key.to_vec()) }
    }
}

/// Why a ledger could not be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store is another program's or a newer one's.
    #[error("the store cannot be used by this program")]
    Schema(#[from] SchemaError),
    /// The store cannot be read.
    #[error("the ledger could not be loaded")]
    Read(#[from] ReadError),
    /// The store cannot be read.
    #[error("the ledger could not be loaded")]
    Store(#[from] StoreError),
}

/// Why a change was refused. Nothing changed, unless the store itself failed: then the owner repeats
/// the same change or stops, as [`tally_storage::Store`] says.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The block is not the next one of the chain.
    #[error("block {block} is for height {height}, but the chain continues at {expected}")]
    NotNext {
        /// The block.
        block: BlockId,
        /// The height it was given.
        height: u64,
        /// The height that follows the last block.
        expected: u64,
    },
    /// A block may not have so many transactions, or the chain not so many blocks.
    #[error("block {block} has too many transactions, or none, or its height is out of range")]
    OutOfRange {
        /// The block.
        block: BlockId,
    },
    /// The transaction is in the chain already, or twice in the block.
    #[error("transaction {transaction} would be in the chain twice")]
    IncludedTwice {
        /// The transaction.
        transaction: TransactionId,
    },
    /// An input names an output that the chain before this block does not have.
    #[error("transaction {transaction} spends {output}, which does not exist")]
    NoSuchOutput {
        /// The transaction.
        transaction: TransactionId,
        /// The output.
        output: OutputRef,
    },
    /// An input names an output that is spent, by the chain or by the same block.
    #[error("transaction {transaction} spends {output}, which is spent")]
    SpentTwice {
        /// The transaction.
        transaction: TransactionId,
        /// The output.
        output: OutputRef,
    },
    /// A nested CREATE names an asset that exists.
    #[error("transaction {transaction} creates an asset that exists")]
    CreatedTwice {
        /// The transaction.
        transaction: TransactionId,
    },
    /// A transfer names an asset that nothing in the chain created.
    #[error("transaction {transaction} transfers an asset that does not exist")]
    NoSuchAsset {
        /// The transaction.
        transaction: TransactionId,
    },
    /// The state that the change depends on could not be read.
    #[error("the state before the change could not be read")]
    Read(#[from] ReadError),
    /// The store failed.
    #[error("the change could not be stored")]
    Store(#[from] StoreError),
}
