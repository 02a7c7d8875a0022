//! Nodes: a JSON-RPC server over a chain in memory, and what servers get wrong.

use crate::support::{Followed, Harness, OverRpc, POLL, catch_up_to, failure, grow, ids};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};
use tally_chain::utxo::{Start, Update};
use tally_chain_utxo::{Credentials, DevChain, Network, NodeError, NodeSettings, NodeSource};
use tally_primitives::BlockNumber;

const NETWORK: Network = Network::FREECASH_REGTEST;

/// A node as far as sources ask it.
pub(crate) struct TestNode {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    /// How many of the next requests fail, each in another way.
    failures: AtomicU32,
    requests: AtomicU32,
    /// `Authorization` that is accepted.
    accepted: Mutex<String>,
    /// What every request is answered with instead of what was asked.
    scripted: Mutex<Option<(u16, Vec<u8>)>>,
    connections: Mutex<Vec<TcpStream>>,
}

/// `user:password` in Base64.
const PASSWORD: &str = "Basic dXNlcjpwYXNzd29yZA==";
/// `__cookie__:1` and `__cookie__:2`.
const COOKIES: [&str; 2] = ["Basic X19jb29raWVfXzox", "Basic X19jb29raWVfXzoy"];

impl TestNode {
    pub(crate) fn start(chain: DevChain) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        shared.accepted.lock().unwrap().push_str(PASSWORD);
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || serve(&listener, &chain, &serving));
        Self { port, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(listener: &TcpListener, chain: &DevChain, shared: &Shared) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            if shared.is_over.load(Ordering::SeqCst) {
                break;
            }
            shared.connections.lock().unwrap().push(stream.try_clone().unwrap());
            // A client that goes away ends its connection's thread.
            scope.spawn(move || {
                while answer(&stream, chain, shared).is_some() {}
                stream.shutdown(Shutdown::Both).ok();
            });
        }
        for stream in shared.connections.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    });
}

/// Answers one request; `None` when the connection is to end.
fn answer(mut stream: &TcpStream, chain: &DevChain, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => value.clone_into(&mut authorization),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let failures = &shared.failures;
    let failing =
        failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    let (status, text) = if authorization != *shared.accepted.lock().unwrap() {
        (401, Vec::new())
    } else if let Some(scripted) = shared.scripted.lock().unwrap().clone() {
        scripted
    } else {
        match failing.map(|left| left % 4) {
            Ok(0) => return None,
            Ok(1) => (503, b"Work queue depth exceeded".to_vec()),
            Ok(2) => (200, b"{\"resu".to_vec()),
            Ok(_) => (500, br#"{"result":null,"error":{"code":-28,"message":"Loading"}}"#.to_vec()),
            Err(_) => reply(&body, chain),
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
    stream.write_all(&[head.as_bytes(), &text].concat()).ok()
}

fn reply(body: &[u8], chain: &DevChain) -> (u16, Vec<u8>) {
    let request: serde_json::Value = serde_json::from_slice(body).unwrap();
    let refused = |code, message: &str| {
        let error = serde_json::json!({ "code": code, "message": message });
        (500, serde_json::json!({ "result": null, "error": error }))
    };
    let (status, reply) = match (request["method"].as_str().unwrap(), &request["params"]) {
        ("getblockcount", _) => {
            (200, serde_json::json!({ "result": chain.height(), "error": null }))
        }
        ("getblockhash", parameters) => {
            let height = BlockNumber(parameters[0].as_u64().unwrap());
            match chain.id_at(height) {
                Some(id) => (200, serde_json::json!({ "result": id.to_string(), "error": null })),
                None => refused(-8, "Block height out of range"),
            }
        }
        ("getblock", parameters) => {
            assert_eq!(parameters[1], 0, "the block is wanted as the node stores it");
            match chain.raw_block(parameters[0].as_str().unwrap().parse().unwrap()) {
                Some(raw) => {
                    (200, serde_json::json!({ "result": hex::encode(raw), "error": null }))
                }
                None => refused(-5, "Block not found"),
            }
        }
        _ => refused(-32_601, "Method not found"),
    };
    (status, reply.to_string().into_bytes())
}

/// Goal: whatever goes wrong on the way is tried again, and nothing is lost or told twice.
/// Method: cut connections, a full queue, cut answers and a node that starts, before and between.
#[tokio::test]
async fn failures_on_the_way_delay_blocks_only() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    grow(harness.chain(), 20);
    harness.node.shared.failures.store(4, Ordering::SeqCst);
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(20)).await);
    harness.node.shared.failures.store(3, Ordering::SeqCst);
    grow(harness.chain(), 3);
    followed.take(catch_up_to(&mut *source, BlockNumber(23)).await);
    assert_eq!(followed.ids(), ids(harness.chain()));
    assert_eq!(harness.node.shared.failures.load(Ordering::SeqCst), 0);
}

