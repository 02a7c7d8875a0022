use crate::{
    ConnectError,
    housekeeping::Housekeeping,
    rows::{
        block_bytes, damaged, get, is_out_of_range, read_order, read_session, signed, unsigned,
    },
    schema::SCHEMA,
    unavailable,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{fmt, time::Duration};
use tally_accounts::{
    Accounts, AccountsError, Balance, BoxFuture, CashId, Charge, Charged, NonceUse,
    ORDERS_PAGE_MAX, Order, OrderPlace, OrderPosition, Session, SessionName, SignIn, SignedIn,
    UNPAID_SESSION_MS, Visitor,
};
use tally_primitives::Fid;

/// How long a call takes at most, unless told otherwise.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Accounts in a PostgreSQL database, which other servers may use at the same time.
pub struct PostgresAccounts {
    pool: PgPool,
    call_timeout: Duration,
    housekeeping: Housekeeping,
}

impl PostgresAccounts {
    /// Connects to `postgres://user:password@host:port/database?sslmode=…` with up to `connections`
    /// connections, and brings its tables to the newest version.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub async fn connect(url: &str, connections: u32) -> Result<Self, ConnectError> {
        Self::connect_within(url, connections, CALL_TIMEOUT).await
    }

    /// Connects like [`connect`](Self::connect), and says how long a call may take, which is 15
    /// seconds otherwise; then it fails as one does whose server is not there. The database gives a
    /// statement up well before, so that what a caller was not answered is not carried out later,
    /// unless the connection is lost.
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
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(call_timeout / 3)
            .connect_with(options)
            .await
            .map_err(ConnectError::Database)?;
        let housekeeping = Housekeeping::start(pool.clone());
        Ok(Self { pool, call_timeout, housekeeping })
    }

    /// Closes all connections, after the calls that use them.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Makes a call that ends in time.
    fn bounded<'a, T>(
        &self,
        call: impl Future<Output = Result<T, AccountsError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, AccountsError>> {
        let limited = tokio::time::timeout(self.call_timeout, call);
        Box::pin(async {
            limited.await.unwrap_or_else(|late| Err(AccountsError::Unavailable(Box::new(late))))
        })
    }
}

impl fmt::Debug for PostgresAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("PostgresAccounts")
            .field("connections", &self.pool.size())
            .finish_non_exhaustive()
    }
}

