//! What happens, told to who wants to know: webhooks, streams, and requests that are sent again.

use super::{
    front::read_request,
    party::Wording,
    server::{JSON, Server, Settings, now},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

const SELLER: &str = "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
const CUSTOMER: &str = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/// Longer than a delivery takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn deal(server: &Server, sum: &'static str) -> (String, String) {
    let deal = server.create(&Wording::new(SELLER, CUSTOMER, sum, now()).message());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&deal["payment"]["address"]), text(&deal["code"]))
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let of_line = |line: &'a str| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    };
    head.lines().find_map(of_line).unwrap_or_else(|| panic!("no {name} in {head}"))
}

/// Goal: a shop is told of a payment and knows who tells it. Method: a webhook to a listener of the
/// test's own; each delivery is signed by the secret that the reply told, recomputed here; events that
/// were not asked for are not delivered; nothing comes after the webhook was removed.
#[test]
fn webhooks_are_delivered_with_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let hook = json!({ "url": url, "events": ["created", "payment_confirmed"] });
    let made = server.tell("/webhooks", &hook).expect(201);
    let secret = made["secret"].as_str().unwrap();
    let (address, code) = deal(&server, "0.01");
    server.faucet(&address, "0.01");
    server.mine(1);
    let mut numbers = vec![];
    for kind in ["created", "payment_confirmed"] {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (head, body) = read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        assert_eq!(header(&head, "Deal-Signature"), format!("sha256={signature}"));
        let event: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&event["type"], &event["code"]),
            (&kind.into(), &code.as_str().into()),
            "{body}"
        );
        numbers.push(event["eventId"].as_u64().unwrap());
        assert!(!header(&head, "Deal-Delivery").is_empty());
    }
    assert!(numbers[0] < numbers[1]);
    let shown = server.get("/webhooks").text;
    assert!(shown.contains(&url) && !shown.contains(secret), "{shown}");
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(server.send("DELETE", &path, &[], b"").status, 204);
    deal(&server, "0.02");
    assert_eq!(server.get("/webhooks").expect(200), json!([]));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a webhook that was removed is called");
    for url in ["http://10.0.0.1/", "ftp://shop.example/", "http://shop.example/"] {
        assert_eq!(server.tell("/webhooks", &json!({ "url": url })).status / 100, 4, "{url}");
    }
    assert!(!server.written().contains(secret));
    server.stop();
}

/// A stream of server-sent events.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(server: &Server, headers: &str) -> Self {
        let host = server.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET /api/v1/events HTTP/1.1\r\nhost: {host}\r\n");
        let request = format!("{head}accept: text/event-stream\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut stream = Self(BufReader::new(stream));
        assert_eq!(stream.line(), "HTTP/1.1 200 OK");
        while !stream.line().is_empty() {}
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ends");
        line.trim_end().to_owned()
    }

    /// Returns number, kind and object of the next event.
    fn next(&mut self) -> (u64, String, Value) {
        let (mut id, mut kind) = (0, String::new());
        loop {
            let line = self.line();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.parse().unwrap();
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(text).unwrap();
                // The empty line, and the end of the part in which it is sent.
                self.line();
                return (id, kind, data);
            }
        }
    }
}

/// Goal: a page that lost its stream goes on where it was, even at another start of the server.
/// Method: a stream is read and dropped; things happen; a new stream with the last number that was
/// seen has what happened meanwhile, and then what happens; and stops when the server does.
#[test]
fn streams_go_on_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    let mut stream = Stream::open(&server, "");
    let (address, code) = deal(&server, "0.01");
    let (seen, kind, data) = stream.next();
    assert_eq!((kind.as_str(), &data["deal"]), ("created", &code.as_str().into()));
    drop(stream);
    server.faucet(&address, "0.01");
    server.mine(1);
    server.reaches(&address, "Executed");
    let mut stream = Stream::open(&server, &format!("last-event-id: {seen}\r\n"));
    let mut missed = vec![];
    let mut last = seen;
    while missed
        .last()
        .is_none_or(|(_, data): &(String, Value)| data["data"]["state"] != "Executed")
    {
        let (id, kind, data) = stream.next();
        assert_eq!(id, last + 1, "{data}");
        assert_eq!(data["id"], id);
        last = id;
        missed.push((kind, data));
    }
    let kinds: Vec<&str> = missed.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(kinds.contains(&"payment_confirmed") && kinds.contains(&"settled"), "{kinds:?}");
    let settled = missed.iter().find(|(kind, _)| kind == "settled").unwrap();
    let txid = &server.deal(&address)["settlements"][0]["txid"];
    assert_eq!(&settled.1["data"]["details"]["txid"], txid, "as people write it");
    let (_, other) = deal(&server, "0.02");
    loop {
        let (_, kind, data) = stream.next();
        if kind == "created" {
            assert_eq!(data["deal"], other);
            break;
        }
    }
    let page = server.get(&format!("/deal/{other}/events")).expect(200);
    assert_eq!(page.as_array().unwrap().len(), 1);
    server.stop();
}

/// Goal: a shop that did not hear the answer may ask again. Method: the same request with the same key
/// gives the same answer, of one deal; another request with that key is refused; without a key the
/// deal is there already.
#[test]
fn a_request_with_a_key_is_carried_out_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    let wording = Wording::new(SELLER, CUSTOMER, "0.01", now());
    let ask = |key: &str, wording: &Wording| {
        let headers = [("content-type", JSON), ("idempotency-key", key)];
        let body = wording.message().to_string();
        server.send("POST", "/api/v1/deal/create", &headers, body.as_bytes())
    };
    let first = ask("order-1", &wording);
    assert!(first.result().0, "{}", first.text);
    let again = ask("order-1", &wording);
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    let other = ask("order-1", &Wording { sum: "0.02", ..wording.clone() });
    assert_eq!(other.status / 100, 4, "{}", other.text);
    assert_eq!(server.get("/deal/list").expect(200).as_array().unwrap().len(), 1);
    assert_eq!(server.last_event(), 1);
    let deal = server.get("/deal/list").expect(200)[0].clone();
    let uri = server.get(&format!("/deal/{}/uri", deal["code"].as_str().unwrap())).expect(200);
    let address = deal["payment_address"].as_str().unwrap();
    let expected = format!("bitcoin:{address}?amount=0.01");
    assert!(uri["uri"].as_str().unwrap().starts_with(&expected), "{uri}");
    let picture = server.get(&format!("/deal/{address}/qr.svg"));
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"), "{}", picture.text);
    server.stop();
}
