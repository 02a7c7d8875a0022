use crate::{
    OpenError, ReadError, TABLES,
    backlog::Backlog,
    cache::Cache,
    candidates::{Candidates, InvalidBlock},
    first_unspent::FirstUnspent,
    lock::{lock, read, write},
    records::{InvalidRow, Tip, decode, number_from},
    ring::Rings,
    tables::{self, BACKLOG, INVALID, SCHEMA, STATE, TEXTS, TIP_KEY},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tally_ledger::{BlockId, Transaction, TransactionId};
use tally_storage::{Direction, Entry, KeyRange, Store, Table, schema};

/// Rows read at once when a table is walked.
const WALK_ROWS: usize = 4096;

/// The ledger on a [`Store`]: one chain, what waits for it, and what was kept out of it.
///
/// Shared by reference: any thread may call at any time. Calls read and write the disk, so async
/// callers run them off their threads.
///
/// # What readers are promised while blocks are appended
///
/// * A block becomes visible with everything that belongs to it, in one step.
/// * A single look-up, by id, uuid, height or output, answers from one state, and a later look-up
///   never from an earlier state.
/// * A page shows the chain up to the block that was the last when the call began; nothing of a
///   later block is in it. No item is twice in a page or in two pages of a listing, and as the
///   order is that of the chain, none is skipped that was there when the listing began. Listings by
///   spent or unspent outputs show each output in the state that it had at some moment of the call.
/// * As a [`LedgerView`](tally_ledger::LedgerView) the ledger answers each question from the newest
///   state. Whoever needs all answers from one state asks [`view`](Self::view), which stays as it is
///   while blocks are appended.
///
/// # Memory
///
/// About 150 bytes for each transaction of the backlog; parsed transactions of 8 MiB of text;
/// [`UNDECIDED_MAX`](crate::UNDECIDED_MAX) whole blocks; 150 bytes for each transaction of
/// [`INVALID_MAX`](crate::INVALID_MAX) invalid blocks; some 10 MiB about the 65,536 owners that were
/// asked about last. Nothing grows with the chain.
#[derive(Debug)]
pub struct LedgerStore {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) backlog: Backlog,
    tip: RwLock<Option<Tip>>,
    candidates: RwLock<Candidates>,
    cache: Mutex<Cache>,
    first_unspent: Mutex<FirstUnspent>,
    /// Taken by whoever changes anything but the backlog, until it is on disk.
    pub(crate) writer: Mutex<Rings>,
    /// How many rejections and equivocations there are, for whoever does not wait for the writer.
    pub(crate) ring_lengths: Mutex<(u64, u64)>,
}

