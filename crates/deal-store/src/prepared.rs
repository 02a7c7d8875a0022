//! Commits, checked and encoded by whoever makes them, so that the one who stores them has less to
//! do.

use crate::{
    AccountChange, COMMIT_CHANGES_MAX, ChainPosition, Commit, CommitError, Damage, DealKeys,
    DealStoreError, DeliveryChange, EVENT_DATA_BYTES_MAX, EventOf, Expected, FeedbackRecord,
    KEY_BYTES_MAX, NewEvent, Put, RECENT_BLOCKS_MAX, REPLY_BYTES_MAX, ROW_BYTES_MAX,
    SECRET_BYTES_MAX, SecretChange, StoredReply, Webhook, WebhookChange,
};
use serde::{Serialize, de::DeserializeOwned};
use tally_deal::{Deal, Request};

/// The most bytes of a deal's site.
const SITE_BYTES_MAX: usize = Request::URL_BYTES_MAX;

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The address of the module that registered it.
    pub module: Option<String>,
    /// The account as JSON.
    pub body: Vec<u8>,
}

/// A deal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealRow {
    /// What it is found by.
    pub keys: DealKeys,
    /// The deal as JSON.
    pub body: Vec<u8>,
}

/// A change to an account.
#[derive(Debug)]
pub(crate) struct PreparedAccount {
    pub(crate) address: String,
    pub(crate) expected: Expected,
    pub(crate) row: Option<AccountRow>,
}

/// A [`Commit`] that is within its bounds, encoded; for implementations.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) now_ms: u64,
    pub(crate) accounts: Vec<PreparedAccount>,
    pub(crate) deals: Vec<Put<DealRow>>,
    pub(crate) feedback: Vec<FeedbackRecord>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) webhooks: Vec<WebhookChange>,
    pub(crate) deliveries: Vec<DeliveryChange>,
    pub(crate) reply: Option<StoredReply>,
    pub(crate) position: Option<Put<ChainPosition>>,
    pub(crate) secrets: Vec<SecretChange>,
}

impl Prepared {
    /// Checks a commit and encodes what it holds.
    ///
    /// # Errors
    ///
    /// [`CommitError::Invalid`].
    pub fn new(commit: Commit) -> Result<Self, CommitError> {
        check_count(&commit)?;
        let prepared = Self {
            now_ms: commit.now_ms,
            accounts: commit.accounts.into_iter().map(prepare_account).collect::<Result<_, _>>()?,
            deals: commit.deals.into_iter().map(prepare_deal).collect::<Result<_, _>>()?,
            feedback: commit.feedback,
            events: commit.events,
            webhooks: commit.webhooks,
            deliveries: commit.deliveries,
            reply: commit.reply,
            position: commit.position,
            secrets: commit.secrets,
        };
        prepared.check()?;
        Ok(prepared)
    }

    fn check(&self) -> Result<(), CommitError> {
        self.feedback.iter().try_for_each(|feedback| {
            check_key("the seller of feedback", &feedback.seller)?;
            check_key("the customer of feedback", &feedback.customer)?;
            check_text("a feedback's comments", &feedback.comments, ROW_BYTES_MAX)
        })?;
        self.events.iter().try_for_each(|event| {
            check_key("an event's kind", &event.kind)?;
            check_text("an event's data", &event.data, EVENT_DATA_BYTES_MAX)
        })?;
        self.webhooks.iter().try_for_each(|change| match change {
            WebhookChange::Put(webhook) => check_webhook(webhook),
            WebhookChange::Remove(id) => check_key("a webhook's name", id),
        })?;
        let events = self.events.len();
        self.deliveries.iter().try_for_each(|change| check_delivery(change, events))?;
        self.reply.iter().try_for_each(check_reply)?;
        if let Some(position) = &self.position
            && position.value.recent.len() > RECENT_BLOCKS_MAX
        {
            return Err(too_large("a position in the chain"));
        }
        self.secrets.iter().try_for_each(|secret| {
            check_key("a secret's name", &secret.name)?;
            match &secret.value {
                Some((value, _)) if value.len() > SECRET_BYTES_MAX => Err(too_large("a secret")),
                Some(_) | None => Ok(()),
            }
        })
    }
}

