use crate::{DataFolder, Memory, error::store_error, options};
use rocksdb::{
    ColumnFamily, DB, DEFAULT_COLUMN_FAMILY_NAME, IteratorMode, ReadOptions, WriteBatch,
    WriteOptions,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use tally_storage::{
    Access, Batch, Direction, Durability, Entry, KeyRange, Operation, Store, StoreError, Table,
    Write, schema::META,
};

/// The database's folder inside the data folder.
const DATABASE_FOLDER: &str = "db";

/// A [`Store`] in a RocksDB database.
///
/// Owns the lock of its data folder: while it lives no other process opens the folder.
#[derive(Debug)]
pub struct RocksStore {
    // Dropped in this order: the database is closed before the folder is free for others.
    db: DB,
    tables: BTreeSet<Table>,
    folder: DataFolder,
}

impl RocksStore {
    /// Opens the database in `folder` with these tables and [`Memory::SMALL`]; makes what is absent.
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open(folder: DataFolder, tables: &[Table]) -> Result<Self, StoreError> {
        Self::open_with(folder, tables, Memory::SMALL)
    }

    /// Opens the database in `folder` with these tables and that much memory; makes what is absent.
    ///
    /// Tables on disk that are not declared are opened too, because RocksDB insists, but cannot be
    /// reached.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the files do not fit together, [`StoreError::Io`] if they cannot
    /// be read or written. The folder is free again afterwards.
    pub fn open_with(
        folder: DataFolder,
        tables: &[Table],
        memory: Memory,
    ) -> Result<Self, StoreError> {
        let path = folder.path().join(DATABASE_FOLDER);
        let failed = |error| store_error(Operation::Open, error);
        let on_disk = names_on_disk(&path).map_err(failed)?;
        let tables: BTreeSet<Table> = tables.iter().copied().chain([META]).collect();
        let others = on_disk.iter().map(String::as_str).chain([DEFAULT_COLUMN_FAMILY_NAME]);
        let declared = tables.iter().map(|table| (table.name(), table.access()));
        // The later of two entries of a name wins: the declared one.
        let names: BTreeMap<&str, Access> =
            others.map(|name| (name, Access::default())).chain(declared).collect();
        let families = options::tables(memory, names);
        let db =
            DB::open_cf_descriptors(&options::database(memory), &path, families).map_err(failed)?;
        for table in tables.iter().filter(|table| table.access() == Access::Churn) {
            if let Some(family) = db.cf_handle(table.name()) {
                db.set_options_cf(family, options::CHURN_OPTIONS).map_err(failed)?;
            }
        }
        Ok(Self { db, tables, folder })
    }

    /// Returns the data folder, whose lock this store holds.
    #[must_use]
    pub const fn folder(&self) -> &DataFolder {
        &self.folder
    }

    fn family(&self, table: Table) -> Result<&ColumnFamily, StoreError> {
        self.tables
            .contains(&table)
            .then(|| self.db.cf_handle(table.name()))
            .flatten()
            .ok_or(StoreError::UnknownTable { table })
    }

    fn write_batch(&self, batch: &Batch) -> Result<WriteBatch, StoreError> {
        let mut writes = WriteBatch::default();
        for write in batch.writes() {
            let family = self.family(write.table())?;
            match write {
                Write::Put { key, value, .. } => writes.put_cf(family, key, value),
                Write::Delete { key, .. } => writes.delete_cf(family, key),
                Write::DeleteRange { start, end, .. } if start < end => {
                    writes.delete_range_cf(family, start, end);
                }
                // RocksDB refuses a range whose end is not above its start.
                Write::DeleteRange { .. } => {}
            }
        }
        Ok(writes)
    }
}

/// The names of the tables in the database at `path`; none if there is no database.
fn names_on_disk(path: &Path) -> Result<Vec<String>, rocksdb::Error> {
    // The file that names the newest manifest: it is what makes a folder a database.
    if !path.join("CURRENT").exists() {
        return Ok(vec![]);
    }
    DB::list_cf(&options::database(Memory::SMALL), path)
}

impl Store for RocksStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.db.get_cf(self.family(table)?, key);
        value.map_err(|error| store_error(Operation::Get, error))
    }

    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let family = self.family(table)?;
        if range.is_empty() {
            return Ok(vec![]);
        }
        let mut bounds = ReadOptions::default();
        bounds.set_iterate_lower_bound(range.start());
        if let Some(end) = range.end() {
            bounds.set_iterate_upper_bound(end);
        }
        let from = match direction {
            Direction::Forward => IteratorMode::Start,
            Direction::Backward => IteratorMode::End,
        };
        self.db
            .iterator_cf_opt(family, bounds, from)
            .take(limit)
            .map(|found| match found {
                Ok((key, value)) => Ok(Entry { key: key.into(), value: value.into() }),
                Err(error) => Err(store_error(Operation::Scan, error)),
            })
            .collect()
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let failed = |error| store_error(Operation::Commit, error);
        let is_synced = match durability {
            Durability::Synced => true,
            Durability::Buffered => false,
        };
        let writes = self.write_batch(&batch)?;
        if writes.is_empty() {
            // RocksDB may skip an empty batch, and the sync that it asks for with it.
            return if is_synced { self.db.flush_wal(true).map_err(failed) } else { Ok(()) };
        }
        let mut options = WriteOptions::default();
        options.set_sync(is_synced);
        // Each table remembers where the batch wrote last, which for ascending keys is the place.
        options.set_memtable_insert_hint_per_batch(true);
        self.db.write_opt(writes, &options).map_err(failed)
    }
}
