use super::{Forward, Remote, RemoteError, ServerAddress, ServiceAccount};
use crate::Clock;
use serde::Deserialize;
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tally_deal::{Network, ServiceKeys, ServiceKeysError};
use tally_pgp::{Fingerprint, PublicKey, ServiceRecord};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// The account whose key is the service's.
const SERVICE: &str = "DEFAULT";

/// How old an access token gets before it is renewed; it is good for an hour.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(55 * 60);

/// Draws a number; the whole range of 64 bits.
pub type Randomness = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What a key service needs.
pub struct KeyServiceConfig {
    /// The link to the servers.
    pub remote: Arc<Remote>,
    /// The module's own account; without it keys are asked for without a token.
    pub account: Option<ServiceAccount>,
    /// The name of the configured server: that of its own key. Without it, the name that the
    /// service's record has for the server.
    pub server_name: Option<String>,
    /// The service's key, if it is known. Without it, the first key that is fetched is believed, and
    /// no other one after it until the module starts again: on the main network only if all servers
    /// are asked by `https`.
    pub service_key: Option<Fingerprint>,
    /// The network that deals are paid on.
    pub network: Network,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers: modules of a service shall not all ask at the same time.
    pub randomness: Randomness,
}

/// Whoever answers first could name the keys that real money is paid to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "on the main network the service's key must be known, or every server be asked by https: else \
     whoever stands in between names the keys that money is paid to"
)]
pub struct ServiceKeyUnknown;

/// How a round of asking for keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRound {
    /// The service's record is here; it is to be asked for again within so many minutes.
    Fetched {
        /// The period of the record.
        period_minutes: u32,
    },
    /// A server answered, and not with a key, or with one that is not believed.
    BadReply,
    /// No server can be reached, or none answered.
    NoConnection,
    /// There is no access token.
    NoToken,
}

/// When a module asks for keys again.
#[derive(Debug, Clone, Copy)]
pub struct RefreshRhythm;

impl RefreshRhythm {
    /// The shortest time between two rounds that brought a record.
    pub const SHORTEST: Duration = Duration::from_secs(10 * 60);
    /// After a reply that is no key, and when there is no token.
    pub const AFTER_BAD_REPLY: Duration = Duration::from_secs(30);
    /// After a server could not be reached.
    pub const AFTER_NO_CONNECTION: Duration = Duration::from_secs(5);

    /// Returns how long to wait after a round: a moment between [`SHORTEST`](Self::SHORTEST) and the
    /// record's period, which `random` decides, or a fixed time after a failure.
    pub fn pause(round: KeyRound, random: u64) -> Duration {
        match round {
            KeyRound::Fetched { period_minutes } => {
                let shortest = Self::SHORTEST.as_secs();
                let spread = (u64::from(period_minutes) * 60).saturating_sub(shortest);
                Duration::from_secs(shortest + random % (spread + 1))
            }
            KeyRound::BadReply | KeyRound::NoToken => Self::AFTER_BAD_REPLY,
            KeyRound::NoConnection => Self::AFTER_NO_CONNECTION,
        }
    }
}

/// What is known of the service.
#[derive(Debug, Clone, Default)]
pub struct ServiceView {
    /// What the service's key says; `None` before it was fetched.
    pub record: Option<ServiceRecord>,
    /// The keys that verify payloads: the service's and the server's own.
    pub verifying: Vec<PublicKey>,
    /// The servers of the record.
    pub servers: Vec<ServerAddress>,
}

impl ServiceView {
    /// Returns the two keys that payment addresses are made of.
    ///
    /// # Errors
    ///
    /// [`ServiceKeysError`] if they are not known, or are no keys.
    pub fn service_keys(&self) -> Result<ServiceKeys, ServiceKeysError> {
        let keys = self.record.as_ref().map_or(&[][..], |record| &record.bitcoin_keys);
        let texts: Vec<String> = keys.iter().take(2).map(ToString::to_string).collect();
        ServiceKeys::from_texts(&texts)
    }
}

/// Fetches the service's keys again and again, and knows those that were fetched last.
///
/// The service's keys are what money is paid to, so a key that was not believed first is refused;
/// the service changes its record by signing new user ids with the same key.
pub struct KeyService {
    config: KeyServiceConfig,
    view: RwLock<Arc<ServiceView>>,
    token: Mutex<Option<Token>>,
    believed: Mutex<Option<Fingerprint>>,
}

#[derive(Clone)]
struct Token {
    text: Zeroizing<String>,
    since: Instant,
}

#[derive(Deserialize)]
struct KeyReply {
    data: String,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
}

impl KeyService {
    /// Makes the service; it knows nothing before [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`ServiceKeyUnknown`].
    pub fn new(config: KeyServiceConfig) -> Result<Self, ServiceKeyUnknown> {
        let is_real = config.network == Network::Main;
        if is_real && config.service_key.is_none() && !config.remote.is_tls() {
            return Err(ServiceKeyUnknown);
        }
        let believed = Mutex::new(config.service_key);
        let view = RwLock::new(Arc::new(ServiceView::default()));
        Ok(Self { config, view, token: Mutex::new(None), believed })
    }

    /// Returns what is known now.
    pub fn view(&self) -> Arc<ServiceView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for the keys again and again until `stop` resolves.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let rounds = async {
            loop {
                let round = self.refresh().await;
                let pause = RefreshRhythm::pause(round, (self.config.randomness)());
                tracing::debug!(?round, ?pause, "asked for the service's keys");
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = rounds => {}
            () = stop => {}
        }
    }

