mod sealed;

use crate::{Config, OpenError};
pub use sealed::KeysError;
use std::fmt;
use tally_deal::{Fee, PrivateKey, PublicKey, ServiceKeys};
use tally_pgp::{BitcoinKey, SYNC_PERIOD_MINUTES, SecretKey, Server, ServiceRecord};

/// The secrets of an embedded server.
///
/// Whoever has `key1` or `key2` can spend the money of every deal of the scheme `service`: keep them
/// as you keep a wallet. `Debug` shows public keys only.
#[derive(Clone)]
pub struct ServerKeys {
    /// Signs what the server says.
    pub pgp: SecretKey,
    /// The first service key.
    pub key1: PrivateKey,
    /// The second service key.
    pub key2: PrivateKey,
    /// The arbiter's key for deals of the scheme `escrow`, if this server signs for the arbiter;
    /// deals of that scheme are made only if there is one.
    pub arbiter: Option<PrivateKey>,
}

impl ServerKeys {
    /// Returns the public keys that payment addresses are made of.
    pub fn service_keys(&self) -> ServiceKeys {
        ServiceKeys { key1: self.key1.public_key(), key2: self.key2.public_key() }
    }

    /// Returns the arbiter's public key.
    pub fn arbiter_key(&self) -> Option<PublicKey> {
        self.arbiter.as_ref().map(PrivateKey::public_key)
    }

    /// Puts the record of the service into the user ids of the PGP key, unless it is there.
    pub(crate) fn with_record(mut self, config: &Config, now: u64) -> Result<Self, OpenError> {
        let wrong = |reason: String| OpenError::Setting { setting: "pgp", reason };
        let keys = [self.key1.public_key(), self.key2.public_key()];
        let fee = (config.service_fee != Fee::NONE).then(|| config.service_fee.to_string());
        let server = Server { name: config.name.clone(), url: config.url.clone() };
        let record = ServiceRecord {
            fee,
            period_minutes: SYNC_PERIOD_MINUTES,
            key_count: Some(2),
            servers: vec![server],
            bitcoin_keys: keys.map(|key| BitcoinKey(*key.as_bytes())).to_vec(),
        };
        let user_ids = record.user_ids().map_err(|error| wrong(error.to_string()))?;
        if self.pgp.public().user_ids() != user_ids {
            let renamed = self.pgp.with_user_ids(&user_ids, now);
            self.pgp = renamed.map_err(|error| wrong(error.to_string()))?;
        }
        Ok(self)
    }
}

impl fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKeys")
            .field("pgp", &self.pgp.fingerprint())
            .field("keys", &self.service_keys())
            .field("arbiter", &self.arbiter_key())
            .finish_non_exhaustive()
    }
}
