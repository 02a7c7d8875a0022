//! The task that makes commits: all that wait go as one transaction.

use crate::{
    error::unavailable,
    known::{lock_and_read, write_numbers},
    writes,
};
use sqlx::PgPool;
use std::time::Duration;
use tally_deal_store::{CommitError, Committed, DealStoreError, Group, Prepared, Wanted};
use tokio::sync::{mpsc, oneshot};

/// Commits of one transaction at most: few enough for it not to keep other servers waiting long.
const GROUP_COMMITS_MAX: usize = 500;

/// Commits that wait at most; beyond it callers are told to come again.
const WAITING_MAX: usize = 20_000;

/// A commit that waits to be decided.
#[derive(Debug)]
struct Task {
    commit: Prepared,
    reply: oneshot::Sender<Result<Committed, CommitError>>,
}

/// Hands commits to the task, which ends with the last of them.
#[derive(Debug)]
pub(crate) struct Writer {
    tasks: mpsc::Sender<Task>,
    within: Duration,
}

impl Writer {
    /// Starts the task. No commit waits longer than `within`, and no group takes longer.
    pub(crate) fn start(pool: PgPool, within: Duration) -> Self {
        let (sender, mut tasks) = mpsc::channel::<Task>(WAITING_MAX);
        tokio::spawn(async move {
            let mut group = vec![];
            while tasks.recv_many(&mut group, GROUP_COMMITS_MAX).await > 0 {
                // Who has given up is told so, and does not find it made later.
                group.retain(|task| !task.reply.is_closed());
                if !group.is_empty() {
                    make(&pool, std::mem::take(&mut group), within).await;
                }
            }
        });
        Self { tasks: sender, within }
    }

    /// Makes a commit.
    pub(crate) async fn commit(&self, commit: Prepared) -> Result<Committed, CommitError> {
        let (reply, answer) = oneshot::channel();
        self.tasks.try_send(Task { commit, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                DealStoreError::Busy { what: "commits wait for the database" }
            }
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        match tokio::time::timeout(self.within, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(closed().into())),
            Err(late) => Err(DealStoreError::Unavailable(Box::new(late)).into()),
        }
    }
}

/// The runtime that the task was on has ended.
fn closed() -> DealStoreError {
    unavailable(sqlx::Error::PoolClosed)
}

/// Makes a group, and answers all of it: who is refused learns it when what he is refused for is
/// durable.
async fn make(pool: &PgPool, tasks: Vec<Task>, within: Duration) {
    let (commits, replies): (Vec<_>, Vec<_>) =
        tasks.into_iter().map(|task| (task.commit, task.reply)).unzip();
    let decided = tokio::time::timeout(within, decide(pool, commits)).await;
    let decided = decided.unwrap_or_else(|_| Err(unavailable(sqlx::Error::PoolTimedOut)));
    match decided {
        Ok(answers) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Who does not wait for the answer any more has its commit all the same.
                let _ = reply.send(answer);
            }
        }
        Err(error) => {
            tracing::warn!(error = describe(&error), commits = replies.len(), "nothing is stored");
            for reply in replies {
                let _ = reply.send(Err(copy(&error).into()));
            }
        }
    }
}

type Decided = Vec<Result<Committed, CommitError>>;

async fn decide(pool: &PgPool, commits: Vec<Prepared>) -> Result<Decided, DealStoreError> {
    let mut transaction = pool.begin().await.map_err(unavailable)?;
    let wanted = Wanted::by(&commits);
    let known = lock_and_read(&mut transaction, &wanted).await?;
    let mut group = Group::over(known);
    let answers = commits.into_iter().map(|commit| group.add(commit)).collect();
    let made = group.made();
    if made == 0 {
        transaction.rollback().await.map_err(unavailable)?;
        return Ok(answers);
    }
    let (writes, version, event) = group.finish();
    writes::clear_expired(&mut transaction, writes.now_ms, made).await?;
    writes::write(&mut transaction, &writes).await?;
    write_numbers(&mut transaction, version, event).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(answers)
}

fn describe(error: &DealStoreError) -> &(dyn std::error::Error + 'static) {
    error
}

/// The same failure for another caller.
fn copy(error: &DealStoreError) -> DealStoreError {
    match error {
        DealStoreError::Busy { what } => DealStoreError::Busy { what },
        DealStoreError::Failed => DealStoreError::Failed,
        DealStoreError::Damaged(damage) => DealStoreError::Damaged(damage.clone()),
        DealStoreError::Unavailable(source) => {
            DealStoreError::Unavailable(source.to_string().into())
        }
    }
}
