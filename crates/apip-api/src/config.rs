use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};
use tally_crypto::{ecies, fch::AddressVersion};

/// The longest window that makes sense: nonces are remembered for twice as long.
const WINDOW_MS_MAX: u64 = 3_600_000;

/// Tells the time, Unix milliseconds.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// Makes a clock of a function; for tests.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// Returns the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
        })
    }

    pub(crate) fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How `apip1/v1/signIn` encrypts the session key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyFormat {
    /// FIPA9: the hexadecimal digits of the key.
    #[default]
    Fipa9,
    /// Bitcore ECIES: a JSON object with the digits as `secretKey`.
    Bitcore,
}

impl KeyFormat {
    pub(crate) const fn ecies(self) -> ecies::Format {
        match self {
            Self::Fipa9 => ecies::Format::Fipa9,
            Self::Bitcore => ecies::Format::Bitcore,
        }
    }
}

/// Which answers to authentic requests cost something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChargeRule {
    /// Those that did the work: success (0) and "no data" (1011).
    #[default]
    Answered,
    /// All: refusals cost one request, but for those of requests that bring no new nonce (1007, and
    /// 1013 where none could be read): what may be sent again word for word must cost nothing, or
    /// whoever overheard it could spend the user's balance.
    All,
}

/// How the API is set up.
#[derive(Debug, Clone)]
pub struct ApipConfig {
    /// The prefixes that signed URLs may have, each with `/` at its end; the first is shown to
    /// clients. Interfaces are served below the path of each. The prefix that the service's record
    /// publishes counts too.
    pub url_heads: Vec<String>,
    /// How far a request's time may be from the server's, in milliseconds.
    pub window_ms: u64,
    /// What the addresses of users begin with.
    pub address_version: AddressVersion,
    /// How `apip1/v1/signIn` encrypts.
    pub key_format: KeyFormat,
    /// Whether `apip0/v1/signIn` may send session keys as they are: over TLS, or to this machine.
    pub plain_keys: bool,
    /// Whether the interfaces below `freeGet/` answer.
    pub free_get: bool,
    /// Which answers cost something.
    pub charge: ChargeRule,
    /// By what an interface's price is multiplied; 1 for those that are not named.
    pub price_factors: BTreeMap<String, u64>,
    /// Whether the directory sees payments. If not, users who have too little are not told to pay:
    /// nobody would ever credit them.
    pub finds_payments: bool,
    /// What time it is.
    pub clock: Clock,
}

impl Default for ApipConfig {
    fn default() -> Self {
        Self {
            url_heads: vec!["http://localhost:8080/APIP/".into()],
            window_ms: 5000,
            address_version: AddressVersion::MAIN_P2PKH,
            key_format: KeyFormat::default(),
            plain_keys: false,
            free_get: true,
            charge: ChargeRule::default(),
            price_factors: BTreeMap::new(),
            finds_payments: true,
            clock: Clock::system(),
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApipConfigError {
    /// There is no prefix.
    #[error("at least one URL prefix is needed")]
    NoUrlHead,
    /// A prefix is malformed.
    #[error("the URL prefix {0} must be http:// or https://, a host, and a path that ends with /")]
    UrlHead(String),
    /// The window is zero or too long.
    #[error("the window must have 1 to {WINDOW_MS_MAX} milliseconds, and has {0}")]
    Window(u64),
    /// A factor names no interface.
    #[error("there is no interface {0} that could have a price")]
    UnknownInterface(String),
}

impl ApipConfig {
    /// Checks that it can work, as [`ApipApi::new`](crate::ApipApi::new) does.
    ///
    /// # Errors
    ///
    /// [`ApipConfigError`] naming what cannot.
    pub fn check(&self) -> Result<(), ApipConfigError> {
        if self.url_heads.is_empty() {
            return Err(ApipConfigError::NoUrlHead);
        }
        for head in &self.url_heads {
            url_path(head)?;
        }
        if !(1..=WINDOW_MS_MAX).contains(&self.window_ms) {
            return Err(ApipConfigError::Window(self.window_ms));
        }
        let known = |name: &str| crate::cards::all().iter().any(|card| card.name() == name);
        match self.price_factors.keys().find(|name| !known(name)) {
            Some(name) => Err(ApipConfigError::UnknownInterface(name.clone())),
            None => Ok(()),
        }
    }
}

/// Returns the path of a URL prefix: `/APIP/` of `http://localhost:8080/APIP/`.
///
/// # Errors
///
/// [`ApipConfigError::UrlHead`].
pub fn url_path(head: &str) -> Result<&str, ApipConfigError> {
    let malformed = || ApipConfigError::UrlHead(head.to_owned());
    let rest = head.strip_prefix("http://").or_else(|| head.strip_prefix("https://"));
    let rest = rest.ok_or_else(malformed)?;
    let path = rest.find('/').map(|start| rest.split_at(start));
    let (host, path) = path.filter(|(host, _)| !host.is_empty()).ok_or_else(malformed)?;
    let is_plain = |text: &str, also: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
    };
    let good = is_plain(host, b".-_:[]")
        && is_plain(path, b".-_~/")
        && path.ends_with('/')
        && !path.contains("//");
    if good { Ok(path) } else { Err(malformed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_have_a_path_that_ends_with_a_slash() {
        for (head, path) in [
            ("http://localhost:8080/APIP/", "/APIP/"),
            ("https://[::1]:8080/", "/"),
            ("https://cid.cash/a/b-c/", "/a/b-c/"),
        ] {
            assert_eq!(url_path(head), Ok(path));
        }
        for bad in [
            "",
            "localhost/",
            "http://",
            "http:///",
            "http://a",
            "http://a/b",
            "ftp://a/",
            "http://a/?x/",
            "http://a/{x}/",
            "http://a b/",
            "http://a//",
        ] {
            assert_eq!(url_path(bad), Err(ApipConfigError::UrlHead(bad.into())), "{bad}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let good = ApipConfig::default();
        assert_eq!(good.check(), Ok(()));
        let none = ApipConfig { url_heads: vec![], ..good.clone() };
        assert_eq!(none.check(), Err(ApipConfigError::NoUrlHead));
        for window_ms in [0, WINDOW_MS_MAX + 1] {
            let window = ApipConfig { window_ms, ..good.clone() };
            assert_eq!(window.check(), Err(ApipConfigError::Window(window_ms)));
        }
        let factors = BTreeMap::from([("serviceSeek".to_owned(), 2)]);
        let unknown = ApipConfig { price_factors: factors, ..good };
        assert_eq!(unknown.check(), Err(ApipConfigError::UnknownInterface("serviceSeek".into())));
    }
}
