//! Feeds the text index from valid blocks, in the background, with a cursor of its own.

use crate::{ReadError, StartError, ledger::Ledger};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use tally_ledger::Block;
use tally_search::{Document, Kind, SearchIndex};

/// How often what was added becomes visible while blocks keep coming. Each time costs tens of
/// milliseconds of a core and a file.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// How long the index waits for a block before it makes visible what it has, and how often it looks
/// whether the node stops.
const IDLE_WAIT: Duration = Duration::from_millis(50);

/// How often long catching up is reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Opens the index in a folder, or one in memory. One that has more than the ledger belongs to another
/// ledger, and is made anew.
///
/// # Errors
///
/// [`StartError`] if it cannot be opened or removed.
pub(crate) fn open(dir: Option<&Path>, ledger: &Ledger) -> Result<SearchIndex, StartError> {
    let Some(dir) = dir else { return Ok(SearchIndex::in_memory()?) };
    let index = SearchIndex::open(dir)?;
    if index.cursor() <= ledger.store.height() {
        return Ok(index);
    }
    tracing::warn!(path = %dir.display(), "the text index is another ledger's; it is made anew");
    drop(index);
    fs::remove_dir_all(dir)
        .map_err(|source| StartError::SearchFolder { path: dir.to_owned(), source })?;
    Ok(SearchIndex::open(dir)?)
}

/// Indexes what becomes valid until `is_stopping`. A failure ends the indexing and not the node:
/// everything but the search goes on, and the next start takes it up again.
pub(crate) fn run(ledger: &Ledger, index: &SearchIndex, is_stopping: &AtomicBool) {
    if let Err(error) = follow(ledger, index, is_stopping) {
        tracing::error!(%error, "texts are not indexed any more until the node is started again");
    }
    ledger.freshness.end();
}

fn follow(ledger: &Ledger, index: &SearchIndex, is_stopping: &AtomicBool) -> Result<(), ReadError> {
    let mut cursor = index.cursor();
    ledger.freshness.is_visible(cursor);
    let (mut committed, mut reported) = (Instant::now(), Instant::now());
    let mut is_pending = false;
    while !is_stopping.load(Ordering::Relaxed) {
        let next = cursor.map_or(0, |cursor| cursor + 1);
        let decided = match cursor {
            Some(cursor) => ledger.decided.wait_above(cursor, IDLE_WAIT),
            None => ledger.decided.height(),
        };
        if next <= decided {
            if let Some(block) = ledger.store.block(next)? {
                index.add(&documents(next, &block))?;
                is_pending = true;
            }
            cursor = Some(next);
        }
        if let Some(height) = cursor.filter(|_| is_pending) {
            let is_idle = next > decided;
            let is_late = committed.elapsed() >= COMMIT_INTERVAL;
            if is_idle || is_late || ledger.freshness.is_wanted(height) {
                index.commit(height)?;
                ledger.freshness.is_visible(cursor);
                is_pending = false;
                committed = Instant::now();
            }
        }
        if decided > next + 1000 && reported.elapsed() >= REPORT_INTERVAL {
            tracing::info!(height = next, of = decided, "indexing texts");
            reported = Instant::now();
        }
    }
    Ok(())
}

/// What can be found of a block.
fn documents(height: u64, block: &Block) -> Vec<Document> {
    let mut documents = Vec::new();
    for transaction in block.transactions() {
        let id = *transaction.id().as_bytes();
        let texts =
            [(Kind::Asset, transaction.asset_data()), (Kind::Metadata, transaction.metadata())];
        for (kind, json) in texts {
            if let Some(json) = json {
                documents.push(Document::from_json(kind, id, height, json));
            }
        }
    }
    documents
}
