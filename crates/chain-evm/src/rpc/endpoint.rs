#[cfg(feature = "remote")]
use super::failure::Words;
use super::{failure::RpcFailure, in_process::InProcess};
use crate::dev::DevChain;
use alloy_rpc_client::RpcClient;
use alloy_transport::TransportError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a call may take before the connection counts as broken. Long, because log queries on
/// busy public servers take seconds; a dead connection is noticed earlier by the socket's pings.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// A text is not the URL of a JSON-RPC server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The URL does not parse.
    #[error("not a URL")]
    NotAUrl,
    /// The URL's scheme is none of `http`, `https`, `ws`, `wss`.
    #[error("the scheme must be http, https, ws or wss")]
    Scheme,
    /// The crate was built without its feature `remote`.
    #[error("built without support for remote chains")]
    Unsupported,
}

/// Where a chain is reached: a JSON-RPC server, or a development chain in this process.
///
/// Connects when first used and again whenever the connection broke. Cloning gives another handle
/// to the same connection. `Debug` does not show the URL, which may hold a key.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    target: Target,
    client: Mutex<Option<RpcClient>>,
}

/// What is behind an endpoint.
pub(crate) enum Target {
    InProcess(DevChain),
    #[cfg(feature = "remote")]
    Http(reqwest::Url),
    #[cfg(feature = "remote")]
    WebSocket(String),
}

impl Endpoint {
    /// Reaches a development chain of this process.
    pub fn in_process(chain: &DevChain) -> Self {
        Self::new(Target::InProcess(chain.clone()))
    }

    /// Reaches the server at `url`: `http`, `https`, `ws` or `wss`. Does not connect yet.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if `url` names no such server.
    #[cfg(feature = "remote")]
    pub fn from_url(url: &str) -> Result<Self, EndpointError> {
        let parsed = reqwest::Url::parse(url).map_err(|_| EndpointError::NotAUrl)?;
        match parsed.scheme() {
            "http" | "https" => Ok(Self::new(Target::Http(parsed))),
            "ws" | "wss" => Ok(Self::new(Target::WebSocket(url.to_owned()))),
            _ => Err(EndpointError::Scheme),
        }
    }

    /// Would reach the server at `url`, had the crate been built with its feature `remote`.
    ///
    /// # Errors
    ///
    /// Always [`EndpointError::Unsupported`].
    #[cfg(not(feature = "remote"))]
    pub fn from_url(_: &str) -> Result<Self, EndpointError> {
        Err(EndpointError::Unsupported)
    }

    fn new(target: Target) -> Self {
        Self(Arc::new(Inner { target, client: Mutex::new(None) }))
    }

    pub(crate) fn target(&self) -> &Target {
        &self.0.target
    }

    /// Carries out one call.
    pub(crate) async fn call<T>(&self, method: &'static str, params: Value) -> Result<T, RpcFailure>
    where
        T: DeserializeOwned + fmt::Debug + Send + Sync + Unpin + 'static,
    {
        self.guarded(async {
            let client = self.client().await?;
            client.request::<Value, T>(method, params).await.map_err(|error| self.failure(error))
        })
        .await
    }

    /// Carries out the same call with several parameters, in one round trip where possible.
    pub(crate) async fn call_batch<T>(
        &self,
        method: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<T>, RpcFailure>
    where
        T: DeserializeOwned + fmt::Debug + Send + Sync + Unpin + 'static,
    {
        if params.is_empty() {
            return Ok(Vec::new());
        }
        self.guarded(async {
            let client = self.client().await?;
            let mut batch = client.new_batch();
            let mut waiting = Vec::with_capacity(params.len());
            for params in &params {
                let call = batch.add_call::<Value, T>(method, params);
                waiting.push(call.map_err(|error| self.failure(error))?);
            }
            batch.send().await.map_err(|error| self.failure(error))?;
            let mut results = Vec::with_capacity(waiting.len());
            for waiter in waiting {
                results.push(waiter.await.map_err(|error| self.failure(error))?);
            }
            Ok(results)
        })
        .await
    }

    /// Bounds the time of a call, and forgets the connection if it seems broken.
    async fn guarded<T>(
        &self,
        call: impl Future<Output = Result<T, RpcFailure>> + Send,
    ) -> Result<T, RpcFailure> {
        let result = match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(result) => result,
            Err(_) => Err(RpcFailure::TimedOut(CALL_TIMEOUT)),
        };
        if result.as_ref().is_err_and(RpcFailure::breaks_connection) {
            self.forget();
        }
        result
    }

    /// Takes over a library's error without the URL in it.
    pub(crate) fn failure(&self, error: TransportError) -> RpcFailure {
        let url = match &self.0.target {
            Target::InProcess(_) => None,
            #[cfg(feature = "remote")]
            Target::Http(url) => Some(url.as_str()),
            #[cfg(feature = "remote")]
            Target::WebSocket(url) => Some(url.as_str()),
        };
        RpcFailure::from_alloy(error, url)
    }

    fn cached(&self) -> Option<RpcClient> {
        self.0.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn forget(&self) {
        self.0.client.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Returns the connection, made now if there is none.
    pub(crate) async fn client(&self) -> Result<RpcClient, RpcFailure> {
        if let Some(client) = self.cached() {
            return Ok(client);
        }
        // Connecting is rare and its future is large.
        let client = Box::pin(self.connect()).await?;
        let mut slot = self.0.client.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(client.clone());
        Ok(client)
    }

    async fn connect(&self) -> Result<RpcClient, RpcFailure> {
        match &self.0.target {
            Target::InProcess(chain) => Ok(RpcClient::new(InProcess(chain.clone()), true)),
            #[cfg(feature = "remote")]
            Target::Http(url) => {
                let client = http_client(url)?;
                let transport = alloy_transport_http::Http::with_client(client, url.clone());
                Ok(RpcClient::new(transport, true))
            }
            #[cfg(feature = "remote")]
            Target::WebSocket(url) => {
                use_ring();
                // One quick retry hides a hiccup; beyond that the callers' backoff decides.
                let connect = alloy_transport_ws::WsConnect::new(url.clone())
                    .with_max_retries(1)
                    .with_retry_interval(Duration::from_millis(100));
                RpcClient::connect_pubsub(connect).await.map_err(|error| self.failure(error))
            }
        }
    }
}

/// Makes the client for one server. A server on this machine is never asked through a proxy.
#[cfg(feature = "remote")]
fn http_client(url: &reqwest::Url) -> Result<reqwest::Client, RpcFailure> {
    use_ring();
    let host = url.host_str().unwrap_or_default();
    let is_local = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    let builder = reqwest::Client::builder().connect_timeout(CALL_TIMEOUT);
    let builder = if is_local { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| RpcFailure::Transport(Words::of(&error, None)))
}

/// Makes sure that TLS has a cryptography provider.
#[cfg(feature = "remote")]
fn use_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker with the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0.target {
            Target::InProcess(_) => "in process",
            #[cfg(feature = "remote")]
            Target::Http(_) => "http",
            #[cfg(feature = "remote")]
            Target::WebSocket(_) => "web socket",
        };
        write!(f, "Endpoint({kind})")
    }
}
