//! A real node on a network of its own, for the tests that need one.
//!
//! Used by several test programs, so it depends on nothing of theirs.

#![allow(dead_code, reason = "each of the programs uses another part")]

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};
use tempfile::TempDir;

/// A transaction's inputs need the age of a hundred blocks if they come from the first transaction
/// of a block.
const MATURITY: u64 = 100;
/// How long one answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The second of the node's two users; the first is in the cookie. As the header says it, and as the
/// node wants it: a salt, and the HMAC-SHA256 of the password with the salt as its key.
const USER: &str = "user";
const PASSWORD: &str = "password";
const AUTHORIZATION: &str = "Basic dXNlcjpwYXNzd29yZA==";
const SALTED: &str = "0123456789abcdef0123456789abcdef$\
    1737f81a915fff72081bd4f96fbf3b627c916281b017406a3088b28bced96e2f";
/// How often another port is tried: somebody else may take the one that was found free.
const PORTS_TRIED_MAX: usize = 5;

/// A bitcoind that runs, with its own data, network (regtest) and wallet. Ends with the test.
#[derive(Debug)]
pub(crate) struct Bitcoind {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Reads on what the node writes, which would stop it otherwise.
    reader: JoinHandle<()>,
}

impl Bitcoind {
    /// Starts a node with nothing but the first block. `None` if there is no program to start: then
    /// the test is to end. Says so where everybody sees it, and fails instead if
    /// `TALLY_REQUIRE_BITCOIND` is set.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            let test = thread::current().name().unwrap_or("a test").to_owned();
            let text = format!("SKIPPED {test}: no bitcoind; run scripts/bitcoind.sh build");
            assert!(std::env::var_os("TALLY_REQUIRE_BITCOIND").is_none(), "{text}");
            // Not by a macro, whose text is shown for failing tests only.
            std::io::stderr().write_all(format!("\n{text}\n\n").as_bytes()).unwrap();
            return None;
        };
        let mut node =
            Self { program, folder: tempfile::tempdir().unwrap(), port: 0, running: None };
        node.restart();
        Some(node)
    }

    /// Starts the node anew, with the data that it wrote down and on another port; with another
    /// cookie, too, and without its wallet, which `loadwallet` brings back. Kills it if it runs.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let mut written = String::new();
        for _ in 0..PORTS_TRIED_MAX {
            self.port = free_port();
            match self.spawn() {
                Ok(running) => {
                    self.running = Some(running);
                    return;
                }
                Err(log) => written = log,
            }
        }
        panic!("bitcoind does not start; it wrote:\n{written}");
    }

    /// Ends the node at once. It loses what it had not written down yet: most likely all blocks of
    /// its life.
    pub(crate) fn kill(&mut self) {
        if let Some(Running { mut child, reader }) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
            reader.join().unwrap();
        }
    }

    /// Ends the node as its users do: it writes down what waits for a block.
    pub(crate) fn stop(&mut self) {
        self.rpc("stop", json!([]));
        if let Some(Running { mut child, reader }) = self.running.take() {
            reader.join().unwrap();
            child.wait().unwrap();
        }
    }

    /// Returns the address of its JSON-RPC.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns a user and the password, for who does not read the cookie.
    pub(crate) fn user(&self) -> (&'static str, &'static str) {
        (USER, PASSWORD)
    }

    /// Returns the file with another user and password, new at each start.
    pub(crate) fn cookie(&self) -> PathBuf {
        self.folder.path().join("regtest/.cookie")
    }

    /// Asks the node; a refusal fails the test.
    pub(crate) fn rpc(&self, method: &str, parameters: Value) -> Value {
        self.try_rpc(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Asks the node; returns a refusal as the node writes it.
    pub(crate) fn try_rpc(&self, method: &str, parameters: Value) -> Result<Value, Value> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .new_agent();
        let body =
            json!({ "jsonrpc": "1.0", "id": "test", "method": method, "params": parameters });
        let text = agent
            .post(self.url())
            .header("Authorization", AUTHORIZATION)
            .send(body.to_string())
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        let error = answer["error"].take();
        if error.is_null() { Ok(answer["result"].take()) } else { Err(error) }
    }

    /// Returns the height of its newest block.
    pub(crate) fn height(&self) -> u64 {
        self.rpc("getblockcount", json!([])).as_u64().unwrap()
    }

    /// Makes a wallet with money that can be spent.
    pub(crate) fn fund(&self) {
        self.rpc("createwallet", json!(["test"]));
        self.mine(MATURITY + 1);
    }

    /// Adds blocks, whose new coins go to the wallet. Returns their ids, the oldest first.
    pub(crate) fn mine(&self, count: u64) -> Vec<String> {
        let address = self.rpc("getnewaddress", json!([]));
        let ids = self.rpc("generatetoaddress", json!([count, address]));
        ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Pays out of the wallet; the payment waits for a block. Returns the transaction's id.
    pub(crate) fn pay(&self, address: &str, satoshi: u64) -> String {
        let coins = format!("{}.{:08}", satoshi / 100_000_000, satoshi % 100_000_000);
        let txid = self.rpc("sendtoaddress", json!([address, coins]));
        txid.as_str().unwrap().to_owned()
    }

    /// Undoes a block and all after it. What they held waits for a block again.
    pub(crate) fn undo(&self, block: &str) {
        self.rpc("invalidateblock", json!([block]));
    }

    /// Starts the program and waits until it serves; returns what it wrote if it ended instead.
    fn spawn(&self) -> Result<Running, String> {
        let mut child = Command::new(&self.program)
            .arg(format!("-datadir={}", self.folder.path().display()))
            .arg(format!("-rpcport={}", self.port))
            .arg(format!("-rpcauth={USER}:{SALTED}"))
            .args(["-regtest", "-server=1", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1"])
            // Nobody is connected to, nobody may connect.
            .args(["-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0", "-natpmp=0"])
            .args(["-printtoconsole=1", "-fallbackfee=0.00002", "-dbcache=4", "-par=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program.display()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut log = String::new();
        for line in lines.by_ref().map_while(Result::ok) {
            if line.contains("init message: Done loading") {
                let reader = thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(Running { child, reader });
            }
            log.push_str(&line);
            log.push('\n');
        }
        child.wait().unwrap();
        Err(log)
    }
}

impl Drop for Bitcoind {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks the script that gets the program where it is.
fn program() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = here.ancestors().map(|folder| folder.join("scripts/bitcoind.sh"));
    let script = script.into_iter().find(|script| script.is_file())?;
    let output = Command::new(script).arg("path").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !path.trim().is_empty()).then(|| path.trim().into())
}
