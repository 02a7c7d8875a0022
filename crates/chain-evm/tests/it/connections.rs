//! Connections that break and servers that restart, lag and repeat themselves.

use crate::{
    common::{
        Deployed, key,
        relay::{self, read_to},
    },
    suite::Dev,
};
use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tally_chain::{ChainError, ChainSource, ChannelContracts, SourceStart};
use tally_chain_evm::{
    DevChain, DevServer, Endpoint, EvmContracts, EvmSource, SourceSettings, TransactionSettings,
    Undone,
};
use tally_primitives::Secret;
use tokio::net::TcpListener;

/// How long anything here may take.
const LIMIT: Duration = Duration::from_secs(60);

fn start(endpoint: &Endpoint, deployed: &Deployed<Dev>) -> EvmSource {
    let settings =
        SourceSettings { poll: Duration::from_millis(50), ..SourceSettings::development() };
    EvmSource::start(endpoint, deployed.deployment, SourceStart::Fresh, settings)
}

/// Goal: connections may break at any moment, for reading and for writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_nothing() {
    for scheme in ["ws", "http"] {
        let deployed = Deployed::on(Dev::in_process()).await;
        let server = deployed.control.chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        relay::cut_connections_lose_nothing(&deployed, scheme, server.address()).await;
        server.stop().await;
    }
}

/// Goal: a server that was away is followed on. Method: stop it, make blocks and a reorganisation,
/// start it on the same port.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_followed_on() {
    for scheme in ["ws", "http"] {
        let deployed = Deployed::on(Dev::in_process()).await;
        let chain = &deployed.control.chain;
        let server = chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = server.address();
        let endpoint = Endpoint::from_url(&format!("{scheme}://{address}")).unwrap();
        let mut source = start(&endpoint, &deployed);
        let mut last = None;
        read_to(&mut source, &mut last, chain.head()).await;
        server.stop().await;

        chain.reorg(2, Undone::Requeued).unwrap();
        deployed.contracts[0].register_secret(Secret::new([7; 32])).await.unwrap();
        let server = serve_again(chain, address).await;
        let seen = read_to(&mut source, &mut last, chain.head()).await;
        assert_eq!(seen, [Secret::new([7; 32])], "{scheme}");
        server.stop().await;
    }
}

/// Serves on a port that was just given up; the system may keep it for a moment.
async fn serve_again(chain: &DevChain, address: SocketAddr) -> DevServer {
    let again = async {
        loop {
            match chain.serve(address).await {
                Ok(server) => return server,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(LIMIT, again).await.expect("the port stays taken")
}

/// A server behind a balancer: half of the calls are answered by one that is three blocks behind,
/// and logs come twice.
#[derive(Clone)]
struct Balanced {
    chain: DevChain,
    client: reqwest::Client,
    url: String,
    calls: Arc<AtomicU64>,
    /// Whether the servers also lose the logs of every query by range.
    forgets_ranges: bool,
}

impl Balanced {
    const LAG: u64 = 3;

    async fn answer_one(&self, call: Value) -> Value {
        // Neither regular nor random: a strict alternation could always meet the same calls.
        let count = self.calls.fetch_add(1, Ordering::Relaxed);
        let is_behind = count.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0;
        let newest = self.chain.head().number.0.saturating_sub(Self::LAG);
        let mut call = call;
        let answer = json!({ "jsonrpc": "2.0", "id": call["id"] });
        if is_behind && call["method"] == "eth_getBlockByNumber" {
            let number = call["params"][0].as_str().unwrap().to_owned();
            if number == "latest" {
                call["params"][0] = json!(format!("{newest:#x}"));
            } else if u64::from_str_radix(number.trim_start_matches("0x"), 16).unwrap() > newest {
                let mut answer = answer;
                answer["result"] = Value::Null;
                return answer;
            }
        }
        let logs_wanted = call["method"] == "eth_getLogs";
        let response = self.client.post(&self.url).json(&call).send().await.unwrap();
        let mut answer: Value = response.json().await.unwrap();
        if let Some(logs) = answer["result"].as_array_mut().filter(|_| logs_wanted) {
            let mut again = logs.clone();
            again.reverse();
            logs.extend(again);
            if self.forgets_ranges && call["params"][0].get("fromBlock").is_some() {
                logs.clear();
            }
        }
        answer
    }
}

impl Balanced {
    /// Serves, and returns the endpoint.
    async fn serve(chain: &DevChain, server: &DevServer, forgets_ranges: bool) -> Endpoint {
        let balanced = Self {
            chain: chain.clone(),
            client: client(),
            url: server.http_url(),
            calls: Arc::default(),
            forgets_ranges,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer)).with_state(balanced);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Endpoint::from_url(&url).unwrap()
    }
}

async fn answer(State(server): State<Balanced>, Json(body): Json<Value>) -> Json<Value> {
    let Value::Array(calls) = body else { return Json(server.answer_one(body).await) };
    let mut answers = Vec::new();
    for call in calls {
        answers.push(server.answer_one(call).await);
    }
    Json(Value::Array(answers))
}

/// Goal: servers that lag behind each other and repeat logs change nothing but the delay. Method: a
/// balancer in front of a chain that grows and is reorganised.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lagging_servers_change_nothing() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    let server = chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let endpoint = Balanced::serve(chain, &server, false).await;
    let mut source = start(&endpoint, &deployed);
    let (mut last, mut seen) = (None, Vec::new());
    for byte in 0..6 {
        deployed.contracts[0].register_secret(Secret::new([byte; 32])).await.unwrap();
        chain.mine(2);
        seen.extend(read_to(&mut source, &mut last, chain.head()).await);
    }
    assert_eq!(seen, (0..6).map(|byte| Secret::new([byte; 32])).collect::<Vec<_>>());

    chain.reorg(3, Undone::Requeued).unwrap();
    let again = read_to(&mut source, &mut last, chain.head()).await;
    assert_eq!(again, [Secret::new([5; 32])]);
    server.stop().await;
}

/// Goal: a long way behind, ranges are fetched at once, and a server that answers them in part is
/// found out. Method: a few events in hundreds of blocks; with and without an honest server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catching_up_misses_nothing() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let chain = &deployed.control.chain;
    let server = chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    for byte in 0..8 {
        deployed.contracts[0].register_secret(Secret::new([byte; 32])).await.unwrap();
        chain.mine(70);
    }
    let wanted: Vec<_> = (0..8).map(|byte| Secret::new([byte; 32])).collect();
    let honest = Endpoint::from_url(&server.http_url()).unwrap();
    for endpoint in [honest, Balanced::serve(chain, &server, true).await] {
        let mut source = start(&endpoint, &deployed);
        let seen = read_to(&mut source, &mut None, chain.head()).await;
        assert_eq!(seen, wanted);
    }
    server.stop().await;
}

/// An HTTP client for test servers.
pub(crate) fn client() -> reqwest::Client {
    // Another test may have been quicker.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Goal: a server on another chain is refused for good, not retried for ever.
#[tokio::test]
async fn another_chain_is_refused() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let mut deployment = deployed.deployment;
    deployment.chain_id.0 += 1;
    let endpoint = &deployed.control.endpoint;
    let settings = SourceSettings::development();
    let mut source = EvmSource::start(endpoint, deployment, SourceStart::Fresh, settings);
    let error = tokio::time::timeout(LIMIT, source.next_update()).await.unwrap().unwrap_err();
    assert!(matches!(error, ChainError::Permanent { .. }), "{error:?}");
    let settings = TransactionSettings::development();
    EvmContracts::connect(endpoint, key(1), deployment, settings).await.unwrap_err();
}
