use rocksdb::ErrorKind;
use tally_storage::{Operation, StoreError};

/// Turns what RocksDB said into the port's error.
pub(crate) fn store_error(operation: Operation, error: rocksdb::Error) -> StoreError {
    let source = Box::new(error);
    match source.kind() {
        ErrorKind::Corruption => StoreError::Damaged { operation, source },
        ErrorKind::NotFound
        | ErrorKind::NotSupported
        | ErrorKind::InvalidArgument
        | ErrorKind::IOError
        | ErrorKind::MergeInProgress
        | ErrorKind::Incomplete
        | ErrorKind::ShutdownInProgress
        | ErrorKind::TimedOut
        | ErrorKind::Aborted
        | ErrorKind::Busy
        | ErrorKind::Expired
        | ErrorKind::TryAgain
        | ErrorKind::CompactionTooLarge
        | ErrorKind::ColumnFamilyDropped
        | ErrorKind::Unknown => StoreError::Io { operation, source },
    }
}
