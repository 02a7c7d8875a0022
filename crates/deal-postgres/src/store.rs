use crate::{ConnectError, lease, read, schema::SCHEMA, writer::Writer};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{fmt, time::Duration};
use tally_deal::{Deal, DealCode, account::Account};
use tally_deal_store::{
    BoxFuture, ChainPosition, Commit, CommitError, Committed, DealCursor, DealFilter, DealStore,
    DealStoreError, Delivery, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord,
    HeightCursor, Lease, Page, Prepared, Read, ReplyKey, Secret, StoredReply, Versioned, Webhook,
};
use tally_primitives::BlockNumber;

/// How long a call takes at most, unless told otherwise.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Deals in a PostgreSQL database, which other servers may use at the same time.
pub struct PostgresDeals {
    pool: PgPool,
    options: PgConnectOptions,
    call_timeout: Duration,
    writer: Writer,
}

impl PostgresDeals {
    /// Connects to `postgres://user:password@host:port/database?sslmode=…` with up to `connections`
    /// connections, and one more for the lease, and brings its tables to the newest version.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub async fn connect(url: &str, connections: u32) -> Result<Self, ConnectError> {
        Self::connect_within(url, connections, CALL_TIMEOUT).await
    }

    /// Connects like [`connect`](Self::connect), and says how long a call may take, which is 15
    /// seconds otherwise; then it fails as one does whose server is not there. The database gives a
    /// statement up well before. A server that stops in the middle of a transaction keeps the
    /// others waiting no longer than this.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub async fn connect_within(
        url: &str,
        connections: u32,
        call_timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let options = SCHEMA.prepare(url, call_timeout).await?;
        let idle_timeout = call_timeout.as_millis().max(1).to_string();
        let options = options.options([("idle_in_transaction_session_timeout", idle_timeout)]);
        let pool = PgPoolOptions::new()
            // One is for commits, which must not wait for readers.
            .max_connections(connections.max(2))
            .acquire_timeout(call_timeout / 3)
            .connect_with(options.clone())
            .await
            .map_err(ConnectError::Database)?;
        let writer = Writer::start(pool.clone(), call_timeout);
        Ok(Self { pool, options, call_timeout, writer })
    }

    /// Closes all connections, after the calls that use them.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Makes a call that ends in time.
    fn bounded<'a, T>(
        &self,
        call: impl Future<Output = Result<T, DealStoreError>> + Send + 'a,
    ) -> Read<'a, T> {
        let limited = tokio::time::timeout(self.call_timeout, call);
        Box::pin(async {
            limited.await.unwrap_or_else(|late| Err(DealStoreError::Unavailable(Box::new(late))))
        })
    }
}

impl fmt::Debug for PostgresDeals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("PostgresDeals")
            .field("connections", &self.pool.size())
            .finish_non_exhaustive()
    }
}

impl DealStore for PostgresDeals {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move { self.writer.commit(Prepared::new(commit)?).await })
    }

    fn account<'a>(&'a self, address: &'a str) -> Read<'a, Option<Versioned<Account>>> {
        self.bounded(read::deals::account(&self.pool, address))
    }

    fn accounts<'a>(
        &'a self,
        module: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Account>, String>> {
        self.bounded(read::deals::accounts(&self.pool, module, after, limit))
    }

    fn deal(&self, code: DealCode) -> Read<'_, Option<Versioned<Deal>>> {
        self.bounded(read::deals::deal(&self.pool, code))
    }

    fn deal_at<'a>(&'a self, payment_address: &'a str) -> Read<'a, Option<Versioned<Deal>>> {
        self.bounded(read::deals::deal_at(&self.pool, payment_address))
    }

    fn unfinished(
        &self,
        after: Option<DealCode>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, DealCode>> {
        self.bounded(read::deals::unfinished(&self.pool, after, limit))
    }

    fn touched_above(
        &self,
        height: BlockNumber,
        after: Option<HeightCursor>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, HeightCursor>> {
        self.bounded(read::deals::touched_above(&self.pool, height, after, limit))
    }

    fn deals<'a>(
        &'a self,
        filter: &'a DealFilter,
        after: Option<DealCursor>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Deal>, DealCursor>> {
        self.bounded(read::deals::deals(&self.pool, filter, after, limit))
    }

    fn feedback<'a>(
        &'a self,
        filter: &'a FeedbackFilter,
        after: Option<FeedbackCursor>,
        limit: usize,
    ) -> Read<'a, Page<FeedbackRecord, FeedbackCursor>> {
        self.bounded(read::deals::feedback(&self.pool, filter, after, limit))
    }

    fn last_event(&self) -> Read<'_, EventId> {
        self.bounded(read::log::last_event(&self.pool))
    }

    fn events(&self, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.bounded(read::log::events(&self.pool, after, limit))
    }

    fn events_of(&self, code: DealCode, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.bounded(read::log::events_of(&self.pool, code, after, limit))
    }

    fn webhook<'a>(&'a self, id: &'a str) -> Read<'a, Option<Webhook>> {
        self.bounded(read::log::webhook(&self.pool, id))
    }

    fn webhooks<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Webhook, String>> {
        self.bounded(read::log::webhooks(&self.pool, after, limit))
    }

    fn due_deliveries(&self, now_ms: u64, limit: usize) -> Read<'_, Vec<Delivery>> {
        self.bounded(read::log::due_deliveries(&self.pool, now_ms, limit))
    }

    fn deliveries_of<'a>(
        &'a self,
        webhook: &'a str,
        after: EventId,
        limit: usize,
    ) -> Read<'a, Vec<Delivery>> {
        self.bounded(read::log::deliveries_of(&self.pool, webhook, after, limit))
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey, now_ms: u64) -> Read<'a, Option<StoredReply>> {
        self.bounded(read::small::reply(&self.pool, key, now_ms))
    }

    fn position(&self) -> Read<'_, Option<Versioned<ChainPosition>>> {
        self.bounded(read::small::position(&self.pool))
    }

    fn secret<'a>(&'a self, name: &'a str, now_ms: u64) -> Read<'a, Option<Secret>> {
        self.bounded(read::small::secret(&self.pool, name, now_ms))
    }

    fn secrets<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        now_ms: u64,
    ) -> Read<'a, Page<Secret, String>> {
        self.bounded(read::small::secrets(&self.pool, prefix, after, limit, now_ms))
    }

    fn lead(&self) -> Read<'_, Option<Lease>> {
        self.bounded(lease::take(&self.options))
    }
}
