use std::fmt;
use tally_chain::{ChainError, utxo::OutPoint};
use tally_feip::ViewError;
use tally_primitives::{BlockId, BlockNumber, Txid};
use tally_storage::{StoreError, Table, schema::SchemaError};

/// Why the directory's data could not be read. What was asked remains unknown: this never means
/// absence.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed, or a row does not decode.
    #[error("the store of the directory could not be read")]
    Store(#[from] StoreError),
    /// A row that another one points to is absent: the store is damaged, do not write to it.
    #[error("table {table} has no row {}, though another row points to it", RowKey(key))]
    Missing {
        /// The table without the row.
        table: Table,
        /// The row's key.
        key: Vec<u8>,
    },
}

/// A key in hexadecimal digits.
struct RowKey<'a>(&'a [u8]);

impl fmt::Display for RowKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl ReadError {
    /// The row under `key` does not decode.
    pub(crate) fn undecodable(table: Table, key: &[u8]) -> Self {
        Self::Store(StoreError::Undecodable { table, key: key.to_vec() })
    }

    /// The row under `key` is absent and must not be.
    pub(crate) fn missing(table: Table, key: &[u8]) -> Self {
        Self::Missing { table, key: key.to_vec() }
    }
}

/// Why a directory could not be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store is another program's or a newer one's.
    #[error("the store cannot be used by this program")]
    Schema(#[from] SchemaError),
    /// The data was made with other settings, which would have led to another state.
    #[error(
        "the data was made with {found}, and this directory is set to {expected}: set it back, or \
         delete the folder directory/ to index again; accounts/ must stay, it says what was spent"
    )]
    Settings {
        /// The setting that the data was made with.
        found: String,
        /// The setting of this directory.
        expected: String,
    },
    /// The store cannot be read.
    #[error("the directory could not be loaded")]
    Read(#[from] ReadError),
    /// The store failed.
    #[error("the directory could not be loaded")]
    Store(#[from] StoreError),
}

/// Why a block, or what stands in its place, could not be applied. The directory keeps the state of
/// the last commit.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// A transaction spends what nobody made, or what is spent.
    #[error(
        "transaction {transaction} at height {height} spends output {} of {}, which is not there: \
         the blocks are not those of one chain from its first block", output.vout, output.txid
    )]
    UnknownOutput {
        /// The block's height.
        height: BlockNumber,
        /// The transaction.
        transaction: Txid,
        /// What it spends.
        output: OutPoint,
    },
    /// A block's time does not fit a header.
    #[error("the block at height {height} has the time {time}, which no header can hold")]
    Time {
        /// The block's height.
        height: BlockNumber,
        /// Unix seconds.
        time: u64,
    },
    /// More transactions than a block can have.
    #[error("the block at height {height} has more than 2^32 transactions")]
    Size {
        /// The block's height.
        height: BlockNumber,
    },
    /// More coin-days than all money of all time makes.
    #[error("transaction {transaction} at height {height} destroys more than 2^64 coin-days")]
    CoinDays {
        /// The block's height.
        height: BlockNumber,
        /// The transaction.
        transaction: Txid,
    },
    /// The source does not keep to its contract.
    #[error("after height {tip} the source brought height {found}")]
    NotNext {
        /// The last height that the directory has.
        tip: BlockNumber,
        /// The height that came.
        found: BlockNumber,
    },
    /// The source does not keep to its contract.
    #[error("block {block} at height {height} is not the child of the directory's last block")]
    NotChild {
        /// The block.
        block: BlockId,
        /// Its height.
        height: BlockNumber,
    },
    /// The directory was filled from blocks and is given records, or the other way round.
    #[error("the directory was filled from {had} and cannot go on with {found}")]
    OtherSource {
        /// What it was filled from.
        had: &'static str,
        /// What it is given.
        found: &'static str,
    },
    /// More was undone than is remembered.
    #[error(
        "the chain was rolled back to height {to}, and what is needed for that is kept down to \
         height {floor} only: delete the folder directory/ to index again; accounts/ must stay, it \
         says what was spent"
    )]
    TooDeep {
        /// The height rolled back to.
        to: BlockNumber,
        /// The lowest height that can be rolled back to.
        floor: BlockNumber,
    },
    /// The state could not be read.
    #[error("the state before a block could not be read")]
    Read(#[from] ReadError),
    /// The state could not be read.
    #[error("the state before a record could not be read")]
    View(#[from] ViewError),
}

/// Why a directory stopped following its chain.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The source cannot go on.
    #[error("the source of blocks cannot go on")]
    Source(#[from] ChainError),
    /// What the source brought could not be applied.
    #[error("the chain could not be followed")]
    Block(#[from] BlockError),
    /// The store could not be read at the start.
    #[error("the directory's position in the chain could not be read")]
    Read(#[from] ReadError),
    /// The store failed.
    #[error("what the chain brought could not be stored")]
    Store(#[from] StoreError),
    /// A thread could not be started.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
    /// A thread panicked: a bug.
    #[error("a thread of the directory panicked")]
    Panicked,
    /// Somebody follows a chain with this directory already.
    #[error("the directory follows a chain already")]
    Busy,
}
