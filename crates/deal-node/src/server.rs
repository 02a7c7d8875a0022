//! The embedded server as its callers see it.

mod accounts;
mod deals;
mod decisions;
mod hooks;
mod lists;
mod origin;

pub use accounts::AccountView;
pub use decisions::{Authority, Decided, Party};
pub use hooks::{HookError, NewWebhook, WEBHOOK_KINDS_MAX};
pub use lists::Transfers;

use crate::{
    Clock, Config, OpenError, Runner, ServerError, ServerKeys,
    core::{Core, read_failed},
};
use std::sync::{Arc, atomic::Ordering};
use tally_chain::utxo::Relay;
use tally_deal::ServiceKeys;
use tally_deal_store::{DealStore, EventId};
use tokio::sync::watch;

/// The name under which the key service has the service's key.
const DEFAULT_KEY: &str = "DEFAULT";

/// A server for accounts and deals, within this process. Clones are the same server.
///
/// Calls change the store and nothing else; what has to be done with the chain the
/// [`Runner`] does, in this process or in another one with the same store.
#[derive(Debug, Clone)]
pub struct DealServer {
    core: Arc<Core>,
}

/// How a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerStatus {
    /// Whether it follows the chain.
    pub is_leading: bool,
    /// Whether another server with the same store does, as far as this one knows.
    pub leads_elsewhere: bool,
    /// Whether it has the chain to its end. Deals do not expire until it has.
    pub is_caught_up: bool,
    /// The height of the last block that it counted, as far as it leads.
    pub height: u64,
    /// How many deals it watches.
    pub watched_deals: usize,
}

impl DealServer {
    /// Opens a server and the part of it that acts by itself, which somebody has to run.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] if settings contradict each other or the keys.
    pub fn open(
        store: Arc<dyn DealStore>,
        keys: ServerKeys,
        relay: Arc<dyn Relay>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Runner), OpenError> {
        config.check()?;
        let keys = keys.with_record(&config, clock.now())?;
        let core = Arc::new(Core::new(store, relay, clock, keys, config));
        let runner = Runner::new(Arc::clone(&core));
        Ok((Self { core }, runner))
    }

    /// Returns the settings.
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// Returns the store, for what fronts keep there: sessions, clients, replies.
    pub fn store(&self) -> &Arc<dyn DealStore> {
        &self.core.store
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }

    /// Returns the public keys that payment addresses are made of.
    pub fn service_keys(&self) -> ServiceKeys {
        self.core.keys.service_keys()
    }

    /// Returns the armored PGP key of the service (`DEFAULT`, in any case), of this server under its
    /// name, or the one that the owner of this address has signed for; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn public_key(&self, account: &str) -> Result<Option<String>, ServerError> {
        if account.eq_ignore_ascii_case(DEFAULT_KEY) || account == self.core.config.name {
            return Ok(Some(self.core.keys.pgp.public().to_armored()));
        }
        let found = self.core.store.account(account).await.map_err(read_failed)?;
        Ok(found.and_then(|found| found.value.trusted_pgp().map(str::to_owned)))
    }

    /// Returns the server's PGP key, to verify what it has signed.
    pub fn pgp_key(&self) -> &tally_pgp::PublicKey {
        self.core.keys.pgp.public()
    }

    /// Returns the number of the last event whenever it changes; the events themselves are in the
    /// store. Those of other servers are heard of within a second.
    pub fn news(&self) -> watch::Receiver<EventId> {
        self.core.news.subscribe()
    }

    /// Returns how the server is doing.
    pub fn status(&self) -> ServerStatus {
        let core = &self.core;
        ServerStatus {
            is_leading: core.is_leading.load(Ordering::Acquire),
            leads_elsewhere: core.leads_elsewhere.load(Ordering::Acquire),
            is_caught_up: core.is_caught_up.load(Ordering::Acquire),
            height: core.tip.load(Ordering::Relaxed),
            watched_deals: core.index().len(),
        }
    }

    /// Makes the runner look at waiting transactions now, should it be in this process.
    pub fn look(&self) {
        self.core.look.notify_one();
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}
