use crate::{
    ChainPosition, DeliveryChange, EventId, Expected, FeedbackRecord, NewEvent, SecretChange,
    StoredReply, Version, Webhook,
};
use tally_deal::{Deal, account::Account};

/// The most changes of one commit, all kinds together.
pub const COMMIT_CHANGES_MAX: usize = 10_000;

/// The most bytes of a name or address that rows are found by.
pub const KEY_BYTES_MAX: usize = 255;

/// The most bytes of one deal, account, webhook or feedback as it is stored.
pub const ROW_BYTES_MAX: usize = 512 * 1024;

/// A row that is written over what is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Put<T> {
    /// What must be there now.
    pub expected: Expected,
    /// What is there afterwards.
    pub value: T,
}

impl<T> Put<T> {
    /// Writes a row where there is none.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { expected: Expected::Absent, value }
    }

    /// Writes over what a commit wrote.
    #[must_use]
    pub const fn over(version: Version, value: T) -> Self {
        Self { expected: Expected::At(version), value }
    }
}

/// An account that is written or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountChange {
    /// Its address.
    pub address: String,
    /// What must be there now.
    pub expected: Expected,
    /// What is there afterwards; `None` removes it.
    pub account: Option<Account>,
}

/// A webhook that is written or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChange {
    /// Writes it over the one of the same name, if there is one.
    Put(Webhook),
    /// Removes the one of that name. Nothing happens if there is none. What was to be delivered to
    /// it stays, however much it is, until whoever delivers finds nobody to deliver it to.
    Remove(String),
}

/// Changes that are made together or not at all.
///
/// No row occurs twice in one commit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commit {
    /// The time, Unix milliseconds: what has expired then is not there.
    pub now_ms: u64,
    /// Accounts.
    pub accounts: Vec<AccountChange>,
    /// Deals. A new one is refused if another has its payment address; the code, the parties, the
    /// date and the payment address of a deal never change.
    pub deals: Vec<Put<Deal>>,
    /// FeedbackRecord, over that of the same deal if there is some.
    pub feedback: Vec<FeedbackRecord>,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// Webhooks.
    pub webhooks: Vec<WebhookChange>,
    /// What is to be delivered.
    pub deliveries: Vec<DeliveryChange>,
    /// What the request was answered that the commit carries out; refused if one with the same key
    /// was answered before and has not expired.
    pub reply: Option<StoredReply>,
    /// How far the chain was read.
    pub position: Option<Put<ChainPosition>>,
    /// Secrets.
    pub secrets: Vec<SecretChange>,
}

/// What a commit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The version of everything that it wrote.
    pub version: Version,
    /// The numbers of its events, in order.
    pub events: Vec<EventId>,
}
