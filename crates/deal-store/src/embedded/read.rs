//! Look-ups and plain lists.

pub(super) mod lists;

use super::{
    rows::{self, SecretRow, damaged, unavailable},
    tables::{
        DEALS, DELIVERIES, DUE, EVENTS, EVENTS_OF, HEIGHTS, MODULES, SECRETS, UNFINISHED, WEBHOOKS,
        deliveries_prefix, delivery_key, height_key, module_key, module_prefix, read_cursor,
        read_due_key,
    },
};
use crate::{
    AccountRow, DealRow, DealStoreError, Delivery, Event, EventId, HeightCursor, PAGE_ROWS_MAX,
    Page, Secret, Versioned, Webhook, from_body,
};
use tally_deal::{Deal, DealCode, account::Account};
use tally_primitives::BlockNumber;
use tally_storage::{Direction, Entry, KeyRange, Store, Table};

pub(super) fn account(
    store: &dyn Store,
    address: &str,
) -> Result<Option<Versioned<Account>>, DealStoreError> {
    rows::account(store, address)?.map(open_account).transpose()
}

fn open_account(row: Versioned<AccountRow>) -> Result<Versioned<Account>, DealStoreError> {
    let value = from_body(super::tables::ACCOUNTS.name(), &row.value.body)?;
    Ok(Versioned { version: row.version, value })
}

