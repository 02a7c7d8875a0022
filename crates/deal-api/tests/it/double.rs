//! Another server, as far as a module sees it: a real one on loopback that answers what it is told.

use crate::world::{NOW, TestClock, clock, private_key};
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tally_deal::{Network, ServiceKeys};
use tally_deal_api::{DealApi, DealApiConfig, ServiceKeySource};
use tally_deal_node::module::{AllowList, Remote, RemoteConfig, ServerAddress};
use tally_http::{Guard, Server, Shutdown};

/// What a server was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What a server answers.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// A status, a type and a body.
    Says(u16, &'static str, String),
    /// A redirection.
    Redirects(String),
    /// Nothing, ever.
    Hangs,
}

impl Default for Script {
    fn default() -> Self {
        let answer = r#"{"id": "x", "action": "Status", "result": {"success": true, "message": "m"}, "payload": "PHA+aGk8L3A+"}"#;
        Self::Says(200, "application/json", answer.to_owned())
    }
}

#[derive(Debug, Clone, Default)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Mutex<Script>>,
    /// What is answered at some paths, the newest last.
    at_paths: Arc<Mutex<Vec<(String, Script)>>>,
}

/// A server that is somebody else's.
pub(crate) struct Double {
    pub(crate) address: SocketAddr,
    shared: Shared,
    shutdown: Shutdown,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
        let (address, shutdown) = (server.local_address(), Shutdown::default());
        tokio::spawn(server.serve(router, shutdown.clone()));
        Self { address, shared, shutdown }
    }

    /// Tells it what to answer from now on.
    pub(crate) fn says(&self, status: u16, kind: &'static str, body: impl Into<String>) {
        self.plays(Script::Says(status, kind, body.into()));
    }

    pub(crate) fn plays(&self, script: Script) {
        *self.shared.script.lock().unwrap() = script;
    }

    /// Tells it what to answer from now on at one path.
    pub(crate) fn plays_at(&self, path: &str, script: Script) {
        self.shared.at_paths.lock().unwrap().push((path.to_owned(), script));
    }

    /// Returns everything that it was asked at one path.
    pub(crate) fn asked_at(&self, path: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Returns the last thing that it was asked.
    pub(crate) fn last(&self) -> Asked {
        self.shared.asked.lock().unwrap().last().expect("the server was not asked").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    pub(crate) fn name(&self) -> ServerAddress {
        self.address.to_string().parse().unwrap()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let method = parts.method.to_string();
    let at_path = shared.at_paths.lock().unwrap().iter().rev().find(|it| it.0 == path).cloned();
    shared.asked.lock().unwrap().push(Asked { method, path, headers: parts.headers, body });
    let script = at_path.map(|(_, script)| script);
    let script = script.unwrap_or_else(|| shared.script.lock().unwrap().clone());
    match script {
        Script::Says(status, kind, body) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
        }
        Script::Redirects(place) => {
            let place = HeaderValue::try_from(place).unwrap();
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        Script::Hangs => std::future::pending().await,
    }
}

/// The service keys of the private keys 1 and 2, as configured ones.
pub(crate) fn configured_keys() -> ServiceKeySource {
    let (key1, key2) = (private_key(1).public_key(), private_key(2).public_key());
    let pgp = crate::world::pgp_key(1).public().clone();
    ServiceKeySource::Configured(ServiceKeys { key1, key2 }, vec![pgp])
}

/// A module in front of other servers.
pub(crate) struct Module {
    pub(crate) router: Router,
    pub(crate) clock: Arc<TestClock>,
}

pub(crate) fn module(servers: Vec<ServerAddress>) -> Module {
    module_with(servers, AllowList::default(), |_| {})
}

pub(crate) fn module_with(
    servers: Vec<ServerAddress>,
    allowed: AllowList,
    change: impl FnOnce(&mut DealApiConfig),
) -> Module {
    let timeout = Duration::from_secs(5);
    let config = RemoteConfig { servers, allowed, timeout, ..RemoteConfig::default() };
    let remote = Arc::new(Remote::new(config).unwrap());
    let mut api = DealApiConfig::new(Network::Test);
    change(&mut api);
    let clock = clock();
    assert_eq!(tally_deal_node::Clock::now(&*clock), NOW);
    let clocks = Arc::<TestClock>::clone(&clock);
    let api = DealApi::remote(remote, configured_keys(), api, clocks, Shutdown::default());
    Module { router: api.service(Guard::default()).into_router(), clock }
}

/// An address of this machine where nobody listens.
pub(crate) fn nobody() -> ServerAddress {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string().parse().unwrap()
}
