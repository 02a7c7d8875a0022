//! The tables of a store, and how their keys are made.

use crate::{
    DealCursor, DealKeys, DeliveryId, EventId, FeedbackCursor, FeedbackRecord, HeightCursor,
    ReplyKey,
};
use std::collections::BTreeSet;
use tally_deal::DealCode;
use tally_storage::{Access, Table};

/// What is said of the other tables: versions, the last numbers, the position in the chain.
pub(super) const ABOUT: Table = Table::new("deals_about");
/// Address → account.
pub(super) const ACCOUNTS: Table = Table::new("deals_accounts");
/// Module, 0, address → nothing.
pub(super) const MODULES: Table = Table::new("deals_account_modules");
/// Code → deal.
pub(super) const DEALS: Table = Table::new("deals_deals");
/// Payment address → code.
pub(super) const ADDRESSES: Table = Table::new("deals_addresses").with_access(Access::Points);
/// Code of a deal that is not finished → nothing.
pub(super) const UNFINISHED: Table = Table::new("deals_unfinished").with_access(Access::Churn);
/// Height, code → nothing: deals by the highest block in which their money came or went.
pub(super) const HEIGHTS: Table = Table::new("deals_heights");
/// Kind, value, 0, date, code → nothing: the lists of deals.
pub(super) const LISTS: Table = Table::new("deals_lists");
/// Code → feedback.
pub(super) const FEEDBACK: Table = Table::new("deals_feedback");
/// Kind, address, 0, time, code → nothing: the lists of feedback.
pub(super) const FEEDBACK_LISTS: Table = Table::new("deals_feedback_lists");
/// Number → event.
pub(super) const EVENTS: Table = Table::new("deals_events").with_access(Access::Log);
/// Code, number → nothing.
pub(super) const EVENTS_OF: Table = Table::new("deals_events_of");
/// Name → webhook.
pub(super) const WEBHOOKS: Table = Table::new("deals_webhooks");
/// Webhook, 0, event → delivery.
pub(super) const DELIVERIES: Table = Table::new("deals_deliveries").with_access(Access::Churn);
/// Time, event, webhook → nothing.
pub(super) const DUE: Table = Table::new("deals_due").with_access(Access::Churn);
/// Caller, 0, key → reply.
pub(super) const REPLIES: Table = Table::new("deals_replies").with_access(Access::Churn);
/// Name → secret.
pub(super) const SECRETS: Table = Table::new("deals_secrets");
/// Time, table, key → nothing: what expires.
pub(super) const EXPIRING: Table = Table::new("deals_expiring").with_access(Access::Churn);

/// The tables that a store must have for [`EmbeddedDeals`](super::EmbeddedDeals).
pub const TABLES: &[Table] = &[
    ABOUT,
    ACCOUNTS,
    MODULES,
    DEALS,
    ADDRESSES,
    UNFINISHED,
    HEIGHTS,
    LISTS,
    FEEDBACK,
    FEEDBACK_LISTS,
    EVENTS,
    EVENTS_OF,
    WEBHOOKS,
    DELIVERIES,
    DUE,
    REPLIES,
    SECRETS,
    EXPIRING,
];

/// Under these keys of [`ABOUT`].
pub(super) const SCHEMA_KEY: &[u8] = b"version";
pub(super) const NUMBERS_KEY: &[u8] = b"numbers";
pub(super) const POSITION_KEY: &[u8] = b"position";

/// Ends a part of a key that has any length; no text holds it.
const END: u8 = 0;

/// A list of deals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List<'a> {
    /// All.
    All,
    /// Those found by this word.
    Word(&'a str),
    /// Those in the state of this number.
    State(u8),
    /// Those of this site.
    Site(&'a str),
    /// Those of this module.
    Module(&'a str),
}

impl List<'_> {
    /// What the keys of all entries of the list begin with.
    pub(super) fn prefix(self) -> Vec<u8> {
        let (kind, value): (u8, &[u8]) = match &self {
            Self::All => (1, &[]),
            Self::Word(word) => (2, word.as_bytes()),
            Self::State(number) => (3, std::slice::from_ref(number)),
            Self::Site(site) => (4, site.as_bytes()),
            Self::Module(module) => (5, module.as_bytes()),
        };
        [&[kind], value, &[END]].concat()
    }

    pub(super) fn key(self, at: DealCursor) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend(at.date.to_be_bytes());
        key.extend(at.code.as_bytes());
        key
    }
}

