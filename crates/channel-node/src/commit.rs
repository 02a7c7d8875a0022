use crate::{
    effect::Effect,
    perform::Performer,
    store::{OUTBOX_LAST, write},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
};
use tally_primitives::NodeAddress;
use tally_storage::{Batch, Durability, Store, StoreError};

/// What one turn of the owner changed, and what it wants done once that is on disk.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// The changes.
    pub(crate) batch: Batch,
    /// What must wait for them, in order.
    pub(crate) effects: Vec<Effect>,
    /// Whether the changes must survive a loss of power before the effects happen.
    pub(crate) needs_sync: bool,
    /// Its place among all groups; counts from 1.
    pub(crate) number: u64,
    /// The newest outbox number of each peer that got a message.
    outbox_last: BTreeMap<NodeAddress, u64>,
}

impl Group {
    /// Notes that `seq` is now the newest number given to a message for `peer`.
    pub(crate) fn note_outbox(&mut self, peer: NodeAddress, seq: u64) {
        self.outbox_last.insert(peer, seq);
        self.needs_sync = true;
    }

    /// Says whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.effects.is_empty()
    }

    /// Completes the batch.
    pub(crate) fn seal(&mut self) {
        for (peer, last) in std::mem::take(&mut self.outbox_last) {
            write(&mut self.batch, OUTBOX_LAST, *peer.as_bytes(), &last);
        }
    }
}

/// Effects that may happen: the state that justifies them is on disk.
///
/// The only constructor is [`commit`], and [`Performer::perform`] takes nothing else: acting
/// before storing does not compile.
#[derive(Debug)]
#[must_use]
pub(crate) struct Committed(Vec<Effect>);

impl Committed {
    /// Gives up the proof and returns the effects, to be carried out.
    pub(crate) fn into_effects(self) -> Vec<Effect> {
        self.0
    }
}

/// What the committer tells the owner. The numbers only grow.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The newest group that is on disk: reads see it and all before it.
    pub(crate) newest_group: AtomicU64,
}

/// Commits the groups as one batch with at most one sync.
fn commit(store: &dyn Store, groups: Vec<Group>) -> Result<Committed, StoreError> {
    let (mut batch, mut effects, mut needs_sync) = (Batch::new(), vec![], false);
    for group in groups {
        batch.append(group.batch);
        effects.extend(group.effects);
        needs_sync |= group.needs_sync;
    }
    if !batch.is_empty() {
        let durability = if needs_sync { Durability::Synced } else { Durability::Buffered };
        store.commit(batch, durability)?;
    }
    Ok(Committed(effects))
}

/// Commits what the owner hands over and then lets it happen, in order, until the owner is gone.
///
/// While one commit waits for the disk the owner fills the next group, and all that wait go into
/// one batch: the busier the node, the more work shares a sync.
///
/// # Errors
///
/// [`StoreError`] of the first commit that failed. Nothing of it happened, nor of what came later;
/// what the owner has in memory is ahead of the disk, so the node must stop.
pub(crate) fn run(
    store: &Arc<dyn Store>,
    groups: &Receiver<Group>,
    performer: &mut Performer,
    progress: &Progress,
) -> Result<(), StoreError> {
    while let Ok(first) = groups.recv() {
        let mut waiting = vec![first];
        waiting.extend(groups.try_iter());
        let newest = waiting.last().map_or(0, |group| group.number);
        let committed = commit(store.as_ref(), waiting)?;
        progress.newest_group.store(newest, Ordering::Release);
        performer.perform(committed);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
