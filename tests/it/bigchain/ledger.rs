//! The vocabulary of these tests: a node of the ledger and its users.

use crate::support::{Client, Reply, binaries, eventually, process::Process};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{AssetUuid, Transaction, Version, build::Draft};

/// How a node is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    folder: PathBuf,
    name: String,
    flags: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
}

impl Settings {
    /// Settings of a node that keeps its ledger below `folder`, on ports that are free.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let data = folder.join(name).to_str().expect("UTF-8").to_owned();
        let flags = vec![
            ("--data-dir", data),
            ("--server-bind", "127.0.0.1:0".to_owned()),
            ("--wsserver-port", "0".to_owned()),
            ("--log-format", "json".to_owned()),
        ];
        Self { folder: folder.to_owned(), name: name.to_owned(), flags, variables: vec![] }
    }

    /// Gives a flag another value.
    pub(crate) fn with(mut self, flag: &'static str, value: &str) -> Self {
        self.flags.retain(|(other, _)| *other != flag);
        self.flags.push((flag, value.to_owned()));
        self
    }

    /// Leaves a flag out.
    pub(crate) fn without(mut self, flag: &str) -> Self {
        self.flags.retain(|(other, _)| *other != flag);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Starts the node and waits until it is ready.
    pub(crate) fn start(&self) -> Node {
        let log = self.folder.join(format!("{}.log", self.name));
        // A log of an earlier run would be taken for this one's.
        drop(fs::rename(&log, log.with_extension("old.log")));
        let mut process = Process::start(&self.name, &mut self.command(&["start"]), &log);
        let addresses = eventually(&format!("{} to say where it is", self.name), || {
            let written = process.written();
            assert!(process.ended().is_none(), "{} ended: {written}", self.name);
            Addresses::find(&written).ok_or(written)
        });
        // The next start is on the same ports.
        let port = addresses.stream.rsplit_once(':').expect("an address has a port").1.to_owned();
        let mut settings = self.clone().with("--wsserver-port", &port);
        settings = settings.with("--server-bind", addresses.api_at());
        if let Some(peers) = &addresses.peers {
            settings = settings.with("--listen-peers", peers);
        }
        let api = Client::new(&addresses.api);
        Node { settings, process, api, addresses }
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut process = self.begin(arguments);
        (process.wait(), process.written())
    }

    /// Begins to run a command.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Process {
        let log = self.folder.join(format!("{}.command.log", self.name));
        drop(fs::remove_file(&log));
        Process::start(&self.name, &mut self.command(arguments), &log)
    }

    /// Runs a command that must end well; returns what it wrote.
    pub(crate) fn runs(&self, arguments: &[&str]) -> String {
        let (status, written) = self.run(arguments);
        assert!(status.success(), "{arguments:?}: {written}");
        written
    }

    /// Runs a command that must fail with this code, and say `part`.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, part: &str) -> String {
        let (status, written) = self.run(arguments);
        assert_eq!(status.code(), Some(code), "{arguments:?}: {written}");
        assert!(!written.contains("panicked"), "{written}");
        assert!(written.contains(part), "{arguments:?}: {part:?} is not in {written}");
        written
    }

    /// The folder of the node's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::ledger_daemon());
        // Only what a test says counts, not what the shell around it has set.
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("BIGCHAINDB_")) {
            command.env_remove(name);
        }
        command.env("HOME", &self.folder).envs(self.variables.iter().cloned());
        command.args(arguments);
        // `load` speaks to any node and knows no settings of one.
        if arguments.first() != Some(&"load") {
            for (flag, value) in &self.flags {
                command.arg(flag);
                if !value.is_empty() {
                    command.arg(value);
                }
            }
        }
        command
    }
}

/// What a node says once it is ready.
#[derive(Debug)]
struct Addresses {
    api: String,
    stream: String,
    key: String,
    peers: Option<String>,
}

impl Addresses {
    fn find(written: &str) -> Option<Self> {
        written.lines().find(|line| *line == "ready")?;
        let value = |name: &str| {
            let line = written.lines().find(|line| line.starts_with(&format!("{name} ")))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        Some(Self {
            api: value("api")?,
            stream: value("stream")?,
            key: value("node")?,
            peers: value("peers"),
        })
    }

    fn api_at(&self) -> &str {
        self.api.split_once("://").expect("a URL").1
    }
}

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Node {
    settings: Settings,
    process: Process,
    api: Client,
    addresses: Addresses,
}

impl Node {
    pub(crate) fn api(&self) -> &Client {
        &self.api
    }

    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        &self.addresses.api
    }

    /// `host:port` of the API.
    pub(crate) fn api_at(&self) -> &str {
        self.addresses.api_at()
    }

    /// `ws://host:port`.
    pub(crate) fn stream(&self) -> &str {
        &self.addresses.stream
    }

    /// Its public key.
    pub(crate) fn key(&self) -> &str {
        &self.addresses.key
    }

    /// `host:port` for the other members.
    pub(crate) fn peers_at(&self) -> Option<&str> {
        self.addresses.peers.as_deref()
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
