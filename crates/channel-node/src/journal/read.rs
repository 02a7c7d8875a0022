use super::{JournalEntry, JournalPage, PaymentFilter, Stored};
use crate::store::{JOURNAL, decode, number_at};
use tally_storage::{Direction, Entry, KeyRange, Store, StoreError};

/// Entries looked at between two reads of the store.
const PAGE: usize = 1024;

/// Lists finished payments, oldest first.
pub(crate) fn payments(
    store: &dyn Store,
    filter: &PaymentFilter,
) -> Result<Vec<JournalEntry>, StoreError> {
    let mut found = vec![];
    let mut after = filter.after;
    loop {
        let page = entries(store, after, PAGE)?;
        let is_last = page.entries.len() < PAGE;
        after = page.after;
        let chosen = page.entries.into_iter().filter(|entry| filter.chooses(entry));
        found.extend(chosen.take(filter.limit - found.len()));
        if is_last || found.len() >= filter.limit {
            return Ok(found);
        }
    }
}

/// Reads up to `limit` entries after the one with this number.
pub(crate) fn entries(
    store: &dyn Store,
    after: u64,
    limit: usize,
) -> Result<JournalPage, StoreError> {
    let rows = match after.checked_add(1) {
        None => vec![],
        Some(first) => {
            let range = KeyRange::from(first.to_be_bytes());
            store.scan(JOURNAL, &range, Direction::Forward, limit)?
        }
    };
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let after = entries.last().map_or(after, |last| last.number);
    Ok(JournalPage { entries, after })
}

fn entry(row: &Entry) -> Result<JournalEntry, StoreError> {
    let undecodable = || StoreError::Undecodable { table: JOURNAL, key: row.key.clone() };
    let number = number_at(&row.key, 0).ok_or_else(undecodable)?;
    let Stored { time, block, what } = decode(JOURNAL, &row.key, &row.value)?;
    Ok(JournalEntry { number, time, block, what })
}
