use super::*;
use crate::store::{HISTORY, TABLES};
use tally_storage::MemoryStore;

fn group(key: u8, needs_sync: bool) -> Group {
    let mut group = Group { needs_sync, ..Group::default() };
    group.batch.put(HISTORY, [key], [key]);
    group.effects.push(Effect::Connect(NodeAddress::new([key; 20])));
    group
}

/// Goal: groups that wait share one sync, and their effects keep their order.
#[test]
fn groups_share_a_sync() {
    let store = MemoryStore::new(TABLES);
    let committed = commit(&store, vec![group(1, false), group(2, true), group(3, false)]).unwrap();
    assert_eq!((store.synced_commits(), store.buffered_commits()), (1, 0));
    let order: Vec<String> =
        committed.into_effects().iter().map(|effect| format!("{effect:?}")).collect();
    assert!(order.is_sorted() && order.len() == 3, "{order:?}");
    assert_eq!(store.get(HISTORY, &[3]).unwrap(), Some(vec![3]));
}

/// Goal: what may happen twice does not wait for the disk, and nothing costs nothing.
#[test]
fn a_sync_is_paid_only_where_needed() {
    let store = MemoryStore::new(TABLES);
    assert_eq!(commit(&store, vec![group(1, false)]).unwrap().into_effects().len(), 1);
    assert_eq!((store.synced_commits(), store.buffered_commits()), (0, 1));
    assert_eq!(commit(&store, vec![Group::default()]).unwrap().into_effects().len(), 0);
    assert_eq!((store.synced_commits(), store.buffered_commits()), (0, 1));
}

/// Goal: a failed commit lets nothing happen.
#[test]
fn a_failed_commit_has_no_effects() {
    let store = MemoryStore::new(TABLES);
    store.fail_commit_after(0);
    assert!(commit(&store, vec![group(1, true), group(2, true)]).is_err());
    assert_eq!(store.get(HISTORY, &[1]).unwrap(), None);
}
