//! A node, as far as directories ask it: JSON-RPC over a chain in memory.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};
use tally_chain_utxo::DevChain;
use tally_primitives::BlockNumber;

/// Serves a chain until it is dropped.
pub(crate) struct Node {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Node {
    pub(crate) const USER: &str = "user";
    pub(crate) const PASSWORD: &str = "password-of-the-node";
    /// Both in Base64.
    const ACCEPTED: &str = "Basic dXNlcjpwYXNzd29yZC1vZi10aGUtbm9kZQ==";

    pub(crate) fn start(chain: &DevChain) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let (serving, chain) = (Arc::clone(&shared), chain.clone());
        let thread = thread::spawn(move || serve(&listener, &chain, &serving));
        Self { port, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(listener: &TcpListener, chain: &DevChain, shared: &Shared) {
    thread::scope(|scope| {
        for stream in listener.incoming().map_while(Result::ok) {
            if shared.is_over.load(Ordering::SeqCst) {
                break;
            }
            shared.connections.lock().unwrap().push(stream.try_clone().unwrap());
            scope.spawn(move || {
                while answer(&stream, chain).is_some() {}
                stream.shutdown(Shutdown::Both).ok();
            });
        }
        for stream in shared.connections.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    });
}

/// Answers one request; `None` when the connection has ended.
fn answer(mut stream: &TcpStream, chain: &DevChain) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => value.clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, text) = if authorization == Node::ACCEPTED {
        let result = result(&serde_json::from_slice(&body).ok()?, chain);
        let status = if result.is_ok() { 200 } else { 500 };
        let error = result.as_ref().err();
        (status, json!({ "result": result.as_ref().ok(), "error": error }).to_string())
    } else {
        (401, String::new())
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
    stream.write_all(&[head.as_bytes(), text.as_bytes()].concat()).ok()
}

/// Returns the result of a call, or its error.
fn result(request: &Value, chain: &DevChain) -> Result<Value, Value> {
    let error = |code: i32, message: &str| json!({ "code": code, "message": message });
    let parameters = &request["params"];
    match request["method"].as_str() {
        Some("getblockcount") => Ok(json!(chain.height().0)),
        Some("getblockhash") => {
            let id = parameters[0].as_u64().and_then(|height| chain.id_at(BlockNumber(height)));
            let id = id.ok_or_else(|| error(-8, "Block height out of range"))?;
            Ok(json!(id.to_string()))
        }
        Some("getblock") => {
            let id = parameters[0].as_str().and_then(|id| id.parse().ok());
            let raw = id.and_then(|id| chain.raw_block(id));
            raw.map(|raw| json!(hex::encode(raw))).ok_or_else(|| error(-5, "Block not found"))
        }
        _ => Err(error(-32_601, "Method not found")),
    }
}
