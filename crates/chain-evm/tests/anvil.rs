//! The adapter on anvil: the same suite as on the embedded chain, against an independent
//! implementation.
//!
//! Needs the feature `anvil-tests`, and the binary: `make setup` installs it with the contracts'
//! Node packages; the environment variable `ANVIL` names another.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{CHAIN_ID, Control, Deployed, accounts, relay, run_suite};
use serde_json::{Value, json};
use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tally_chain_evm::Endpoint;
use tally_primitives::{BlockHash, BlockNumber, BlockRef};

/// How long anvil may take to start on a busy machine; a tenth of a second is usual.
const START_LIMIT: Duration = Duration::from_secs(30);

/// An anvil and how the tests steer it.
struct Anvil {
    _process: Process,
    url: String,
    endpoint: Endpoint,
    client: reqwest::Client,
}

/// A process that is killed when dropped, also by a panic.
struct Process(Child);

impl Anvil {
    async fn start(scheme: &str) -> Self {
        let installed = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
        );
        let binary = env::var("ANVIL").unwrap_or_else(|_| installed.to_owned());
        let process = Command::new(&binary)
            .args(["--port", "0", "--accounts", "1", "--chain-id", &CHAIN_ID.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{binary}: {error}; run `make setup` or set ANVIL"));
        let mut process = Process(process);
        let address = listening_address(process.0.stdout.take().unwrap());
        let endpoint = Endpoint::from_url(&format!("{scheme}://{address}")).unwrap();
        // The endpoint may not have been used yet, and the client wants TLS to be there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let anvil = Self { _process: process, url: format!("http://{address}"), endpoint, client };
        for (account, coin) in accounts() {
            let balance = format!("{:#x}", coin.units());
            anvil.call("anvil_setBalance", json!([account, balance])).await;
        }
        anvil
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.client.post(&self.url).json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }
}

/// Waits until anvil says where it listens, and lets it go on talking: it stops when nobody reads.
fn listening_address(output: ChildStdout) -> String {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("Listening on ") {
                // Nobody waits for a second address.
                let _ = sender.send(address.to_owned());
            }
        }
    });
    address.recv_timeout(START_LIMIT).expect("anvil starts")
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have died already, which some test will have noticed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Control for Anvil {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn head(&self) -> BlockRef {
        let head = self.call("eth_getBlockByNumber", json!(["latest", false])).await;
        let number = head["number"].as_str().unwrap().trim_start_matches("0x");
        BlockRef {
            number: BlockNumber(u64::from_str_radix(number, 16).unwrap()),
            hash: BlockHash(head["hash"].as_str().unwrap().parse().unwrap()),
        }
    }

    async fn mine(&self, count: u64) {
        self.call("anvil_mine", json!([format!("{count:#x}")])).await;
    }

    async fn reorg(&self, depth: u64) {
        self.call("anvil_reorg", json!([depth, []])).await;
    }
}

/// Goal: the adapter meets the port's contract on anvil over a WebSocket, real reorganisations
/// included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_web_socket() {
    run_suite(async || Anvil::start("ws").await).await;
}

/// Goal: the same over HTTP.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http() {
    run_suite(async || Anvil::start("http").await).await;
}

/// Goal: lost subscriptions and connections lose nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_nothing() {
    for scheme in ["ws", "http"] {
        let deployed = Deployed::on(Anvil::start("http").await).await;
        let server = deployed.control.url.trim_start_matches("http://").parse().unwrap();
        relay::cut_connections_lose_nothing(&deployed, scheme, server).await;
    }
}
