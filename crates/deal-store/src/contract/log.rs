//! Events, webhooks and deliveries.

use super::{NOW_MS, Outcome, assert_conflict, creation, deal, empty, event};
use crate::{
    Commit, CommitError, Conflict, DealStore, Delivery, DeliveryChange, DeliveryId, EventId,
    EventOf, NewEvent, Webhook, WebhookChange,
};

/// Goal: numbers have no gaps, and events are read after any of them, of all deals or of one.
pub(super) async fn events_are_dense(store: &dyn DealStore) -> Outcome {
    let general =
        NewEvent { deal: None, kind: "started".into(), at_ms: NOW_MS, data: String::new() };
    let mut commit = creation(deal(1));
    commit.events.push(event(&deal(2), "other"));
    assert_eq!(store.commit(commit).await?.events, [EventId(1), EventId(2)]);
    let events = vec![general.clone(), event(&deal(1), "changed")];
    let committed = store.commit(Commit { events, ..empty() }).await?;
    assert_eq!(committed.events, [EventId(3), EventId(4)]);
    assert_eq!(store.last_event().await?, EventId(4));

    let all = store.events(EventId(0), 10).await?;
    assert_eq!(all.iter().map(|event| event.id.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(all[0].event, event(&deal(1), "created"));
    assert_eq!(all[2].event, general);
    assert_eq!(store.events(EventId(1), 2).await?, all[1..3]);
    assert!(store.events(EventId(4), 10).await?.is_empty());
    let of_one = store.events_of(deal(1).code(), EventId(0), 10).await?;
    assert_eq!(of_one, [all[0].clone(), all[3].clone()]);
    assert_eq!(store.events_of(deal(1).code(), EventId(1), 10).await?, all[3..]);
    assert_eq!(store.events_of(deal(1).code(), EventId(0), 1).await?, all[..1]);
    assert!(store.events_of(deal(3).code(), EventId(0), 10).await?.is_empty());
    Ok(())
}

fn put(event: EventOf, webhook: &str, due_ms: u64, attempts: u32) -> DeliveryChange {
    let last_error = if attempts == 0 { String::new() } else { "refused".to_owned() };
    DeliveryChange::Put { event, webhook: webhook.to_owned(), due_ms, attempts, last_error }
}

fn id(event: u64, webhook: &str) -> DeliveryId {
    DeliveryId { event: EventId(event), webhook: webhook.to_owned() }
}

/// Goal: what is to be delivered is due at its time, until it is removed; it may be put off and
/// asked for again.
pub(super) async fn deliveries_wait_until_they_are_done(store: &dyn DealStore) -> Outcome {
    let mut commit = creation(deal(1));
    commit.events.push(event(&deal(1), "paid"));
    commit.deliveries = vec![
        put(EventOf::ThisCommit(0), "b", NOW_MS + 20, 0),
        put(EventOf::ThisCommit(1), "a", NOW_MS + 10, 0),
        put(EventOf::ThisCommit(1), "b", NOW_MS + 10, 0),
    ];
    store.commit(commit).await?;
    let due = async |now_ms: u64, limit: usize| -> Result<Vec<DeliveryId>, CommitError> {
        let due = store.due_deliveries(now_ms, limit).await?;
        Ok(due.into_iter().map(|delivery| delivery.id).collect())
    };
    assert!(due(NOW_MS + 9, 10).await?.is_empty());
    assert_eq!(due(NOW_MS + 10, 10).await?, [id(2, "a"), id(2, "b")]);
    assert_eq!(due(NOW_MS + 99, 10).await?, [id(2, "a"), id(2, "b"), id(1, "b")]);
    assert_eq!(due(NOW_MS + 99, 1).await?, [id(2, "a")]);

    let later = put(EventOf::Stored(EventId(2)), "a", NOW_MS + 50, 1);
    let deliveries = vec![later, DeliveryChange::Remove(id(2, "b"))];
    store.commit(Commit { deliveries, ..empty() }).await?;
    assert_eq!(due(NOW_MS + 49, 10).await?, [id(1, "b")]);
    let expected =
        Delivery { id: id(2, "a"), due_ms: NOW_MS + 50, attempts: 1, last_error: "refused".into() };
    assert_eq!(store.due_deliveries(NOW_MS + 50, 10).await?[1], expected);
    assert_eq!(store.deliveries_of("a", EventId(0), 10).await?, [expected]);
    assert!(store.deliveries_of("a", EventId(2), 10).await?.is_empty());
    assert!(store.deliveries_of("", EventId(0), 10).await?.is_empty());

    let again = DeliveryChange::Remove(id(2, "b"));
    store.commit(Commit { deliveries: vec![again], ..empty() }).await?;
    for event in [0, 3] {
        let unknown = vec![put(EventOf::Stored(EventId(event)), "a", NOW_MS, 0)];
        let refused = store.commit(Commit { deliveries: unknown, ..empty() }).await;
        assert_conflict(refused, &Conflict::Event);
    }
    Ok(())
}

/// Goal: webhooks are written over, listed by name and removed.
pub(super) async fn webhooks_come_and_go(store: &dyn DealStore) -> Outcome {
    let webhook = |id: &str, kinds: &[&str]| Webhook {
        id: id.to_owned(),
        owner: "a shop".into(),
        url: "https://shop.example/hook".into(),
        secret: "a secret of the shop".into(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        created_ms: NOW_MS,
        is_enabled: true,
    };
    let change = |webhooks| store.commit(Commit { webhooks, ..empty() });
    let ids = ["b", "a", "c"];
    change(ids.map(|id| WebhookChange::Put(webhook(id, &[]))).to_vec()).await?;
    change(vec![WebhookChange::Put(webhook("b", &["paid", "completed"]))]).await?;
    assert_eq!(store.webhook("b").await?, Some(webhook("b", &["paid", "completed"])));
    assert_eq!(store.webhook("d").await?, None);
    let page = store.webhooks(None, 2).await?;
    assert_eq!(page.rows.iter().map(|hook| hook.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let page = store.webhooks(page.next.as_deref(), 2).await?;
    assert_eq!((page.rows, page.next), (vec![webhook("c", &[])], None));
    change(vec![WebhookChange::Remove("b".into()), WebhookChange::Remove("d".into())]).await?;
    assert_eq!(store.webhook("b").await?, None);
    let shown = format!("{:?}", webhook("b", &[]));
    assert!(!shown.contains("a secret"), "{shown}");
    Ok(())
}
