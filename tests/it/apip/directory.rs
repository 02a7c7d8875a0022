//! The vocabulary of these tests: a directory and its users.

use super::node::Node;
use crate::support::{Client as Http, binaries, eventually, process::Process};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};
use tally_apip_client::{Client, Directory, Error, Fcdsl, Refusal, Reply, SignIn};
use tally_chain_utxo::DevChain;
use tally_crypto::fch::PrivateKey;

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    folder: PathBuf,
    name: String,
    flags: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
}

impl Settings {
    /// Settings of a server that keeps its data below `folder`, on a port that is free.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let data = folder.join(name).to_str().expect("UTF-8").to_owned();
        let flags = vec![("--data-dir", data), ("--api-address", "127.0.0.1:0".to_owned())];
        Self { folder: folder.to_owned(), name: name.to_owned(), flags, variables: vec![] }
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

    /// Starts the server and waits until it serves.
    pub(crate) fn start(&self) -> Server {
        let mut process = self.begin(&[]);
        let (api, head) = eventually(&format!("{} to say where it is", self.name), || {
            let written = process.written();
            assert!(process.ended().is_none(), "{} ended: {written}", self.name);
            announced(&written).ok_or(written)
        });
        let directory = Directory::at(head.parse().expect("an address of a directory"));
        Server { settings: self.clone(), process, api, directory }
    }

    /// Starts the server and does not wait for anything.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Process {
        let log = self.folder.join(format!("{}.log", self.name));
        // A log of an earlier run would be taken for this one's.
        drop(fs::rename(&log, log.with_extension("old.log")));
        Process::start(&self.name, &mut self.command(arguments), &log)
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut process = self.begin(arguments);
        (process.wait(), process.written())
    }

    /// Requires that the server does not start, ends with this code, and says `part`.
    pub(crate) fn refuses(&self, code: i32, part: &str) -> String {
        let (status, written) = self.run(&[]);
        assert_eq!(status.code(), Some(code), "{part}: {written}");
        assert!(!written.contains("panicked"), "{written}");
        assert!(written.contains(part), "{part:?} is not in {written}");
        assert!(!written.lines().any(|line| line == "ready"), "ready, and refused: {written}");
        written
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::directory_daemon());
        without_variables(&mut command);
        command.env("HOME", &self.folder).envs(self.variables.iter().cloned()).args(arguments);
        command.args(self.flags.iter().map(|(flag, value)| format!("{flag}={value}")));
        command
    }
}

/// Only what a test says counts, not what the shell around it has set.
fn without_variables(command: &mut Command) {
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("APIP_")) {
        command.env_remove(name);
    }
}

/// Returns where a server that is ready listens, and the prefix of its URLs.
fn announced(written: &str) -> Option<(String, String)> {
    written.lines().find(|line| *line == "ready")?;
    let value = |name: &str| {
        let line = written.lines().find(|line| line.starts_with(&format!("{name} ")))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    };
    Some((value("api")?, value("url-head")?))
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
        self.api.split_once("://").expect("a URL").1
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
    without_variables(&mut command);
    let output = command.env("HOME", home).env("APIP_KEY", wif).args(arguments).output();
    let output = output.expect("the client starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}
