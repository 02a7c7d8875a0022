//! How commits are decided: one after another, in memory, over what the store held before the
//! group. For implementations, so that all decide alike.

use crate::{
    AccountRow, ChainPosition, CommitError, Committed, Conflict, DealRow, Delivery, DeliveryChange,
    DeliveryId, Event, EventId, EventOf, Expected, FeedbackRecord, Prepared, ReplyKey, StoredReply,
    Version, Webhook, WebhookChange,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tally_deal::DealCode;
use zeroize::Zeroizing;

/// The value of a secret and its end, Unix milliseconds.
pub type SecretValue = (Zeroizing<Vec<u8>>, Option<u64>);

/// The rows that commits are decided by; what is absent is not there.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Addresses of accounts.
    pub accounts: BTreeSet<String>,
    /// Deals.
    pub deals: BTreeSet<DealCode>,
    /// Payment addresses of deals.
    pub payment_addresses: BTreeSet<String>,
    /// Keys of replies.
    pub replies: BTreeSet<ReplyKey>,
    /// Names of secrets.
    pub secrets: BTreeSet<String>,
    /// Whether the position in the chain is wanted.
    pub position: bool,
}

impl Wanted {
    /// Returns what these commits are decided by, besides the last numbers.
    pub fn by<'a>(commits: impl IntoIterator<Item = &'a Prepared>) -> Self {
        let mut wanted = Self::default();
        for commit in commits {
            wanted.accounts.extend(commit.accounts.iter().map(|change| change.address.clone()));
            for deal in &commit.deals {
                wanted.deals.insert(deal.value.keys.code);
                wanted.payment_addresses.insert(deal.value.keys.payment_address.clone());
            }
            wanted.replies.extend(commit.reply.iter().map(|reply| reply.key.clone()));
            wanted.position |= commit.position.is_some();
            wanted.secrets.extend(commit.secrets.iter().map(|secret| secret.name.clone()));
        }
        wanted
    }
}

/// What is there of the rows that are [`Wanted`].
#[derive(Debug, Default)]
pub struct Known {
    /// Versions of accounts.
    pub accounts: HashMap<String, Version>,
    /// Versions of deals.
    pub deals: HashMap<DealCode, Version>,
    /// Which deals have these payment addresses.
    pub payment_addresses: HashMap<String, DealCode>,
    /// Ends of replies, Unix milliseconds.
    pub replies: HashMap<ReplyKey, u64>,
    /// Versions and ends of secrets.
    pub secrets: HashMap<String, (Version, Option<u64>)>,
    /// Version of the position in the chain.
    pub position: Option<Version>,
    /// The version of the last commit.
    pub last_version: Version,
    /// The number of the last event.
    pub last_event: EventId,
}

/// What is written for a group of commits that are made: the last state of each row.
#[derive(Debug, Default)]
pub struct Writes {
    /// Accounts; `None` removes one.
    pub accounts: BTreeMap<String, (Version, Option<AccountRow>)>,
    /// Deals.
    pub deals: BTreeMap<DealCode, (Version, DealRow)>,
    /// Feedback.
    pub feedback: BTreeMap<DealCode, FeedbackRecord>,
    /// Events, in order.
    pub events: Vec<Event>,
    /// Webhooks; `None` removes one.
    pub webhooks: BTreeMap<String, Option<Webhook>>,
    /// Deliveries; `None` removes one.
    pub deliveries: BTreeMap<DeliveryId, Option<Delivery>>,
    /// Replies.
    pub replies: BTreeMap<ReplyKey, StoredReply>,
    /// The position in the chain.
    pub position: Option<(Version, ChainPosition)>,
    /// Secrets; `None` removes one.
    pub secrets: BTreeMap<String, (Version, Option<SecretValue>)>,
    /// The latest time that a commit brought, Unix milliseconds.
    pub now_ms: u64,
}

/// Commits of which each is decided over those before it.
#[derive(Debug, Default)]
pub struct Group {
    known: Known,
    writes: Writes,
    made: usize,
}

impl Group {
    /// Begins a group over what is there.
    #[must_use]
    pub fn over(known: Known) -> Self {
        Self { known, ..Self::default() }
    }

    /// Returns how many commits are made.
    #[must_use]
    pub const fn made(&self) -> usize {
        self.made
    }

    /// Returns what is to be written, with the last version and event.
    #[must_use]
    pub fn finish(self) -> (Writes, Version, EventId) {
        (self.writes, self.known.last_version, self.known.last_event)
    }

    /// Decides a commit: makes it if all that it expects is there.
    ///
    /// # Errors
    ///
    /// [`CommitError::Conflict`] with the first thing that is not; the group is as it was.
    pub fn add(&mut self, commit: Prepared) -> Result<Committed, CommitError> {
        self.check(&commit).map_err(CommitError::Conflict)?;
        let version = Version(self.known.last_version.0 + 1);
        self.known.last_version = version;
        self.made += 1;
        self.writes.now_ms = self.writes.now_ms.max(commit.now_ms);
        let events = self.add_events(&commit);
        self.add_deliveries(&commit.deliveries, &events);
        self.add_rows(commit, version);
        Ok(Committed { version, events })
    }

