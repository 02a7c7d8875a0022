//! Webhooks: who wants to be told, and what was not delivered yet.

use super::DealServer;
use crate::{
    ServerError, TargetError,
    core::{read_failed, write_failed},
    webhook::WEBHOOKS_MAX,
};
use std::fmt;
use tally_deal_store::{
    Commit, Delivery, DeliveryChange, EventId, EventOf, KEY_BYTES_MAX, Webhook, WebhookChange,
};
use zeroize::Zeroizing;

/// Kinds of events that a webhook names at most; naming none means all.
pub const WEBHOOK_KINDS_MAX: usize = 32;

/// Shortest secret that a webhook may be given, in bytes.
const SECRET_BYTES_MIN: usize = 16;

/// Random bytes of the name and of the secret of a webhook that are made here.
const ID_BYTES: usize = 12;
const SECRET_BYTES: usize = 32;

/// A webhook to be registered.
#[derive(Clone)]
pub struct NewWebhook {
    /// Whose it is, in the front's words.
    pub owner: String,
    /// Where to.
    pub url: String,
    /// What deliveries are signed with; made here if absent. Not part of [`Debug`](fmt::Debug).
    pub secret: Option<Zeroizing<String>>,
    /// The kinds of events that it wants; all if there are none.
    pub kinds: Vec<String>,
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook")
            .field("owner", &self.owner)
            .field("url", &self.url)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

/// Why a webhook was not registered.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The target is not one that may be called.
    #[error("Invalid webhook URL: {0}.")]
    Target(#[from] TargetError),
    /// Another member is wrong.
    #[error("Invalid webhook {member}: {reason}.")]
    Member {
        /// Which.
        member: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// There are as many as there may be.
    #[error("There are {WEBHOOKS_MAX} webhooks already.")]
    TooMany,
    /// The server failed.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl DealServer {
    /// Registers a webhook for events from now on.
    ///
    /// # Errors
    ///
    /// [`HookError`].
    pub async fn add_webhook(&self, new: NewWebhook) -> Result<Webhook, HookError> {
        let NewWebhook { owner, url, secret, kinds } = new;
        self.core.config.webhooks.check(&url)?;
        let wrong = |member, reason| Err(HookError::Member { member, reason });
        if owner.is_empty() || owner.len() > KEY_BYTES_MAX {
            return wrong("owner", "empty or too long");
        }
        let are_words = kinds.iter().all(|kind| !kind.is_empty() && kind.len() <= KEY_BYTES_MAX);
        if kinds.len() > WEBHOOK_KINDS_MAX || !are_words {
            return wrong("kinds", "too many, or one that is empty or too long");
        }
        let secret = match secret {
            Some(secret) if !(SECRET_BYTES_MIN..=KEY_BYTES_MAX).contains(&secret.len()) => {
                return wrong("secret", "16 to 255 bytes are needed");
            }
            Some(secret) => secret,
            None => Zeroizing::new(random_hex::<SECRET_BYTES>()?),
        };
        let page = self.core.store.webhooks(None, WEBHOOKS_MAX).await.map_err(read_failed)?;
        if page.rows.len() >= WEBHOOKS_MAX {
            return Err(HookError::TooMany);
        }
        let now_ms = self.core.clock.now_ms();
        let webhook = Webhook {
            id: random_hex::<ID_BYTES>()?,
            owner,
            url,
            secret: secret.to_string(),
            kinds,
            created_ms: now_ms,
            is_enabled: true,
        };
        let webhooks = vec![WebhookChange::Put(webhook.clone())];
        let commit = Commit { now_ms, webhooks, ..Commit::default() };
        self.core.commit(commit).await.map_err(write_failed)?;
        Ok(webhook)
    }

    /// Returns a webhook.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn webhook(&self, id: &str) -> Result<Option<Webhook>, ServerError> {
        self.core.store.webhook(id).await.map_err(read_failed)
    }

    /// Returns all webhooks of an owner, or of everybody.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn webhooks(&self, owner: Option<&str>) -> Result<Vec<Webhook>, ServerError> {
        let page = self.core.store.webhooks(None, WEBHOOKS_MAX).await.map_err(read_failed)?;
        let is_its = |webhook: &Webhook| owner.is_none_or(|owner| webhook.owner == owner);
        Ok(page.rows.into_iter().filter(is_its).collect())
    }

    /// Turns a webhook on or off. Returns whether there is such a one.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn enable_webhook(&self, id: &str, is_enabled: bool) -> Result<bool, ServerError> {
        let Some(mut webhook) = self.webhook(id).await? else { return Ok(false) };
        webhook.is_enabled = is_enabled;
        let now_ms = self.core.clock.now_ms();
        let webhooks = vec![WebhookChange::Put(webhook)];
        let commit = Commit { now_ms, webhooks, ..Commit::default() };
        self.core.commit(commit).await.map_err(write_failed)?;
        Ok(true)
    }

    /// Removes a webhook and what was to be delivered to it.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn remove_webhook(&self, id: &str) -> Result<(), ServerError> {
        let now_ms = self.core.clock.now_ms();
        let webhooks = vec![WebhookChange::Remove(id.to_owned())];
        let commit = Commit { now_ms, webhooks, ..Commit::default() };
        self.core.commit(commit).await.map(|_| ()).map_err(write_failed)
    }

    /// Returns what a webhook was not delivered yet, oldest event first.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn deliveries(
        &self,
        id: &str,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Delivery>, ServerError> {
        self.core.store.deliveries_of(id, after, limit).await.map_err(read_failed)
    }

    /// Delivers an event again, now. Returns whether there is such an event and such a webhook.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn redeliver(&self, id: &str, event: EventId) -> Result<bool, ServerError> {
        let last = self.core.store.last_event().await.map_err(read_failed)?;
        if event == EventId(0) || event > last || self.webhook(id).await?.is_none() {
            return Ok(false);
        }
        let now_ms = self.core.clock.now_ms();
        let put = DeliveryChange::Put {
            event: EventOf::Stored(event),
            webhook: id.to_owned(),
            due_ms: now_ms,
            attempts: 0,
            last_error: String::new(),
        };
        let commit = Commit { now_ms, deliveries: vec![put], ..Commit::default() };
        self.core.commit(commit).await.map_err(write_failed)?;
        Ok(true)
    }
}

fn random_hex<const N: usize>() -> Result<String, ServerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| ServerError::Corrupt { what: format!("randomness: {error}") })?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let secret = Some(Zeroizing::new("hidden".to_owned()));
        let url = "https://x/hook".to_owned();
        let new = NewWebhook { owner: "shop".to_owned(), url, secret, kinds: vec![] };
        let shown = format!("{new:?}");
        assert!(shown.contains("https://x/hook") && !shown.contains("hidden"), "{shown}");
    }
}
