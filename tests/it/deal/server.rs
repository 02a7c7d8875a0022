//! The vocabulary of these tests: a deal server, its messages and its replies.

use crate::support::{
    binaries,
    bitcoind::Bitcoind,
    eventually,
    launch::{Announced, Launch},
    process::Process,
};
use serde_json::{Value, json};
use std::{path::Path, process::ExitStatus, time::Duration};

/// What the names of the server's environment variables begin with.
const PREFIX: &str = "DEAL_";

/// Longer than any answer takes.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const TEXT: &str = "text/plain";

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Launch);

impl Settings {
    /// A server that keeps its data below `folder`, on a port that is free.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let launch = Launch::new(binaries::deal_daemon(), PREFIX, folder, name);
        let launch = launch.with_variable("DEAL_KEY_PASSPHRASE", "correct horse battery");
        Self(launch.with("--api-address", "127.0.0.1:0"))
    }

    /// A server for trying out.
    pub(crate) fn dev(folder: &Path, name: &str) -> Self {
        Self::new(folder, name).without("--data-dir").with("--dev", "")
    }

    /// A module in front of another server.
    pub(crate) fn front(folder: &Path, name: &str, server: &str) -> Self {
        let settings = Self::new(folder, name).without("--data-dir").with("--server", server);
        settings.with("--network", "test")
    }

    /// Lets it see and send money through a node, and take everybody's deals.
    pub(crate) fn on(self, node: &Bitcoind) -> Self {
        self.on_url(&node.url(), node)
    }

    /// The same through another address of the node.
    pub(crate) fn on_url(self, url: &str, node: &Bitcoind) -> Self {
        let (user, password) = node.user();
        self.with("--network", "regtest")
            .with("--trust", "anyone")
            .with("--node-url", url)
            .with("--node-user", user)
            .with("--poll-interval", "50")
            .with_variable("DEAL_NODE_PASSWORD", password)
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

    /// Lets its clock stand still at a time, Unix seconds.
    pub(crate) fn at(self, seconds: u64) -> Self {
        self.with("--fixed-time", &date(seconds))
    }

    /// Starts the server and waits until it serves.
    pub(crate) fn start(&self) -> Server {
        let (process, announced) = self.0.start(&[]);
        Server { settings: self.clone(), process, announced }
    }

    /// Requires that the server does not start, ends with this code, and says `part`.
    pub(crate) fn refuses(&self, code: i32, part: &str) -> String {
        self.0.refuses(&[], code, part)
    }

    /// Runs a command until it ends by itself; returns how, and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        self.0.run(arguments)
    }
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    settings: Settings,
    process: Process,
    announced: Announced,
}

