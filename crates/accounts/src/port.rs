use crate::{AccountsError, CashId, Order, OrderPlace, OrderPosition, Session, SessionName};
use std::{fmt, future::Future, pin::Pin};
use tally_primitives::{Fid, Satoshi};

/// A future that a trait object returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The most orders of one page.
pub const ORDERS_PAGE_MAX: usize = 1000;

/// How long a session of a user lives at most who never paid: a day, in milliseconds. Anybody can
/// make a key, so such sessions cost nothing; who paid has them as long as the service says.
pub const UNPAID_SESSION_MS: u64 = 86_400_000;

/// Sessions of users who never paid, at a time. Beyond it the one that ends first goes.
pub const UNPAID_SESSIONS_MAX: usize = 100_000;

/// What a user has left, in satoshi. Below zero after the chain took back an order whose money was
/// spent already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Balance(pub i64);

impl Balance {
    /// Says whether the balance is at least `amount`.
    #[must_use]
    pub fn covers(self, amount: Satoshi) -> bool {
        u64::try_from(self.0).is_ok_and(|balance| balance >= amount.0)
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Who comes with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The session.
    pub session: Session,
    /// What the user has left.
    pub balance: Balance,
    /// Whether the user's nonce was used before. A hint that saves work: only
    /// [`charge`](Accounts::charge) decides.
    pub is_nonce_used: bool,
}

/// A number that a user may use once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceUse {
    /// The user. Nonces of different users have nothing to do with each other.
    pub fid: Fid,
    /// The number.
    pub nonce: i64,
    /// From when on it may be used again, Unix milliseconds.
    pub expires_ms: u64,
}

/// The end of an authentic request: its nonce and its price, together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The user's session, if there is one: it ends if the money does not suffice.
    pub session: Option<SessionName>,
    /// The user and the request's nonce.
    pub nonce: NonceUse,
    /// What the answer costs; nothing for an answer that is free.
    pub amount: Satoshi,
}

/// What became of a [`Charge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// The nonce is used and the money is taken; this is left.
    Paid(Balance),
    /// The balance does not cover the amount: nothing is taken. The nonce is used and the session
    /// has ended; this is left.
    Insufficient(Balance),
    /// The nonce was used before: nothing is taken; this is left.
    Replayed(Balance),
}

/// A sign-in: its nonce, its price and its session, together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The user and the request's nonce.
    pub nonce: NonceUse,
    /// What it costs; nothing if it is free.
    pub amount: Satoshi,
    /// The same user's session that is to be opened, with a key that was just drawn.
    pub candidate: Session,
    /// Whether a live session of the user stays and is returned in place of the candidate.
    pub keeps_live: bool,
}

/// What became of a [`SignIn`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedIn {
    /// The nonce is used and the money is taken.
    Done {
        /// The user's only session now: the candidate, or the one that was live and stays.
        session: Session,
        /// What is left.
        balance: Balance,
    },
    /// The balance does not cover the amount: nothing has changed, the nonce is not used; this is
    /// left.
    Insufficient(Balance),
    /// The nonce was used before: nothing has changed; this is left.
    Replayed(Balance),
    /// Another user's live session has the candidate's name: nothing has changed. Draw another key.
    NameTaken,
}

/// Sessions, nonces, balances and orders of all users.
///
/// Object safe. Callers bring the time, in Unix milliseconds; of several servers that share
/// accounts, each brings its own.
///
/// # Requirements
///
/// * *Durability.* What a call changed survives the loss of power when its future resolves to `Ok`.
///   What a call learned may come from a change that is not durable yet.
/// * *Once.* Of all calls that bring the same user and nonce before it expires, from any number of
///   servers at the same time, exactly one is told that it was not used before.
/// * *Exact.* For every user, at any moment, also after any crash: the balance is the sum of the
///   user's orders less the sum of what charges took. No charge takes a balance below zero,
///   from any number of servers at the same time.
/// * *Whole.* A nonce and its charge are stored together or not at all; so are an order and its
///   credit.
/// * *Failure.* After `Err` a change was made whole or not at all, and the caller does not know
///   which; repeating it does no harm, as nonces and cash ids are taken once.
/// * *Cancellation.* Dropping a future leaves its change made or not made, never half made.
/// * *Bounded.* Nothing grows without a limit with the number of requests: expired sessions and
///   nonces are forgotten, and with them users who never paid. A session of such a user lives for
///   [`UNPAID_SESSION_MS`] at most, and there are [`UNPAID_SESSIONS_MAX`] of them, or for some
///   seconds a few more.
pub trait Accounts: fmt::Debug + Send + Sync {
    /// Returns the live session of that name and its user's state, or `None`. `nonce` is the one
    /// that the request brings, if it brings one.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn look_up(
        &self,
        name: SessionName,
        nonce: Option<i64>,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<Option<Visitor>, AccountsError>>;

    /// Returns the user's live session, or `None`.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn session_of<'a>(
        &'a self,
        fid: &'a Fid,
        now_ms: u64,
    ) -> BoxFuture<'a, Result<Option<Session>, AccountsError>>;

    /// Signs a user in: uses the nonce, takes the price, and opens the session or finds the live
    /// one, all or nothing.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn sign_in(
        &self,
        sign_in: SignIn,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<SignedIn, AccountsError>>;

    /// Ends a session; nothing happens if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn end_session(&self, name: SessionName) -> BoxFuture<'_, Result<(), AccountsError>>;

    /// Uses a nonce; `false` if it was used before and has not expired.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn accept_nonce(
        &self,
        nonce: NonceUse,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<bool, AccountsError>>;

    /// Ends an authentic request: uses its nonce, and takes its price if the balance covers it.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn charge(&self, charge: Charge, now_ms: u64) -> BoxFuture<'_, Result<Charged, AccountsError>>;

    /// Returns what a user has left; zero for one who is not known.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn balance<'a>(&'a self, fid: &'a Fid) -> BoxFuture<'a, Result<Balance, AccountsError>>;

    /// Credits an order to its payer. `false`, and no money moves, if its output was counted before:
    /// then the order is known from now on by the block that it was found in this time.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn credit(&self, order: Order) -> BoxFuture<'_, Result<bool, AccountsError>>;

    /// Forgets orders and takes back what they credited, because the chain has left their blocks.
    /// Only those that are known by exactly the given block: what was found in another one since,
    /// by whichever server, stays. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn revoke(&self, orders: Vec<OrderPlace>) -> BoxFuture<'_, Result<u64, AccountsError>>;

    /// Returns the order that an output paid, or `None`.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn order(&self, cash_id: CashId) -> BoxFuture<'_, Result<Option<Order>, AccountsError>>;

    /// Returns up to `limit` orders, at most [`ORDERS_PAGE_MAX`], in ascending order of position,
    /// that stand after the given one.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    fn orders(
        &self,
        after: Option<OrderPosition>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Order>, AccountsError>>;

    /// Says whether the accounts have ended: every call fails from then on, until they are opened
    /// again. Those that a server of their own keeps never do.
    fn have_ended(&self) -> bool {
        false
    }

    /// Waits until the accounts [have ended](Self::have_ended).
    fn ended(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
