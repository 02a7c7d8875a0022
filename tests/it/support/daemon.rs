use super::{
    Client, Network, Reply,
    accounts::{self, KeyFile},
    binaries, eventually,
    process::Process,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

/// Blocks in reserve and blocks of a window: short, so that a test need not make many.
pub(crate) const REVEAL_TIMEOUT: u64 = 4;
pub(crate) const SETTLE_TIMEOUT: u64 = 40;

/// How a daemon is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    number: u8,
    flags: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
    log: PathBuf,
}

impl Settings {
    /// Makes the settings of an account's node, with files of its own below the test's folder.
    pub(crate) fn new(network: &Network, number: u8) -> Self {
        let folder = network.folder.path();
        let key = KeyFile::write(folder, number);
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let deployment = network.chain.deployment();
        let flags = vec![
            ("--datadir", text(&folder.join(format!("data-{number}")))),
            ("--address", accounts::address(number)),
            ("--keystore-path", text(&key.folder)),
            ("--password-file", text(&key.password_file)),
            ("--eth-rpc-endpoint", format!("ws://{}", network.chain.anvil().address())),
            ("--registry-contract-address", deployment.registry.to_string()),
            ("--endpoint-registry-contract-address", deployment.endpoint_registry.to_string()),
            ("--registry-block", deployment.first_block.to_string()),
            ("--confirmations", "0".to_owned()),
            ("--listen-address", "127.0.0.1:0".to_owned()),
            ("--api-address", "127.0.0.1:0".to_owned()),
            ("--reveal-timeout", REVEAL_TIMEOUT.to_string()),
            ("--settle-timeout", SETTLE_TIMEOUT.to_string()),
            ("--log-format", "json".to_owned()),
        ];
        let log = folder.join(format!("daemon-{number}.log"));
        Self { number, flags, variables: vec![], log }
    }

    /// Makes the settings of a node that has nothing but these flags.
    pub(crate) fn bare(folder: &Path, flags: &[(&'static str, &str)]) -> Self {
        let flags = flags.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect();
        Self { number: 0, flags, variables: vec![], log: folder.join("daemon.log") }
    }

    /// Sets an environment variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Leaves a flag out.
    pub(crate) fn without(mut self, flag: &str) -> Self {
        self.flags.retain(|(other, _)| *other != flag);
        self
    }

    /// Gives a flag another value.
    pub(crate) fn with(self, flag: &'static str, value: &str) -> Self {
        let mut settings = self.without(flag);
        settings.flags.push((flag, value.to_owned()));
        settings
    }

    /// Returns the value of a flag.
    pub(crate) fn value(&self, flag: &str) -> &str {
        let found = self.flags.iter().find(|(other, _)| *other == flag);
        found.map(|(_, value)| value.as_str()).expect("a flag that is set")
    }

    /// Returns the password of the node's key, which the daemon must never show.
    pub(crate) fn password(&self) -> String {
        accounts::password(self.number)
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub(crate) fn start(self) -> Daemon {
        let process = Process::start(&self.name(), &mut self.command(), &self.log);
        Daemon::wait_ready(self, process)
    }

    /// Runs the daemon, which must end by itself with an error; returns its exit code and what it
    /// wrote.
    pub(crate) fn refusal(&self) -> (i32, String) {
        let (status, written) = self.run(&[]);
        assert!(!status.success(), "started although it should not: {written}");
        assert!(!written.contains("panicked"), "{written}");
        (status.code().expect("not ended by a signal"), written)
    }

    /// Runs the daemon with more arguments until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let log = self.log.with_extension("run.log");
        // The file may hold what an earlier run wrote.
        drop(fs::remove_file(&log));
        let mut process = Process::start(&self.name(), self.command().args(arguments), &log);
        (process.wait(), process.written())
    }

    fn name(&self) -> String {
        format!("daemon {}", self.number)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binaries::daemon());
        // Only what a test says counts, not what the shell around it has set.
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("SMARTRAIDEN_")) {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().cloned());
        for (flag, value) in &self.flags {
            command.arg(flag);
            if !value.is_empty() {
                command.arg(value);
            }
        }
        command
    }
}