/// The entries of a deal in all tables that find it.
pub(super) fn deal_entries(keys: &DealKeys) -> BTreeSet<(Table, Vec<u8>)> {
    let at = DealCursor { date: keys.date, code: keys.code };
    let words = keys.words.iter().map(|word| List::Word(word).key(at));
    let module = keys.module.iter().map(|module| List::Module(module).key(at));
    let lists = [List::All, List::State(keys.state), List::Site(&keys.site)];
    let lists = lists.into_iter().map(|list| list.key(at)).chain(words).chain(module);
    let mut entries: BTreeSet<_> = lists.map(|key| (LISTS, key)).collect();
    if !keys.is_finished {
        entries.insert((UNFINISHED, keys.code.as_bytes().to_vec()));
    }
    if let Some(height) = keys.height {
        entries.insert((HEIGHTS, height_key(HeightCursor { height, code: keys.code })));
    }
    entries
}

pub(super) fn height_key(at: HeightCursor) -> Vec<u8> {
    [&at.height.0.to_be_bytes()[..], at.code.as_bytes()].concat()
}

/// Where an entry of a list or of [`HEIGHTS`] stands: its last bytes.
pub(super) fn read_cursor(key: &[u8]) -> Option<(u64, DealCode)> {
    let (rest, code) = key.split_last_chunk::<20>()?;
    let (_, number) = rest.split_last_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), DealCode::from_bytes(*code)))
}

/// A list of feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeedbackList<'a> {
    /// All.
    All,
    /// That to this seller.
    Seller(&'a str),
    /// That of this customer.
    Customer(&'a str),
}

impl FeedbackList<'_> {
    pub(super) fn prefix(self) -> Vec<u8> {
        let (kind, value) = match self {
            Self::All => (1, ""),
            Self::Seller(address) => (2, address),
            Self::Customer(address) => (3, address),
        };
        [&[kind], value.as_bytes(), &[END]].concat()
    }

    pub(super) fn key(self, at: FeedbackCursor) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend(at.at_ms.to_be_bytes());
        key.extend(at.code.as_bytes());
        key
    }
}

pub(super) fn feedback_entries(feedback: &FeedbackRecord) -> BTreeSet<(Table, Vec<u8>)> {
    let at = FeedbackCursor { at_ms: feedback.at_ms, code: feedback.code };
    let lists = [
        FeedbackList::All,
        FeedbackList::Seller(&feedback.seller),
        FeedbackList::Customer(&feedback.customer),
    ];
    lists.into_iter().map(|list| (FEEDBACK_LISTS, list.key(at))).collect()
}

pub(super) fn module_prefix(module: &str) -> Vec<u8> {
    [module.as_bytes(), &[END]].concat()
}

pub(super) fn module_key(module: &str, address: &str) -> Vec<u8> {
    [module.as_bytes(), &[END], address.as_bytes()].concat()
}

pub(super) fn event_of_key(code: DealCode, id: EventId) -> Vec<u8> {
    [&code.as_bytes()[..], &id.0.to_be_bytes()].concat()
}

pub(super) fn deliveries_prefix(webhook: &str) -> Vec<u8> {
    [webhook.as_bytes(), &[END]].concat()
}

pub(super) fn delivery_key(id: &DeliveryId) -> Vec<u8> {
    [id.webhook.as_bytes(), &[END], &id.event.0.to_be_bytes()].concat()
}

pub(super) fn due_key(due_ms: u64, id: &DeliveryId) -> Vec<u8> {
    [&due_ms.to_be_bytes()[..], &id.event.0.to_be_bytes(), id.webhook.as_bytes()].concat()
}

/// The delivery that an entry of [`DUE`] is about.
pub(super) fn read_due_key(key: &[u8]) -> Option<DeliveryId> {
    let (_, rest) = key.split_first_chunk::<8>()?;
    let (event, webhook) = rest.split_first_chunk::<8>()?;
    let webhook = String::from_utf8(webhook.to_vec()).ok()?;
    Some(DeliveryId { event: EventId(u64::from_be_bytes(*event)), webhook })
}

pub(super) fn reply_key(key: &ReplyKey) -> Vec<u8> {
    [key.caller.as_bytes(), &[END], key.key.as_bytes()].concat()
}

/// The key under which a row of a table expires.
pub(super) fn expiring_key(expires_ms: u64, table: Table, key: &[u8]) -> Vec<u8> {
    let kind = if table == REPLIES { 1 } else { 2 };
    [&expires_ms.to_be_bytes()[..], &[kind], key].concat()
}

/// The row that an entry of [`EXPIRING`] is about.
pub(super) fn read_expiring_key(key: &[u8]) -> Option<(Table, &[u8])> {
    let (_, rest) = key.split_first_chunk::<8>()?;
    match rest.split_first()? {
        (1, key) => Some((REPLIES, key)),
        (2, key) => Some((SECRETS, key)),
        (_, _) => None,
    }
}
