mod fill;
mod read;
mod rows;
mod tables;
mod writer;

pub use tables::TABLES;

use crate::{
    BoxFuture, ChainPosition, Commit, CommitError, Committed, DealCursor, DealFilter, DealStore,
    DealStoreError, Delivery, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord,
    HeightCursor, Lease, Page, Prepared, Read, ReplyKey, Secret, StoredReply, Versioned, Webhook,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};
use tally_deal::{Deal, DealCode, account::Account};
use tally_primitives::BlockNumber;
use tally_storage::Store;
use tokio::sync::{oneshot, watch};
use writer::{Reply, Task};

/// Commits that wait to be stored at most; beyond it callers are told to come again.
const WAITING_MAX: usize = 100_000;

/// Deals in a store that belongs to this process.
///
/// Commits are checked and encoded by whoever makes them. One thread decides them in the order in
/// which they came, stores all that waits under one sync, and then answers: so the number of
/// commits a second does not depend on how long a sync takes, as long as enough callers commit at a
/// time. Reads ask the store, which has nothing but what is durable.
///
/// When the store fails to commit, everything fails from then on and the deals
/// [have ended](DealStore::has_ended): the owner ends, and starts again from the disk. Dropping the
/// deals stores what waits.
#[derive(Debug)]
pub struct EmbeddedDeals {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    writer: Option<JoinHandle<()>>,
    /// Whether somebody has the lease.
    is_led: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writer.
    news: Condvar,
    /// Whether nothing is promised any more.
    has_ended: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Queue {
    tasks: VecDeque<Task>,
    /// Whether the writer waits.
    is_idle: bool,
    is_closing: bool,
    is_failed: bool,
}

impl Queue {
    /// Ends all promises: whoever waits learns that the storage failed.
    fn fail(&mut self) {
        self.is_failed = true;
        self.tasks.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No change of the queue can be left half made.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a commit to the writer.
    fn hand_over(&self, commit: Prepared, reply: Reply) -> Result<(), DealStoreError> {
        let mut queue = self.lock();
        if queue.is_failed || queue.is_closing {
            return Err(DealStoreError::Failed);
        }
        if queue.tasks.len() >= WAITING_MAX {
            return Err(DealStoreError::Busy { what: "commits wait for the disk" });
        }
        queue.tasks.push_back(Task { commit, reply });
        if queue.is_idle {
            self.news.notify_one();
        }
        Ok(())
    }
}

impl EmbeddedDeals {
    /// Opens the deals of a store that has [`TABLES`], and perhaps others' tables.
    ///
    /// # Errors
    ///
    /// [`DealStoreError::Unavailable`] if the store cannot be read, [`DealStoreError::Damaged`] if
    /// it is a newer program's or does not decode.
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, DealStoreError> {
        rows::prepare(&*store)?;
        let numbers = rows::numbers(&*store)?;
        let shared = Arc::new(Shared::default());
        let (own_shared, own_store) = (Arc::clone(&shared), Arc::clone(&store));
        let writer = std::thread::Builder::new()
            .name("deals".into())
            .spawn(move || writer::run(&own_shared, &*own_store, numbers))
            .expect("the system starts threads");
        let is_led = Arc::new(AtomicBool::new(false));
        Ok(Self { shared, store, writer: Some(writer), is_led })
    }

    /// Reads something small where the caller is.
    fn now<'a, T: Send + 'a>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, DealStoreError>,
    ) -> Read<'a, T> {
        Box::pin(std::future::ready(self.check().and_then(|()| read(&*self.store))))
    }

    /// Reads something long, off the callers' threads.
    fn aside<'a, T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, DealStoreError> + Send + 'static,
    ) -> Read<'a, T> {
        if let Err(error) = self.check() {
            return Box::pin(std::future::ready(Err(error)));
        }
        let store = Arc::clone(&self.store);
        Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || read(&*store));
            task.await.map_err(|ended| DealStoreError::Unavailable(Box::new(ended)))?
        })
    }

    fn check(&self) -> Result<(), DealStoreError> {
        if self.has_ended() { Err(DealStoreError::Failed) } else { Ok(()) }
    }
}

impl Drop for EmbeddedDeals {
    fn drop(&mut self) {
        {
            let mut queue = self.shared.lock();
            queue.is_closing = true;
            self.shared.news.notify_one();
        }
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported when it happened.
            let _ = writer.join();
        }
    }
}

