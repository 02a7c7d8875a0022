//! What a group of commits changes in the store.

use super::{
    rows,
    tables::{
        ACCOUNTS, ADDRESSES, DELIVERIES, DUE, EVENTS, EVENTS_OF, EXPIRING, FEEDBACK, MODULES,
        REPLIES, SECRETS, WEBHOOKS, deal_entries, delivery_key, due_key, event_of_key,
        expiring_key, feedback_entries, module_key, read_expiring_key, reply_key,
    },
};
use crate::{
    AccountRow, DealKeys, DealRow, DealStoreError, Delivery, DeliveryId, Event, EventId,
    FeedbackRecord, Known, ReplyKey, StoredReply, Version, Versioned, Wanted, Writes,
    group::SecretValue,
};
use std::collections::{BTreeSet, HashMap};
use tally_deal::DealCode;
use tally_storage::{Batch, Direction, KeyRange, Store, Table};

/// Expired rows cleared away by a group, besides two for each of its commits: more go than come.
const CLEARED_ROWS: usize = 16;

/// What is there of the rows that a group may write, as far as other tables say it again.
#[derive(Debug, Default)]
pub(super) struct Old {
    modules: HashMap<String, String>,
    deals: HashMap<DealCode, DealKeys>,
    replies: HashMap<ReplyKey, u64>,
    secrets: HashMap<String, u64>,
}

impl Old {
    /// Reads what a group is decided by, and what it may replace.
    pub(super) fn read(
        store: &dyn Store,
        wanted: &Wanted,
        (last_version, last_event): (Version, EventId),
    ) -> Result<(Known, Self), DealStoreError> {
        let (mut known, mut old) = (Known::default(), Self::default());
        (known.last_version, known.last_event) = (last_version, last_event);
        if wanted.position {
            known.position = rows::position(store)?.map(|position| position.version);
        }
        for address in &wanted.accounts {
            let Some(Versioned { version, value }) = rows::account(store, address)? else {
                continue;
            };
            known.accounts.insert(address.clone(), version);
            old.modules.extend(value.module.map(|module| (address.clone(), module)));
        }
        for code in &wanted.deals {
            let Some(Versioned { version, value }) = rows::deal(store, *code)? else { continue };
            known.deals.insert(*code, version);
            old.deals.insert(*code, value.keys);
        }
        for address in &wanted.payment_addresses {
            let code = rows::code_at(store, address)?;
            known.payment_addresses.extend(code.map(|code| (address.clone(), code)));
        }
        for key in &wanted.replies {
            let Some(reply) = rows::reply(store, key)? else { continue };
            known.replies.insert(key.clone(), reply.expires_ms);
        }
        for name in &wanted.secrets {
            let Some(Versioned { version, value }) = rows::secret(store, name)? else { continue };
            known.secrets.insert(name.clone(), (version, value.expires_ms));
            old.secrets.extend(value.expires_ms.map(|end| (name.clone(), end)));
        }
        old.replies.clone_from(&known.replies);
        Ok((known, old))
    }
}

/// Removes some of what has expired.
pub(super) fn clear_expired(
    batch: &mut Batch,
    store: &dyn Store,
    now_ms: u64,
    commits: usize,
) -> Result<(), DealStoreError> {
    let ended = KeyRange::between([], now_ms.saturating_add(1).to_be_bytes());
    let limit = CLEARED_ROWS + 2 * commits;
    let entries =
        store.scan(EXPIRING, &ended, Direction::Forward, limit).map_err(rows::unavailable)?;
    for entry in entries {
        let (table, key) = read_expiring_key(&entry.key).ok_or_else(|| rows::damaged(EXPIRING))?;
        batch.delete(table, key);
        batch.delete(EXPIRING, entry.key);
    }
    Ok(())
}

