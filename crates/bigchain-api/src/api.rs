use crate::{
    ApiEra,
    ask::{Ask, PREFIX},
    error::{Refusal, Shape},
    ledger::Ledger,
    openapi,
    probe::NodeProbe,
    routes::{self, Mount},
    streams::STREAMS_MAX,
};
use axum::{
    Router,
    http::{HeaderValue, header},
    routing::{MethodRouter, options},
};
use std::sync::Arc;
use tally_http::{Service, Shutdown};
use tally_ledger_node::{NodeHandle, ReadError};
use tokio::sync::Semaphore;

/// The API over one node.
#[derive(Debug, Clone)]
pub struct BigchainApi {
    pub(crate) node: NodeHandle,
    pub(crate) tls: bool,
    pub(crate) streams_base: Option<String>,
    pub(crate) stream_places: Arc<Semaphore>,
    pub(crate) shutdown: Shutdown,
    era: ApiEra,
}

impl BigchainApi {
    /// Makes the API of `node`; its streams end when `shutdown` is triggered.
    pub fn new(node: NodeHandle, shutdown: Shutdown) -> Self {
        let stream_places = Arc::new(Semaphore::new(STREAMS_MAX));
        let (tls, streams_base, era) = (false, None, ApiEra::default());
        Self { node, tls, streams_base, stream_places, shutdown, era }
    }

    /// Says which release's API a request speaks that does not say itself.
    #[must_use]
    pub const fn with_era(mut self, era: ApiEra) -> Self {
        self.era = era;
        self
    }

    /// Says that clients reach the API over TLS, so that links to it say so too.
    #[must_use]
    pub const fn with_tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Says where clients are told to open streams: scheme, host and port, such as
    /// `ws://localhost:9985`. Without this, where they reach the API.
    #[must_use]
    pub fn with_streams_base(mut self, base: impl Into<String>) -> Self {
        self.streams_base = Some(base.into());
        self
    }

    /// Returns the API in its surroundings: limits, logs, health, metrics, documentation. The
    /// caller adds who may use it.
    pub fn into_service(self) -> Service {
        self.service(|_| true)
    }

    /// Returns the streams alone in the same surroundings, for a port of their own.
    pub fn into_streams_service(self) -> Service {
        self.service(|path| path.starts_with("/streams/"))
    }

    pub(crate) const fn era(&self) -> ApiEra {
        self.era
    }

    /// Reads the ledger where waiting for the disk holds up nobody.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: &Ask,
        read: impl FnOnce(Ledger<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let reading = self.node.read(move |reader| read(Ledger(*reader)));
        reading.await.map_err(|error| ask.refuse(error.into()))
    }

    fn service(self, serves: impl Fn(&str) -> bool) -> Service {
        let probe = NodeProbe(self.node.clone());
        let router = router(serves).with_state(self);
        // Transactions are signed: who posts one with what content type changes nothing.
        Service::new("BigchainDB API", router, openapi::document(), Shape, probe)
            .with_any_content_type()
    }
}

/// Puts every endpoint at its paths: below the prefix and without it, with a slash at the end and
/// without.
fn router(serves: impl Fn(&str) -> bool) -> Router<BigchainApi> {
    let mut router = Router::new();
    for (path, mount, handler) in endpoints().into_iter().filter(|(path, ..)| serves(path)) {
        let paths = match mount {
            Mount::Root => vec!["/".to_owned()],
            Mount::Prefix => vec![PREFIX.to_owned(), format!("{PREFIX}/")],
            Mount::Both => ["", PREFIX]
                .iter()
                .flat_map(|prefix| [format!("{prefix}{path}"), format!("{prefix}{path}/")])
                .collect(),
        };
        for path in paths {
            router = router.route(&path, handler.clone());
        }
    }
    router
}

/// Returns each path's handlers of all methods, and one that names the methods.
fn endpoints() -> Vec<(&'static str, Mount, MethodRouter<BigchainApi>)> {
    let mut endpoints: Vec<(&str, Mount, MethodRouter<BigchainApi>, Vec<&str>)> = Vec::new();
    for route in routes::table() {
        let method = route.doc.method;
        match endpoints.iter_mut().find(|(path, ..)| *path == route.path) {
            Some((.., handler, methods)) => {
                *handler = std::mem::take(handler).merge(route.handler);
                methods.push(method);
            }
            None => endpoints.push((route.path, route.mount, route.handler, vec![method])),
        }
    }
    let endpoint = |(path, mount, handler, methods): (_, _, MethodRouter<_>, Vec<&str>)| {
        let allowed = allowed(&methods);
        let options = options(async move || [(header::ALLOW, allowed)]);
        (path, mount, handler.merge(options))
    };
    endpoints.into_iter().map(endpoint).collect()
}

fn allowed(methods: &[&str]) -> HeaderValue {
    let mut allowed: Vec<String> = methods.iter().map(|method| method.to_uppercase()).collect();
    if methods.contains(&"get") {
        allowed.push("HEAD".to_owned());
    }
    allowed.push("OPTIONS".to_owned());
    HeaderValue::try_from(allowed.join(", ")).expect("the names of methods are ASCII")
}
