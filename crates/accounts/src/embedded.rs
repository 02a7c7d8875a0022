mod nonces;
mod rows;
mod state;
mod writer;

pub use rows::TABLES;

use crate::{
    Accounts, AccountsError, Balance, BoxFuture, CashId, Charge, Charged, Damage, NonceUse,
    ORDERS_PAGE_MAX, Order, OrderPlace, OrderPosition, Session, SessionName, SignIn, SignedIn,
    Visitor,
};
use state::State;
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};
use tally_primitives::Fid;
use tally_storage::Store;
use tokio::sync::{oneshot, watch};
use writer::Task;

/// Accounts in memory and in a store that belongs to this process.
///
/// Every call is decided in memory, behind a lock that is held for some look-ups and never while
/// anything waits. What calls change is stored by one thread, all that waits under one sync, and
/// each call returns when its group is on the disk: so the number of charges a second does not
/// depend on how long a sync takes, as long as enough users ask at a time.
///
/// When a commit fails, everything fails from then on and the accounts
/// [have ended](Accounts::have_ended): the owner ends, and starts again from the disk.
/// Dropping the accounts stores what waits.
#[derive(Debug)]
pub struct EmbeddedAccounts {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the writer.
    news: Condvar,
    /// Whether nothing is promised any more.
    has_ended: watch::Sender<bool>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in the middle of a change could leave it half made: nothing is promised then.
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = PoisonError::into_inner(poisoned);
            state.fail();
            self.has_ended.send_replace(true);
            state
        })
    }

    /// Reads what memory says, unless it may be ahead of the disk for good.
    fn read<'a, T: Send + 'a>(
        &self,
        read: impl FnOnce(&State) -> T,
    ) -> BoxFuture<'a, Result<T, AccountsError>> {
        let state = self.lock();
        let found = if state.is_failed { Err(AccountsError::Failed) } else { Ok(read(&state)) };
        Box::pin(std::future::ready(found))
    }

    /// Makes a change in memory, and waits until it is on the disk if it is one.
    async fn change<T: Send>(
        &self,
        change: impl FnOnce(&mut State) -> Result<(T, bool), AccountsError> + Send,
    ) -> Result<T, AccountsError> {
        let (value, stored) = {
            let mut state = self.lock();
            state.check()?;
            let (value, is_change) = change(&mut state)?;
            if !is_change {
                return Ok(value);
            }
            let stored = state.wait();
            self.wake(&state);
            (value, stored)
        };
        stored.await.map_err(|_| AccountsError::Failed)?;
        Ok(value)
    }

    /// Hands work to the writer and waits for its answer.
    async fn hand_over<T: Send>(
        &self,
        task: impl FnOnce(oneshot::Sender<Result<T, AccountsError>>) -> Task + Send,
    ) -> Result<T, AccountsError> {
        let answer = {
            let mut state = self.lock();
            state.check()?;
            let (reply, answer) = oneshot::channel();
            state.tasks.push(task(reply));
            self.wake(&state);
            answer
        };
        answer.await.map_err(|_| AccountsError::Failed)?
    }

    fn wake(&self, state: &State) {
        if state.is_idle {
            self.news.notify_one();
        }
    }
}

impl EmbeddedAccounts {
    /// Reads the accounts of a store that has [`TABLES`], and perhaps others' tables, and checks that the orders of every user
    /// add up to what the user was credited.
    ///
    /// # Errors
    ///
    /// [`AccountsError::Unavailable`] if the store cannot be read, [`AccountsError::Damaged`] if it
    /// is a newer program's or contradicts itself.
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, AccountsError> {
        rows::prepare(&*store)?;
        let (state, nonce_row) = recover(&*store)?;
        let shared = Arc::new(Shared { state: Mutex::new(state), ..Shared::default() });
        let (own_shared, own_store) = (Arc::clone(&shared), Arc::clone(&store));
        let writer = std::thread::Builder::new()
            .name("accounts".into())
            .spawn(move || writer::run(&own_shared, &*own_store, nonce_row))
            .expect("the system starts threads");
        Ok(Self { shared, store, writer: Some(writer) })
    }
}

