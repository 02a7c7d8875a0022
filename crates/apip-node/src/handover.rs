//! Orders on their way from the chain to the accounts.
//!
//! # Invariants
//!
//! * Every order of the operator's service that is in the store reaches the accounts: all are
//!   offered at every start, and each when it is stored. Accounts take each output once.
//! * The accounts are told nothing but what a chain says that the directory has to its end: a
//!   reorganisation is told when the new branch is there, not while it comes.
//! * What is taken back is taken back by name: orders that stood in undone blocks, of which none is
//!   in the chain at the moment of the decision, and only if the accounts know them by those blocks.
//!   What the chain has now is credited first. So the balance of who paid in both branches never
//!   lacks the payment, and no order that another server has found elsewhere is touched.
//! * The note of what was undone is stored in the batch of the undoing, and goes only when the
//!   accounts have answered and nothing was undone since. All of this can be repeated.
//! * The first time that a directory has its chain to the end, it takes back what the accounts have
//!   and the chain does not: of orders that were undone before it existed nobody else tells.

use crate::{
    Directory, OwnService, ReadError,
    directory::read_tip,
    follow::{StopSignal, causes},
    lock::lock,
    records::{OrderRow, Revocation, decode, encode},
    tables::{COMPARED_KEY, ORDERS, REVOCATION_KEY, STATE, order_key},
};
use std::{
    collections::HashSet,
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};
use tally_accounts::{
    Accounts, AccountsError, BoxFuture, CashId, ORDERS_PAGE_MAX, Order, OrderPlace,
};
use tally_primitives::{Fid, Txid};
use tally_storage::{Batch, Direction, Durability, KeyRange, Store, StoreError};
use tokio::{runtime::Handle, sync::Notify, time::sleep};

/// Orders read, and offered, at once.
const PAGE_ROWS: usize = 256;

/// The first pause after accounts failed to answer, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Hands orders over until it is stopped.
pub(crate) struct Handover {
    pub(crate) directory: Arc<Directory>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) service: Txid,
    /// Rung when the directory has its chain to the end.
    pub(crate) bell: Arc<Notify>,
    pub(crate) stop: StopSignal,
}

