//! Ready-made records from files.

mod delivery;
mod format;
mod history;
mod json;
mod log;

use crate::{feed::Feed, follow::permanent};
pub use format::{Layout, LoggedEntry, RecordReader, RecordWriter};
pub use json::parse_json_records;
use std::{io, path::PathBuf, time::Duration};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Source, Start, Update},
};
use tally_primitives::BlockNumber;

/// Where records are and how they are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSettings {
    /// A file of records: `opreturn0.byte`, which `opreturn1.byte` continues and so on, or JSON
    /// (`.json`, `.jsonl`), which is read once.
    pub path: PathBuf,
    /// How the binary files are laid out.
    pub layout: Layout,
    /// How often the newest file is looked at once all was read. The last height is delivered when
    /// nothing was added for that long: until then its block may be half written.
    pub poll: Duration,
}

impl RecordSettings {
    /// Settings for a file that is looked at every second and whose layout is detected.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), layout: Layout::Detect, poll: Duration::from_secs(1) }
    }
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes at this place are not a record.
    #[error("no record at byte {offset} of {}: {reason}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// What is wrong.
        reason: Malformed,
    },
    /// An entry of a JSON file makes no sense after those before it.
    #[error("entry {number} of {} makes no sense: {reason}", .path.display())]
    Disordered {
        /// The file.
        path: PathBuf,
        /// Which entry, from 1.
        number: u64,
        /// What is wrong.
        reason: Malformed,
    },
    /// The JSON text is not one of records.
    #[error("no records at line {line}, column {column} of {}", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A JSON file is longer than is read at once.
    #[error("{} has {length} bytes; JSON is read up to {max}", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: u64,
        /// The longest that is read.
        max: u64,
    },
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The length is none that a record has.
    #[error("its length would be {0}")]
    Length(i32),
    /// The record ends after its file.
    #[error("it is cut, and another file follows")]
    Cut,
    /// A number is below zero.
    #[error("its {0} is negative")]
    Negative(&'static str),
    /// An address is not letters and digits.
    #[error("its {0} is no address")]
    Address(&'static str),
    /// The record stands after one of a later block.
    #[error("its block {height} comes after block {after}, without a rollback between")]
    Order {
        /// The record's block.
        height: BlockNumber,
        /// The block of the record before.
        after: BlockNumber,
    },
}

impl RecordError {
    fn into_chain_error(self) -> ChainError {
        const READING: &str = "reading records";
        match self {
            Self::Io { .. } => ChainError::Transient { operation: READING, source: Box::new(self) },
            Self::Malformed { .. }
            | Self::Disordered { .. }
            | Self::Json { .. }
            | Self::TooLong { .. } => permanent(READING, self),
        }
    }
}

/// The records of a file.
///
/// What the file says was undone before the source was started is not delivered at all. A follower
/// that continues after a height is first rolled back if records up to there were undone after the
/// file had come so far; whoever had seen that already is told again, and gets the same records
/// again.
#[derive(Debug)]
pub struct RecordSource {
    feed: Feed,
}

impl RecordSource {
    /// Starts following a file, which need not exist yet.
    pub fn start(settings: RecordSettings, start: Start) -> Self {
        let feed =
            Feed::start("utxo-records", move |output| log::follow(&settings, &start, output));
        Self { feed }
    }
}

impl Source for RecordSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        self.feed.next()
    }

    fn head(&self) -> Option<BlockNumber> {
        self.feed.head()
    }
}