/// Goal: a node that starts again is followed on with its new cookie.
#[tokio::test]
async fn a_new_cookie_is_read() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let folder = tempfile::tempdir().unwrap();
    let cookie = folder.path().join(".cookie");
    let accept = |number: usize| {
        std::fs::write(&cookie, format!("__cookie__:{}\n", number + 1)).unwrap();
        COOKIES[number].clone_into(&mut harness.node.shared.accepted.lock().unwrap());
    };
    accept(0);
    let credentials = Credentials::CookieFile(cookie.clone());
    let settings = NodeSettings { credentials, ..harness.settings(NETWORK) };
    let mut source = NodeSource::start(settings, Start::Fresh).unwrap();
    catch_up_to(&mut source, BlockNumber(0)).await;
    accept(1);
    grow(harness.chain(), 1);
    let updates = catch_up_to(&mut source, BlockNumber(1)).await;
    assert!(matches!(updates[..], [Update::Block(_), Update::CaughtUp(_)]), "{updates:?}");
}

/// Goal: what asking again cannot cure ends the source and says why, without the password.
#[tokio::test]
async fn what_will_not_get_better_is_told() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let (user, password) = ("user".to_owned(), "hunter2".to_owned());
    let credentials = Credentials::Password { user, password };
    let settings = NodeSettings { credentials, ..harness.settings(NETWORK) };
    assert!(!format!("{settings:?}").contains("hunter2"));
    let mut source = NodeSource::start(settings, Start::Fresh).unwrap();
    let text = failure(&mut source).await;
    assert!(text.contains("refused the credentials (HTTP status 401)"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let pruned =
        br#"{"result":null,"error":{"code":-1,"message":"Block not available (pruned data)"}}"#;
    let absent = br#"{"result":null,"error":{"code":-32601,"message":"Method not found"}}"#;
    let endless = vec![b' '; 9_000_000];
    let cases: [(u16, &[u8], &str); 3] = [
        (500, pruned, "code -1: Block not available (pruned data)"),
        (404, absent, "getblockcount failed with code -32601"),
        (200, &endless, "limit"),
    ];
    for (status, body, expected) in cases {
        *harness.node.shared.scripted.lock().unwrap() = Some((status, body.to_vec()));
        let text = failure(&mut *harness.source(NETWORK, Start::Fresh)).await;
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn only_plain_addresses_are_taken() {
    let credentials = Credentials::CookieFile("/nowhere".into());
    for url in ["https://127.0.0.1:8332", "127.0.0.1:8332", "http://u:p@127.0.0.1", "http://", ""] {
        let settings = NodeSettings::new(NETWORK, url, credentials.clone());
        let outcome = NodeSource::start(settings, Start::Fresh);
        assert!(matches!(outcome, Err(NodeError::Url(_))), "{url}");
    }
}

/// Goal: while nothing happens the node is asked for little: a height and an id.
#[tokio::test]
async fn an_idle_chain_costs_two_requests_a_poll() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let mut source = harness.source(NETWORK, Start::Fresh);
    catch_up_to(&mut *source, BlockNumber(0)).await;
    let before = harness.node.shared.requests.load(Ordering::SeqCst);
    let began = std::time::Instant::now();
    tokio::time::timeout(POLL * 20, source.next()).await.unwrap_err();
    let polls = began.elapsed().as_millis() / POLL.as_millis();
    let requests = harness.node.shared.requests.load(Ordering::SeqCst) - before;
    assert!(u128::from(requests) <= 2 * (polls + 2), "{requests} requests in {polls} polls");
}
