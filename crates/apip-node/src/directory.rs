use crate::{
    Answer, Best, DirectoryConfig, FollowError, Follower, OpenError, OwnService, ReadError,
    TableId, follow, handover,
    layers::Layers,
    load,
    published::Published,
    records::{Settings, Tip, decode, encode},
    tables::{RECENT, SCHEMA, SETTINGS_KEY, STATE, TIP_KEY},
    writer::Writer,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tally_accounts::Accounts;
use tally_chain::utxo::{Source, Start};
use tally_fcdsl::Search;
use tally_primitives::{BlockId, BlockNumber};
use tally_storage::{Batch, Direction, Durability, KeyRange, Store, schema};
use tokio::sync::watch;

/// Recent blocks that a source is told: as many as can be undone.
const RECENT_MAX: usize = 1024;

/// A directory: its state in a store, and an index of it in memory.
///
/// Questions are answered from memory and may be asked by any thread at any time; each answer is of
/// one block. [`follow`](Self::follow) keeps the directory at the end of its chain.
#[derive(Debug)]
pub struct Directory {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: DirectoryConfig,
    pub(crate) published: Published,
    pub(crate) gauges: Gauges,
    /// Whether what is stored ends with the last block there is. Held while a step is stored: who
    /// reads several rows under it reads those of one step.
    pub(crate) is_stored_to_end: Mutex<bool>,
    pub(crate) is_followed: AtomicBool,
    pub(crate) progress: watch::Sender<Progress>,
}

/// How far a directory is; see [`Directory::watch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The block that answers are of.
    pub best: Option<Best>,
    /// Whether that was the chain's end when it was stored.
    pub is_at_end: bool,
}

/// What is counted while the directory runs.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) is_caught_up: AtomicBool,
    /// Height of the chain's end as the source knows it, plus one; 0 for unknown.
    pub(crate) head: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) reorganisations: AtomicU64,
    pub(crate) warm_outputs: AtomicU64,
    pub(crate) orders: AtomicU64,
    pub(crate) are_accounts_late: AtomicBool,
}

/// How the directory is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Up to where the directory answers.
    pub best: Option<Best>,
    /// The chain's end as the source knows it.
    pub head: Option<BlockNumber>,
    /// Whether the directory was at the chain's end since it was opened.
    pub is_caught_up: bool,
    /// Records read since the beginning of the chain.
    pub records: u64,
    /// Those that changed the state.
    pub accepted: u64,
    /// Reorganisations since the directory was opened.
    pub reorganisations: u64,
    /// Orders handed to the accounts since the directory was opened.
    pub orders: u64,
    /// Whether the accounts do not take orders at the moment.
    pub are_accounts_late: bool,
    /// Unspent outputs in memory.
    pub warm_outputs: u64,
    /// Documents of each table, and about how much memory they need, in bytes.
    pub tables: Vec<TableStatus>,
}

/// How large a searchable table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStatus {
    /// Which.
    pub table: TableId,
    /// How many documents it has.
    pub documents: u64,
    /// About how much memory it needs, in bytes; looked up every half a minute at most.
    pub bytes: u64,
}

impl Directory {
    /// Opens the directory in a store that has [`TABLES`](crate::TABLES), and fills its index from
    /// it: about a microsecond or two per row. Blocks; shows progress in the log.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the store is another program's, newer than this program, made with other
    /// settings, or not readable.
    pub fn open(store: Arc<dyn Store>, config: DirectoryConfig) -> Result<Self, OpenError> {
        schema::prepare(&*store, &SCHEMA)?;
        check_settings(&*store, &config)?;
        let tip = read_tip(&*store)?;
        let published = Published::new(config.service);
        load::load(&*store, &published, tip, config.service)?;
        let gauges = Gauges::default();
        if let Some(tip) = tip {
            gauges.records.store(tip.records, Ordering::Relaxed);
            gauges.accepted.store(tip.accepted, Ordering::Relaxed);
        }
        Ok(Self {
            store,
            config,
            published,
            gauges,
            is_stored_to_end: Mutex::default(),
            is_followed: AtomicBool::new(false),
            progress: watch::Sender::new(Progress { best: tip.map(Best::from), is_at_end: false }),
        })
    }

