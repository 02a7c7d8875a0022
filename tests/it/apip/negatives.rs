//! The worst requests. Nothing changes, nothing costs, and everybody else is served.

use super::{
    directory::{Server, Settings},
    node::Node,
    raw::{Answer, Signed, body, nonce, now_ms},
    story::{PRICE, Story, key},
};
use crate::support::eventually;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
};
use tally_apip_client::{Client, SignIn};

const TAIL: &str = "apip6/v1/serviceSearch";

/// A server with a user who has paid, and what he has.
fn server(folder: &std::path::Path) -> (Server, Client, i64, Node) {
    let (mut story, sid) = Story::with_service();
    story.buy(2, sid, 1_000_000);
    let node = Node::start(&story.chain);
    let settings = Settings::new(folder, "node").on(&node).with("--sid", &sid.to_string());
    let server = settings.without("--data-dir").with("--memory-store", "true").start();
    server.follows(&story.chain);
    let signed_in = eventually("the payment", || {
        let signed_in = server.directory().sign_in(&key(2), SignIn::EncryptedKey);
        signed_in.map_err(|error| error.to_string())
    });
    let client = Client::new(server.directory().clone(), signed_in.session);
    (server, client, signed_in.balance, node)
}

fn refused(answer: &Answer, code: u64, what: &str) {
    assert_eq!(answer.code(), code, "{what}: {}", answer.text);
    assert!(!answer.text.contains("panicked"), "{what}: {}", answer.text);
}

/// Goal: each mistake has its code, with the HTTP status 200; what was not authentic is not signed, what
/// was is; nothing is charged. Method: a good request with one thing wrong.
#[test]
fn each_mistake_has_its_code_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, client, balance, _node) = server(folder.path());
    let session = client.session();
    let good = |tail: &str| Signed::new(session, &body(tail, "{}"));
    let with = |member: &str, value: Value| {
        let mut body = body(TAIL, "{}");
        body[member] = value;
        Signed::bytes(session, TAIL, body.to_string().into_bytes())
    };
    let strange = tally_apip_client::Session::from_hex(&"ab".repeat(32), None).unwrap();
    let not_authentic = [
        (good(TAIL).without("Sign"), 1000),
        (good(TAIL).without("SessionName"), 1002),
        (good(TAIL).with("SessionName", strange.name()), 1009),
        (good(TAIL).with("SessionName", "not twelve digits"), 1009),
        (good(TAIL).with_body(b""), 1003),
        (good(TAIL).with_body(b"{"), 1013),
        (good(TAIL).with_body(b"[1]"), 1013),
        (good(TAIL).with_body(&[0xff, 0xfe, 0x00]), 1013),
        (good(TAIL).with_body("[".repeat(60_000).as_bytes()), 1013),
        (good(TAIL).with_body(&vec![b' '; 200_000]), 1013),
        (good(TAIL).with_body(body(TAIL, "{}").to_string().as_bytes()), 1008),
        (good(TAIL).with("Sign", &"0".repeat(64)), 1008),
        (good(TAIL).with("Sign", "no sign"), 1008),
        (good("apip6/v1/nothing"), 1020),
        (Signed::bare("apip1/v1/signIn", b"{}".to_vec()), 1000),
        (Signed::bare("apip1/v1/signIn", b"{}".to_vec()).with("Sign", "AAAA"), 1001),
    ];
    for (request, code) in not_authentic {
        let answer = request.post(&server);
        refused(&answer, code, &format!("{request:.200?}"));
        assert!(!answer.is_signed_by(session), "{answer:?}");
    }
    let authentic = [
        (with("url", json!(format!("{}{TAIL}", "http://other.test/"))), 1005),
        (with("time", json!(now_ms() - 60_000)), 1006),
        (with("time", json!(now_ms() + 60_000)), 1006),
        (with("time", json!(0)), 1006),
        (with("nonce", json!(0)), 1007),
        (with("fcdsl", json!({ "size": "many" })), 1012),
        (with("fcdsl", json!({ "query": { "terms": { "fields": ["none"] } } })), 1012),
        (with("fcdsl", json!({ "ids": vec!["a"; 101] })), 1010),
        (with("fcdsl", json!({ "after": ["1", "2", "3", "4", "5"] })), 1012),
    ];
    for (request, code) in authentic {
        let answer = request.post(&server);
        refused(&answer, code, &format!("{request:.300?}"));
        assert!(answer.is_signed_by(session), "{answer:?}");
    }
    assert_eq!(client.ping().unwrap().balance, balance, "something was charged");
    let request = good(TAIL);
    assert_eq!(request.post(&server).code(), 0);
    refused(&request.post(&server), 1007, "a replay");
    assert_eq!(client.ping().unwrap().balance, balance - PRICE);
    for method in ["GET", "PUT"] {
        let reply = server.http().send(method, &format!("/APIP/{TAIL}"), None).unwrap();
        reply.expect_text(200, "This API accepts only POST request.");
    }
    let (written, settings) = (server.written(), server.stop());
    assert!(!written.contains("panicked"), "{written}");
    drop(settings);
}

/// Goal: a stranger cannot spend a user's money, nor end his session. Method: sign-ins with the
/// user's public key and somebody else's signature, and requests with his session's name.
#[test]
fn strangers_can_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let (server, client, balance, _node) = server(folder.path());
    let url = format!("{}apip1/v1/signIn", super::story::URL_HEAD);
    for signer in [3, 2] {
        let public_key = key(2).public_key().to_string();
        let body = json!({ "url": url, "time": now_ms(), "nonce": nonce(), "pubKey": public_key });
        let body = body.to_string();
        // The user's own signature, but of something else.
        let sign = key(signer).sign_message(format!("{body} ").as_bytes());
        let request = Signed::bare("apip1/v1/signIn", body.into_bytes()).with("Sign", &sign);
        refused(&request.post(&server), 1008, "a forged sign-in");
    }
    let forged = tally_apip_client::Session::from_hex(
        &format!("{}{}", client.session().name(), "0".repeat(52)),
        None,
    );
    let forged = Signed::new(&forged.unwrap(), &body(TAIL, "{}"));
    for _ in 0..20 {
        refused(&forged.post(&server), 1008, "a forged request");
    }
    assert_eq!(client.ping().unwrap().balance, balance);
    server.stop();
}

/// Goal: who sends slowly, or nothing, keeps nobody waiting. Method: connections that stop in the
/// middle of a request line, of headers and of a body, while a user asks.
#[test]
fn slow_clients_keep_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (server, client, balance, _node) = server(folder.path());
    let starts = [
        "",
        "POST /APIP/apip6/v1/serv",
        "POST /APIP/apip6/v1/serviceSearch HTTP/1.1\r\nHost: localhost\r\nSign: ",
        "POST /APIP/apip6/v1/serviceSearch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{",
    ];
    let connections: Vec<TcpStream> = (0..10)
        .flat_map(|_| starts)
        .map(|start| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(start.as_bytes()).unwrap();
            stream
        })
        .collect();
    for asked in 1..=5 {
        let answer = super::directory::ask(&client, "serviceSearch", "{}").unwrap();
        assert_eq!(answer.balance, balance - asked * PRICE);
    }
    drop(connections);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
    server.stop();
}