impl Server {
    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        self.announced.of("api")
    }

    /// What it said of itself before it was ready.
    pub(crate) fn announced(&self, name: &str) -> &str {
        self.announced.of(name)
    }

    /// Returns everything it has written since it started.
    pub(crate) fn written(&self) -> String {
        self.process.written()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks for a path below `/api/v1`.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/api/v1{path}"), &[], b"")
    }

    /// Posts a body of a type to a path below `/api/v1`.
    pub(crate) fn post(&self, path: &str, kind: &str, body: &str) -> Answer {
        self.send("POST", &format!("/api/v1{path}"), &[("content-type", kind)], body.as_bytes())
    }

    /// Posts an object.
    pub(crate) fn tell(&self, path: &str, body: &Value) -> Answer {
        self.post(path, JSON, &body.to_string())
    }

    /// Sends any request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        send(&format!("{}{path}", self.url()), method, headers, body)
    }

    /// Makes a deal; returns it.
    pub(crate) fn create(&self, message: &Value) -> Value {
        let answer = self.tell("/deal/create?payload=json", message);
        let deal = answer.expect(200);
        assert_eq!(deal["state"], "Created", "{}", answer.text);
        deal
    }

    /// Returns the deal that is paid at an address.
    pub(crate) fn deal(&self, address: &str) -> Value {
        self.get(&format!("/deal/{address}")).expect(200)
    }

    /// Waits until the deal that is paid at an address is as `is` wants it.
    pub(crate) fn sees(&self, address: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || {
            let deal = self.deal(address);
            if is(&deal) { Ok(deal) } else { Err(deal.to_string()) }
        })
    }

    /// Waits until the deal that is paid at an address is in a state.
    pub(crate) fn reaches(&self, address: &str, state: &str) -> Value {
        self.sees(address, state, |deal| deal["state"] == state)
    }

    /// Lets money come out of nothing, where the chain is simulated.
    pub(crate) fn faucet(&self, address: &str, sum: &str) {
        self.tell("/dev/faucet", &json!({ "address": address, "sum": sum })).expect(200);
    }

    /// Makes blocks, where the chain is simulated.
    pub(crate) fn mine(&self, blocks: u64) {
        self.tell("/dev/mine", &json!({ "blocks": blocks })).expect(200);
    }

    /// Returns the number of the last event.
    pub(crate) fn last_event(&self) -> u64 {
        let events = self.get("/events?limit=1000").expect(200);
        events.as_array().unwrap().last().map_or(0, |event| event["id"].as_u64().unwrap())
    }

    /// Waits until it has the chain to its end.
    pub(crate) fn is_caught_up(&self) {
        eventually("the chain to its end", || {
            let metrics = self.send("GET", "/metrics", &[], b"").text;
            let is_there = metrics.lines().any(|line| line == "tally_deal_caught_up 1");
            if is_there { Ok(()) } else { Err(metrics) }
        });
    }

    /// Ends it as its operator does.
    pub(crate) fn stop(mut self) -> Settings {
        self.process.signal("TERM");
        let status = self.process.wait();
        assert!(status.success(), "{status}: {}", self.process.written());
        assert!(self.process.written().contains("stopped"), "{}", self.process.written());
        self.settings
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) -> Settings {
        self.process.kill();
        self.settings
    }
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) text: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Returns a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> Value {
        let read = serde_json::from_str(&self.text);
        read.unwrap_or_else(|error| panic!("{}: {error} in {:?}", self.request, self.text))
    }

    /// Requires a status and returns the body.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self.json()
    }

    /// Requires a refusal with this status and message.
    pub(crate) fn refused(&self, status: u16, message: &str) {
        let body = self.expect(status);
        let said = body["error"]["message"].as_str().unwrap_or_default();
        assert!(said.contains(message), "{}: {message:?} is not in {said:?}", self.request);
    }

    /// Requires a package; returns whether it says success, and its message.
    pub(crate) fn result(&self) -> (bool, String) {
        let package = self.expect(200);
        let result = &package["result"];
        (result["success"].as_bool().unwrap(), result["message"].as_str().unwrap().to_owned())
    }

    /// Returns what a package carries.
    pub(crate) fn payload(&self) -> String {
        let package = self.expect(200);
        let bytes = unbase64(package["payload"].as_str().unwrap_or_default());
        String::from_utf8(bytes).unwrap()
    }
}

/// Sends any request to a URL.
pub(crate) fn send(url: &str, method: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .proxy(None)
        .max_redirects(0)
        .build()
        .into();
    let mut builder = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let reply = if method == "GET" {
        agent.run(builder.body(()).unwrap())
    } else {
        agent.run(builder.body(body.to_vec()).unwrap())
    };
    let request = format!("{method} {url} {}", String::from_utf8_lossy(body));
    let mut reply = reply.unwrap_or_else(|error| panic!("{request}: {error}"));
    let text = reply.body_mut().read_to_string().unwrap();
    let pairs = reply.headers().iter();
    let headers = pairs.map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Answer { request, status: reply.status().as_u16(), headers: headers.collect(), text }
}

/// Decodes standard Base64.
pub(crate) fn unbase64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no digit of Base64"),
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    digits
        .chunks(4)
        .flat_map(|group| {
            let whole = group.iter().fold(0_u32, |whole, digit| whole << 6 | u32::from(*digit));
            let bits = group.len() * 6;
            let bytes = (whole << (24 - bits)).to_be_bytes();
            bytes[1..=bits / 8].to_vec()
        })
        .collect()
}

/// Returns a time as messages have it.
pub(crate) fn date(seconds: u64) -> String {
    tally_deal::Time(seconds).to_string()
}

/// Returns the time of the machine, Unix seconds.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}
