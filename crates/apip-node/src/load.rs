//! Filling the index from the store: at every start, as it is kept in memory only.

use crate::{
    OpenError, ReadError,
    published::{Document, Published},
    records::{Tip, decode},
    tables::{ENTITIES, HISTORY, entity_key},
};
use std::{
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};
use tally_feip::{Entity, EntityKey, HistoryRow, Kind};
use tally_primitives::Txid;
use tally_storage::{Direction, KeyRange, Store, Table};

/// Rows read at once; at most 4 kB each.
const PAGE_ROWS: usize = 1024;

/// Pages on their way from the reading thread to the indexing one.
const PAGES_AHEAD: usize = 4;

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Fills the index: one thread reads and decodes, one indexes.
pub(crate) fn load(
    store: &dyn Store,
    published: &Published,
    tip: Option<Tip>,
    service: Option<Txid>,
) -> Result<(), OpenError> {
    let started = Instant::now();
    let (mut documents, mut reported) = (0_u64, started);
    thread::scope(|scope| {
        let (sender, pages) = sync_channel(PAGES_AHEAD);
        let reader = scope.spawn(move || read(store, &sender));
        for page in pages {
            documents += Vec::<Document>::len(&page) as u64;
            published.load(&page);
            if reported.elapsed() >= REPORT_EVERY {
                reported = Instant::now();
                let per_second = rate(documents, started.elapsed());
                tracing::info!(documents, per_second, "filling the index from the store");
            }
        }
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read.map_err(OpenError::from)
    })?;
    let own = service.map(|sid| own_entity(store, &sid)).transpose()?.flatten();
    published.loaded(tip, own.as_ref());
    if documents > 0 {
        let per_second = rate(documents, started.elapsed());
        tracing::info!(documents, per_second, "the index is filled");
    }
    Ok(())
}

/// Returns how many come each second.
pub(crate) fn rate(count: u64, time: Duration) -> u64 {
    let millis = time.as_millis().max(1);
    u64::try_from(u128::from(count) * 1000 / millis).unwrap_or(u64::MAX)
}

fn own_entity(store: &dyn Store, sid: &Txid) -> Result<Option<Entity>, ReadError> {
    let key = entity_key(&EntityKey::published(Kind::Service, sid));
    store.get(ENTITIES, &key)?.map(|row| decode(ENTITIES, &key, &row)).transpose()
}

fn read(store: &dyn Store, pages: &SyncSender<Vec<Document>>) -> Result<(), ReadError> {
    let entity = |key: &[u8], row: &[u8]| {
        decode(ENTITIES, key, row).map(|entity: Entity| Document::of_entity(&entity))
    };
    let history = |key: &[u8], row: &[u8]| {
        decode(HISTORY, key, row).map(|row: HistoryRow| Document::of_row(&row))
    };
    read_table(store, ENTITIES, pages, entity)?;
    read_table(store, HISTORY, pages, history)
}

fn read_table(
    store: &dyn Store,
    table: Table,
    pages: &SyncSender<Vec<Document>>,
    document: impl Fn(&[u8], &[u8]) -> Result<Document, ReadError>,
) -> Result<(), ReadError> {
    let mut rest = KeyRange::all();
    loop {
        let rows = store.scan(table, &rest, Direction::Forward, PAGE_ROWS)?;
        let Some(last) = rows.last() else { return Ok(()) };
        rest = KeyRange::after(last.key.clone());
        let page: Result<Vec<_>, _> =
            rows.iter().map(|entry| document(&entry.key, &entry.value)).collect();
        // Nobody receives if indexing panicked, which is told there.
        if pages.send(page?).is_err() {
            return Ok(());
        }
    }
}
