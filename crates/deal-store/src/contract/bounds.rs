//! What a store refuses.

use super::{NOW_MS, Outcome, creation, deal, empty, event, opening};
use crate::{
    COMMIT_CHANGES_MAX, Commit, CommitError, DealStore, DeliveryChange, EventId, EventOf, Expected,
    KEY_BYTES_MAX, SECRET_BYTES_MAX, SecretChange, StoredReply,
};
use zeroize::Zeroizing;

/// Goal: nothing that is beyond a bound is stored, and what else is committed at the same time is
/// not harmed.
pub(super) async fn what_is_too_large_is_refused(store: &dyn DealStore) -> Outcome {
    let long = "x".repeat(KEY_BYTES_MAX + 1);
    let reply = super::small::reply("shop", "key", "made");
    let with_events = |events| Commit { events, ..empty() };
    let mut kind = event(&deal(1), &long);
    let mut zero = opening(1, None);
    zero.address = "a\0b".into();
    let mut data = event(&deal(1), "made");
    data.data = "x".repeat(crate::EVENT_DATA_BYTES_MAX + 1);
    let mut empty_kind = event(&deal(1), "");
    empty_kind.deal = None;
    let delivery = DeliveryChange::Put {
        event: EventOf::ThisCommit(1),
        webhook: "a".into(),
        due_ms: NOW_MS,
        attempts: 0,
        last_error: String::new(),
    };
    let secret = SecretChange {
        name: "s".into(),
        expected: Expected::Any,
        value: Some((Zeroizing::new(vec![0; SECRET_BYTES_MAX + 1]), None)),
    };
    let many = vec![event(&deal(1), "made"); COMMIT_CHANGES_MAX + 1];
    let mut key = reply.clone();
    key.key.key = long;
    let bad = [
        with_events(vec![kind.clone()]),
        with_events(vec![data]),
        with_events(vec![empty_kind]),
        with_events(many),
        Commit { accounts: vec![zero], ..empty() },
        Commit { deliveries: vec![delivery], events: vec![event(&deal(1), "made")], ..empty() },
        Commit { secrets: vec![secret], ..empty() },
        Commit { reply: Some(key), ..empty() },
        Commit {
            reply: Some(StoredReply { reply: vec![0; crate::REPLY_BYTES_MAX + 1], ..reply }),
            ..empty()
        },
    ];
    for commit in bad {
        let refused = store.commit(commit).await;
        assert!(matches!(refused, Err(CommitError::Invalid { .. })), "{refused:?}");
    }
    assert_eq!(store.last_event().await?, EventId(0));
    kind.kind.pop();
    let mut commit = creation(deal(1));
    commit.events.push(kind);
    store.commit(commit).await?;
    Ok(())
}
