//! Feeds the text index from valid blocks, in the background, with a cursor of its own.

use crate::{ReadError, StartError, ledger::Ledger};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tally_ledger::Block;
use tally_search::{Document, Kind, SearchIndex};

/// How long what was added may be invisible while nobody searches. To make it visible costs tens of
/// milliseconds of a core and a file, for one block as for many; whoever searches does not wait for
/// it ([`Freshness`](crate::freshness::Freshness)).
const COMMIT_INTERVAL: Duration = Duration::from_secs(2);

/// How long the index waits for a block before it looks whether somebody searches, or the node
/// stops.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

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
    let mut reported = Instant::now();
    // When the oldest block was added that is not visible yet.
    let mut pending: Option<Instant> = None;
    while !is_stopping.load(Ordering::Relaxed) {
        let next = cursor.map_or(0, |cursor| cursor + 1);
        let decided = match cursor {
            Some(cursor) => ledger.decided.wait_above(cursor, LOOK_INTERVAL),
            None => ledger.decided.height(),
        };
        if next <= decided {
            let block = match ledger.fresh.take(next) {
                Some(block) => Some(block),
                None => ledger.store.block(next)?.map(Arc::new),
            };
            if let Some(block) = block {
                index.add(&documents(next, &block))?;
                pending.get_or_insert_with(Instant::now);
            }
            cursor = Some(next);
        }
        if let Some((height, since)) = cursor.zip(pending)
            && (since.elapsed() >= COMMIT_INTERVAL || ledger.freshness.is_wanted(height))
        {
            index.commit(height)?;
            ledger.freshness.is_visible(cursor);
            pending = None;
        }
        if decided > next + 1000 && reported.elapsed() >= REPORT_INTERVAL {
            tracing::info!(height = next, of = decided, "indexing texts");
            reported = Instant::now();
        }
    }
    if let Some((height, _)) = cursor.zip(pending) {
        index.commit(height)?;
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
