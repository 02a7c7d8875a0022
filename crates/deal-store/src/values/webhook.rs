use crate::EventId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Somebody who wants to be told of events by HTTP.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its name: 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    pub id: String,
    /// Whose it is, in the words of whoever registers it.
    pub owner: String,
    /// Where to.
    pub url: String,
    /// What deliveries are signed with. Not part of [`Debug`].
    pub secret: String,
    /// The kinds of events that it wants; all if there are none.
    pub kinds: Vec<String>,
    /// When it was registered, Unix milliseconds.
    pub created_ms: u64,
    /// Whether it is to be told anything.
    pub is_enabled: bool,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("url", &self.url)
            .field("kinds", &self.kinds)
            .field("created_ms", &self.created_ms)
            .field("is_enabled", &self.is_enabled)
            .finish_non_exhaustive()
    }
}

/// An event that a webhook is to be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId {
    /// The event.
    pub event: EventId,
    /// The webhook's name.
    pub webhook: String,
}

/// A delivery that has not succeeded yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What to whom.
    pub id: DeliveryId,
    /// When to try it, or try again, Unix milliseconds.
    pub due_ms: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time; empty if nothing did.
    pub last_error: String,
}

/// The event of a [`DeliveryChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventOf {
    /// The one at this place among the events of the same commit, the first at 0.
    ThisCommit(usize),
    /// One that is stored.
    Stored(EventId),
}

/// A change to what is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryChange {
    /// Deliver, or deliver again: replaces the delivery of the same event to the same webhook.
    Put {
        /// The event.
        event: EventOf,
        /// The webhook's name.
        webhook: String,
        /// When, Unix milliseconds.
        due_ms: u64,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong the last time.
        last_error: String,
    },
    /// It succeeded, or is given up; nothing happens if there is none.
    Remove(DeliveryId),
}
