//! The streams, over real sockets.

use crate::client::{Client, asset, key, to_bob};
use serde_json::{Value, json};
use std::sync::Arc;
use tally_bigchain_api::{
    ApiEra, BigchainApi, CLIENT_MESSAGE_BYTES_MAX, PING_INTERVAL, STREAMS_MAX,
};
use tally_http::Server;
use tally_ledger::Version;
use tally_ledger_node::{LedgerNode, NodeConfig, TABLES};
use tally_storage::MemoryStore;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

/// A server on a port of its own, with the whole API or with the streams alone.
struct Served {
    client: Client,
    address: std::net::SocketAddr,
    _task: JoinHandle<tally_http::Drained>,
}

impl Served {
    async fn start(streams_alone: bool) -> Self {
        let client = Client::new(ApiEra::Seed);
        let api = BigchainApi::new(client.node.clone(), client.shutdown.clone());
        let service = if streams_alone { api.into_streams_service() } else { api.into_service() };
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
        let address = server.local_address();
        let task = tokio::spawn(server.serve(service.into_router(), client.shutdown.clone()));
        Self { client, address, _task: task }
    }

    /// Opens a stream; returns the status and the connection.
    async fn open(&self, path: &str) -> (String, TcpStream) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            reply.push(stream.read_u8().await.unwrap());
        }
        let status = String::from_utf8(reply).unwrap();
        (status.lines().next().unwrap().to_owned(), stream)
    }
}

/// Reads one frame of the server: its kind and its content.
async fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let kind = stream.read_u8().await.unwrap() & 0x0f;
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        length => usize::from(length),
    };
    let mut content = vec![0; length];
    stream.read_exact(&mut content).await.unwrap();
    (kind, content)
}

/// Reads the next text message, passing over pings.
async fn message(stream: &mut TcpStream) -> Value {
    loop {
        let (kind, content) = frame(stream).await;
        match kind {
            1 => return serde_json::from_slice(&content).unwrap(),
            9 => {}
            other => panic!("frame of kind {other}: {}", String::from_utf8_lossy(&content)),
        }
    }
}

/// Reads until the server closes; returns the code it gives.
async fn closing(stream: &mut TcpStream) -> u16 {
    loop {
        let (kind, content) = frame(stream).await;
        if kind == 8 {
            return u16::from_be_bytes([content[0], content[1]]);
        }
    }
}