impl Accounts for PostgresAccounts {
    fn look_up(
        &self,
        name: SessionName,
        nonce: Option<i64>,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<Option<Visitor>, AccountsError>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT s.key, s.fid, s.expires_ms, coalesce(u.credited - u.charged, 0) AS balance,
                    EXISTS (SELECT 1 FROM accounts_nonces n WHERE n.fid = s.fid AND n.nonce = $2
                        AND n.expires_ms > $3) AS is_nonce_used
                 FROM accounts_sessions s LEFT JOIN accounts_users u ON u.fid = s.fid
                 WHERE s.name = $1 AND s.expires_ms > $3",
            )
            .bind(&name.0[..])
            .bind(nonce)
            .bind(signed(now_ms))
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some(Visitor {
                session: read_session(&row)?,
                balance: Balance(get(&row, "balance")?),
                is_nonce_used: get(&row, "is_nonce_used")?,
            }))
        })
    }

    fn session_of<'a>(
        &'a self,
        fid: &'a Fid,
        now_ms: u64,
    ) -> BoxFuture<'a, Result<Option<Session>, AccountsError>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT key, fid, expires_ms FROM accounts_sessions
                 WHERE fid = $1 AND expires_ms > $2",
            )
            .bind(fid.as_str())
            .bind(signed(now_ms))
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map(|row| read_session(&row)).transpose()
        })
    }

    fn sign_in(
        &self,
        sign_in: SignIn,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<SignedIn, AccountsError>> {
        self.housekeeping.tell(now_ms);
        self.bounded(async move {
            let SignIn { nonce, amount, candidate, keeps_live } = &sign_in;
            let row = sqlx::query(
                "SELECT outcome, balance, key, fid, expires_ms
                 FROM accounts_sign_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(&candidate.name().0[..])
            .bind(&candidate.key.as_bytes()[..])
            .bind(nonce.fid.as_str())
            .bind(nonce.nonce)
            .bind(signed(nonce.expires_ms))
            .bind(i64::try_from(amount.0).unwrap_or(i64::MAX))
            .bind(signed(candidate.expires_ms))
            .bind(keeps_live)
            .bind(signed(UNPAID_SESSION_MS))
            .bind(signed(now_ms))
            .fetch_one(&self.pool)
            .await
            .map_err(unavailable)?;
            let balance = Balance(get(&row, "balance")?);
            match get::<i32>(&row, "outcome")? {
                0 => Ok(SignedIn::Done { session: read_session(&row)?, balance }),
                1 => Ok(SignedIn::Insufficient(balance)),
                2 => Ok(SignedIn::Replayed(balance)),
                3 => Ok(SignedIn::NameTaken),
                _ => Err(damaged("accounts_sign_in")),
            }
        })
    }

    fn end_session(&self, name: SessionName) -> BoxFuture<'_, Result<(), AccountsError>> {
        self.bounded(async move {
            let query = sqlx::query("DELETE FROM accounts_sessions WHERE name = $1");
            query.bind(&name.0[..]).execute(&self.pool).await.map_err(unavailable)?;
            Ok(())
        })
    }

    fn accept_nonce(
        &self,
        nonce: NonceUse,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<bool, AccountsError>> {
        self.housekeeping.tell(now_ms);
        self.bounded(async move {
            let row = sqlx::query("SELECT accounts_accept_nonce($1, $2, $3, $4) AS accepted")
                .bind(nonce.fid.as_str())
                .bind(nonce.nonce)
                .bind(signed(nonce.expires_ms))
                .bind(signed(now_ms))
                .fetch_one(&self.pool)
                .await
                .map_err(unavailable)?;
            get(&row, "accepted")
        })
    }

    fn charge(&self, charge: Charge, now_ms: u64) -> BoxFuture<'_, Result<Charged, AccountsError>> {
        self.housekeeping.tell(now_ms);
        self.bounded(async move {
            let nonce = &charge.nonce;
            let row =
                sqlx::query("SELECT outcome, balance FROM accounts_charge($1, $2, $3, $4, $5, $6)")
                    .bind(charge.session.as_ref().map(|name| &name.0[..]))
                    .bind(nonce.fid.as_str())
                    .bind(nonce.nonce)
                    .bind(signed(nonce.expires_ms))
                    .bind(signed(now_ms))
                    // No balance covers more than the largest that there can be.
                    .bind(i64::try_from(charge.amount.0).unwrap_or(i64::MAX))
                    .fetch_one(&self.pool)
                    .await
                    .map_err(unavailable)?;
            let balance = Balance(get(&row, "balance")?);
            match get::<i32>(&row, "outcome")? {
                0 => Ok(Charged::Paid(balance)),
                1 => Ok(Charged::Insufficient(balance)),
                2 => Ok(Charged::Replayed(balance)),
                _ => Err(damaged("accounts_charge")),
            }
        })
    }

    fn balance<'a>(&'a self, fid: &'a Fid) -> BoxFuture<'a, Result<Balance, AccountsError>> {
        self.bounded(async move {
            let row = sqlx::query(
                "SELECT credited - charged AS balance FROM accounts_users WHERE fid = $1",
            )
            .bind(fid.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
            row.map_or(Ok(Balance::default()), |row| get(&row, "balance").map(Balance))
        })
    }

    fn credit(&self, order: Order) -> BoxFuture<'_, Result<bool, AccountsError>> {
        self.bounded(async move {
            let overflow = || AccountsError::Overflow { fid: order.from.clone() };
            let row = sqlx::query(
                "SELECT accounts_credit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS is_fresh",
            )
            .bind(&order.cash_id.as_shown()[..])
            .bind(order.from.as_str())
            .bind(order.to.as_str())
            .bind(i64::try_from(order.amount.0).map_err(|_| overflow())?)
            .bind(signed(order.time))
            .bind(&order.txid.as_shown()[..])
            .bind(i64::from(order.index))
            .bind(signed(order.height.0))
            .bind(block_bytes(order.block.as_ref()))
            .bind(order.via.as_deref())
            .fetch_one(&self.pool)
            .await;
            match row {
                Ok(row) => get(&row, "is_fresh"),
                Err(error) if is_out_of_range(&error) => Err(overflow()),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn revoke(&self, orders: Vec<OrderPlace>) -> BoxFuture<'_, Result<u64, AccountsError>> {
        self.bounded(async move {
            let ids: Vec<&[u8]> =
                orders.iter().map(|order| &order.cash_id.as_shown()[..]).collect();
            let heights: Vec<i64> = orders.iter().map(|order| signed(order.height.0)).collect();
            let blocks: Vec<&[u8]> =
                orders.iter().map(|order| block_bytes(order.block.as_ref())).collect();
            let row = sqlx::query("SELECT accounts_revoke($1, $2, $3) AS revoked")
                .bind(ids)
                .bind(heights)
                .bind(blocks)
                .fetch_one(&self.pool)
                .await
                .map_err(unavailable)?;
            unsigned(&row, "revoked")
        })
    }

    fn order(&self, cash_id: CashId) -> BoxFuture<'_, Result<Option<Order>, AccountsError>> {
        self.bounded(async move {
            let row = sqlx::query("SELECT * FROM accounts_orders WHERE cash_id = $1")
                .bind(&cash_id.as_shown()[..])
                .fetch_optional(&self.pool)
                .await
                .map_err(unavailable)?;
            row.map(|row| read_order(&row)).transpose()
        })
    }

    fn orders(
        &self,
        after: Option<OrderPosition>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Order>, AccountsError>> {
        self.bounded(async move {
            let height = after.map_or(-1, |after| signed(after.height.0));
            let cash_id = after.map_or([0; 32], |after| *after.cash_id.as_shown());
            let rows = sqlx::query(
                "SELECT * FROM accounts_orders WHERE (height, cash_id) > ($1, $2)
                 ORDER BY height, cash_id LIMIT $3",
            )
            .bind(height)
            .bind(&cash_id[..])
            .bind(i64::try_from(limit.min(ORDERS_PAGE_MAX)).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
            rows.iter().map(read_order).collect()
        })
    }
}
