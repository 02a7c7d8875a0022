use super::{
    binaries,
    client::{Client, Reply},
    process::Process,
    wait::eventually,
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// Address that a program announces when it listens.
const ANNOUNCEMENT: &str = "Listening on ";

/// A real chain for development, with a block for each transaction.
#[derive(Debug)]
pub(crate) struct Anvil {
    process: Process,
    address: String,
    client: Client,
}

impl Anvil {
    /// Starts one on a free port.
    pub(crate) fn start(folder: &Path, chain_id: u64) -> Self {
        let mut command = Command::new(binaries::anvil());
        command.args(["--port", "0", "--chain-id", &chain_id.to_string(), "--color", "never"]);
        let mut process = Process::start("anvil", &mut command, &folder.join("anvil.log"));
        let address = eventually("anvil's announcement", || {
            assert!(process.ended().is_none(), "anvil ended: {}", process.written());
            let written = process.written();
            let found = written.split_once(ANNOUNCEMENT).and_then(|(_, rest)| {
                rest.split_once('\n').map(|(address, _)| address.trim().to_owned())
            });
            found.ok_or(written)
        });
        let client = Client::new(&format!("http://{address}"));
        Self { process, address, client }
    }

    /// Returns the `host:port` on which HTTP and WebSocket are served.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Calls a method that must succeed.
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut reply: Value = Reply::json(&self.client.post("", &request));
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        reply["result"].take()
    }

    /// Lets the process stand still, as on a machine that is overloaded or asleep.
    pub(crate) fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.signal("CONT");
    }
}