/// Writes a masked frame.
async fn say(stream: &mut TcpStream, kind: u8, length: usize) {
    let mut frame = vec![0x80 | kind, 0xff];
    frame.extend_from_slice(&(length as u64).to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend(std::iter::repeat_n(b'x', length));
    // The server may hang up before it has read all.
    let _ = stream.write_all(&frame).await;
}

#[tokio::test]
async fn both_streams_tell_of_transactions_as_they_become_valid() {
    for alone in [false, true] {
        let served = Served::start(alone).await;
        let earlier = served.client.commit_asset(Version::Flat2_0, 9).await;
        let (status, mut new) = served.open("/api/v1/streams/valid_transactions").await;
        assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
        let (_, mut old) = served.open("/api/v1/streams/valid_tx/").await;
        let created = served.client.commit_asset(Version::Nested1, 1).await;
        let transfer = to_bob(&created);
        served.client.commit(&transfer).await;
        for (height, tx) in [(2, &created), (3, &transfer)] {
            let block = served.client.block_of(tx).await;
            let (id, asset) = (tx.id().to_string(), created.asset_id().to_string());
            assert_ne!(id, earlier.id().to_string());
            let expected = json!({
                "transaction_id": id, "asset_id": asset, "block_id": block, "height": height,
            });
            assert_eq!(message(&mut new).await, expected);
            let expected = json!({ "tx_id": id, "asset_id": asset, "block_id": block });
            assert_eq!(message(&mut old).await, expected);
        }
    }
}

/// Goal: the port of the streams serves nothing else of the API.
#[tokio::test]
async fn the_streams_alone_are_alone() {
    let served = Served::start(true).await;
    let status = async |path| served.open(path).await.0;
    assert_eq!(status("/api/v1/transactions").await, "HTTP/1.1 404 Not Found");
    assert_eq!(status("/").await, "HTTP/1.1 404 Not Found");
    assert_eq!(status("/healthz").await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn what_clients_say_is_ignored_and_bounded() {
    let served = Served::start(false).await;
    let (_, mut stream) = served.open("/api/v1/streams/valid_transactions").await;
    for _ in 0..100 {
        say(&mut stream, 1, 1000).await;
    }
    let posted = served.client.commit_asset(Version::Flat1_0, 1).await;
    assert_eq!(message(&mut stream).await["transaction_id"], posted.id().to_string());
    say(&mut stream, 1, CLIENT_MESSAGE_BYTES_MAX + 1).await;
    assert_eq!(closing(&mut stream).await, 1009);
    // What is much longer is not even read: it ends with a reset connection.
    let (_, mut stream) = served.open("/api/v1/streams/valid_transactions").await;
    say(&mut stream, 1, 100 * CLIENT_MESSAGE_BYTES_MAX).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn the_end_of_the_daemon_closes_the_streams() {
    let served = Served::start(false).await;
    let (_, mut stream) = served.open("/streams/valid_tx").await;
    served.client.shutdown.trigger();
    assert_eq!(closing(&mut stream).await, 1001);
}

/// Goal: a client that is gone without a word does not keep its place. Method: one that answers no
/// ping, and paused time.
#[tokio::test]
async fn a_silent_client_is_cut_off() {
    let served = Served::start(true).await;
    let (_, mut stream) = served.open("/api/v1/streams/valid_tx").await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert_eq!(closing(&mut stream).await, 1008);
    assert!(begun.elapsed() >= 2 * PING_INTERVAL, "{:?}", begun.elapsed());
}

/// Goal: a client that answers pings stays. Method: pongs for as long as a silent one would have.
#[tokio::test]
async fn a_client_that_answers_stays() {
    let served = Served::start(true).await;
    let (_, mut stream) = served.open("/api/v1/streams/valid_tx").await;
    tokio::time::pause();
    for _ in 0..6 {
        assert_eq!(frame(&mut stream).await.0, 9);
        say(&mut stream, 10, 0).await;
    }
    tokio::time::resume();
    let posted = served.client.commit_asset(Version::Flat2_0, 1).await;
    assert_eq!(message(&mut stream).await["tx_id"], posted.id().to_string());
}

#[tokio::test]
async fn requests_that_open_no_stream_are_refused() {
    let client = Client::new(ApiEra::Seed);
    for path in ["/api/v1/streams/valid_tx", "/streams/valid_transactions/"] {
        let (status, body) = client.get(path).await.said();
        assert_eq!((status, &body["code"]), (400, &json!("invalid_parameter")));
        assert!(body["message"].as_str().unwrap().contains("WebSocket"), "{body}");
    }
}

/// Goal: streams are bounded in number, and one that ends makes room.
#[tokio::test]
async fn streams_are_bounded_in_number() {
    let served = Served::start(false).await;
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        let (status, stream) = served.open("/streams/valid_tx").await;
        assert!(status.ends_with("101 Switching Protocols"), "{status}");
        open.push(stream);
    }
    assert_eq!(served.open("/streams/valid_tx").await.0, "HTTP/1.1 503 Service Unavailable");
    drop(open.pop());
    while !served.open("/streams/valid_tx").await.0.contains("101") {
        tokio::task::yield_now().await;
    }
}

/// Goal: links say where the streams are, when they are elsewhere or behind TLS.
#[tokio::test]
async fn links_can_be_told() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let node = LedgerNode::start(NodeConfig::default(), key(0), store).unwrap().handle();
    let api = BigchainApi::new(node.clone(), tally_http::Shutdown::default())
        .with_tls(true)
        .with_streams_base("wss://streams.example:9985");
    let router = api.into_service().into_router();
    let client = Client { router, node, shutdown: tally_http::Shutdown::default() };
    let root = client.get("/").await.json();
    let streams = &root["api"]["v1"]["streams"];
    assert_eq!(streams, "wss://streams.example:9985/api/v1/streams/valid_transactions");
    assert_eq!(root["api_endpoint"], "https://localhost:9984/api/v1");
    assert_eq!(asset(Version::Flat2_0, 1).version(), Version::Flat2_0);
}