/// Gives the lease back when it is dropped.
#[derive(Debug)]
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl DealStore for EmbeddedDeals {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let commit = Prepared::new(commit)?;
            let (reply, answer) = oneshot::channel();
            self.shared.hand_over(commit, reply)?;
            answer.await.map_err(|_| DealStoreError::Failed)?
        })
    }

    fn account<'a>(&'a self, address: &'a str) -> Read<'a, Option<Versioned<Account>>> {
        self.now(|store| read::account(store, address))
    }

    fn accounts<'a>(
        &'a self,
        module: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Account>, String>> {
        let (module, after) = (module.to_owned(), after.map(str::to_owned));
        self.aside(move |store| read::accounts(store, &module, after.as_deref(), limit))
    }

    fn deal(&self, code: DealCode) -> Read<'_, Option<Versioned<Deal>>> {
        self.now(|store| read::deal(store, code))
    }

    fn deal_at<'a>(&'a self, payment_address: &'a str) -> Read<'a, Option<Versioned<Deal>>> {
        self.now(|store| read::deal_at(store, payment_address))
    }

    fn unfinished(
        &self,
        after: Option<DealCode>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, DealCode>> {
        self.aside(move |store| read::unfinished(store, after, limit))
    }

    fn touched_above(
        &self,
        height: BlockNumber,
        after: Option<HeightCursor>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, HeightCursor>> {
        self.aside(move |store| read::touched_above(store, height, after, limit))
    }

    fn deals<'a>(
        &'a self,
        filter: &'a DealFilter,
        after: Option<DealCursor>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Deal>, DealCursor>> {
        let filter = filter.clone();
        self.aside(move |store| read::lists::deals(store, &filter, after, limit))
    }

    fn feedback<'a>(
        &'a self,
        filter: &'a FeedbackFilter,
        after: Option<FeedbackCursor>,
        limit: usize,
    ) -> Read<'a, Page<FeedbackRecord, FeedbackCursor>> {
        let filter = filter.clone();
        self.aside(move |store| read::lists::feedback(store, &filter, after, limit))
    }

    fn last_event(&self) -> Read<'_, EventId> {
        self.now(|store| Ok(rows::numbers(store)?.1))
    }

    fn events(&self, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.now(|store| read::events(store, after, limit))
    }

    fn events_of(&self, code: DealCode, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.now(|store| read::events_of(store, code, after, limit))
    }

    fn webhook<'a>(&'a self, id: &'a str) -> Read<'a, Option<Webhook>> {
        self.now(|store| rows::row(store, tables::WEBHOOKS, id.as_bytes()))
    }

    fn webhooks<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Webhook, String>> {
        self.now(|store| read::webhooks(store, after, limit))
    }

    fn due_deliveries(&self, now_ms: u64, limit: usize) -> Read<'_, Vec<Delivery>> {
        self.now(|store| read::due_deliveries(store, now_ms, limit))
    }

    fn deliveries_of<'a>(
        &'a self,
        webhook: &'a str,
        after: EventId,
        limit: usize,
    ) -> Read<'a, Vec<Delivery>> {
        self.now(|store| read::deliveries_of(store, webhook, after, limit))
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey, now_ms: u64) -> Read<'a, Option<StoredReply>> {
        self.now(|store| Ok(rows::reply(store, key)?.filter(|reply| reply.expires_ms > now_ms)))
    }

    fn position(&self) -> Read<'_, Option<Versioned<ChainPosition>>> {
        self.now(rows::position)
    }

    fn secret<'a>(&'a self, name: &'a str, now_ms: u64) -> Read<'a, Option<Secret>> {
        self.now(|store| {
            let row = rows::secret(store, name)?;
            Ok(row.and_then(|row| read::live_secret(name.to_owned(), row, now_ms)))
        })
    }

    fn secrets<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        now_ms: u64,
    ) -> Read<'a, Page<Secret, String>> {
        self.now(|store| read::secrets(store, prefix, after, limit, now_ms))
    }

    fn lead(&self) -> Read<'_, Option<Lease>> {
        self.now(|_| {
            let is_taken = self.is_led.swap(true, Ordering::AcqRel);
            let held = || Box::new(Held(Arc::clone(&self.is_led)));
            Ok((!is_taken).then(|| Lease::new(self.shared.has_ended.subscribe(), held())))
        })
    }

    fn has_ended(&self) -> bool {
        *self.shared.has_ended.borrow()
    }

    fn ended(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // The sender is ours, so that waiting cannot fail.
            drop(self.shared.has_ended.subscribe().wait_for(|has_ended| *has_ended).await);
        })
    }
}

#[cfg(test)]
mod tests;