/// Finds the addresses of the API and of the transport in what a daemon prints once it is ready.
fn addresses(written: &str) -> Option<(String, String)> {
    written.lines().find(|line| *line == "ready")?;
    let value = |name: &str| {
        let line = written.lines().find(|line| line.starts_with(&format!("{name} ")))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    };
    let api = value("api")?;
    let api_at = api.strip_prefix("http://")?.strip_suffix("/api/1")?;
    Some((api_at.to_owned(), value("peers")?))
}

/// A daemon that runs.
#[derive(Debug)]
pub(crate) struct Daemon {
    settings: Settings,
    process: Process,
    api: Client,
    peers_at: String,
}

impl Daemon {
    fn wait_ready(settings: Settings, mut process: Process) -> Self {
        let what = format!("the addresses of {}", settings.name());
        let (api_at, peers_at) = eventually(&what, || {
            let written = process.written();
            assert!(process.ended().is_none(), "{} ended: {written}", settings.name());
            addresses(&written).ok_or(written)
        });
        let api = Client::new(&format!("http://{api_at}"));
        let settings = settings.with("--api-address", &api_at).with("--listen-address", &peers_at);
        let daemon = Self { settings, process, api, peers_at };
        eventually(&format!("{} to be ready", daemon.settings.name()), || {
            match daemon.api.send("GET", "/readyz", None) {
                Ok(Reply { status: 200, .. }) => Ok(()),
                Ok(reply) => Err(reply.text),
                Err(error) => Err(error),
            }
        });
        daemon
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Lets the process stand still; its peers see a node that does not answer.
    pub(crate) fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.process.signal("TERM");
        self.process.wait()
    }

    /// Waits until a daemon that was asked to end has ended.
    pub(crate) fn wait_ended(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// Starts it again after its end, on the same ports and the same data.
    pub(crate) fn start_again(self) -> Self {
        let Self { settings, mut process, .. } = self;
        assert!(process.ended().is_some(), "{} still runs", settings.name());
        drop(process);
        // The old log would be taken for the new one's.
        let old = settings.log.with_extension("old.log");
        fs::rename(&settings.log, old).expect("the test's own files can be renamed");
        settings.start()
    }

    /// Starts it again, knowing where the others listen: what it was told while it ran is forgotten.
    pub(crate) fn start_again_knowing(self, others: &[&Self]) -> Self {
        let peer = |other: &&Self| format!("{}={}", other.address(), other.peers_at);
        let peers: Vec<String> = others.iter().map(peer).collect();
        self.reconfigured(|settings| settings.with("--peer", &peers.join(","))).start_again()
    }

    /// Changes the settings of its next start.
    pub(crate) fn reconfigured(self, change: impl FnOnce(Settings) -> Settings) -> Self {
        let Self { settings, process, api, peers_at } = self;
        Self { settings: change(settings), process, api, peers_at }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn number(&self) -> u8 {
        self.settings.number
    }

    /// Returns the node's address as the API writes it.
    pub(crate) fn address(&self) -> String {
        accounts::address(self.number())
    }

    /// Returns the `host:port` on which it listens for peers.
    pub(crate) fn peers_at(&self) -> &str {
        &self.peers_at
    }

    /// Returns what another daemon must be told to reach this one.
    pub(crate) fn as_peer(&self) -> Value {
        json!({ "address": self.address(), "ip_port": self.peers_at, "device_type": "other" })
    }

    /// Returns everything it has logged since it started.
    pub(crate) fn written(&self) -> String {
        self.process.written()
    }

    pub(crate) fn api(&self) -> &Client {
        &self.api
    }

    pub(crate) fn open(&self, token: &str, partner: &Self, deposit: u64) -> Reply {
        self.open_with(token, &partner.address(), deposit)
    }

    pub(crate) fn open_with(&self, token: &str, partner: &str, deposit: u64) -> Reply {
        let body = json!({
            "partner_address": partner,
            "token_address": token,
            "balance": deposit,
            "settle_timeout": SETTLE_TIMEOUT,
        });
        self.api.put("/api/1/channels", &body)
    }

    pub(crate) fn deposit(&self, channel: &str, amount: u64) -> Reply {
        self.change(channel, &json!({ "balance": amount }))
    }

    pub(crate) fn close(&self, channel: &str) -> Reply {
        self.change(channel, &json!({ "state": "closed" }))
    }

    pub(crate) fn settle(&self, channel: &str) -> Reply {
        self.change(channel, &json!({ "state": "settled" }))
    }

    fn change(&self, channel: &str, body: &Value) -> Reply {
        self.api.patch(&format!("/api/1/channels/{channel}"), body)
    }

    pub(crate) fn pay(&self, token: &str, target: &Self, body: &Value) -> Reply {
        self.api.post(&format!("/api/1/transfers/{token}/{}", target.address()), body)
    }

    /// Returns one channel, which must be known.
    pub(crate) fn channel(&self, channel: &str) -> Value {
        self.api.get(&format!("/api/1/channels/{channel}")).expect(200)
    }

    /// Waits until a channel looks as it should; returns it.
    pub(crate) fn sees_channel(&self, channel: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{} to see channel {channel}", self.settings.name()), || {
            let reply = self.api.get(&format!("/api/1/channels/{channel}"));
            let is_found = reply.status == 200 && is_so(&reply.json());
            if is_found { Ok(reply.json()) } else { Err(reply.text) }
        })
    }

