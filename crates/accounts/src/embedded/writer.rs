//! The thread that makes changes durable: many under one sync.

use super::{
    Shared, rows,
    state::{Group, State},
};
use crate::{AccountsError, CashId, Order, OrderPlace};
use std::{collections::BTreeMap, sync::PoisonError};
use tally_storage::{Batch, Durability, Store};
use tokio::sync::oneshot;

/// Tasks done by one commit.
const TASKS_MAX: usize = 1000;

/// Where the answer to a task goes.
type Reply<T> = oneshot::Sender<Result<T, AccountsError>>;

/// Work that needs the store's content.
#[derive(Debug)]
pub(super) enum Task {
    /// Count an order, once.
    Credit(Box<Order>, Reply<bool>),
    /// Take back the orders that are known by these blocks.
    Revoke(Vec<OrderPlace>, Reply<u64>),
}

/// What the tasks of a group came to; told when it is durable.
#[derive(Debug, Default)]
struct Done {
    credits: Vec<(Reply<bool>, Result<bool, AccountsError>)>,
    revoked: Vec<(Reply<u64>, u64)>,
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
            // Orders that are known already change nothing: no sync for that.
            let committed =
                if batch.is_empty() { Ok(()) } else { store.commit(batch, Durability::Synced) };
            committed.map_err(|_| AccountsError::Failed).map(|()| (done, group))
        });
        // A failed commit may be on the disk or not: nothing that memory says can be promised.
        let Ok((done, group)) = written else { return };
        tell(done, group);
    }
}

/// Waits until something is to be stored. Returns the tasks of the next group, in the order
/// in which they came; `None` at the end.
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
    let count = state.tasks.len().min(TASKS_MAX);
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
    let mut orders = Orders::read(store, &tasks)?;
    let mut state = shared.lock();
    for task in tasks {
        match task {
            Task::Credit(order, reply) => {
                let counted = orders.credit(&mut state, *order);
                done.credits.push((reply, counted));
            }
            Task::Revoke(places, reply) => {
                let count = places.iter().filter(|place| orders.revoke(&mut state, place)).count();
                done.revoked.push((reply, count as u64));
            }
        }
    }
    orders.write(batch);
    Ok((done, state.take_group()))
}

/// The orders that a group is about.
#[derive(Debug)]
struct Orders(BTreeMap<CashId, Known>);

/// An order as it is stored, and as it is to be.
#[derive(Debug)]
struct Known {
    before: Option<Order>,
    now: Option<Order>,
}

impl Orders {
    fn read(store: &dyn Store, tasks: &[Task]) -> Result<Self, AccountsError> {
        let mut orders = BTreeMap::new();
        let mut read = |cash_id| {
            let before = rows::order(store, cash_id)?;
            orders.insert(cash_id, Known { now: before.clone(), before });
            Ok(())
        };
        for task in tasks {
            match task {
                Task::Credit(order, _) => read(order.cash_id)?,
                Task::Revoke(places, _) => {
                    places.iter().try_for_each(|place| read(place.cash_id))?;
                }
            }
        }
        Ok(Self(orders))
    }

    /// Counts an order, or notes where it was found this time; says whether it was counted.
    fn credit(&mut self, state: &mut State, order: Order) -> Result<bool, AccountsError> {
        let Some(known) = self.0.get_mut(&order.cash_id) else { return Ok(false) };
        if let Some(now) = &known.now {
            known.now = Some(now.moved_to(&order));
            return Ok(false);
        }
        state.credit(&order)?;
        known.now = Some(order);
        Ok(true)
    }

    /// Takes an order back if it is known by that block; says whether it was.
    fn revoke(&mut self, state: &mut State, place: &OrderPlace) -> bool {
        let Some(known) = self.0.get_mut(&place.cash_id) else { return false };
        let Some(order) = known.now.take_if(|order| order.place() == *place) else { return false };
        state.revoke(&order);
        true
    }

    fn write(self, batch: &mut Batch) {
        for Known { before, now } in self.0.into_values().filter(|known| known.before != known.now)
        {
            if let Some(before) = &before {
                rows::delete_order(batch, before);
            }
            if let Some(now) = &now {
                rows::put_order(batch, now);
            }
        }
    }
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
    for (reply, count) in done.revoked {
        let _ = reply.send(Ok(count));
    }
    for waiter in group.waiters {
        let _ = waiter.send(());
    }
}