impl LedgerStore {
    /// Opens the ledger in a store that has [`TABLES`]; begins one in an empty store.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the store is another program's, newer than this program, or not readable.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, OpenError> {
        schema::prepare(&*store, &SCHEMA)?;
        let tip = match store.get(STATE, TIP_KEY)? {
            Some(bytes) => Some(
                Tip::from_slice(&bytes).ok_or_else(|| ReadError::undecodable(STATE, TIP_KEY))?,
            ),
            None => None,
        };
        let backlog = load_backlog(&*store)?;
        let candidates = load_candidates(&*store)?;
        let rings = Rings::load(&*store)?;
        Ok(Self {
            store,
            backlog,
            tip: RwLock::new(tip),
            candidates: RwLock::new(candidates),
            cache: Mutex::default(),
            first_unspent: Mutex::default(),
            ring_lengths: Mutex::new(rings.lengths()),
            writer: Mutex::new(rings),
        })
    }

    /// Returns the tables that the store must have; the same as [`TABLES`].
    #[must_use]
    pub const fn tables() -> &'static [Table] {
        TABLES
    }

    /// Returns where the chain ends; `None` before the genesis block.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        *read(&self.tip)
    }

    /// Returns the height of the last block; `None` before the genesis block.
    #[must_use]
    pub fn height(&self) -> Option<u64> {
        self.tip().map(|tip| tip.height)
    }

    /// Returns a note that was stored with [`Commit::note`](crate::Commit::note).
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.store.get(STATE, &tables::note_key(name))?)
    }

    pub(crate) fn set_tip(&self, tip: Tip) {
        *write(&self.tip) = Some(tip);
    }

    pub(crate) fn candidates(&self) -> RwLockReadGuard<'_, Candidates> {
        read(&self.candidates)
    }

    pub(crate) fn candidates_mut(&self) -> RwLockWriteGuard<'_, Candidates> {
        write(&self.candidates)
    }

    pub(crate) fn cache(&self) -> MutexGuard<'_, Cache> {
        lock(&self.cache)
    }

    pub(crate) fn first_unspent(&self) -> MutexGuard<'_, FirstUnspent> {
        lock(&self.first_unspent)
    }

    /// Parses a text of this store.
    pub(crate) fn parse(text: &[u8], number: u64) -> Result<Arc<Transaction>, ReadError> {
        Transaction::from_trusted(text).map(Arc::new).map_err(|_| invalid_text(number))
    }

    /// Reads the text under a number that another row names.
    pub(crate) fn text(&self, number: u64) -> Result<Vec<u8>, ReadError> {
        let key = number.to_be_bytes();
        self.store.get(TEXTS, &key)?.ok_or_else(|| ReadError::missing(TEXTS, &key))
    }
}

/// The text under a number is not that of a transaction.
pub(crate) fn invalid_text(number: u64) -> ReadError {
    ReadError::undecodable(TEXTS, &number.to_be_bytes())
}

/// Calls `visit` for each row of a range, ascending.
pub(crate) fn walk(
    store: &dyn Store,
    table: Table,
    range: KeyRange,
    mut visit: impl FnMut(Entry) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut rest = range;
    loop {
        let page = store.scan(table, &rest, Direction::Forward, WALK_ROWS)?;
        let Some(last) = page.last().filter(|_| page.len() == WALK_ROWS) else {
            return page.into_iter().try_for_each(visit);
        };
        rest = rest.resume_after(last.key.clone());
        page.into_iter().try_for_each(&mut visit)?;
    }
}

/// Reads the number that is the key of a row. It has a successor: the last of all is never given.
pub(crate) fn numbered(table: Table, entry: &Entry) -> Result<u64, ReadError> {
    let number = number_from(&entry.key).filter(|number| *number < u64::MAX);
    number.ok_or_else(|| ReadError::undecodable(table, &entry.key))
}

fn load_backlog(store: &dyn Store) -> Result<Backlog, ReadError> {
    let mut by_number = BTreeMap::new();
    walk(store, BACKLOG, KeyRange::all(), |entry| {
        let number = numbered(BACKLOG, &entry)?;
        let id = entry.value.as_slice().try_into();
        let id = id.map_err(|_| ReadError::undecodable(BACKLOG, &entry.key))?;
        by_number.insert(number, TransactionId::from_bytes(id));
        Ok(())
    })?;
    let next_number = match store.last(TEXTS, &KeyRange::all())? {
        Some(entry) => numbered(TEXTS, &entry)? + 1,
        None => 0,
    };
    Ok(Backlog::load(by_number, next_number))
}

fn load_candidates(store: &dyn Store) -> Result<Candidates, ReadError> {
    let mut candidates = Candidates::default();
    walk(store, INVALID, KeyRange::all(), |entry| {
        let row: InvalidRow = decode(INVALID, &entry.key, &entry.value)?;
        let block = InvalidBlock {
            id: BlockId::from_bytes(row.id),
            height: row.height,
            reason: row.reason,
            transactions: row.transactions.into_iter().map(TransactionId::from_bytes).collect(),
        };
        candidates.insert_invalid(numbered(INVALID, &entry)?, block);
        Ok(())
    })?;
    Ok(candidates)
}
