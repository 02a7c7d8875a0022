use crate::{
    access::{Access, AccessRule, Draw, Sessions},
    call::{self, Endpoint},
    config::DealApiConfig,
    entrance::Entrance,
    error::{ApiError, Shape},
    events::Streams,
    idempotency::InFlight,
    openapi,
    probe::ServerProbe,
    routes,
    server::{Embedded, Front, Server, ServiceKeySource},
};
use axum::{Router, extract::Request, routing::MethodFilter};
use std::{fmt, sync::Arc};
use tally_deal_node::{
    Clock, DealServer,
    module::{IDENTIFIER_RANDOM_BYTES, Remote},
};
use tally_deal_store::DealStoreError;
use tally_http::{Guard, Service, Shutdown};

/// The API of a module, and of the server that is embedded in it.
#[derive(Debug, Clone)]
pub struct DealApi(Arc<Inner>);

/// To whom an API speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// To clients: it is a module.
    Module,
    /// To other modules: it is a server, and bodies are packages.
    Server,
}

pub(crate) struct Inner {
    pub(crate) server: Arc<Server>,
    pub(crate) config: Arc<DealApiConfig>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) face: Face,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) streams: Streams,
    draw: Draw,
}

impl DealApi {
    /// Makes the API of a module with an embedded server. Streams end when `shutdown` is triggered.
    ///
    /// # Errors
    ///
    /// [`DealStoreError`] if the key of the access tokens cannot be read or made.
    pub async fn embedded(
        server: DealServer,
        config: DealApiConfig,
        shutdown: Shutdown,
    ) -> Result<Self, DealStoreError> {
        let clock = Arc::clone(server.clock());
        let draw = draw();
        let store = Arc::clone(server.store());
        let issuer = config.issuer.clone();
        let sessions = Sessions::open(store, Arc::clone(&clock), issuer, Arc::clone(&draw)).await?;
        let (rule, clients) = (config.access, config.clients.clone());
        let access = Access { rule, clients, sessions };
        let server = Server::Embedded(Embedded { server, access });
        Ok(Self::new(server, config, clock, draw, shutdown))
    }

    /// Makes the API of a module in front of other servers.
    pub fn remote(
        remote: Arc<Remote>,
        keys: ServiceKeySource,
        config: DealApiConfig,
        clock: Arc<dyn Clock>,
        shutdown: Shutdown,
    ) -> Self {
        let server = Server::Remote(Front { remote, keys });
        Self::new(server, config, clock, draw(), shutdown)
    }

    /// Returns the API for clients, with all that surrounds it.
    ///
    /// `guard` says who may reach it; which pages may read replies is this API's own setting.
    pub fn service(&self, guard: Guard) -> Service {
        self.surrounded(Arc::clone(&self.0), guard)
    }

    /// Returns the same for other modules: bodies are packages, and answers too. Only an embedded
    /// server has it.
    pub fn server_service(&self, guard: Guard) -> Service {
        let inner = Inner {
            server: Arc::clone(&self.0.server),
            config: Arc::clone(&self.0.config),
            clock: Arc::clone(&self.0.clock),
            face: Face::Server,
            in_flight: Arc::clone(&self.0.in_flight),
            streams: self.0.streams.clone(),
            draw: Arc::clone(&self.0.draw),
        };
        self.surrounded(Arc::new(inner), guard)
    }

    /// Says whether requests must say who asks: a start that leaves the API open to strangers asks
    /// for it.
    pub fn access_rule(&self) -> AccessRule {
        self.0.config.access
    }

    fn new(
        server: Server,
        config: DealApiConfig,
        clock: Arc<dyn Clock>,
        draw: Draw,
        shutdown: Shutdown,
    ) -> Self {
        Self(Arc::new(Inner {
            server: Arc::new(server),
            config: Arc::new(config),
            clock,
            face: Face::Module,
            in_flight: Arc::default(),
            streams: Streams::new(shutdown),
            draw,
        }))
    }

    fn surrounded(&self, inner: Arc<Inner>, guard: Guard) -> Service {
        let compat = self.0.config.compat;
        let entrance = Entrance { origins: self.0.config.origins.clone().into(), compat };
        let probe = ServerProbe(Arc::clone(&self.0.server));
        Service::new("Deals", router(&inner), openapi::document(), Shape { compat }, probe)
            // Only who shows a token or a session is believed to be no page of another site.
            .guarded_by(guard.proven_by(&["authorization", "session"]))
            // Four kinds of bodies are taken; what counts is signed, or guarded by a token.
            .with_any_content_type()
            .behind(move |router| entrance.before(router))
    }
}

impl Inner {
    /// Returns the embedded server.
    pub(crate) fn embedded(&self) -> Result<&Embedded, ApiError> {
        match &*self.server {
            Server::Embedded(embedded) => Ok(embedded),
            Server::Remote(_) => Err(ApiError::new(
                axum::http::StatusCode::NOT_IMPLEMENTED,
                "no_embedded_server",
                "this module has no embedded server: ask the server itself",
            )),
        }
    }

    pub(crate) fn random_bytes(&self) -> [u8; IDENTIFIER_RANDOM_BYTES] {
        let mut bytes = [0; IDENTIFIER_RANDOM_BYTES];
        (self.draw)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("server", &self.server)
            .field("face", &self.face)
            .finish_non_exhaustive()
    }
}

/// Puts every endpoint at its path.
fn router(inner: &Arc<Inner>) -> Router {
    let routes = routes::table().into_iter();
    let router = routes.fold(Router::new(), |router, route| {
        let filter = match route.doc.method {
            "get" => MethodFilter::GET,
            "delete" => MethodFilter::DELETE,
            _ => MethodFilter::POST,
        };
        mount(router, inner, route.path, filter, route.endpoint)
    });
    let (path, unknown) = (routes::ONE_DEAL, routes::unknown_order());
    let router = mount(router, inner, path, MethodFilter::POST, unknown);
    match &*inner.server {
        Server::Embedded(_) => router,
        // What a server has beside the published endpoints.
        Server::Remote(_) => routes::PASSED.iter().fold(router, |router, path| {
            let filter = MethodFilter::GET.or(MethodFilter::POST);
            mount(router, inner, path, filter, routes::passed())
        }),
    }
}

fn mount(
    router: Router,
    inner: &Arc<Inner>,
    path: &str,
    filter: MethodFilter,
    endpoint: Endpoint,
) -> Router {
    let inner = Arc::clone(inner);
    let serve = move |request: Request| call::serve(Arc::clone(&inner), endpoint, request);
    router.route(path, axum::routing::on(filter, serve))
}

/// Draws from the system's randomness.
fn draw() -> Draw {
    Arc::new(|bytes: &mut [u8]| {
        getrandom::fill(bytes).expect("a system without randomness cannot guard anything");
    })
}
