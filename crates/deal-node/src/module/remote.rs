use super::{AllowList, ServerAddress, ServerRefused};
use std::{
    fmt,
    sync::{PoisonError, RwLock},
    time::Duration,
};

/// The most bytes of a server's reply.
pub const REPLY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How a module asks servers.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// The servers to ask, in order: the next one only if a server cannot be reached.
    pub servers: Vec<ServerAddress>,
    /// The servers that a request may name; those of `servers` are on the list by themselves.
    pub allowed: AllowList,
    /// How long to wait for an answer; 5 s by default.
    pub timeout: Duration,
    /// What the module says that it is.
    pub user_agent: String,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            servers: vec![ServerAddress::default()],
            allowed: AllowList::default(),
            timeout: Duration::from_secs(5),
            user_agent: concat!("dm/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What is sent to a server.
#[derive(Clone)]
pub struct Forward<'a> {
    /// Whether it is a `POST`; else a `GET`.
    pub is_post: bool,
    /// The path as the client spelled it, with the query that the server shall see.
    pub path: &'a str,
    /// The headers: names in lower case. `Host` is that of the server, whatever stands here.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// The body and its type. A `GET` may have one: servers of this platform read it.
    pub body: Option<(Vec<u8>, String)>,
}

/// A server's answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The media type; empty if it says none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// The server that answered.
    pub server: ServerAddress,
}

impl fmt::Debug for Forward<'_> {
    /// Headers and body have credentials, passwords and keys in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward")
            .field("is_post", &self.is_post)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    /// The body may be tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Says whether the body is an error as the platform writes it: a JSON object with `error`.
    pub fn is_error_body(&self) -> bool {
        let value: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        value.is_some_and(|value| value.get("error").is_some_and(serde_json::Value::is_object))
    }
}

/// Why there is no answer of a server.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// None can be reached; nothing was sent.
    #[error("no server can be reached")]
    Unreachable(#[source] Option<Failure>),
    /// It did not answer in time. What was asked may have been done.
    #[error("{server} did not answer within {timeout_ms} ms")]
    Late {
        /// Which server.
        server: ServerAddress,
        /// How long it had, in milliseconds.
        timeout_ms: u128,
    },
    /// The connection broke after the request was sent. What was asked may have been done.
    #[error("the connection to {server} broke")]
    Broken {
        /// Which server.
        server: ServerAddress,
        /// How.
        #[source]
        source: Failure,
    },
    /// Its answer is too long.
    #[error("the answer of {server} has more than {REPLY_BYTES_MAX} bytes")]
    TooLong {
        /// Which server.
        server: ServerAddress,
    },
}

/// What the network said, short of the URL.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(#[from] reqwest::Error);

/// The link to servers cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RemoteSetupError {
    /// No server is configured.
    #[error("a module without an embedded server needs a server to ask")]
    NoServer,
    /// TLS cannot be set up.
    #[error("cannot set up the connections to servers")]
    Client(#[source] Failure),
}

/// The link to servers.
///
/// It follows no redirects and uses no proxy: a request goes to a server of the list, or nowhere.
pub struct Remote {
    client: reqwest::Client,
    config: RemoteConfig,
    allowed: AllowList,
    /// Servers that the service's key names; asked after those that are configured.
    learned: RwLock<Vec<ServerAddress>>,
}

impl Remote {
    /// Sets up the link; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`RemoteSetupError`].
    pub fn new(config: RemoteConfig) -> Result<Self, RemoteSetupError> {
        if config.servers.is_empty() {
            return Err(RemoteSetupError::NoServer);
        }
        use_ring();
        let client = reqwest::Client::builder()
            // Leaves time to hear from the next one.
            .connect_timeout(config.timeout / 2)
            // A connection that was kept may end as the next request is sent on it, and then nobody
            // knows whether what was asked is done.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(&config.user_agent)
            .build()
            .map_err(|error| RemoteSetupError::Client(Failure(error)))?;
        let allowed = config.allowed.with(config.servers.iter().cloned());
        Ok(Self { client, config, allowed, learned: RwLock::default() })
    }

