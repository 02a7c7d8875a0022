use crate::{Compat, error::Shape, openapi, probe::NodeProbe, routes, stream::STREAMS_MAX};
use axum::{Router, middleware::map_response};
use std::{sync::Arc, time::Duration};
use tally_channel_node::NodeHandle;
use tally_http::{REQUEST_TIMEOUT, Service, Shutdown};
use tokio::sync::Semaphore;

/// How long a transfer's caller waits, unless configured: long enough for several refused routes
/// and short enough for the usual HTTP clients. The original waited up to twenty minutes.
pub const PATIENCE_DEFAULT: Duration = Duration::from_secs(60);

/// What a transfer's reply may need on top of its patience, before the request is cut off.
const PATIENCE_MARGIN: Duration = Duration::from_secs(30);

/// The API over one node.
#[derive(Debug, Clone)]
pub struct SmartRaidenApi {
    pub(crate) node: NodeHandle,
    pub(crate) compat: Compat,
    pub(crate) patience: Duration,
    pub(crate) shutdown: Shutdown,
    /// Places for streams of events.
    pub(crate) streams: Arc<Semaphore>,
}

impl SmartRaidenApi {
    /// Makes the API of `node`; its `stop` endpoint triggers `shutdown` once the node has stopped.
    pub fn new(node: NodeHandle, shutdown: Shutdown) -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { node, compat: Compat::Document, patience: PATIENCE_DEFAULT, shutdown, streams }
    }

    /// Says whose status codes to answer with.
    #[must_use]
    pub const fn with_compat(mut self, compat: Compat) -> Self {
        self.compat = compat;
        self
    }

    /// Says how long a transfer's caller waits before it is told that the transfer is pending.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Returns the API in its surroundings: limits, logs, health, metrics, documentation. The
    /// caller adds who may use it.
    pub fn into_service(self) -> Service {
        let timeout = REQUEST_TIMEOUT.max(self.patience.saturating_add(PATIENCE_MARGIN));
        let probe = NodeProbe(self.node.clone());
        Service::new("SmartRaiden API", self.into_router(), openapi::document(), Shape, probe)
            .with_request_timeout(timeout)
    }

    fn into_router(self) -> Router {
        let compat = self.compat;
        let mut router = Router::new();
        for route in routes::table() {
            router = router.route(route.path, route.handler);
        }
        router
            .with_state(self)
            .layer(map_response(move |reply| std::future::ready(compat.translate(reply))))
    }
}
