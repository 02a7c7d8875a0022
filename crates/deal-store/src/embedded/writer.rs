//! The thread that makes commits: many under one sync.

use super::{
    Shared,
    fill::{self, Old},
};
use crate::{CommitError, Committed, DealStoreError, EventId, Group, Prepared, Version, Wanted};
use std::sync::PoisonError;
use tally_storage::{Batch, Durability, Store};
use tokio::sync::oneshot;

/// Commits that one sync makes durable at most: few enough for the first of them not to wait long.
const GROUP_COMMITS_MAX: usize = 2000;

/// Where the answer to a commit goes.
pub(super) type Reply = oneshot::Sender<Result<Committed, CommitError>>;

/// A commit that waits to be decided.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) commit: Prepared,
    pub(super) reply: Reply,
}

/// However the writer ends, nobody waits for it any more.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.lock().fail();
        self.0.has_ended.send_replace(true);
    }
}

/// Makes group after group until the deals are closed or a commit of the store fails.
pub(super) fn run(shared: &Shared, store: &dyn Store, mut numbers: (Version, EventId)) {
    let _end = End(shared);
    while let Some(tasks) = next_tasks(shared) {
        // A failed commit may be on the disk or not: nothing that was decided can be promised.
        let Ok(last) = make(store, tasks, numbers) else { return };
        numbers = last;
    }
}

/// Waits until there are commits. Returns those of the next group, in the order in which they came;
/// `None` at the end.
fn next_tasks(shared: &Shared) -> Option<Vec<Task>> {
    let mut queue = shared.lock();
    while queue.tasks.is_empty() {
        if queue.is_closing {
            return None;
        }
        queue.is_idle = true;
        queue = shared.news.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
    queue.is_idle = false;
    let count = queue.tasks.len().min(GROUP_COMMITS_MAX);
    Some(queue.tasks.drain(..count).collect())
}

/// Decides the commits of a group one after another, makes those that are not refused with one
/// sync, and then answers all: who is refused learns it when what he is refused for is durable.
fn make(
    store: &dyn Store,
    tasks: Vec<Task>,
    numbers: (Version, EventId),
) -> Result<(Version, EventId), DealStoreError> {
    let wanted = Wanted::by(tasks.iter().map(|task| &task.commit));
    let (known, old) = Old::read(store, &wanted, numbers)?;
    let mut group = Group::over(known);
    let decided: Vec<_> =
        tasks.into_iter().map(|task| (task.reply, group.add(task.commit))).collect();
    let made = group.made();
    let (writes, version, event) = group.finish();
    if made > 0 {
        let mut batch = Batch::new();
        fill::clear_expired(&mut batch, store, writes.now_ms, made)?;
        fill::fill(&mut batch, store, &writes, &old)?;
        super::rows::put_numbers(&mut batch, version, event);
        store.commit(batch, Durability::Synced).map_err(|_| DealStoreError::Failed)?;
    }
    for (reply, answer) in decided {
        // Who does not wait for the answer any more has its commit all the same.
        let _ = reply.send(answer);
    }
    Ok((version, event))
}