    /// Asks once: for a token if it is time, for the service's key, and for the server's own.
    ///
    /// What was known stays known if that fails.
    pub async fn refresh(&self) -> KeyRound {
        let Some(token) = self.current_token().await else { return KeyRound::NoToken };
        let token = token.as_ref().map(|token| token.text.as_str());
        let (key, server) = match self.fetch(SERVICE, token).await {
            Ok(fetched) => fetched,
            Err(round) => return round,
        };
        if !self.believes(&key) {
            tracing::error!(
                key = %key.fingerprint(),
                "a server shows another key of the service than before: it is refused"
            );
            return KeyRound::BadReply;
        }
        let record = ServiceRecord::of_key(&key);
        let servers: Vec<ServerAddress> =
            record.servers.iter().filter_map(|server| server.url.parse().ok()).collect();
        let mut verifying = vec![key];
        if let Some(name) = self.name_of(&record, &server)
            && let Ok((own, _)) = self.fetch(&name, token).await
        {
            verifying.push(own);
        }
        let period_minutes = record.period_minutes;
        self.config.remote.learn(&servers);
        let view = Arc::new(ServiceView { record: Some(record), verifying, servers });
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = view;
        KeyRound::Fetched { period_minutes }
    }

    /// Returns the token to use, `Some(None)` if none is needed, `None` if there is none.
    async fn current_token(&self) -> Option<Option<Token>> {
        let Some(account) = &self.config.account else { return Some(None) };
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = &known
            && token.since.elapsed() < TOKEN_AGE_MAX
        {
            return Some(known);
        }
        let renewed = self.fetch_token(account).await;
        let token = renewed.or(known)?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Some(Some(token))
    }

    async fn fetch_token(&self, account: &ServiceAccount) -> Option<Token> {
        let form = "application/x-www-form-urlencoded".to_owned();
        let body = account.token_request(self.config.clock.now()).into_bytes();
        let forward = Forward {
            is_post: true,
            path: account.token_uri(),
            headers: vec![],
            body: Some((body, form)),
        };
        let servers = self.config.remote.choose(None).ok()?;
        let answer = self.config.remote.ask(&servers, &forward).await;
        let answer = answer.inspect_err(|error| tracing::debug!(%error, "no token")).ok()?;
        let reply: Option<TokenReply> = serde_json::from_slice(&answer.body).ok();
        let Some(reply) = reply.filter(|_| answer.status == 200) else {
            tracing::warn!(status = answer.status, "the server gives this module no token");
            return None;
        };
        let text = Zeroizing::new(reply.access_token);
        Some(Token { text, since: Instant::now() })
    }

    async fn fetch(
        &self,
        account: &str,
        token: Option<&str>,
    ) -> Result<(PublicKey, ServerAddress), KeyRound> {
        let path = format!("/api/v1/key/public?account={account}");
        let bearer = token.map(|token| ("authorization", format!("Bearer {token}").into_bytes()));
        let forward =
            Forward { is_post: false, path: &path, headers: Vec::from_iter(bearer), body: None };
        let servers = self.config.remote.choose(None).map_err(|_| KeyRound::NoConnection)?;
        let answer = self.config.remote.ask(&servers, &forward).await.map_err(|error| {
            tracing::warn!(%error, account, "no key");
            match error {
                RemoteError::Unreachable(_)
                | RemoteError::Late { .. }
                | RemoteError::Broken { .. } => KeyRound::NoConnection,
                RemoteError::TooLong { .. } => KeyRound::BadReply,
            }
        })?;
        let reply: Option<KeyReply> = serde_json::from_slice(&answer.body).ok();
        let key = reply.and_then(|reply| PublicKey::from_armored(&reply.data).ok());
        match key {
            Some(key) => Ok((key, answer.server)),
            None => {
                tracing::warn!(status = answer.status, account, "the server's reply is no key");
                Err(KeyRound::BadReply)
            }
        }
    }

    /// Says whether a key is the service's; the first one is, if none is configured.
    fn believes(&self, key: &PublicKey) -> bool {
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        *believed.get_or_insert(key.fingerprint()) == key.fingerprint()
    }

    fn name_of(&self, record: &ServiceRecord, server: &ServerAddress) -> Option<String> {
        let of_record = record
            .servers
            .iter()
            .find(|listed| listed.url.parse().ok().as_ref() == Some(server))
            .map(|listed| listed.name.clone());
        let name = of_record.or_else(|| self.config.server_name.clone())?;
        let is_plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        Some(name).filter(|name| is_plain && !name.is_empty())
    }
}

impl fmt::Debug for KeyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyService").field("view", &self.view()).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyServiceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyServiceConfig")
            .field("remote", &self.remote)
            .field("account", &self.account)
            .field("server_name", &self.server_name)
            .field("service_key", &self.service_key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the pauses of §5.3 at both ends of what is random.
    #[test]
    fn rounds_follow_their_rhythm() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let fetched = |period_minutes| KeyRound::Fetched { period_minutes };
        assert_eq!(RefreshRhythm::pause(fetched(30), 0), minutes(10));
        assert_eq!(RefreshRhythm::pause(fetched(30), 20 * 60), minutes(30));
        assert_eq!(RefreshRhythm::pause(fetched(30), 20 * 60 + 1), minutes(10));
        assert_eq!(RefreshRhythm::pause(fetched(1), u64::MAX), minutes(10));
        for random in [0, 1, u64::MAX / 3, u64::MAX] {
            let pause = RefreshRhythm::pause(fetched(30), random);
            assert!((minutes(10)..=minutes(30)).contains(&pause), "{pause:?}");
        }
        let seconds = |round| RefreshRhythm::pause(round, u64::MAX).as_secs();
        assert_eq!(seconds(KeyRound::BadReply), 30);
        assert_eq!(seconds(KeyRound::NoToken), 30);
        assert_eq!(seconds(KeyRound::NoConnection), 5);
    }
}
