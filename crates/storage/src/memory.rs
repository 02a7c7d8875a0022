use crate::{
    Batch, Direction, Durability, Entry, KeyRange, Operation, Store, StoreError, Table, Write,
    schema::META,
};
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What outlasts a process that uses a [`MemoryStore`]: the disk of the double.
///
/// [`open`](Self::open) again to restart after a kill; [`lose_power`](Self::lose_power) first to
/// restart after a power loss. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

impl MemoryDisk {
    /// Opens the disk with these tables. Every store opened earlier answers errors from now on,
    /// as a process that was killed; injected failures end and the counts of commits start at 0.
    #[must_use]
    pub fn open(&self, tables: &[Table]) -> MemoryStore {
        let mut state = self.lock();
        for table in tables.iter().chain([&META]) {
            state.rows.entry(*table).or_default();
        }
        state.faults = Faults::default();
        state.synced_commits = 0;
        state.buffered_commits = 0;
        state.generation += 1;
        let generation = state.generation;
        let tables = tables.iter().copied().chain([META]).collect();
        MemoryStore { disk: self.clone(), tables, generation }
    }

    /// Undoes every commit after the last synced one, and ends the process that made them: its
    /// store answers errors from now on.
    pub fn lose_power(&self) {
        let mut state = self.lock();
        while let Some((table, key, before)) = state.unsynced.pop() {
            let rows = state.rows.entry(table).or_default();
            match before {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        state.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the rows half written: a batch is checked before it is
        // applied, and applying it does not fail.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`Store`] in memory, for tests and for nodes that keep nothing.
///
/// Loses everything when it and its [`MemoryDisk`] are dropped. It fails when told to, and counts
/// commits, so that a test can say how many syncs a piece of work took.
#[derive(Debug)]
pub struct MemoryStore {
    disk: MemoryDisk,
    tables: Vec<Table>,
    generation: u64,
}

impl MemoryStore {
    /// Makes an empty store with these tables on a disk of its own.
    #[must_use]
    pub fn new(tables: &[Table]) -> Self {
        MemoryDisk::default().open(tables)
    }

    /// Returns the disk, to open it again after this store's process "crashed".
    #[must_use]
    pub fn disk(&self) -> MemoryDisk {
        self.disk.clone()
    }

    /// Lets `commits` more commits succeed and makes the one after them fail, as a full disk would;
    /// later ones succeed again.
    pub fn fail_commit_after(&self, commits: u64) {
        self.disk.lock().faults.commits_before_failure = Some(commits);
    }

    /// Makes all commits fail from now on, or ends that.
    pub fn fail_commits(&self, fail: bool) {
        self.disk.lock().faults.fail_commits = fail;
    }

    /// Makes all reads fail from now on, or ends that.
    pub fn fail_reads(&self, fail: bool) {
        self.disk.lock().faults.fail_reads = fail;
    }

    /// Returns how many synced commits succeeded since the store was opened.
    #[must_use]
    pub fn synced_commits(&self) -> u64 {
        self.disk.lock().synced_commits
    }

    /// Returns how many buffered commits succeeded since the store was opened.
    #[must_use]
    pub fn buffered_commits(&self) -> u64 {
        self.disk.lock().buffered_commits
    }

    /// Locks the state for `operation`, if this store is still the one that has the disk open.
    fn enter(&self, operation: Operation) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.disk.lock();
        if state.generation == self.generation {
            Ok(state)
        } else {
            Err(injected(operation, "the process that opened this store was ended"))
        }
    }

    fn check_declared(&self, table: Table) -> Result<(), StoreError> {
        if self.tables.contains(&table) { Ok(()) } else { Err(StoreError::UnknownTable { table }) }
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.enter(Operation::Get)?;
        state.faults.check_read(Operation::Get)?;
        self.check_declared(table)?;
        Ok(state.rows.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let state = self.enter(Operation::Scan)?;
        state.faults.check_read(Operation::Scan)?;
        self.check_declared(table)?;
        let Some(rows) = state.rows.get(&table).filter(|_| !range.is_empty()) else {
            return Ok(vec![]);
        };
        let end = range.end().map_or(Bound::Unbounded, Bound::Excluded);
        let found = rows.range::<[u8], _>((Bound::Included(range.start()), end));
        let entry =
            |(key, value): (&Vec<u8>, &Vec<u8>)| Entry { key: key.clone(), value: value.clone() };
        Ok(match direction {
            Direction::Forward => found.take(limit).map(entry).collect(),
            Direction::Backward => found.rev().take(limit).map(entry).collect(),
        })
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let mut state = self.enter(Operation::Commit)?;
        for write in batch.writes() {
            self.check_declared(write.table())?;
        }
        state.faults.check_commit()?;
        for write in batch.into_writes() {
            state.apply(write);
        }
        match durability {
            Durability::Synced => {
                state.unsynced.clear();
                state.synced_commits += 1;
            }
            Durability::Buffered => state.buffered_commits += 1,
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<Table, Rows>,
    /// What each change since the last sync replaced, oldest first.
    unsynced: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
    faults: Faults,
    synced_commits: u64,
    buffered_commits: u64,
    /// Which opening of the disk is the living one.
    generation: u64,
}

impl State {
    fn apply(&mut self, write: Write) {
        let rows = self.rows.entry(write.table()).or_default();
        match write {
            Write::Put { table, key, value } => {
                let before = rows.insert(key.clone(), value);
                self.unsynced.push((table, key, before));
            }
            Write::Delete { table, key } => {
                if let Some(before) = rows.remove(&key) {
                    self.unsynced.push((table, key, Some(before)));
                }
            }
            Write::DeleteRange { table, start, end } => {
                if start >= end {
                    return;
                }
                let mut tail = rows.split_off(&start);
                let mut kept = tail.split_off(&end);
                rows.append(&mut kept);
                self.unsynced
                    .extend(tail.into_iter().map(|(key, value)| (table, key, Some(value))));
            }
        }
    }
}

#[derive(Debug, Default)]
struct Faults {
    commits_before_failure: Option<u64>,
    fail_commits: bool,
    fail_reads: bool,
}

impl Faults {
    fn check_read(&self, operation: Operation) -> Result<(), StoreError> {
        if self.fail_reads { Err(injected(operation, "injected failure")) } else { Ok(()) }
    }

    fn check_commit(&mut self) -> Result<(), StoreError> {
        let due = self.commits_before_failure == Some(0);
        self.commits_before_failure = match self.commits_before_failure {
            Some(0) | None => None,
            Some(commits) => Some(commits - 1),
        };
        if due || self.fail_commits {
            return Err(injected(Operation::Commit, "injected failure"));
        }
        Ok(())
    }
}

fn injected(operation: Operation, reason: &'static str) -> StoreError {
    StoreError::Io { operation, source: reason.into() }
}

#[cfg(test)]
mod tests;
