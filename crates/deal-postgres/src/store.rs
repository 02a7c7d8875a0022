use crate::{
    ConnectError,
    error::{database, unavailable},
    filter, lease,
    rows::{
        POSITION, next, page, read_account, read_deal, read_delivery, read_event, read_feedback,
        read_reply, read_secret, read_versioned, read_webhook, signed, unsigned,
    },
    schema,
    writer::Writer,
};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{fmt, time::Duration};
use tally_deal::{Deal, DealCode, account::Account};
use tally_deal_store::{
    BoxFuture, ChainPosition, Commit, CommitError, Committed, DealCursor, DealFilter, DealStore,
    DealStoreError, Delivery, Event, EventId, FeedbackCursor, FeedbackFilter, FeedbackRecord,
    HeightCursor, Lease, Page, Prepared, Read, ReplyKey, Search, Secret, StoredReply, Versioned,
    Webhook,
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
        let options: PgConnectOptions = url.parse().map_err(ConnectError::Address)?;
        // The server may have another default; who waited for the lock must see what was changed.
        let options = options
            .application_name("tallystick deals")
            .options([("default_transaction_isolation", "read committed")]);
        let mut connection = PgConnection::connect_with(&options).await.map_err(database)?;
        schema::migrate(&mut connection).await?;
        connection.close().await.map_err(database)?;
        // A call waits for a connection and then for its statement: less than its time together.
        let statement_timeout = (call_timeout / 2).as_millis().max(1).to_string();
        let idle_timeout = call_timeout.as_millis().max(1).to_string();
        let options = options.options([
            ("statement_timeout", statement_timeout),
            ("idle_in_transaction_session_timeout", idle_timeout),
        ]);
        let pool = PgPoolOptions::new()
            // One is for commits, which must not wait for readers.
            .max_connections(connections.max(2))
            .acquire_timeout(call_timeout / 3)
            .connect_with(options.clone())
            .await
            .map_err(database)?;
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
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT version, body::text AS body FROM deals_accounts WHERE address = $1",
            )
            .bind(address)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map(|row| read_account(&row)).transpose()
        })
    }

    fn accounts<'a>(
        &'a self,
        module: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Account>, String>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT version, body::text AS body FROM deals_accounts
                 WHERE module = $1 AND address > $2 ORDER BY address LIMIT $3",
            )
            .bind(module)
            .bind(after.unwrap_or(""))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            let rows = rows.iter().map(read_account).collect::<Result<Vec<_>, _>>()?;
            let next = next(&rows, limit, |account| account.value.address().to_string());
            Ok(Page { rows, next })
        })
    }

    fn deal(&self, code: DealCode) -> Read<'_, Option<Versioned<Deal>>> {
        self.bounded(async move {
            let row =
                sqlx::query("SELECT version, body::text AS body FROM deals_deals WHERE code = $1")
                    .bind(&code.as_bytes()[..])
                    .fetch_optional(&self.pool)
                    .await
                    .map_err(unavailable)?;
            row.map(|row| read_deal(&row)).transpose()
        })
    }

    fn deal_at<'a>(&'a self, payment_address: &'a str) -> Read<'a, Option<Versioned<Deal>>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT version, body::text AS body FROM deals_deals WHERE payment_address = $1",
            )
            .bind(payment_address)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map(|row| read_deal(&row)).transpose()
        })
    }

    fn unfinished(
        &self,
        after: Option<DealCode>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, DealCode>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT version, body::text AS body FROM deals_deals
                 WHERE NOT is_finished AND code > $1 ORDER BY code LIMIT $2",
            )
            .bind(after.as_ref().map_or(&[][..], |code| &code.as_bytes()[..]))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
            let next = next(&rows, limit, |deal| deal.value.code());
            Ok(Page { rows, next })
        })
    }

    fn touched_above(
        &self,
        height: BlockNumber,
        after: Option<HeightCursor>,
        limit: usize,
    ) -> Read<'_, Page<Versioned<Deal>, HeightCursor>> {
        self.bounded(async move {
            let after_height = after.map_or(-1, |after| signed(after.height.0));
            let after_code = after.map_or_else(Vec::new, |after| after.code.as_bytes().to_vec());
            let rows = sqlx::query(
                "SELECT version, body::text AS body, height FROM deals_deals
                 WHERE height > $1 AND (height, code) > ($2, $3) ORDER BY height, code LIMIT $4",
            )
            .bind(signed(height.0))
            .bind(after_height)
            .bind(after_code)
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            let last = rows.last().map(|row| unsigned("deals_deals", row, "height")).transpose()?;
            let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
            let cursor = |deal: &Versioned<Deal>| {
                Some(HeightCursor { height: BlockNumber(last?), code: deal.value.code() })
            };
            let next = next(&rows, limit, cursor).flatten();
            Ok(Page { rows, next })
        })
    }

    fn deals<'a>(
        &'a self,
        filter: &'a DealFilter,
        after: Option<DealCursor>,
        limit: usize,
    ) -> Read<'a, Page<Versioned<Deal>, DealCursor>> {
        self.bounded(async move {
            let search = Search::of(filter);
            if search.is_impossible() {
                return Ok(Page { rows: vec![], next: None });
            }
            let mut query = filter::deals(filter, &search, after, limit);
            let rows = query.build().fetch_all(&self.pool).await.map_err(unavailable)?;
            let rows = rows.iter().map(read_deal).collect::<Result<Vec<_>, _>>()?;
            let cursor = |deal: &Versioned<Deal>| DealCursor {
                date: deal.value.terms().date.0,
                code: deal.value.code(),
            };
            let next = next(&rows, limit, cursor);
            Ok(Page { rows, next })
        })
    }

    fn feedback<'a>(
        &'a self,
        filter: &'a FeedbackFilter,
        after: Option<FeedbackCursor>,
        limit: usize,
    ) -> Read<'a, Page<FeedbackRecord, FeedbackCursor>> {
        self.bounded(async move {
            let mut query = filter::feedback(filter, after, limit);
            let rows = query.build().fetch_all(&self.pool).await.map_err(unavailable)?;
            let rows = rows.iter().map(read_feedback).collect::<Result<Vec<_>, _>>()?;
            let cursor = |row: &FeedbackRecord| FeedbackCursor { at_ms: row.at_ms, code: row.code };
            let next = next(&rows, limit, cursor);
            Ok(Page { rows, next })
        })
    }

    fn last_event(&self) -> Read<'_, EventId> {
        self.bounded(async move {
            let row = sqlx::query("SELECT event FROM deals_numbers")
                .fetch_one(&self.pool)
                .await
                .map_err(unavailable)?;
            unsigned("deals_numbers", &row, "event").map(EventId)
        })
    }

    fn events(&self, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.bounded(async move {
            let rows = sqlx::query("SELECT * FROM deals_events WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(signed(after.0))
                .bind(page(limit))
                .fetch_all(&self.pool)
                .await
                .map_err(unavailable)?;
            rows.iter().map(read_event).collect()
        })
    }

    fn events_of(&self, code: DealCode, after: EventId, limit: usize) -> Read<'_, Vec<Event>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT * FROM deals_events WHERE deal = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(&code.as_bytes()[..])
            .bind(signed(after.0))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            rows.iter().map(read_event).collect()
        })
    }

    fn webhook<'a>(&'a self, id: &'a str) -> Read<'a, Option<Webhook>> {
        self.bounded(async move {
            let row = sqlx::query("SELECT body::text AS body FROM deals_webhooks WHERE id = $1")
                .bind(id)
                .fetch_optional(&self.pool)
                .await
                .map_err(unavailable)?;
            row.map(|row| read_webhook(&row)).transpose()
        })
    }

    fn webhooks<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Read<'a, Page<Webhook, String>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT body::text AS body FROM deals_webhooks WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .bind(after.unwrap_or(""))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            let rows = rows.iter().map(read_webhook).collect::<Result<Vec<_>, _>>()?;
            let next = next(&rows, limit, |webhook| webhook.id.clone());
            Ok(Page { rows, next })
        })
    }

    fn due_deliveries(&self, now_ms: u64, limit: usize) -> Read<'_, Vec<Delivery>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT * FROM deals_deliveries WHERE due_ms <= $1
                 ORDER BY due_ms, event, webhook LIMIT $2",
            )
            .bind(signed(now_ms))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            rows.iter().map(read_delivery).collect()
        })
    }

    fn deliveries_of<'a>(
        &'a self,
        webhook: &'a str,
        after: EventId,
        limit: usize,
    ) -> Read<'a, Vec<Delivery>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT * FROM deals_deliveries WHERE webhook = $1 AND event > $2
                 ORDER BY event LIMIT $3",
            )
            .bind(webhook)
            .bind(signed(after.0))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            rows.iter().map(read_delivery).collect()
        })
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey, now_ms: u64) -> Read<'a, Option<StoredReply>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT * FROM deals_replies WHERE caller = $1 AND key = $2 AND expires_ms > $3",
            )
            .bind(key.caller.as_str())
            .bind(key.key.as_str())
            .bind(signed(now_ms))
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map(|row| read_reply(&row)).transpose()
        })
    }

    fn position(&self) -> Read<'_, Option<Versioned<ChainPosition>>> {
        self.bounded(async move {
            let row = sqlx::query("SELECT version, body::text AS body FROM deals_position")
                .fetch_optional(&self.pool)
                .await
                .map_err(unavailable)?;
            row.map(|row| read_versioned(POSITION, &row)).transpose()
        })
    }

    fn secret<'a>(&'a self, name: &'a str, now_ms: u64) -> Read<'a, Option<Secret>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT * FROM deals_secrets
                 WHERE name = $1 AND (expires_ms IS NULL OR expires_ms > $2)",
            )
            .bind(name)
            .bind(signed(now_ms))
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map(|row| read_secret(&row)).transpose()
        })
    }

    fn secrets<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        now_ms: u64,
    ) -> Read<'a, Page<Secret, String>> {
        self.bounded(async move {
            let rows = sqlx::query(
                "SELECT * FROM deals_secrets
                 WHERE name >= $1 AND starts_with(name, $1) AND name > $2
                    AND (expires_ms IS NULL OR expires_ms > $3)
                 ORDER BY name LIMIT $4",
            )
            .bind(prefix)
            .bind(after.unwrap_or(""))
            .bind(signed(now_ms))
            .bind(page(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            let rows = rows.iter().map(read_secret).collect::<Result<Vec<_>, _>>()?;
            let next = next(&rows, limit, |secret| secret.name.clone());
            Ok(Page { rows, next })
        })
    }

    fn lead(&self) -> Read<'_, Option<Lease>> {
        self.bounded(lease::take(&self.options))
    }
}
