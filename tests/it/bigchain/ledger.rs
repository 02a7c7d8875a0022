//! The vocabulary of these tests: a node of the ledger and its users.

use crate::support::{
    Client, Reply, binaries, eventually,
    launch::{Announced, Launch, host_of},
    process::Process,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{AssetUuid, Transaction, Version, build::Draft};

/// How a node is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Launch);

impl Settings {
    /// Settings of a node that keeps its ledger below `folder`, on ports that are free.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let launch = Launch::new(binaries::ledger_daemon(), "BIGCHAINDB_", folder, name);
        // `load` speaks to any node and knows no settings of one.
        Self(launch.with_plain("load"))
            .with("--server-bind", "127.0.0.1:0")
            .with("--wsserver-port", "0")
            .with("--log-format", "json")
    }

    /// Gives a flag another value.
    pub(crate) fn with(self, flag: &'static str, value: &str) -> Self {
        Self(self.0.with(flag, value))
    }

    /// Leaves a flag out.
    pub(crate) fn without(self, flag: &str) -> Self {
        Self(self.0.without(flag))
    }

    /// Sets an environment variable.
    pub(crate) fn with_variable(self, name: &'static str, value: &str) -> Self {
        Self(self.0.with_variable(name, value))
    }

    /// Starts the node and waits until it is ready.
    pub(crate) fn start(&self) -> Node {
        let (process, announced) = self.0.start(&["start"]);
        // The next start is on the same ports.
        let stream = host_of(announced.of("stream"));
        let port = stream.rsplit_once(':').expect("an address has a port").1;
        let mut settings = self.clone().with("--wsserver-port", port);
        settings = settings.with("--server-bind", host_of(announced.of("api")));
        if let Some(peers) = announced.find("peers") {
            settings = settings.with("--listen-peers", peers);
        }
        let api = Client::new(announced.of("api"));
        Node { settings, process, api, announced }
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        self.0.run(arguments)
    }

    /// Begins to run a command.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Process {
        self.0.begin(arguments)
    }

    /// Runs a command that must end well; returns what it wrote.
    pub(crate) fn runs(&self, arguments: &[&str]) -> String {
        let (status, written) = self.run(arguments);
        assert!(status.success(), "{arguments:?}: {written}");
        written
    }

    /// Runs a command that must fail with this code, and say `part`.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, part: &str) -> String {
        self.0.refuses(arguments, code, part)
    }

    /// The folder of the node's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.data()
    }
}

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Node {
    settings: Settings,
    process: Process,
    api: Client,
    announced: Announced,
}

impl Node {
    pub(crate) fn api(&self) -> &Client {
        &self.api
    }

    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        self.announced.of("api")
    }

    /// `host:port` of the API.
    pub(crate) fn api_at(&self) -> &str {
        host_of(self.url())
    }

    /// `ws://host:port`.
    pub(crate) fn stream(&self) -> &str {
        self.announced.of("stream")
    }

    /// Its public key.
    pub(crate) fn key(&self) -> &str {
        self.announced.of("node")
    }

    /// `host:port` for the other members.
    pub(crate) fn peers_at(&self) -> Option<&str> {
        self.announced.find("peers")
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns everything it has logged since it started.
    pub(crate) fn written(&self) -> String {
        self.process.written()
    }

    /// Ends it as `kill -9` does; returns what starts it again.
    pub(crate) fn kill(mut self) -> Settings {
        self.process.kill();
        self.settings
    }

    /// Asks it to end, waits until it has, and requires that it ended well.
    pub(crate) fn stop(mut self) -> Settings {
        self.process.signal("TERM");
        let status = self.process.wait();
        assert!(status.success(), "{status}: {}", self.process.written());
        self.settings
    }

    /// Lets the process stand still.
    pub(crate) fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Posts a transaction that must be accepted.
    pub(crate) fn accepts(&self, transaction: &Transaction) {
        let reply = self.post(transaction).expect("an answer");
        assert_eq!(reply.status, 202, "{}", reply.text);
    }

    /// Posts a transaction.
    pub(crate) fn post(&self, transaction: &Transaction) -> Result<Reply, String> {
        self.api.send("POST", "/api/v1/transactions", Some(transaction.to_json()))
    }

    /// Returns what became of a transaction; `None` if it is not known.
    pub(crate) fn status(&self, id: &str) -> Option<String> {
        let reply = self.api.get(&format!("/api/v1/transactions/{id}/status"));
        let status = reply.json()["status"].as_str().map(str::to_owned);
        if reply.status == 200 { status } else { None }
    }

    /// Waits until a transaction is valid.
    pub(crate) fn sees_valid(&self, id: &str) {
        eventually(&format!("transaction {id} to be valid"), || match self.status(id) {
            Some(status) if status == "valid" => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    /// Posts a transaction and waits until it is valid.
    pub(crate) fn commits(&self, transaction: &Transaction) {
        self.accepts(transaction);
        self.sees_valid(&transaction.id().to_string());
    }

    /// Returns the ids and the number of transactions of all blocks, from the first.
    pub(crate) fn chain(&self) -> Vec<Value> {
        (0..)
            .map(|height| self.api.get(&format!("/api/v1/blocks/{height}")))
            .take_while(|reply| reply.status == 200)
            .map(|reply| reply.json())
            .collect()
    }
}

/// The key of a user, made of a number.
pub(crate) fn key(number: u64) -> SigningKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_seed(&seed)
}

/// A creation by the user of `number`; another one for each `serial`.
pub(crate) fn create(version: Version, number: u64, serial: u64) -> Transaction {
    let user = key(number);
    let owner = user.public_key();
    let draft = Draft::create(version, &[owner]);
    let mut uuid = [1; 16];
    uuid[..8].copy_from_slice(&number.to_be_bytes());
    uuid[8..].copy_from_slice(&serial.to_be_bytes());
    let draft = draft.asset_uuid(AssetUuid::from_random(uuid));
    let draft = draft.asset_data(format!(r#"{{"serial":{serial},"text":"a bicycle"}}"#));
    draft.output(1, &[owner]).sign(&[&user]).expect("a valid creation")
}

/// Passes all of an output from one user to another.
pub(crate) fn transfer(spent: &Transaction, from: u64, to: u64) -> Transaction {
    let draft = Draft::transfer(spent.version(), spent.asset_id()).input(spent, 0);
    let draft = draft.output(1, &[key(to).public_key()]);
    draft.sign(&[&key(from)]).expect("a valid transfer")
}
