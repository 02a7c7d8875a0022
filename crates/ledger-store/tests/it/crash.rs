//! Disks that fail: all of a change or nothing.

use crate::{
    histories::{Change, any_event, apply, begin},
    model::Model,
    world::{World, open},
};
use proptest::prelude::*;
use std::sync::Arc;
use tally_ledger_store::{CommitError, LedgerStore};
use tally_storage::{Durability, MemoryDisk};

fn attempt(
    change: &Change,
    ledger: &LedgerStore,
    durability: Durability,
) -> Result<(), CommitError> {
    match change {
        Change::Accept(new) => ledger.accept(new).map(drop),
        Change::Commit(commit) => ledger.commit((**commit).clone(), durability).map(drop),
        Change::Propose(height, block) => {
            ledger.add_undecided(*height, Arc::clone(block));
            Ok(())
        }
        Change::Restart => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Law: a change whose commit fails leaves no trace, in the running ledger or after a restart,
    /// and succeeds when it is repeated.
    #[test]
    fn a_failed_commit_leaves_no_trace(events in prop::collection::vec(any_event(), 0..12)) {
        let disk = MemoryDisk::default();
        let (mut ledger, mut store) = open(&disk);
        let (mut world, mut model) = (World::new(), Model::default());
        let mut changes = vec![begin(&world, &mut model)];
        for event in &events {
            for change in std::mem::take(&mut changes) {
                attempt(&change, &ledger, Durability::Synced).unwrap();
            }
            let before = model.clone();
            changes = apply(event, &mut world, &mut model);
            store.fail_commits(true);
            let failed = changes.first().map(|first| attempt(first, &ledger, Durability::Synced));
            store.fail_commits(false);
            let mut expected = before;
            if let Some(Ok(())) = failed {
                // Nothing had to be written, as for a proposal.
                expected = model.clone();
            } else {
                expected.known.clone_from(&model.known);
            }
            if event_restarts(&changes) {
                (ledger, store) = open(&disk);
            }
            expected.check(&ledger);
        }
        for change in &changes {
            attempt(change, &ledger, Durability::Synced).unwrap();
        }
        model.check(&ledger);
    }

    /// Law: a loss of power undoes the changes since the last one that was synced, and nothing else.
    #[test]
    fn a_loss_of_power_leaves_the_last_synced_state(
        events in prop::collection::vec((any_event(), any::<bool>()), 0..12),
    ) {
        let disk = MemoryDisk::default();
        let (ledger, _) = open(&disk);
        let (mut world, mut model) = (World::new(), Model::default());
        attempt(&begin(&world, &mut model), &ledger, Durability::Synced).unwrap();
        let mut synced = model.clone();
        for (event, is_synced) in &events {
            let durability = if *is_synced { Durability::Synced } else { Durability::Buffered };
            for change in apply(event, &mut world, &mut model) {
                if !matches!(change, Change::Restart) {
                    attempt(&change, &ledger, durability).unwrap();
                }
                let writes = match &change {
                    // Only the first of two acceptances writes.
                    Change::Accept(_) => true,
                    Change::Commit(_) => *is_synced,
                    Change::Propose(..) | Change::Restart => false,
                };
                if writes {
                    synced = model.clone();
                }
            }
        }
        disk.lose_power();
        synced.known.clone_from(&model.known);
        synced.undecided.clear();
        synced.check(&open(&disk).0);
    }
}

fn event_restarts(changes: &[Change]) -> bool {
    changes.iter().any(|change| matches!(change, Change::Restart))
}
