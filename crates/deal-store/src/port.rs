use crate::{
    ChainPosition, Commit, CommitError, Committed, DealCursor, DealFilter, DealStoreError,
    Delivery, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord, HeightCursor, Lease,
    Page, ReplyKey, Secret, StoredReply, Versioned, Webhook,
};
use std::{fmt, future::Future, pin::Pin};
use tally_deal::{Deal, DealCode, account::Account};
use tally_primitives::BlockNumber;

/// A future that a trait object returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future of what is read.
pub type Read<'a, T> = BoxFuture<'a, Result<T, DealStoreError>>;

/// Accounts, deals and all that belongs to them: events, feedback, what webhooks are to be
/// told, replies to repeated requests, secrets, and how far the chain was read.
///
/// Object safe. [`commit`](Self::commit) is the only way to change anything. Callers bring the
/// time, in Unix milliseconds; of several servers that share a store, each brings its own.
///
/// # Requirements
///
/// * *Whole.* A commit is made whole or not at all: nobody ever sees a part of it, nor does anybody
///   after a crash.
/// * *Decided in order.* Commits take effect one after another, in the same order for all servers.
///   Each is made if everything that it expects is there then, and refused with the first
///   [`Conflict`](crate::Conflict) otherwise. Of several that expect the same version, from any
///   number of servers at the same time, exactly one is made.
/// * *Durability.* When the future of a commit resolves to `Ok`, it survives the loss of power.
/// * *Reads.* A read that starts after a commit resolved sees it, and never sees a commit that may
///   yet be lost. Two reads may see different states: what is decided by them is checked by the
///   versions that the commit expects.
/// * *Versions.* [`Version`](crate::Version) grows with each commit and is never given twice.
/// * *Events.* Their numbers are 1, 2, 3 … without a gap, and become visible in order: who has seen
///   number n finds everything up to n, and later finds only larger ones. They are never changed.
/// * *Failure.* After [`CommitError::Store`] a commit was made whole or not at all, and the caller
///   does not know which; unless it was [`Busy`](DealStoreError::Busy), which changes nothing.
///   Repeating it does no harm if it expects versions or brings a reply's key.
/// * *Cancellation.* Dropping the future of a commit leaves it made or not made, never half made.
/// * *Bounded.* Every list is read in pages of at most [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX) rows,
///   for which a bounded number of rows is looked at. Replies and secrets that have expired are
///   cleared away as commits come; deals, accounts, feedback and events stay.
pub trait DealStore: fmt::Debug + Send + Sync {
    /// Makes changes, all or nothing; see the requirements.
    ///
    /// # Errors
    ///
    /// [`CommitError`].
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>>;

    /// Returns the account of an address, or `None`.
    fn account<'a>(&'a self, address: &'a str) -> Read<'a, Option<Versioned<Account>>>;

    /// Returns up to `limit` accounts that a module registered, by ascending address, above `after`.
    fn accounts<'a>(
        &'a self,
        module: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Account>, String>>;

    /// Returns a deal, or `None`.
    fn deal(&self, code: DealCode) -> Read<'_, Option<Versioned<Deal>>>;

    /// Returns the deal that has this payment address, or `None`.
    fn deal_at<'a>(&'a self, payment_address: &'a str) -> Read<'a, Option<Versioned<Deal>>>;

    /// Returns up to `limit` deals that are not finished, by ascending code, above `after`: what is
    /// read at the start of whoever follows the chain. Finished is a deal that was executed,
    /// canceled or deleted and of which no money waits for anything and no settlement for a block.
    fn unfinished(
        &self,
        after: Option<DealCode>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, DealCode>>;

    /// Returns up to `limit` deals whose money came or went in a block above `height`, finished ones
    /// too, by ascending height of the highest such block and code, beyond `after`: who is told
    /// that blocks were undone.
    fn touched_above(
        &self,
        height: BlockNumber,
        after: Option<HeightCursor>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, HeightCursor>>;

    /// Returns up to `limit` deals of a list, beyond `after`.
    fn deals<'a>(
        &'a self,
        filter: &'a DealFilter,
        after: Option<DealCursor>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Deal>, DealCursor>>;

    /// Returns up to `limit` rows of feedback, beyond `after`.
    fn feedback<'a>(
        &'a self,
        filter: &'a FeedbackFilter,
        after: Option<FeedbackCursor>,
        limit: usize,
    ) -> Read<'a, Page<FeedbackRecord, FeedbackCursor>>;

    /// Returns the number of the last event, 0 if there is none.
    fn last_event(&self) -> Read<'_, EventId>;

    /// Returns up to `limit` events that have larger numbers than `after`, in order.
    fn events(&self, after: EventId, limit: usize) -> Read<'_, Vec<Event>>;

    /// Returns up to `limit` events of one deal that have larger numbers than `after`, in order.
    fn events_of(&self, code: DealCode, after: EventId, limit: usize) -> Read<'_, Vec<Event>>;

    /// Returns the webhook of that name, or `None`.
    fn webhook<'a>(&'a self, id: &'a str) -> Read<'a, Option<Webhook>>;

    /// Returns up to `limit` webhooks by ascending name, above `after`.
    fn webhooks<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Webhook, String>>;

    /// Returns up to `limit` deliveries that are due, the longest due first.
    fn due_deliveries(&self, now_ms: u64, limit: usize) -> Read<'_, Vec<Delivery>>;

    /// Returns up to `limit` deliveries to a webhook that have not succeeded yet, oldest event
    /// first, of events after the given one.
    fn deliveries_of<'a>(
        &'a self,
        webhook: &'a str,
        after: EventId,
        limit: usize,
    ) -> Read<'a, Vec<Delivery>>;

    /// Returns what the request with this key was answered, or `None` if it was not or that has
    /// expired.
    fn reply<'a>(&'a self, key: &'a ReplyKey, now_ms: u64) -> Read<'a, Option<StoredReply>>;

    /// Returns how far the chain was read, or `None` if it never was.
    fn position(&self) -> Read<'_, Option<Versioned<ChainPosition>>>;

    /// Returns the secret of that name, or `None` if there is none or it has expired.
    fn secret<'a>(&'a self, name: &'a str, now_ms: u64) -> Read<'a, Option<Secret>>;

    /// Returns up to `limit` secrets whose names begin with `prefix`, by ascending name, above
    /// `after`, without those that have expired.
    fn secrets<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        now_ms: u64,
    ) -> Read<'a, Page<Secret, String>>;

    /// Tries to become the one server that does what only one may do; `None` if another one is.
    fn lead(&self) -> Read<'_, Option<Lease>>;

    /// Says whether the store has ended: every call fails from then on, until it is opened again.
    /// One that a server of its own keeps never does.
    fn has_ended(&self) -> bool {
        false
    }

    /// Waits until the store [has ended](Self::has_ended).
    fn ended(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