/// Why orders cannot be handed over.
#[derive(Debug, thiserror::Error)]
enum HandoverError {
    #[error("the accounts did not take an order")]
    Accounts(#[from] AccountsError),
    #[error("the orders could not be read")]
    Read(#[from] ReadError),
    #[error("it could not be stored which orders were taken back")]
    Store(#[from] StoreError),
}

impl Handover {
    /// Runs on a thread of its own: the store blocks, and accounts may take their time.
    pub(crate) fn run(self, runtime: &Handle) {
        let mut done = vec![];
        let mut pause = PAUSE_MIN;
        loop {
            match runtime.block_on(self.catch_up(&mut done)) {
                Ok(()) => {
                    pause = PAUSE_MIN;
                    self.directory.gauges.are_accounts_late.store(false, Ordering::Relaxed);
                    let is_stopped = runtime.block_on(async {
                        tokio::select! {
                            biased;
                            () = self.stop.wait() => true,
                            () = self.bell.notified() => false,
                        }
                    });
                    if is_stopped {
                        return;
                    }
                }
                Err(error) => {
                    self.directory.gauges.are_accounts_late.store(true, Ordering::Relaxed);
                    report(&error);
                    let is_stopped = runtime.block_on(async {
                        tokio::select! {
                            biased;
                            () = self.stop.wait() => true,
                            () = sleep(pause) => false,
                        }
                    });
                    if is_stopped {
                        return;
                    }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Tells the accounts what happened since: offers all orders after the key `done`, which moves
    /// on, and back if blocks were undone.
    async fn catch_up(&self, done: &mut Vec<u8>) -> Result<(), HandoverError> {
        let Some(due) = self.due()? else { return Ok(()) };
        if let Some(note) = &due.note {
            let last_kept = order_key(note.above, u32::MAX, u32::MAX);
            if *done > last_kept {
                *done = last_kept;
            }
        }
        loop {
            let page = page(&*self.directory.store, &KeyRange::after(done.clone()))?;
            let Some((last, _)) = page.last() else { break };
            let last = last.clone();
            let own = page.into_iter().filter(|(_, row)| row.service == self.service);
            self.credit(own.map(|(_, row)| row.order)).await?;
            *done = last;
            if self.stop.is_set() {
                return Ok(());
            }
        }
        if let Some(note) = due.note {
            self.revoke(due.gone, "their blocks were undone").await?;
            self.forget(&note)?;
        }
        if !self.stop.is_set() {
            self.compare().await?;
        }
        Ok(())
    }

    /// Decides what has to be told; `None` while the directory does not have its chain to the end.
    fn due(&self) -> Result<Option<Due>, ReadError> {
        let store = &*self.directory.store;
        // So that the note and the orders are of one moment.
        let is_stored_to_end = lock(&self.directory.is_stored_to_end);
        if !*is_stored_to_end {
            return Ok(None);
        }
        let Some(note) = read_note(store)? else {
            return Ok(Some(Due { note: None, gone: vec![] }));
        };
        let last_kept = order_key(note.above, u32::MAX, u32::MAX);
        let mut back: HashSet<CashId> = HashSet::new();
        each_order(store, KeyRange::after(last_kept), |row| {
            back.insert(row.order.cash_id);
        })?;
        drop(is_stored_to_end);
        let gone = note.undone.iter().filter(|place| !back.contains(&place.cash_id));
        Ok(Some(Due { gone: gone.copied().collect(), note: Some(note) }))
    }

    /// Offers orders, all at once: accounts that know them answer at the cost of a look-up, others
    /// store them under one sync or on several connections.
    async fn credit(&self, orders: impl Iterator<Item = Order>) -> Result<(), HandoverError> {
        let orders: Vec<Order> = orders.collect();
        let calls = orders.iter().map(|order| self.accounts.credit(order.clone())).collect();
        for (order, result) in orders.into_iter().zip(join_all(calls).await) {
            let Order { cash_id: cash, from: fid, amount, .. } = order;
            match result {
                Ok(true) => {
                    tracing::info!(%cash, %fid, %amount, "a payment is credited");
                    self.directory.gauges.orders.fetch_add(1, Ordering::Relaxed);
                }
                Ok(false) => {}
                // It would be refused for ever, and must not keep the others waiting.
                Err(error @ AccountsError::Overflow { .. }) => {
                    tracing::error!(%cash, %fid, %amount, %error, "a payment cannot be credited");
                }
                Err(
                    error @ (AccountsError::Busy { .. }
                    | AccountsError::Failed
                    | AccountsError::Unavailable(_)
                    | AccountsError::Damaged(_)),
                ) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes orders back.
    async fn revoke(&self, gone: Vec<OrderPlace>, why: &str) -> Result<(), HandoverError> {
        for page in gone.chunks(ORDERS_PAGE_MAX) {
            let revoked = self.accounts.revoke(page.to_vec()).await?;
            if revoked > 0 {
                tracing::warn!(revoked, why, "payments are taken back");
            }
        }
        Ok(())
    }

    /// Removes the note, unless more was undone in the meantime: then all of it is told again.
    fn forget(&self, told: &Revocation) -> Result<(), HandoverError> {
        let store = &*self.directory.store;
        let guard = lock(&self.directory.is_stored_to_end);
        if read_note(store)?.as_ref() == Some(told) {
            let mut batch = Batch::new();
            batch.delete(STATE, REVOCATION_KEY);
            store.commit(batch, Durability::Synced)?;
        }
        drop(guard);
        Ok(())
    }

    /// Takes back what the accounts have and the chain does not, once for a directory and a service:
    /// what the service's accounts were paid, at heights that the directory has.
    async fn compare(&self) -> Result<(), HandoverError> {
        let Some(chain) = self.chain_to_compare()? else { return Ok(()) };
        let (mut gone, mut is_whole, mut after) = (vec![], true, None);
        loop {
            let orders = self.accounts.orders(after, ORDERS_PAGE_MAX).await?;
            let Some(last) = orders.last() else { break };
            after = Some(last.position());
            let own = orders.iter().filter(|order| chain.payees.contains(&order.to));
            for order in own {
                if order.height.0 > chain.height {
                    is_whole = false;
                } else if !chain.orders.contains(&order.cash_id) {
                    gone.push(order.place());
                }
            }
            if self.stop.is_set() {
                return Ok(());
            }
        }
        self.revoke(gone, "the chain does not have them").await?;
        if !is_whole {
            // Of blocks that this chain's source does not have yet; again when it has more.
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(STATE, COMPARED_KEY, encode(&self.service));
        self.directory.store.commit(batch, Durability::Synced)?;
        Ok(())
    }

    /// Reads what the accounts have to be compared with; `None` if that was done, or cannot be done
    /// yet, or ever: a source of records brings no payments.
    fn chain_to_compare(&self) -> Result<Option<ChainOrders>, ReadError> {
        let store = &*self.directory.store;
        if let Some(row) = store.get(STATE, COMPARED_KEY)? {
            let compared: Txid = decode(STATE, COMPARED_KEY, &row)?;
            if compared == self.service {
                return Ok(None);
            }
        }
        let OwnService::Known { terms, .. } = &*self.directory.own_service() else {
            return Ok(None);
        };
        let is_stored_to_end = lock(&self.directory.is_stored_to_end);
        let tip = read_tip(store)?.filter(|tip| *is_stored_to_end && tip.block.is_some());
        let Some(tip) = tip else { return Ok(None) };
        let payees = terms.iter().map(|terms| terms.account.clone()).collect();
        let mut chain = ChainOrders { height: tip.height, payees, orders: HashSet::new() };
        each_order(store, KeyRange::all(), |row| {
            chain.orders.insert(row.order.cash_id);
            if row.service == self.service {
                chain.payees.insert(row.order.to);
            }
        })?;
        drop(is_stored_to_end);
        // Without a payee nothing can be said to be this service's.
        Ok((!chain.payees.is_empty()).then_some(chain))
    }
}

/// What the accounts have to be told.
#[derive(Debug)]
struct Due {
    /// What was undone since they were told.
    note: Option<Revocation>,
    /// What of that is in no block of the chain now.
    gone: Vec<OrderPlace>,
}

/// All orders of the chain.
#[derive(Debug)]
struct ChainOrders {
    /// The last block's height.
    height: u64,
    /// Whom the operator's service is paid through.
    payees: HashSet<Fid>,
    /// The orders of all services: several may share accounts.
    orders: HashSet<CashId>,
}

/// Waits for calls that are made at the same time; in their order.
async fn join_all<T: Unpin>(mut calls: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut answers: Vec<Option<T>> = calls.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (call, answer) in calls.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(found) = call.as_mut().poll(context)
            {
                *answer = Some(found);
            }
        }
        if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}

fn report(error: &HandoverError) {
    let cause = causes(error);
    tracing::error!(%error, cause, "orders of the chain are not credited yet; trying again");
}

fn read_note(store: &dyn Store) -> Result<Option<Revocation>, ReadError> {
    let row = store.get(STATE, REVOCATION_KEY)?;
    row.map(|row| decode(STATE, REVOCATION_KEY, &row)).transpose()
}

/// Hands on all orders of a range, in the order of the chain.
pub(crate) fn each_order(
    store: &dyn Store,
    mut range: KeyRange,
    mut take: impl FnMut(OrderRow),
) -> Result<(), ReadError> {
    loop {
        let page = page(store, &range)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        range = range.resume_after(last.clone());
        page.into_iter().for_each(|(_, row)| take(row));
    }
}

/// Reads some orders, in the order of the chain.
fn page(store: &dyn Store, range: &KeyRange) -> Result<Vec<(Vec<u8>, OrderRow)>, ReadError> {
    let rows = store.scan(ORDERS, range, Direction::Forward, PAGE_ROWS)?;
    let read = |entry: tally_storage::Entry| {
        let row = decode(ORDERS, &entry.key, &entry.value)?;
        Ok((entry.key, row))
    };
    rows.into_iter().map(read).collect()
}
