//! Takes events to webhooks.
//!
//! Two steps, each of which can be repeated: what happened becomes deliveries, in the same commit
//! as the note how far that went; a delivery is tried until the receiver takes it, and removed then.
//! So every event reaches every webhook that wanted it when it was looked at, at least once, and
//! a receiver knows repeats by the delivery's id.

use super::{
    DELIVERY_HEADER, SIGNATURE_HEADER, WebhookRules, schedule::next_try, target::PublicNames,
    webhook_signature,
};
use crate::{Clock, error::causes};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tally_deal_store::{
    Commit, CommitError, DealStore, DealStoreError, Delivery, DeliveryChange, DeliveryId, Event,
    EventId, EventOf, Expected, SecretChange, Webhook,
};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use zeroize::Zeroizing;

/// Deliveries under way at the same time: in all, to one webhook, and to one that is slow. A receiver
/// that does not answer must not keep the others waiting, so there is a place for each webhook.
const UNDER_WAY_MAX: usize = WEBHOOKS_MAX;
const UNDER_WAY_OF_ONE_MAX: usize = 4;
const UNDER_WAY_OF_SLOW_MAX: usize = 1;

/// How long a receiver takes that is slow.
const SLOW: Duration = Duration::from_secs(2);

/// How long a receiver may take to answer, and to be reached.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Events that become deliveries in one commit: times the webhooks it is within a commit's bounds.
const EVENTS_PAGE: usize = 32;

/// Webhooks that there may be in all.
pub const WEBHOOKS_MAX: usize = 256;

/// Due deliveries looked at at once.
const DUE_PAGE: usize = 512;

/// How many times that is done in a row.
const PAGES_OF_ROUND: usize = 16;

/// How long a delivery is put off whose webhook has no place: at least, and at most.
const PUT_OFF_MIN: Duration = Duration::from_millis(20);
const PUT_OFF_MAX: Duration = Duration::from_secs(600);

/// How often it is looked whether something is due, when nothing happens.
const IDLE: Duration = Duration::from_millis(1_000);

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// The secret that notes up to which event deliveries were made.
const CURSOR: &str = "deal-node/webhooks-done";

/// Longest note of what went wrong, in bytes.
const ERROR_BYTES_MAX: usize = 200;

#[derive(Debug)]
pub(crate) struct Courier {
    store: Arc<dyn DealStore>,
    clock: Arc<dyn Clock>,
    rules: WebhookRules,
    client: Client,
    under_way: BTreeMap<DeliveryId, Instant>,
    /// How long the last try took, by webhook.
    paces: BTreeMap<String, Duration>,
    tries: JoinSet<Tried>,
}

