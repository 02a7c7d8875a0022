//! The thread that makes changes durable: many under one sync.

use super::{Shared, rows, state::Group};
use crate::{AccountsError, CashId, Order};
use std::{collections::HashSet, sync::PoisonError};
use tally_primitives::BlockNumber;
use tally_storage::{Batch, Durability, Store};
use tokio::sync::oneshot;

/// Orders counted by one commit.
const CREDITS_MAX: usize = 1000;

/// Where the answer to a task goes.
type Reply<T> = oneshot::Sender<Result<T, AccountsError>>;

/// Work that needs the store's content.
#[derive(Debug)]
pub(super) enum Task {
    /// Count an order, once.
    Credit(Box<Order>, Reply<bool>),
    /// Take back the orders above a height.
    Revoke(BlockNumber, Reply<u64>),
}

/// What the tasks of a group came to; told when it is durable.
#[derive(Debug, Default)]
struct Done {
    credits: Vec<(Reply<bool>, Result<bool, AccountsError>)>,
    revoked: Option<(Reply<u64>, u64)>,
}

/// However the writer ends, nobody waits for it any more.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.lock().fail();
        self.0.has_ended.send_replace(true);
    }
}

/// Commits group after group until the accounts are closed or a commit fails.
pub(super) fn run(shared: &Shared, store: &dyn Store, mut nonce_row: u64) {
    let _end = End(shared);
    while let Some(tasks) = next_tasks(shared) {
        let mut batch = Batch::new();
        let written = carry_out(shared, store, tasks, &mut batch).and_then(|(done, group)| {
            fill(&mut batch, &group, nonce_row);
            nonce_row += 1;
            let committed = store.commit(batch, Durability::Synced);
            committed.map_err(|_| AccountsError::Failed).map(|()| (done, group))
        });
        // A failed commit may be on the disk or not: nothing that memory says can be promised.
        let Ok((done, group)) = written else { return };
        tell(done, group);
    }
}

/// Waits until something is to be stored. Returns the tasks of the next group: some credits, or one
/// order to take back; `None` at the end.
fn next_tasks(shared: &Shared) -> Option<Vec<Task>> {
    let mut state = shared.lock();
    while state.is_still() {
        if state.is_closing {
            return None;
        }
        state.is_idle = true;
        state = shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state.is_idle = false;
    let is_revocation = |task: &Task| matches!(task, Task::Revoke(..));
    let run = state.tasks.iter().position(is_revocation).unwrap_or(state.tasks.len());
    let count = run.clamp(usize::from(!state.tasks.is_empty()), CREDITS_MAX);
    Some(state.tasks.drain(..count).collect())
}

/// Does the tasks, and takes in the same moment all other changes that wait: they are one group.
fn carry_out(
    shared: &Shared,
    store: &dyn Store,
    tasks: Vec<Task>,
    batch: &mut Batch,
) -> Result<(Done, Group), AccountsError> {
    let mut done = Done::default();
    let (mut orders, mut revoked) = (vec![], vec![]);
    let mut fresh: HashSet<CashId> = HashSet::new();
    for task in tasks {
        match task {
            Task::Credit(order, reply) => {
                let is_known = rows::order(store, order.cash_id)?.is_some();
                let is_fresh = !is_known && fresh.insert(order.cash_id);
                orders.push((order, reply, is_fresh));
            }
            Task::Revoke(height, reply) => {
                rows::each_order(store, Some(height), |order| revoked.push(order))?;
                done.revoked = Some((reply, revoked.len() as u64));
            }
        }
    }
    let mut state = shared.lock();
    for order in &revoked {
        state.revoke(order);
        rows::delete_order(batch, order);
    }
    for (order, reply, is_fresh) in orders {
        let counted = if is_fresh { state.credit(&order).map(|()| true) } else { Ok(false) };
        if matches!(counted, Ok(true)) {
            rows::put_order(batch, &order);
        }
        done.credits.push((reply, counted));
    }
    Ok((done, state.take_group()))
}

fn fill(batch: &mut Batch, group: &Group, nonce_row: u64) {
    for (fid, money) in &group.money {
        rows::put_money(batch, fid, *money);
    }
    for (name, session) in &group.sessions {
        match session {
            Some(session) => rows::put_session(batch, session),
            None => rows::delete_session(batch, *name),
        }
    }
    if let Some(now_ms) = group.forget_nonces_before {
        rows::forget_nonces(batch, now_ms);
    }
    if !group.nonces.is_empty() {
        rows::put_nonces(batch, &group.nonces, nonce_row);
    }
}

/// Answers everybody whose change is durable now. Who does not listen any more does not mind.
fn tell(done: Done, group: Group) {
    for (reply, counted) in done.credits {
        let _ = reply.send(counted);
    }
    if let Some((reply, count)) = done.revoked {
        let _ = reply.send(Ok(count));
    }
    for waiter in group.waiters {
        let _ = waiter.send(());
    }
}
