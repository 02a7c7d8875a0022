//! Starts the program and speaks to it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How long a request may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until the answer is yes.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    process: Child,
    /// What it said when it was ready, by name.
    pub(crate) said: BTreeMap<String, String>,
}

/// How the program ended and what it said.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

fn program(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smartraiden-node"));
    command.args(arguments.split_whitespace()).env_clear();
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &str) -> Ended {
    let output = program(arguments).output().unwrap();
    Ended {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Daemon {
    /// Starts a daemon and waits until it is ready. Ports are the system's choice unless given.
    pub(crate) fn start(arguments: &str) -> Self {
        let ports = "--api-address=127.0.0.1:0 --listen-address=127.0.0.1:0 --verbosity=1";
        let mut command = program(&format!("{ports} {arguments}"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut said = BTreeMap::new();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        for line in lines.map(Result::unwrap) {
            let Some((name, value)) = line.split_once(' ') else {
                assert_eq!(line, "ready");
                return Self { process, said };
            };
            said.insert(name.to_owned(), value.trim().to_owned());
        }
        panic!("the daemon ended before it was ready: {:?}", process.wait());
    }

    /// Sends one request to the API and returns the status and the body.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (_, address) = self.said["api"].split_once("://").unwrap();
        let (address, prefix) = address.split_at(address.find('/').unwrap());
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{method} {prefix}{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Sends a request that must succeed, and returns the value of a text field of the reply.
    pub(crate) fn field(&self, method: &str, path: &str, body: &str, field: &str) -> String {
        let (status, reply) = self.call(method, path, body);
        assert!(matches!(status, 200 | 201), "{method} {path}: {status} {reply}");
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        reply[field].as_str().map_or_else(|| reply[field].to_string(), str::to_owned)
    }

    /// Asks the process to end, as a service manager does.
    pub(crate) fn terminate(&self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
