use crate::Table;

/// What must outlast a commit that returned `Ok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The batch, and every batch committed before it, survives the loss of power.
    Synced,
    /// The batch survives the end of the process, but the loss of power may undo it.
    ///
    /// For what may happen again without harm, such as deleting an acknowledged outbox entry: after
    /// a power loss the entry is back, and is sent once more.
    Buffered,
}

/// One change inside a [`Batch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Stores `value` under `key`, replacing what was there.
    Put {
        /// Key space.
        table: Table,
        /// Raw key; ordering is bytewise.
        key: Vec<u8>,
        /// Raw value.
        value: Vec<u8>,
    },
    /// Removes `key`; nothing happens if it is absent.
    Delete {
        /// Key space.
        table: Table,
        /// Raw key.
        key: Vec<u8>,
    },
    /// Removes the keys from `start` up to but not including `end`; none if `end` is not above
    /// `start`.
    DeleteRange {
        /// Key space.
        table: Table,
        /// The first key removed.
        start: Vec<u8>,
        /// The key before which removal ends.
        end: Vec<u8>,
    },
}

impl Write {
    /// Returns the key space that changes.
    #[must_use]
    pub const fn table(&self) -> Table {
        match self {
            Self::Put { table, .. }
            | Self::Delete { table, .. }
            | Self::DeleteRange { table, .. } => *table,
        }
    }
}

/// Changes that become visible together or not at all, applied in the order they were added.
///
/// ```
/// # use tally_storage::{Batch, Table};
/// # const CHANNELS: Table = Table::new("channels");
/// # const OUTBOX: Table = Table::new("outbox");
/// let mut batch = Batch::new();
/// batch.put(CHANNELS, *b"channel", *b"state");
/// batch.put(OUTBOX, 7u64.to_be_bytes(), *b"message");
/// assert_eq!(batch.len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    writes: Vec<Write>,
}

impl Batch {
    /// Makes a batch that changes nothing.
    pub const fn new() -> Self {
        Self { writes: vec![] }
    }

    /// Adds: store `value` under `key`.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push(Write::Put { table, key: key.into(), value: value.into() });
    }

    /// Adds: remove `key`.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.writes.push(Write::Delete { table, key: key.into() });
    }

    /// Adds: remove the keys from `start` up to but not including `end`.
    ///
    /// For clearing old history; a store may keep a mark for each such range until it compacts, so
    /// it is no substitute for [`delete`](Self::delete) on the way of every payment.
    pub fn delete_range(
        &mut self,
        table: Table,
        start: impl Into<Vec<u8>>,
        end: impl Into<Vec<u8>>,
    ) {
        self.writes.push(Write::DeleteRange { table, start: start.into(), end: end.into() });
    }

    /// Adds all changes of `later` after the ones already here: one sync for the work of many.
    pub fn append(&mut self, later: Self) {
        self.writes.extend(later.writes);
    }

    /// Returns how many changes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.writes.len()
    }

    /// Says whether the batch changes nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Returns the changes in order; for adapters.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Returns the changes in order without copying; for adapters.
    #[must_use]
    pub fn into_writes(self) -> Vec<Write> {
        self.writes
    }
}
