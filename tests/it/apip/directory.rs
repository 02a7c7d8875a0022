//! The vocabulary of these tests: a directory and its users.

use super::node::Node;
use crate::support::{
    Client as Http, binaries, eventually,
    launch::{Launch, host_of, without_variables},
    process::Process,
};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, ExitStatus},
};
use tally_apip_client::{Client, Directory, Error, Fcdsl, Refusal, Reply, SignIn};
use tally_chain_utxo::DevChain;
use tally_crypto::fch::PrivateKey;

/// What the names of the server's environment variables begin with.
const PREFIX: &str = "APIP_";

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Launch);

impl Settings {
    /// Settings of a server that keeps its data below `folder`, on a port that is free.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let launch = Launch::new(binaries::directory_daemon(), PREFIX, folder, name);
        Self(launch.with("--api-address", "127.0.0.1:0").with("--poll-interval", "50"))
    }

    /// Settings of a directory for trying out.
    pub(crate) fn dev(folder: &Path) -> Self {
        Self::new(folder, "dev").without("--data-dir").with("--dev", "true")
    }

    /// Lets it follow a node.
    pub(crate) fn on(self, node: &Node) -> Self {
        self.with("--node-url", &node.url())
            .with("--node-user", Node::USER)
            .with_variable("APIP_NODE_PASSWORD", Node::PASSWORD)
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

    /// Starts the server and waits until it serves.
    pub(crate) fn start(&self) -> Server {
        let (process, announced) = self.0.start(&[]);
        let head = announced.of("url-head").parse().expect("an address of a directory");
        let api = announced.of("api").to_owned();
        Server { settings: self.clone(), process, api, directory: Directory::at(head) }
    }

    /// Starts the server and does not wait for anything.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Process {
        self.0.begin(arguments)
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        self.0.run(arguments)
    }

    /// Requires that the server does not start, ends with this code, and says `part`.
    pub(crate) fn refuses(&self, code: i32, part: &str) -> String {
        self.0.refuses(&[], code, part)
    }
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    settings: Settings,
    process: Process,
    api: String,
    directory: Directory,
}

impl Server {
    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        &self.api
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        host_of(&self.api)
    }

    /// The prefix of the URLs.
    pub(crate) fn head(&self) -> &str {
        self.directory.head().as_str()
    }

    /// Whoever asks without signing.
    pub(crate) fn http(&self) -> Http {
        Http::new(&self.api)
    }

    /// The same with the library, which checks the answers.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns everything it has written since it started.
    pub(crate) fn written(&self) -> String {
        self.process.written()
    }

    /// Signs a user in.
    pub(crate) fn sign_in(&self, key: &PrivateKey) -> Client {
        let signed_in = self.directory.sign_in(key, SignIn::EncryptedKey).expect("a session");
        Client::new(self.directory.clone(), signed_in.session)
    }

    /// A user of this server with the session that another server gave.
    pub(crate) fn with_session_of(&self, client: &Client) -> Client {
        Client::new(self.directory.clone(), client.session().clone())
    }

    /// Waits until the newest block of the chain is what answers are of, and the server knows that it
    /// is the newest: before, nothing is sold.
    pub(crate) fn follows(&self, chain: &DevChain) {
        let height = chain.height();
        let id = chain.id_at(height).expect("the newest block").to_string();
        eventually(&format!("block {height}"), || {
            let found = self.best();
            if found["blockId"] == *id { Ok(()) } else { Err(found.to_string()) }
        });
        eventually("the server to be ready", || {
            let reply = self.http().get("/readyz");
            if reply.status == 200 { Ok(()) } else { Err(reply.text) }
        });
    }

    /// Waits until the directory has come to a height.
    pub(crate) fn reaches(&self, height: u64) {
        eventually(&format!("height {height}"), || {
            let found = self.best();
            if found["height"] == height { Ok(()) } else { Err(found.to_string()) }
        });
    }

    /// Returns the newest block that answers are of.
    pub(crate) fn best(&self) -> Value {
        match self.directory.free("freeGet/v1/getBestBlock", &[]) {
            Ok(reply) => reply.data_as().expect("JSON"),
            Err(error) => Value::String(error.to_string()),
        }
    }

    /// Waits until a user's balance is this many satoshi.
    pub(crate) fn credits(&self, client: &Client, satoshi: i64) {
        eventually(&format!("a balance of {satoshi}"), || match client.ping() {
            Ok(reply) if reply.balance == satoshi => Ok(()),
            other => Err(format!("{other:?}")),
        });
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
}

/// Asks a question as JSON.
pub(crate) fn ask(client: &Client, endpoint: &str, fcdsl: &str) -> Result<Reply, Error> {
    let fcdsl = Fcdsl::from_json(fcdsl).expect("FCDSL");
    client.query(&endpoint.parse().expect("an endpoint"), Some(&fcdsl))
}

/// Requires a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> Refusal {
    let error = answer.expect_err("a refusal");
    error.refusal().unwrap_or_else(|| panic!("{error}")).clone()
}

/// Runs the command-line client, with a home folder and the key of a user; returns exit code, and
/// what it wrote on standard output and standard error.
pub(crate) fn run_client(home: &Path, wif: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(binaries::directory_client());
    without_variables(&mut command, PREFIX);
    let output = command.env("HOME", home).env("APIP_KEY", wif).args(arguments).output();
    let output = output.expect("the client starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}
