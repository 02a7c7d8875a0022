//! The thread that stores what the chain changed.

use crate::{Directory, FollowError, Progress, lock::lock, writer::Step};
use std::sync::{Arc, atomic::Ordering, mpsc::Receiver};
use tally_storage::{Batch, Durability};
use tokio::sync::{Notify, mpsc};

/// A step on its way to the store.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) step: Step,
    /// Whether it ends with the last block there is.
    pub(crate) is_at_end: bool,
}

/// Stores steps, and then makes them visible.
pub(crate) struct Committer {
    pub(crate) directory: Arc<Directory>,
    pub(crate) bell: Arc<Notify>,
}

impl Committer {
    /// Runs until no more steps can come.
    pub(crate) fn run(
        &self,
        inbox: &Receiver<Commit>,
        outbox: &mpsc::Sender<Result<(), FollowError>>,
    ) {
        for commit in inbox {
            let result = self.commit(commit);
            let is_over = result.is_err();
            if outbox.blocking_send(result).is_err() || is_over {
                return;
            }
        }
    }

    fn commit(&self, Commit { step, is_at_end }: Commit) -> Result<(), FollowError> {
        let Step { changes, index, tip } = step;
        let directory = &self.directory;
        let mut batch = Batch::new();
        changes.write(&mut batch);
        let mut is_stored_to_end = lock(&directory.is_stored_to_end);
        directory.store.commit(batch, Durability::Synced)?;
        *is_stored_to_end = is_at_end;
        drop(is_stored_to_end);
        directory.published.publish(&index, tip);
        let gauges = &directory.gauges;
        gauges.records.store(tip.records, Ordering::Relaxed);
        gauges.accepted.store(tip.accepted, Ordering::Relaxed);
        if is_at_end {
            gauges.is_caught_up.store(true, Ordering::Release);
        }
        // The accounts are told at the end only: of orders in this step or in those before.
        if is_at_end {
            self.bell.notify_one();
        }
        directory.progress.send_replace(Progress { best: Some(tip.into()), is_at_end });
        Ok(())
    }
}