    fn check(&self, commit: &Prepared) -> Result<(), Conflict> {
        let known = &self.known;
        for change in &commit.accounts {
            let found = known.accounts.get(&change.address).copied();
            met(change.expected, found, || Conflict::Account(change.address.clone()))?;
        }
        for put in &commit.deals {
            let keys = &put.value.keys;
            let found = known.deals.get(&keys.code).copied();
            met(put.expected, found, || Conflict::Deal(keys.code))?;
            let owner = known.payment_addresses.get(&keys.payment_address);
            if owner.is_some_and(|owner| *owner != keys.code) {
                return Err(Conflict::PaymentAddress(keys.payment_address.clone()));
            }
        }
        for change in &commit.secrets {
            let found = known.secrets.get(&change.name);
            let found = found.filter(|(_, end)| end.is_none_or(|end| end > commit.now_ms));
            let found = found.map(|(version, _)| *version);
            met(change.expected, found, || Conflict::Secret(change.name.clone()))?;
        }
        if let Some(put) = &commit.position {
            met(put.expected, known.position, || Conflict::Position)?;
        }
        if let Some(reply) = &commit.reply
            && known.replies.get(&reply.key).is_some_and(|end| *end > commit.now_ms)
        {
            return Err(Conflict::Reply(reply.key.clone()));
        }
        let is_unknown = |change: &DeliveryChange| match change {
            DeliveryChange::Put { event: EventOf::Stored(event), .. } => {
                event.0 == 0 || *event > known.last_event
            }
            DeliveryChange::Put { event: EventOf::ThisCommit(_), .. }
            | DeliveryChange::Remove(_) => false,
        };
        if commit.deliveries.iter().any(is_unknown) { Err(Conflict::Event) } else { Ok(()) }
    }

    fn add_events(&mut self, commit: &Prepared) -> Vec<EventId> {
        let number = |event: &crate::NewEvent| {
            self.known.last_event.0 += 1;
            let id = self.known.last_event;
            self.writes.events.push(Event { id, event: event.clone() });
            id
        };
        commit.events.iter().map(number).collect()
    }

    fn add_deliveries(&mut self, changes: &[DeliveryChange], events: &[EventId]) {
        for change in changes {
            let (id, delivery) = match change {
                DeliveryChange::Put { event, webhook, due_ms, attempts, last_error } => {
                    let event = match event {
                        // Checked when the commit was prepared.
                        EventOf::ThisCommit(place) => events[*place],
                        EventOf::Stored(event) => *event,
                    };
                    let id = DeliveryId { event, webhook: webhook.clone() };
                    let delivery = Delivery {
                        id: id.clone(),
                        due_ms: *due_ms,
                        attempts: *attempts,
                        last_error: last_error.clone(),
                    };
                    (id, Some(delivery))
                }
                DeliveryChange::Remove(id) => (id.clone(), None),
            };
            self.writes.deliveries.insert(id, delivery);
        }
    }

    fn add_rows(&mut self, commit: Prepared, version: Version) {
        let (known, writes) = (&mut self.known, &mut self.writes);
        for change in commit.accounts {
            match change.row {
                Some(_) => known.accounts.insert(change.address.clone(), version),
                None => known.accounts.remove(&change.address),
            };
            writes.accounts.insert(change.address, (version, change.row));
        }
        for put in commit.deals {
            let keys = &put.value.keys;
            known.deals.insert(keys.code, version);
            known.payment_addresses.insert(keys.payment_address.clone(), keys.code);
            writes.deals.insert(keys.code, (version, put.value));
        }
        for change in commit.secrets {
            match &change.value {
                Some((_, end)) => known.secrets.insert(change.name.clone(), (version, *end)),
                None => known.secrets.remove(&change.name),
            };
            writes.secrets.insert(change.name, (version, change.value));
        }
        if let Some(put) = commit.position {
            known.position = Some(version);
            writes.position = Some((version, put.value));
        }
        if let Some(reply) = commit.reply {
            known.replies.insert(reply.key.clone(), reply.expires_ms);
            writes.replies.insert(reply.key.clone(), reply);
        }
        let feedback = commit.feedback.into_iter().map(|feedback| (feedback.code, feedback));
        writes.feedback.extend(feedback);
        for change in commit.webhooks {
            let (id, webhook) = match change {
                WebhookChange::Put(webhook) => (webhook.id.clone(), Some(webhook)),
                WebhookChange::Remove(id) => (id, None),
            };
            writes.webhooks.insert(id, webhook);
        }
    }
}

fn met(
    expected: Expected,
    found: Option<Version>,
    conflict: impl FnOnce() -> Conflict,
) -> Result<(), Conflict> {
    if expected.is_met(found) { Ok(()) } else { Err(conflict()) }
}