pub(super) fn accounts(
    store: &dyn Store,
    module: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Versioned<Account>, String>, DealStoreError> {
    let mut range = KeyRange::prefix(module_prefix(module));
    if let Some(after) = after {
        range = range.resume_after(module_key(module, after));
    }
    let entries = scan(store, MODULES, &range, limit)?;
    let skipped = module_prefix(module).len();
    let address = |entry: &Entry| text(MODULES, &entry.key[skipped..]);
    let next = next(&entries, limit).map(address).transpose()?;
    let mut found = vec![];
    for entry in &entries {
        // An account that was removed a moment ago is none.
        found.extend(account(store, &address(entry)?)?);
    }
    Ok(Page { rows: found, next })
}

pub(super) fn open_deal(row: Versioned<DealRow>) -> Result<Versioned<Deal>, DealStoreError> {
    let value = from_body(DEALS.name(), &row.value.body)?;
    Ok(Versioned { version: row.version, value })
}

pub(super) fn deal(
    store: &dyn Store,
    code: DealCode,
) -> Result<Option<Versioned<Deal>>, DealStoreError> {
    rows::deal(store, code)?.map(open_deal).transpose()
}

pub(super) fn deal_at(
    store: &dyn Store,
    payment_address: &str,
) -> Result<Option<Versioned<Deal>>, DealStoreError> {
    let Some(code) = rows::code_at(store, payment_address)? else { return Ok(None) };
    rows::named_deal(store, code).and_then(open_deal).map(Some)
}

pub(super) fn unfinished(
    store: &dyn Store,
    after: Option<DealCode>,
    limit: usize,
) -> Result<Page<Versioned<Deal>, DealCode>, DealStoreError> {
    let range = after.map_or(KeyRange::all(), |code| KeyRange::after(*code.as_bytes()));
    let entries = scan(store, UNFINISHED, &range, limit)?;
    let code = |entry: &Entry| {
        let bytes = entry.key.as_slice().try_into().map_err(|_| damaged(UNFINISHED))?;
        Ok(DealCode::from_bytes(bytes))
    };
    let next = next(&entries, limit).map(code).transpose()?;
    let mut found = vec![];
    for entry in &entries {
        let row = rows::named_deal(store, code(entry)?)?;
        // It may have been finished since.
        if !row.value.keys.is_finished {
            found.push(open_deal(row)?);
        }
    }
    Ok(Page { rows: found, next })
}

pub(super) fn touched_above(
    store: &dyn Store,
    height: BlockNumber,
    after: Option<HeightCursor>,
    limit: usize,
) -> Result<Page<Versioned<Deal>, HeightCursor>, DealStoreError> {
    let Some(first) = height.0.checked_add(1) else { return Ok(Page { rows: vec![], next: None }) };
    let mut range = KeyRange::from(first.to_be_bytes());
    if let Some(after) = after {
        range = range.resume_after(height_key(after));
    }
    let entries = scan(store, HEIGHTS, &range, limit)?;
    let cursor = |entry: &Entry| {
        let (height, code) = read_cursor(&entry.key).ok_or_else(|| damaged(HEIGHTS))?;
        Ok(HeightCursor { height: BlockNumber(height), code })
    };
    let next = next(&entries, limit).map(cursor).transpose()?;
    let mut found = vec![];
    for entry in &entries {
        found.push(open_deal(rows::named_deal(store, cursor(entry)?.code)?)?);
    }
    Ok(Page { rows: found, next })
}

pub(super) fn events(
    store: &dyn Store,
    after: EventId,
    limit: usize,
) -> Result<Vec<Event>, DealStoreError> {
    let entries = scan(store, EVENTS, &KeyRange::after(after.0.to_be_bytes()), limit)?;
    entries.iter().map(|entry| rows::decode(EVENTS, &entry.value)).collect()
}

pub(super) fn events_of(
    store: &dyn Store,
    code: DealCode,
    after: EventId,
    limit: usize,
) -> Result<Vec<Event>, DealStoreError> {
    let range = KeyRange::prefix(*code.as_bytes());
    let range = range.resume_after(super::tables::event_of_key(code, after));
    let entries = scan(store, EVENTS_OF, &range, limit)?;
    let event = |entry: &Entry| {
        let id = entry.key.last_chunk::<8>().ok_or_else(|| damaged(EVENTS_OF))?;
        rows::row(store, EVENTS, id)?.ok_or_else(|| damaged(EVENTS))
    };
    entries.iter().map(event).collect()
}

pub(super) fn webhooks(
    store: &dyn Store,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Webhook, String>, DealStoreError> {
    let range = after.map_or(KeyRange::all(), KeyRange::after);
    let entries = scan(store, WEBHOOKS, &range, limit)?;
    let next = next(&entries, limit).map(|entry| text(WEBHOOKS, &entry.key)).transpose()?;
    let webhook = |entry: &Entry| rows::decode(WEBHOOKS, &entry.value);
    Ok(Page { rows: entries.iter().map(webhook).collect::<Result<_, _>>()?, next })
}

pub(super) fn due_deliveries(
    store: &dyn Store,
    now_ms: u64,
    limit: usize,
) -> Result<Vec<Delivery>, DealStoreError> {
    let due = KeyRange::between([], now_ms.saturating_add(1).to_be_bytes());
    let mut found = vec![];
    for entry in scan(store, DUE, &due, limit)? {
        let id = read_due_key(&entry.key).ok_or_else(|| damaged(DUE))?;
        // It may have been delivered or put off since.
        let delivery: Option<Delivery> = rows::row(store, DELIVERIES, &delivery_key(&id))?;
        found.extend(delivery.filter(|delivery| delivery.due_ms <= now_ms));
    }
    Ok(found)
}

pub(super) fn deliveries_of(
    store: &dyn Store,
    webhook: &str,
    after: EventId,
    limit: usize,
) -> Result<Vec<Delivery>, DealStoreError> {
    let prefix = deliveries_prefix(webhook);
    let from = [&prefix[..], &after.0.to_be_bytes()].concat();
    let entries = scan(store, DELIVERIES, &KeyRange::prefix(prefix).resume_after(from), limit)?;
    entries.iter().map(|entry| rows::decode(DELIVERIES, &entry.value)).collect()
}

/// Makes a secret of its row, unless it has expired.
pub(super) fn live_secret(name: String, row: Versioned<SecretRow>, now_ms: u64) -> Option<Secret> {
    let Versioned { version, value: SecretRow { expires_ms, value } } = row;
    let is_live = expires_ms.is_none_or(|end| end > now_ms);
    is_live.then_some(Secret { name, value, expires_ms, version })
}

pub(super) fn secrets(
    store: &dyn Store,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
    now_ms: u64,
) -> Result<Page<Secret, String>, DealStoreError> {
    let mut range = KeyRange::prefix(prefix);
    if let Some(after) = after {
        range = range.resume_after(after);
    }
    let entries = scan(store, SECRETS, &range, limit)?;
    let next = next(&entries, limit).map(|entry| text(SECRETS, &entry.key)).transpose()?;
    let mut found = vec![];
    for entry in &entries {
        let row = rows::read_secret(&entry.value)?;
        found.extend(live_secret(text(SECRETS, &entry.key)?, row, now_ms));
    }
    Ok(Page { rows: found, next })
}

fn scan(
    store: &dyn Store,
    table: Table,
    range: &KeyRange,
    limit: usize,
) -> Result<Vec<Entry>, DealStoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    store.scan(table, range, Direction::Forward, limit).map_err(unavailable)
}

/// The entry after which the next page begins: the last one of a full page.
fn next(entries: &[Entry], limit: usize) -> Option<&Entry> {
    entries.last().filter(|_| entries.len() >= limit.min(PAGE_ROWS_MAX))
}

fn text(table: Table, bytes: &[u8]) -> Result<String, DealStoreError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged(table))
}
