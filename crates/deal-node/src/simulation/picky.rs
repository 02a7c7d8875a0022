//! A store that refuses to store some deals.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tally_deal::{Deal, DealCode, account::Account};
use tally_deal_store::{
    BoxFuture, ChainPosition, Commit, CommitError, Committed, Conflict, DealCursor, DealFilter,
    DealStore, Delivery, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord,
    HeightCursor, Lease, Page, Read, ReplyKey, Secret, StoredReply, Versioned, Webhook,
};
use tally_primitives::BlockNumber;

/// What is refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Deals that are too large.
    pub(super) deals: Mutex<BTreeSet<DealCode>>,
    /// How many changes of deals meet others' changes.
    pub(super) conflicts: AtomicU64,
}

/// Refuses commits that change deals which are refused, and passes everything else on.
#[derive(Debug)]
pub(super) struct Picky {
    pub(super) inner: Arc<dyn DealStore>,
    pub(super) refused: Arc<Refused>,
}

/// Passes calls on.
macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $found:ty;)*) => {
        $(fn $name<'a>(&'a self, $($argument: $kind),*) -> Read<'a, $found> {
            self.inner.$name($($argument),*)
        })*
    };
}

impl DealStore for Picky {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        let conflicts = &self.refused.conflicts;
        let left = conflicts.load(Ordering::Relaxed);
        if let Some(put) = commit.deals.first().filter(|_| left > 0) {
            conflicts.store(left - 1, Ordering::Relaxed);
            let error = CommitError::Conflict(Conflict::Deal(put.value.code()));
            return Box::pin(async { Err(error) });
        }
        let refused = self.refused.deals.lock().unwrap();
        if commit.deals.iter().any(|put| refused.contains(&put.value.code())) {
            let error = CommitError::Invalid { what: "a deal", problem: "too large" };
            return Box::pin(async { Err(error) });
        }
        self.inner.commit(commit)
    }

    fn deal(&self, code: DealCode) -> Read<'_, Option<Versioned<Deal>>> {
        self.inner.deal(code)
    }

    fn unfinished(
        &self,
        after: Option<DealCode>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, DealCode>> {
        self.inner.unfinished(after, limit)
    }

    fn touched_above(
        &self,
        height: BlockNumber,
        after: Option<HeightCursor>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, HeightCursor>> {
        self.inner.touched_above(height, after, limit)
    }

    fn last_event(&self) -> Read<'_, EventId> {
        self.inner.last_event()
    }

    fn events(&self, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.inner.events(after, limit)
    }

    fn events_of(&self, code: DealCode, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.inner.events_of(code, after, limit)
    }

    fn due_deliveries(&self, now_ms: u64, limit: usize) -> Read<'_, Vec<Delivery>> {
        self.inner.due_deliveries(now_ms, limit)
    }

    fn position(&self) -> Read<'_, Option<Versioned<ChainPosition>>> {
        self.inner.position()
    }

    fn lead(&self) -> Read<'_, Option<Lease>> {
        self.inner.lead()
    }

    fn has_ended(&self) -> bool {
        self.inner.has_ended()
    }

    pass! {
        account(address: &'a str) -> Option<Versioned<Account>>;
        accounts(module: &'a str, after: Option<&'a str>, limit: usize)
            -> Page<Versioned<Account>, String>;
        deal_at(payment_address: &'a str) -> Option<Versioned<Deal>>;
        deals(filter: &'a DealFilter, after: Option<DealCursor>, limit: usize)
            -> Page<Versioned<Deal>, DealCursor>;
        feedback(filter: &'a FeedbackFilter, after: Option<FeedbackCursor>, limit: usize)
            -> Page<FeedbackRecord, FeedbackCursor>;
        webhook(id: &'a str) -> Option<Webhook>;
        webhooks(after: Option<&'a str>, limit: usize) -> Page<Webhook, String>;
        deliveries_of(webhook: &'a str, after: EventId, limit: usize) -> Vec<Delivery>;
        reply(key: &'a ReplyKey, now_ms: u64) -> Option<StoredReply>;
        secret(name: &'a str, now_ms: u64) -> Option<Secret>;
        secrets(prefix: &'a str, after: Option<&'a str>, limit: usize, now_ms: u64)
            -> Page<Secret, String>;
    }
}
