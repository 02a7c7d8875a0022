use crate::{Batch, Direction, Durability, KeyRange, StoreError, Table};
use std::fmt::Debug;

/// A raw key and its raw value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Raw key.
    pub key: Vec<u8>,
    /// Raw value.
    pub value: Vec<u8>,
}

/// Ordered key-value tables with atomic, durable batches.
///
/// Object safe: owners hold an `Arc<dyn Store>`. Synchronous: a commit waits for the disk, so async
/// callers run it off their threads.
///
/// # Requirements
///
/// * *Tables.* Those declared when the store was opened, and [`schema::META`](crate::schema::META),
///   exist and start empty; any other is [`StoreError::UnknownTable`]. A table that is on disk but
///   not declared keeps its content.
/// * *Order.* Keys compare bytewise. The empty key and the empty value are as good as any other.
/// * *Atomicity.* The changes of a batch become visible together. Within a batch they apply in
///   order: the last one to a key wins. Batches take effect in the order in which their commits
///   returned; a read that starts after a commit returned sees it.
/// * *Durability.* When a commit returns `Ok`, its batch outlasts what its [`Durability`] says. A
///   later batch never outlasts a crash that an earlier one did not.
/// * *Failure.* When a commit returns `Err`, nothing of its batch is visible in this process. After
///   a restart the batch is there whole or not at all: a failed sync does not say which. The owner
///   of the data therefore either repeats the same batch or stops and starts again from the disk;
///   it never goes on as if the batch had not been tried.
/// * *Concurrency.* Any thread may call at any time. A scan sees one state of the store.
pub trait Store: Debug + Send + Sync {
    /// Returns the value under `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the table is unknown or cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns up to `limit` entries of `range`, beginning at the end that `direction` names.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the table is unknown or cannot be read.
    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Applies `batch`; see the requirements.
    ///
    /// An empty batch changes nothing, but with [`Durability::Synced`] it still makes the earlier
    /// ones durable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if nothing became visible.
    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StoreError>;

    /// Returns the entry with the largest key of `range`, or `None` if it holds none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the table is unknown or cannot be read.
    fn last(&self, table: Table, range: &KeyRange) -> Result<Option<Entry>, StoreError> {
        Ok(self.scan(table, range, Direction::Backward, 1)?.pop())
    }
}