impl Drop for EmbeddedAccounts {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.is_closing = true;
            self.shared.news.notify_one();
        }
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported when it happened.
            let _ = writer.join();
        }
    }
}

fn recover(store: &dyn Store) -> Result<(State, u64), AccountsError> {
    let mut state = State::default();
    let mut credited: HashMap<Fid, i64> = HashMap::new();
    rows::each_money(store, |fid, money| {
        credited.insert(fid.clone(), money.credited);
        state.restore_money(fid, money);
    })?;
    let mut ordered: HashMap<Fid, i64> = HashMap::new();
    rows::each_order(store, |order| {
        let sum = ordered.entry(order.from).or_default();
        *sum = sum.saturating_add(i64::try_from(order.amount.0).unwrap_or(i64::MAX));
    })?;
    for fid in credited.keys().chain(ordered.keys()) {
        let credited = credited.get(fid).copied().unwrap_or(0);
        let ordered = ordered.get(fid).copied().unwrap_or(0);
        if credited != ordered {
            let damage = Damage::Sum { fid: fid.clone(), credited, ordered };
            return Err(AccountsError::Damaged(damage));
        }
    }
    rows::each_session(store, |session| state.restore_session(session))?;
    let nonce_row = rows::each_nonce(store, |nonce| state.restore_nonce(nonce))?;
    Ok((state, nonce_row))
}

impl Accounts for EmbeddedAccounts {
    fn look_up(
        &self,
        name: SessionName,
        nonce: Option<i64>,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<Option<Visitor>, AccountsError>> {
        self.shared.read(|state| state.look_up(name, nonce, now_ms))
    }

    fn session_of<'a>(
        &'a self,
        fid: &'a Fid,
        now_ms: u64,
    ) -> BoxFuture<'a, Result<Option<Session>, AccountsError>> {
        self.shared.read(|state| state.session_of(fid, now_ms))
    }

    fn sign_in(
        &self,
        sign_in: SignIn,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<SignedIn, AccountsError>> {
        Box::pin(self.shared.change(move |state| {
            let signed_in = state.sign_in(&sign_in, now_ms)?;
            let is_change = matches!(signed_in, SignedIn::Done { .. });
            Ok((signed_in, is_change))
        }))
    }

    fn end_session(&self, name: SessionName) -> BoxFuture<'_, Result<(), AccountsError>> {
        Box::pin(self.shared.change(move |state| Ok(((), state.end_session(name)))))
    }

    fn accept_nonce(
        &self,
        nonce: NonceUse,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<bool, AccountsError>> {
        Box::pin(self.shared.change(move |state| {
            let is_fresh = state.accept_nonce(&nonce, now_ms)?.is_some();
            Ok((is_fresh, is_fresh))
        }))
    }

    fn charge(&self, charge: Charge, now_ms: u64) -> BoxFuture<'_, Result<Charged, AccountsError>> {
        Box::pin(self.shared.change(move |state| {
            let charged = state.charge(&charge, now_ms)?;
            Ok((charged, !matches!(charged, Charged::Replayed(_))))
        }))
    }

    fn balance<'a>(&'a self, fid: &'a Fid) -> BoxFuture<'a, Result<Balance, AccountsError>> {
        self.shared.read(|state| state.balance(fid))
    }

    fn credit(&self, order: Order) -> BoxFuture<'_, Result<bool, AccountsError>> {
        Box::pin(self.shared.hand_over(move |reply| Task::Credit(Box::new(order), reply)))
    }

    fn revoke(&self, orders: Vec<OrderPlace>) -> BoxFuture<'_, Result<u64, AccountsError>> {
        Box::pin(self.shared.hand_over(move |reply| Task::Revoke(orders, reply)))
    }

    fn order(&self, cash_id: CashId) -> BoxFuture<'_, Result<Option<Order>, AccountsError>> {
        Box::pin(std::future::ready(rows::order(&*self.store, cash_id)))
    }

    fn orders(
        &self,
        after: Option<OrderPosition>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Order>, AccountsError>> {
        let orders = rows::orders(&*self.store, after, limit.min(ORDERS_PAGE_MAX));
        Box::pin(std::future::ready(orders))
    }

    fn have_ended(&self) -> bool {
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