    /// Returns the servers to ask, in order, when a request names this one; the configured ones when
    /// it names none.
    ///
    /// # Errors
    ///
    /// [`ServerRefused`] if it may not name it.
    pub fn choose(&self, named: Option<&str>) -> Result<Vec<ServerAddress>, ServerRefused> {
        match named {
            Some(text) => Ok(vec![self.allowed.with(self.learned()).admit(text)?]),
            None => {
                let learned = self.learned();
                let further = learned.into_iter().filter(|it| !self.config.servers.contains(it));
                Ok(self.config.servers.iter().cloned().chain(further).collect())
            }
        }
    }

    /// Says whether every configured server is asked by `https`.
    pub(crate) fn is_tls(&self) -> bool {
        self.config.servers.iter().all(ServerAddress::is_tls)
    }

    /// Takes the servers that the service's key names in the place of those it named before.
    pub(crate) fn learn(&self, servers: &[ServerAddress]) {
        *self.learned.write().unwrap_or_else(PoisonError::into_inner) = servers.to_vec();
    }

    fn learned(&self) -> Vec<ServerAddress> {
        self.learned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the first of `servers` that can be reached.
    ///
    /// The next one is asked only if nothing was sent; a server that does not answer may have done
    /// what it was asked.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub async fn ask(
        &self,
        servers: &[ServerAddress],
        forward: &Forward<'_>,
    ) -> Result<Answer, RemoteError> {
        let mut unreachable = None;
        for server in servers {
            let asking = tokio::time::timeout(self.config.timeout, self.ask_one(server, forward));
            match asking.await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(RemoteError::Unreachable(failure))) => {
                    tracing::debug!(%server, "a server cannot be reached");
                    unreachable = failure;
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    let timeout_ms = self.config.timeout.as_millis();
                    return Err(RemoteError::Late { server: server.clone(), timeout_ms });
                }
            }
        }
        Err(RemoteError::Unreachable(unreachable))
    }

    async fn ask_one(
        &self,
        server: &ServerAddress,
        forward: &Forward<'_>,
    ) -> Result<Answer, RemoteError> {
        let broken = |error: reqwest::Error| {
            let source = Failure(error.without_url());
            RemoteError::Broken { server: server.clone(), source }
        };
        let sent = self.request(server, forward).send().await;
        let mut reply = sent.map_err(|error| match error.is_connect() {
            true => RemoteError::Unreachable(Some(Failure(error.without_url()))),
            false => broken(error),
        })?;
        let content_type = reply.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let (status, content_type) = (reply.status().as_u16(), content_type.to_owned());
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > REPLY_BYTES_MAX {
                return Err(RemoteError::TooLong { server: server.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, content_type, body, server: server.clone() })
    }

    fn request(&self, server: &ServerAddress, forward: &Forward<'_>) -> reqwest::RequestBuilder {
        let url = format!("{}{}", server.url(), forward.path);
        let request = if forward.is_post { self.client.post(url) } else { self.client.get(url) };
        let request = request.header(reqwest::header::ACCEPT, "*/*");
        let request = forward
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
            .fold(request, |request, (name, value)| request.header(*name, value.as_slice()));
        match &forward.body {
            Some((body, kind)) => {
                request.header(reqwest::header::CONTENT_TYPE, kind).body(body.clone())
            }
            None => request,
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("servers", &self.config.servers).finish_non_exhaustive()
    }
}

/// Makes sure that TLS has a cryptography provider.
fn use_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker with the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::{IDENTIFIER_RANDOM_BYTES, Package, PackageId};

    /// Goal: what passes between module and server is logged without its secrets.
    #[test]
    fn secrets_are_not_shown() {
        let token = b"Bearer hidden".to_vec();
        let forward = Forward {
            is_post: true,
            path: "/api/v1/account/new",
            headers: vec![("authorization", token)],
            body: Some((b"password=hidden".to_vec(), "text/plain".to_owned())),
        };
        let answer = Answer {
            status: 200,
            content_type: "application/json".to_owned(),
            body: b"hidden".to_vec(),
            server: ServerAddress::default(),
        };
        let id = PackageId::new([7; IDENTIFIER_RANDOM_BYTES]);
        let package = Package {
            token: Some("hidden".to_owned()),
            payload: Some(b"hidden".to_vec()),
            ..Package::request(&id, "new")
        };
        let shown = format!("{forward:?} {answer:?} {package:?}");
        assert!(shown.contains("/api/v1/account/new") && shown.contains("localhost"), "{shown}");
        // Neither as a text nor as its bytes.
        assert!(!shown.contains("hidden") && !shown.contains("104, 105"), "{shown}");
    }
}