    /// Waits until a channel's two balances are these and nothing is locked.
    pub(crate) fn sees_balances(&self, channel: &str, own: u64, partners: u64) {
        self.sees_channel(channel, |seen| {
            seen["balance"] == own
                && seen["partner_balance"] == partners
                && seen["locked_amount"] == 0
                && seen["partner_locked_amount"] == 0
        });
    }

    /// Returns the events of a channel, in the blocks of `range` such as `from_block=3`.
    pub(crate) fn channel_events(&self, channel: &str, range: &str) -> Vec<Value> {
        let reply = self.api.get(&format!("/api/1/events/channels/{channel}?{range}")).expect(200);
        reply.as_array().expect("a list").clone()
    }

    /// Waits until a newer proof than the closing one is on the chain; returns the event.
    ///
    /// Blocks are made much faster here than anywhere else: a test that lets a window pass must
    /// leave the other end the time that a real window leaves.
    pub(crate) fn sees_update(&self, channel: &str) -> Value {
        eventually(&format!("{} to see a newer proof", self.settings.name()), || {
            let events = self.channel_events(channel, "");
            let update = events.iter().find(|event| event["event_type"] == "TransferUpdated");
            update.cloned().ok_or_else(|| format!("{events:?}"))
        })
    }

    /// Returns what an account holds of the token on the chain, outside of channels.
    pub(crate) fn holdings(&self, token: &str, account: &str) -> u64 {
        let reply = self.api.get(&format!("/api/1/debug/balance/{token}/{account}")).expect(200);
        reply.as_u64().expect("a small amount")
    }

    /// Returns one of the numbers at `/metrics`.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.api.get("/metrics").text;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = line.unwrap_or_else(|| panic!("{name} is not in {text}"));
        value.trim().parse().unwrap_or_else(|error| panic!("{name} is {value}: {error}"))
    }

    /// Waits until the node has a live connection to `count` peers.
    pub(crate) fn sees_peers(&self, count: u64) {
        eventually(&format!("{} to have {count} peers", self.settings.name()), || {
            let connected = self.metric("tally_peers_connected");
            if connected >= count { Ok(()) } else { Err(connected.to_string()) }
        });
    }

    /// Waits until the node has processed a block.
    pub(crate) fn sees_block(&self, block: u64) {
        eventually(&format!("{} to see block {block}", self.settings.name()), || {
            let newest = self.metric("tally_chain_block_number");
            if newest >= block { Ok(()) } else { Err(newest.to_string()) }
        });
    }
}