/// Writes a group, with all entries that find its rows. What it clears away stands before it in
/// the batch: a row may be there again.
pub(super) fn fill(
    batch: &mut Batch,
    store: &dyn Store,
    writes: &Writes,
    old: &Old,
) -> Result<(), DealStoreError> {
    for (address, (version, row)) in &writes.accounts {
        put_account(batch, address, *version, row.as_ref(), old.modules.get(address));
    }
    for (version, row) in writes.deals.values() {
        put_deal(batch, *version, row, old.deals.get(&row.keys.code));
    }
    for feedback in writes.feedback.values() {
        put_feedback(batch, feedback, rows::feedback(store, feedback.code)?.as_ref());
    }
    writes.events.iter().for_each(|event| put_event(batch, event));
    for (id, webhook) in &writes.webhooks {
        match webhook {
            Some(webhook) => batch.put(WEBHOOKS, id.as_str(), rows::encode(webhook)),
            None => batch.delete(WEBHOOKS, id.as_str()),
        }
    }
    for (id, delivery) in &writes.deliveries {
        let former = rows::row(store, DELIVERIES, &delivery_key(id))?;
        put_delivery(batch, id, delivery.as_ref(), former.as_ref());
    }
    for (key, reply) in &writes.replies {
        put_reply(batch, reply, old.replies.get(key).copied());
    }
    if let Some((version, position)) = &writes.position {
        rows::put_position(batch, *version, position);
    }
    for (name, (version, value)) in &writes.secrets {
        put_secret(batch, name, *version, value.as_ref(), old.secrets.get(name).copied());
    }
    Ok(())
}

fn put_account(
    batch: &mut Batch,
    address: &str,
    version: Version,
    row: Option<&AccountRow>,
    module: Option<&String>,
) {
    if let Some(module) = module {
        batch.delete(MODULES, module_key(module, address));
    }
    let Some(row) = row else {
        batch.delete(ACCOUNTS, address);
        return;
    };
    if let Some(module) = &row.module {
        batch.put(MODULES, module_key(module, address), []);
    }
    rows::put_account(batch, address, version, row);
}

fn put_deal(batch: &mut Batch, version: Version, row: &DealRow, former: Option<&DealKeys>) {
    let now = deal_entries(&row.keys);
    replace(batch, &former.map(deal_entries).unwrap_or_default(), &now);
    let address = &row.keys.payment_address;
    if let Some(former) = former.map(|keys| &keys.payment_address)
        && former != address
    {
        batch.delete(ADDRESSES, former.as_str());
    }
    batch.put(ADDRESSES, address.as_str(), *row.keys.code.as_bytes());
    rows::put_deal(batch, version, row);
}

fn put_feedback(batch: &mut Batch, feedback: &FeedbackRecord, former: Option<&FeedbackRecord>) {
    replace(batch, &former.map(feedback_entries).unwrap_or_default(), &feedback_entries(feedback));
    batch.put(FEEDBACK, *feedback.code.as_bytes(), rows::encode(feedback));
}

fn put_event(batch: &mut Batch, event: &Event) {
    batch.put(EVENTS, event.id.0.to_be_bytes(), rows::encode(event));
    if let Some(code) = event.event.deal {
        batch.put(EVENTS_OF, event_of_key(code, event.id), []);
    }
}

fn put_delivery(
    batch: &mut Batch,
    id: &DeliveryId,
    delivery: Option<&Delivery>,
    former: Option<&Delivery>,
) {
    if let Some(former) = former {
        batch.delete(DUE, due_key(former.due_ms, id));
    }
    match delivery {
        Some(delivery) => {
            batch.put(DUE, due_key(delivery.due_ms, id), []);
            batch.put(DELIVERIES, delivery_key(id), rows::encode(delivery));
        }
        None => batch.delete(DELIVERIES, delivery_key(id)),
    }
}

fn put_reply(batch: &mut Batch, reply: &StoredReply, former_end: Option<u64>) {
    let key = reply_key(&reply.key);
    if let Some(end) = former_end {
        batch.delete(EXPIRING, expiring_key(end, REPLIES, &key));
    }
    batch.put(EXPIRING, expiring_key(reply.expires_ms, REPLIES, &key), []);
    batch.put(REPLIES, key, rows::encode(reply));
}

fn put_secret(
    batch: &mut Batch,
    name: &str,
    version: Version,
    value: Option<&SecretValue>,
    former_end: Option<u64>,
) {
    if let Some(end) = former_end {
        batch.delete(EXPIRING, expiring_key(end, SECRETS, name.as_bytes()));
    }
    let Some((value, expires_ms)) = value else {
        batch.delete(SECRETS, name);
        return;
    };
    if let Some(end) = expires_ms {
        batch.put(EXPIRING, expiring_key(*end, SECRETS, name.as_bytes()), []);
    }
    rows::put_secret(batch, name, version, *expires_ms, value);
}

/// Removes the entries that are no more, and adds those that were not.
fn replace(
    batch: &mut Batch,
    former: &BTreeSet<(Table, Vec<u8>)>,
    now: &BTreeSet<(Table, Vec<u8>)>,
) {
    for (table, key) in former.difference(now) {
        batch.delete(*table, key.as_slice());
    }
    for (table, key) in now.difference(former) {
        batch.put(*table, key.as_slice(), []);
    }
}