fn prepare_account(change: AccountChange) -> Result<PreparedAccount, CommitError> {
    let AccountChange { address, expected, account } = change;
    check_key("an account's address", &address)?;
    let Some(account) = account else {
        return Ok(PreparedAccount { address, expected, row: None });
    };
    let module = account.module().map(ToString::to_string);
    module.iter().try_for_each(|module| check_key("an account's module", module))?;
    let body = body("an account", &account)?;
    Ok(PreparedAccount { address, expected, row: Some(AccountRow { module, body }) })
}

fn prepare_deal(put: Put<Deal>) -> Result<Put<DealRow>, CommitError> {
    let keys = DealKeys::of(&put.value);
    check_keys(&keys)?;
    let body = body("a deal", &put.value)?;
    Ok(Put { expected: put.expected, value: DealRow { keys, body } })
}

fn check_count(commit: &Commit) -> Result<(), CommitError> {
    let count = commit.accounts.len()
        + commit.deals.len()
        + commit.feedback.len()
        + commit.events.len()
        + commit.webhooks.len()
        + commit.deliveries.len()
        + commit.secrets.len();
    if count > COMMIT_CHANGES_MAX { Err(too_large("the number of changes")) } else { Ok(()) }
}

fn check_keys(keys: &DealKeys) -> Result<(), CommitError> {
    check_key("a deal's seller", &keys.seller)?;
    check_key("a deal's customer", &keys.customer)?;
    check_key("a deal's payment address", &keys.payment_address)?;
    keys.module.iter().try_for_each(|module| check_key("a deal's module", module))?;
    check_text("a deal's site", &keys.site, SITE_BYTES_MAX)
}

fn check_webhook(webhook: &Webhook) -> Result<(), CommitError> {
    check_key("a webhook's name", &webhook.id)?;
    let texts = [&webhook.owner, &webhook.url, &webhook.secret];
    let bytes: usize = texts.into_iter().chain(&webhook.kinds).map(String::len).sum();
    if bytes > ROW_BYTES_MAX { Err(too_large("a webhook")) } else { Ok(()) }
}

fn check_delivery(change: &DeliveryChange, events: usize) -> Result<(), CommitError> {
    let what = "a delivery's webhook";
    match change {
        DeliveryChange::Put { event, webhook, last_error, .. } => {
            if matches!(event, EventOf::ThisCommit(place) if *place >= events) {
                let problem = "not among its events";
                return Err(CommitError::Invalid { what: "the event to deliver", problem });
            }
            check_text("a delivery's error", last_error, ROW_BYTES_MAX)?;
            check_key(what, webhook)
        }
        DeliveryChange::Remove(id) => check_key(what, &id.webhook),
    }
}

fn check_reply(reply: &StoredReply) -> Result<(), CommitError> {
    check_text("the caller of a reply", &reply.key.caller, KEY_BYTES_MAX)?;
    check_key("the key of a reply", &reply.key.key)?;
    if reply.reply.len() > REPLY_BYTES_MAX { Err(too_large("a reply")) } else { Ok(()) }
}

fn check_key(what: &'static str, key: &str) -> Result<(), CommitError> {
    if key.is_empty() {
        return Err(CommitError::Invalid { what, problem: "empty" });
    }
    check_text(what, key, KEY_BYTES_MAX)
}

/// Databases keep no character 0 in texts, and in keys it ends a part.
fn check_text(what: &'static str, text: &str, most: usize) -> Result<(), CommitError> {
    if text.len() > most {
        return Err(too_large(what));
    }
    if text.contains('\0') {
        return Err(CommitError::Invalid { what, problem: "with a character 0" });
    }
    Ok(())
}

fn body(what: &'static str, value: &impl Serialize) -> Result<Vec<u8>, CommitError> {
    let body = serde_json::to_vec(value)
        .map_err(|_| CommitError::Invalid { what, problem: "not to be encoded" })?;
    if body.len() > ROW_BYTES_MAX { Err(too_large(what)) } else { Ok(body) }
}

fn too_large(what: &'static str) -> CommitError {
    CommitError::Invalid { what, problem: "too large" }
}

/// Reads what [`Prepared`] encoded of a deal or an account; for implementations.
///
/// # Errors
///
/// [`DealStoreError::Damaged`], which names `table`, if it does not decode.
pub fn from_body<T: DeserializeOwned>(
    table: &'static str,
    body: &[u8],
) -> Result<T, DealStoreError> {
    serde_json::from_slice(body).map_err(|_| DealStoreError::Damaged(Damage::Row { table }))
}