    /// Returns where a source has to begin so that the directory can go on.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub fn start_point(&self) -> Result<Start, ReadError> {
        let Some(tip) = read_tip(&*self.store)? else { return Ok(Start::Fresh) };
        let newest = tip.block.map(|block| (BlockNumber(tip.height), block));
        let mut recent: Vec<_> = newest.into_iter().collect();
        for (height, block) in read_recent(&*self.store)?.into_iter().rev() {
            match block {
                Some(block) if height < tip.height => recent.push((BlockNumber(height), block)),
                Some(_) | None => {}
            }
        }
        Ok(Start::After { height: BlockNumber(tip.height), recent })
    }

    /// Follows a chain from now on, on threads of its own, until it is told to stop or cannot go on.
    /// The source has to begin at [`start_point`](Self::start_point). Payments for the operator's
    /// service are handed to `accounts`. Call it inside of a tokio runtime that outlives the
    /// follower.
    ///
    /// # Errors
    ///
    /// [`FollowError::Busy`] if the directory is followed already; the store failed.
    pub fn follow(
        self: &Arc<Self>,
        source: Box<dyn Source>,
        accounts: Option<Arc<dyn Accounts>>,
    ) -> Result<Follower, FollowError> {
        follow::start(self, source, accounts)
    }

    /// Answers a search. No I/O; the cost does not depend on which page is asked for. Waits while a
    /// step becomes visible, which waits for searches under way: call it where waiting is allowed.
    pub fn search(&self, table: TableId, search: &Search) -> Answer {
        self.published.search(table, search)
    }

    /// Answers a search, or returns `None` if it would have to wait. Does not wait for other
    /// searches, but takes as long as the search itself.
    pub fn try_search(&self, table: TableId, search: &Search) -> Option<Answer> {
        self.published.try_search(table, search)
    }

    /// Returns the document with that id as JSON text.
    pub fn document(&self, table: TableId, id: &str) -> Option<String> {
        self.published.document(table, id)
    }

    /// Returns what the chain says about the operator's service. Cheap: shares what was read when
    /// the record last changed.
    pub fn own_service(&self) -> Arc<OwnService> {
        self.published.own()
    }

    /// Returns the block that answers are of now; `None` before the first one.
    pub fn best(&self) -> Option<Best> {
        self.published.best()
    }

    /// Says whether the chain's end was reached since the directory was followed. Before, what the
    /// chain says about the operator's service is that of an old block.
    pub fn is_caught_up(&self) -> bool {
        self.gauges.is_caught_up.load(Ordering::Acquire)
    }

    /// Tells of every step from now on, after it has become visible.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Returns how many documents each table has.
    pub fn totals(&self) -> Vec<(TableId, u64)> {
        TableId::all().zip(self.published.lengths()).collect()
    }

    /// Returns how the directory is doing. Reads nothing from the disk.
    pub fn status(&self) -> Status {
        let gauges = &self.gauges;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let tables = self.totals().into_iter().zip(self.published.bytes());
        let size = |((table, documents), bytes)| TableStatus { table, documents, bytes };
        Status {
            best: self.best(),
            head: count(&gauges.head).checked_sub(1).map(BlockNumber),
            is_caught_up: is(&gauges.is_caught_up),
            records: count(&gauges.records),
            accepted: count(&gauges.accepted),
            reorganisations: count(&gauges.reorganisations),
            orders: count(&gauges.orders),
            are_accounts_late: is(&gauges.are_accounts_late),
            warm_outputs: count(&gauges.warm_outputs),
            tables: tables.map(size).collect(),
        }
    }

    /// Makes the writer that goes on where the store is.
    pub(crate) fn writer(&self) -> Result<Writer, ReadError> {
        let tip = read_tip(&*self.store)?;
        let floor = tip.map_or(0, |tip| tip.undo_floor);
        let heights = read_recent(&*self.store)?.into_iter().map(|(height, _)| height);
        let undoable: VecDeque<u64> =
            heights.filter(|height| *height > floor || floor == 0).collect();
        let layers = Layers::new(Arc::clone(&self.store), self.config.warm_outputs);
        Ok(Writer::new(layers, &self.config, tip, undoable))
    }

    /// Returns the orders of the operator's service that the store has, in the order of the chain.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub fn orders(&self) -> Result<Vec<tally_accounts::Order>, ReadError> {
        let mut orders = vec![];
        handover::each_order(&*self.store, KeyRange::all(), |row| {
            if Some(row.service) == self.config.service {
                orders.push(row.order);
            }
        })?;
        Ok(orders)
    }
}

fn check_settings(store: &dyn Store, config: &DirectoryConfig) -> Result<(), OpenError> {
    let expected = config.fingerprint();
    match store.get(STATE, SETTINGS_KEY)? {
        Some(bytes) => {
            let Settings(found) = decode(STATE, SETTINGS_KEY, &bytes)?;
            if found == expected { Ok(()) } else { Err(OpenError::Settings { found, expected }) }
        }
        None => {
            let mut batch = Batch::new();
            batch.put(STATE, SETTINGS_KEY, encode(&Settings(expected)));
            Ok(store.commit(batch, Durability::Synced)?)
        }
    }
}

pub(crate) fn read_tip(store: &dyn Store) -> Result<Option<Tip>, ReadError> {
    store.get(STATE, TIP_KEY)?.map(|bytes| decode(STATE, TIP_KEY, &bytes)).transpose()
}

/// The blocks that can be undone, the oldest first.
fn read_recent(store: &dyn Store) -> Result<Vec<(u64, Option<BlockId>)>, ReadError> {
    let rows = store.scan(RECENT, &KeyRange::all(), Direction::Backward, RECENT_MAX)?;
    let rows = rows.into_iter().rev().map(|entry| {
        let height = <[u8; 8]>::try_from(entry.key.as_slice()).map(u64::from_be_bytes).ok();
        let block = match <[u8; 32]>::try_from(entry.value.as_slice()) {
            Ok(id) => Some(Some(BlockId::from_shown(id))),
            Err(_) if entry.value.is_empty() => Some(None),
            Err(_) => None,
        };
        height.zip(block).ok_or_else(|| ReadError::undecodable(RECENT, &entry.key))
    });
    rows.collect()
}