/// How a try ended.
#[derive(Debug)]
struct Tried {
    delivery: Delivery,
    error: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum CourierError {
    #[error("the store cannot be read")]
    Read(#[from] DealStoreError),
    #[error("what was delivered cannot be stored")]
    Commit(#[from] CommitError),
    #[error("the note of what was delivered makes no sense")]
    Cursor,
}

impl Courier {
    /// Makes a courier.
    ///
    /// # Errors
    ///
    /// What the HTTP client says against its settings.
    pub(crate) fn new(
        store: Arc<dyn DealStore>,
        clock: Arc<dyn Clock>,
        rules: WebhookRules,
    ) -> Result<Self, reqwest::Error> {
        let names = PublicNames { allows_loopback: rules.allows_loopback };
        let client = client(names)?;
        let (under_way, paces, tries) = (BTreeMap::new(), BTreeMap::new(), JoinSet::new());
        Ok(Self { store, clock, rules, client, under_way, paces, tries })
    }

    /// Delivers until it is dropped; `news` says that there may be new events.
    pub(crate) async fn run(mut self, mut news: watch::Receiver<EventId>) {
        loop {
            let pause = match self.round().await {
                Ok(()) => IDLE,
                Err(error) => {
                    let cause = causes(&error);
                    tracing::error!(%error, cause, "webhooks are not told anything; trying again");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                Some(tried) = self.tries.join_next(), if !self.tries.is_empty() => {
                    if let Ok(tried) = tried && let Err(error) = self.ended(tried).await {
                        let cause = causes(&error);
                        tracing::error!(%error, cause, "a delivery will be repeated");
                    }
                }
                Ok(()) = news.changed() => {}
                () = sleep(pause) => {}
            }
        }
    }

    async fn round(&mut self) -> Result<(), CourierError> {
        while self.make_deliveries().await? {}
        self.start_tries().await
    }

    /// Makes deliveries of the next events. Returns whether there may be more.
    async fn make_deliveries(&self) -> Result<bool, CourierError> {
        let now_ms = self.clock.now_ms();
        let secret = self.store.secret(CURSOR, now_ms).await?;
        let (expected, done) = match &secret {
            None => (Expected::Absent, EventId(0)),
            Some(secret) => {
                let bytes: Result<[u8; 8], _> = secret.value.as_slice().try_into();
                let done = bytes.map(u64::from_be_bytes).map_err(|_| CourierError::Cursor)?;
                (Expected::At(secret.version), EventId(done))
            }
        };
        let events = self.store.events(done, EVENTS_PAGE).await?;
        let Some(last) = events.last() else { return Ok(false) };
        let last = last.id;
        let page = self.store.webhooks(None, WEBHOOKS_MAX).await?;
        let deliveries = deliveries(&events, &page.rows, now_ms);
        let value = Some((Zeroizing::new(last.0.to_be_bytes().to_vec()), None));
        let secrets = vec![SecretChange { name: CURSOR.to_owned(), expected, value }];
        let commit = Commit { now_ms, deliveries, secrets, ..Commit::default() };
        match self.store.commit(commit).await {
            // Another server made them.
            Ok(_) | Err(CommitError::Conflict(_)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts what is due, as far as there are places.
    ///
    /// What is due is read a page at a time. When it is full of deliveries whose webhooks have no
    /// place those are put off until they may have one, so that the others come into sight.
    async fn start_tries(&mut self) -> Result<(), CourierError> {
        let mut queues: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..PAGES_OF_ROUND {
            let now_ms = self.clock.now_ms();
            let due = self.store.due_deliveries(now_ms, DUE_PAGE).await?;
            let is_full = due.len() >= DUE_PAGE;
            let mut webhooks: BTreeMap<String, Option<Webhook>> = BTreeMap::new();
            let mut changes = vec![];
            for delivery in due {
                if self.tries.len() >= UNDER_WAY_MAX {
                    break;
                }
                if self.under_way.contains_key(&delivery.id) {
                    continue;
                }
                let name = &delivery.id.webhook;
                if !webhooks.contains_key(name) {
                    webhooks.insert(name.clone(), self.store.webhook(name).await?);
                }
                let Some(webhook) = webhooks.get(name).and_then(Option::as_ref) else {
                    // It was removed.
                    changes.push(DeliveryChange::Remove(delivery.id));
                    continue;
                };
                let (pace, places) = self.pace(name);
                if self.under_way.keys().filter(|id| id.webhook == *name).count() < places {
                    self.start(webhook.clone(), delivery).await?;
                } else if is_full {
                    let queue = queues.entry(name.clone()).or_default();
                    *queue = queue.saturating_add(1);
                    changes.push(put_off(delivery, now_ms, pace, *queue, places));
                }
            }
            let is_seen = changes.is_empty() || !is_full;
            if !changes.is_empty() {
                let commit = Commit { now_ms, deliveries: changes, ..Commit::default() };
                self.store.commit(commit).await?;
            }
            if is_seen {
                break;
            }
        }
        Ok(())
    }

    /// How long a webhook's receiver takes, the last time or by now; and how many places it has.
    fn pace(&self, webhook: &str) -> (Duration, usize) {
        let of_it = self.under_way.iter().filter(|(id, _)| id.webhook == webhook);
        let waits = of_it.map(|(_, begun)| begun.elapsed()).max().unwrap_or_default();
        let last = self.paces.get(webhook).copied().unwrap_or_default();
        let pace = waits.max(last).max(PUT_OFF_MIN);
        (pace, if pace < SLOW { UNDER_WAY_OF_ONE_MAX } else { UNDER_WAY_OF_SLOW_MAX })
    }

    /// Tries a delivery.
    async fn start(&mut self, webhook: Webhook, delivery: Delivery) -> Result<(), CourierError> {
        let before = EventId(delivery.id.event.0.saturating_sub(1));
        let Some(event) = self.store.events(before, 1).await?.pop() else {
            return self.remove(delivery.id).await;
        };
        self.under_way.insert(delivery.id.clone(), Instant::now());
        let (client, rules) = (self.client.clone(), self.rules.clone());
        let now_ms = self.clock.now_ms();
        self.tries.spawn(async move {
            let error = post(&client, &rules, &webhook, &event, &delivery, now_ms).await.err();
            Tried { delivery, error }
        });
        Ok(())
    }

    async fn remove(&self, id: DeliveryId) -> Result<(), CourierError> {
        let deliveries = vec![DeliveryChange::Remove(id)];
        let now_ms = self.clock.now_ms();
        self.store.commit(Commit { now_ms, deliveries, ..Commit::default() }).await?;
        Ok(())
    }

    /// Notes how a try ended.
    async fn ended(&mut self, tried: Tried) -> Result<(), CourierError> {
        let Tried { delivery, error } = tried;
        let Delivery { id, attempts, .. } = delivery;
        if let Some(begun) = self.under_way.remove(&id) {
            if self.paces.len() >= 2 * WEBHOOKS_MAX {
                // Most of them are gone; the others' are known soon again.
                self.paces.clear();
            }
            self.paces.insert(id.webhook.clone(), begun.elapsed());
        }
        let attempts = attempts.saturating_add(1);
        let now_ms = self.clock.now_ms();
        let Some(error) = error else { return self.remove(id).await };
        let Some(at) = next_try(attempts, now_ms / 1000) else {
            tracing::warn!(webhook = id.webhook, event = %id.event, error, "a delivery is given up");
            return self.remove(id).await;
        };
        let put = DeliveryChange::Put {
            event: EventOf::Stored(id.event),
            webhook: id.webhook,
            due_ms: at.saturating_mul(1000),
            attempts,
            last_error: error,
        };
        self.store.commit(Commit { now_ms, deliveries: vec![put], ..Commit::default() }).await?;
        Ok(())
    }
}

fn client(names: PublicNames) -> Result<Client, reqwest::Error> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // If somebody else was faster, theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    // A proxy of the environment would look names up itself, and a redirect would lead anywhere.
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .dns_resolver(Arc::new(names))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .user_agent(concat!("deal-server/", env!("CARGO_PKG_VERSION")))
        .build()
}

fn deliveries(events: &[Event], webhooks: &[Webhook], now_ms: u64) -> Vec<DeliveryChange> {
    let wanted = |webhook: &&Webhook, event: &Event| {
        let is_kind = webhook.kinds.is_empty() || webhook.kinds.contains(&event.event.kind);
        webhook.is_enabled && is_kind && event.event.at_ms >= webhook.created_ms
    };
    let of = |event: &Event| -> Vec<DeliveryChange> {
        let asked = webhooks.iter().filter(|webhook| wanted(webhook, event));
        let made = asked.map(|webhook| DeliveryChange::Put {
            event: EventOf::Stored(event.id),
            webhook: webhook.id.clone(),
            due_ms: now_ms,
            attempts: 0,
            last_error: String::new(),
        });
        made.collect()
    };
    events.iter().flat_map(of).collect()
}

/// Puts off a delivery, the `queue`th of those for which its webhook has no place, until the ones
/// before it may be done.
fn put_off(
    delivery: Delivery,
    now_ms: u64,
    pace: Duration,
    queue: u32,
    places: usize,
) -> DeliveryChange {
    let rounds = queue / u32::try_from(places).unwrap_or(1).max(1);
    let pause = pace.saturating_mul(rounds.saturating_add(1)).min(PUT_OFF_MAX);
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    DeliveryChange::Put {
        event: EventOf::Stored(delivery.id.event),
        webhook: delivery.id.webhook,
        due_ms: now_ms.saturating_add(pause_ms),
        attempts: delivery.attempts,
        last_error: delivery.last_error,
    }
}

/// Returns the name of one delivery: the same however often it is repeated.
fn delivery_name(id: &DeliveryId) -> String {
    format!("{}-{}", id.webhook, id.event)
}

/// Returns the body of a delivery.
fn body(webhook: &Webhook, event: &Event, delivery: &Delivery, now_ms: u64) -> String {
    let data = serde_json::from_str(&event.event.data)
        .unwrap_or_else(|_| Value::String(event.event.data.clone()));
    let body = json!({
        "deliveryId": delivery_name(&delivery.id),
        "webhookId": webhook.id,
        "isRedelivery": delivery.attempts > 0,
        "attempt": delivery.attempts.saturating_add(1),
        "type": event.event.kind,
        "eventId": event.id.0,
        "timestamp": event.event.at_ms / 1000,
        "sentAt": now_ms / 1000,
        "code": event.event.deal.map(|code| code.to_string()),
        "data": data,
    });
    body.to_string()
}

async fn post(
    client: &Client,
    rules: &WebhookRules,
    webhook: &Webhook,
    event: &Event,
    delivery: &Delivery,
    now_ms: u64,
) -> Result<(), String> {
    // The rules may have changed since the webhook was registered.
    let url = rules.check(&webhook.url).map_err(|error| error.to_string())?;
    let body = body(webhook, event, delivery, now_ms);
    let request = client
        .post(url)
        .header("Content-Type", "application/json")
        .header(DELIVERY_HEADER, delivery_name(&delivery.id))
        .header(SIGNATURE_HEADER, webhook_signature(&webhook.secret, body.as_bytes()))
        .body(body);
    match request.send().await {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("the receiver answered {}", response.status().as_u16())),
        Err(error) => {
            let mut text = format!("{}: {}", error.without_url(), "the receiver was not reached");
            text.truncate(text.floor_char_boundary(ERROR_BYTES_MAX));
            Err(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use tally_deal_store::{EmbeddedDeals, NewEvent, TABLES, WebhookChange};
    use tally_storage::MemoryStore;
    use tokio::{net::TcpListener, time::timeout};

    /// The client can be made on a machine with nothing on it.
    #[test]
    fn the_client_is_made() {
        let made = client(PublicNames { allows_loopback: false });
        assert!(made.is_ok(), "{made:?}");
    }

    /// Goal: a receiver that does not answer does not keep the others waiting, however much is due
    /// to it. Method: two pages of events for it, then one for another receiver, which is reached
    /// before the first one's time is over.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_receiver_that_hangs_keeps_nobody_waiting() {
        let memory = Arc::new(MemoryStore::new(TABLES));
        let store: Arc<dyn DealStore> = Arc::new(EmbeddedDeals::open(memory).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let now_ms = clock.now_ms();
        let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook = |id: &str, listener: &TcpListener| {
            WebhookChange::Put(Webhook {
                id: id.to_owned(),
                owner: "shop".to_owned(),
                url: format!("http://{}/", listener.local_addr().unwrap()),
                secret: "secret".to_owned(),
                kinds: vec![id.to_owned()],
                created_ms: now_ms,
                is_enabled: true,
            })
        };
        let event = |kind: &str| NewEvent {
            deal: None,
            kind: kind.to_owned(),
            at_ms: now_ms,
            data: "{}".to_owned(),
        };
        let mut events = vec![event("hanging"); 2 * DUE_PAGE];
        events.push(event("other"));
        let webhooks = vec![webhook("hanging", &hanging), webhook("other", &other)];
        store.commit(Commit { now_ms, events, webhooks, ..Commit::default() }).await.unwrap();
        let rules = WebhookRules { allows_loopback: true, ..WebhookRules::default() };
        let courier = Courier::new(Arc::clone(&store), clock, rules).unwrap();
        let (_news, heard) = watch::channel(EventId(0));
        let running = tokio::spawn(courier.run(heard));
        let reached = timeout(ANSWER_TIMEOUT.mul_f32(0.8), other.accept()).await;
        running.abort();
        reached.expect("it is reached in time").unwrap();
        let waiting = store.deliveries_of("hanging", EventId(0), DUE_PAGE).await.unwrap();
        assert_eq!(waiting.len(), DUE_PAGE, "nothing is lost");
    }

    /// What is due to a webhook that was removed goes all at once.
    #[tokio::test]
    async fn deliveries_to_nobody_go() {
        let memory = Arc::new(MemoryStore::new(TABLES));
        let store: Arc<dyn DealStore> = Arc::new(EmbeddedDeals::open(memory).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let now_ms = clock.now_ms();
        let event = || NewEvent { deal: None, kind: "x".into(), at_ms: now_ms, data: "{}".into() };
        let delivery = |event| DeliveryChange::Put {
            event: EventOf::Stored(EventId(event)),
            webhook: "gone".to_owned(),
            due_ms: now_ms,
            attempts: 0,
            last_error: String::new(),
        };
        let events = (0..40).map(|_| event()).collect();
        store.commit(Commit { now_ms, events, ..Commit::default() }).await.unwrap();
        let deliveries = (1..=40).map(delivery).collect();
        let made = store.commit(Commit { now_ms, deliveries, ..Commit::default() }).await.unwrap();
        let mut courier = Courier::new(Arc::clone(&store), clock, WebhookRules::default()).unwrap();
        courier.start_tries().await.unwrap();
        assert!(store.deliveries_of("gone", EventId(0), 100).await.unwrap().is_empty());
        let next = store.commit(Commit { now_ms, ..Commit::default() }).await.unwrap();
        assert_eq!(next.version.0, made.version.0 + 2, "in one commit");
    }
}
