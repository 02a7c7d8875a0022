//! Orders on their way from the chain to the accounts.
//!
//! # Invariants
//!
//! * Every order of the operator's service that is in the store reaches the accounts: all are
//!   offered at every start, and each as soon as it is stored. Accounts take each output once.
//! * Orders of blocks that were undone are taken back before anything that came later is credited:
//!   the note about it is stored in the same batch as the undoing, and goes only when the accounts
//!   have answered.
//! * Order rows are offered in the order of the chain, by one thread.

use crate::{
    Directory, ReadError,
    follow::{StopSignal, causes},
    lock::lock,
    records::{OrderRow, decode},
    tables::{ORDERS, REVOCATION_KEY, STATE, order_key},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tally_accounts::{Accounts, AccountsError};
use tally_primitives::{BlockNumber, Txid};
use tally_storage::{Batch, Direction, Durability, KeyRange, Store, StoreError};
use tokio::{runtime::Handle, sync::Notify, time::sleep};

/// Orders read at once.
const PAGE_ROWS: usize = 256;

/// The first pause after accounts failed to answer, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Hands orders over until it is stopped.
pub(crate) struct Handover {
    pub(crate) directory: Arc<Directory>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) service: Txid,
    /// Rung when there are new orders, or some were undone.
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
    #[error("it could not be stored that orders were taken back")]
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

    /// Offers all orders after the key `done`, which moves on, and back if blocks were undone.
    async fn catch_up(&self, done: &mut Vec<u8>) -> Result<(), HandoverError> {
        loop {
            if self.stop.is_set() {
                return Ok(());
            }
            self.revoke(done).await?;
            let page = page(&*self.directory.store, &KeyRange::after(done.clone()))?;
            if page.is_empty() {
                return Ok(());
            }
            for (key, row) in page {
                if row.service == self.service {
                    self.credit(row).await?;
                }
                *done = key;
            }
        }
    }

    async fn credit(&self, row: OrderRow) -> Result<(), HandoverError> {
        let order = row.order;
        let (cash, fid, amount) = (order.cash_id, order.from.clone(), order.amount);
        match self.accounts.credit(order).await {
            Ok(is_new) => {
                if is_new {
                    tracing::info!(%cash, %fid, %amount, "a payment is credited");
                    self.directory.gauges.orders.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
            // It would be refused for ever, and must not keep the others waiting.
            Err(error @ AccountsError::Overflow { .. }) => {
                tracing::error!(%cash, %fid, %amount, %error, "a payment cannot be credited");
                Ok(())
            }
            Err(
                error @ (AccountsError::Busy { .. }
                | AccountsError::Failed
                | AccountsError::Unavailable(_)
                | AccountsError::Damaged(_)),
            ) => Err(error.into()),
        }
    }

    /// Takes back what undone blocks credited, if the store says that this is due.
    async fn revoke(&self, done: &mut Vec<u8>) -> Result<(), HandoverError> {
        let store = &*self.directory.store;
        let Some(above) = due_revocation(store)? else { return Ok(()) };
        let revoked = self.accounts.revoke_above(BlockNumber(above)).await?;
        tracing::warn!(above, revoked, "blocks were undone: payments in them are taken back");
        let last_kept = order_key(above, u32::MAX, u32::MAX);
        if *done > last_kept {
            *done = last_kept;
        }
        let guard = lock(&self.directory.revocation);
        // Should deeper blocks have been undone in the meantime, that is due as well.
        if due_revocation(store)? == Some(above) {
            let mut batch = Batch::new();
            batch.delete(STATE, REVOCATION_KEY);
            store.commit(batch, Durability::Synced)?;
        }
        drop(guard);
        Ok(())
    }
}

fn report(error: &HandoverError) {
    let cause = causes(error);
    tracing::error!(%error, cause, "orders of the chain are not credited yet; trying again");
}

fn due_revocation(store: &dyn Store) -> Result<Option<u64>, ReadError> {
    let row = store.get(STATE, REVOCATION_KEY)?;
    row.map(|row| decode(STATE, REVOCATION_KEY, &row)).transpose()
}

/// Reads some orders, in the order of the chain.
pub(crate) fn page(
    store: &dyn Store,
    range: &KeyRange,
) -> Result<Vec<(Vec<u8>, OrderRow)>, ReadError> {
    let rows = store.scan(ORDERS, range, Direction::Forward, PAGE_ROWS)?;
    let read = |entry: tally_storage::Entry| {
        let row = decode(ORDERS, &entry.key, &entry.value)?;
        Ok((entry.key, row))
    };
    rows.into_iter().map(read).collect()
}
