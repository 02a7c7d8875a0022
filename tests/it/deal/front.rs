//! A module in front of another server.

use super::{
    party::{SITE, Wording},
    seed::replaying,
    server::{JSON, Settings, now, send},
};
use crate::support::eventually;
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
};
use tally_deal::message_signature::{Header, sign};

/// The address of the module: that of the private key 1.
const MODULE: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
const SELLER: &str = "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
const CUSTOMER: &str = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/// Takes one request with a package, answers it with the package's id in the place of `ID` and its
/// payload in that of `PAYLOAD`, and returns its head and its body.
pub(crate) fn take_one(listener: &TcpListener, reply: &str) -> (String, String) {
    let (mut stream, _) = listener.accept().unwrap();
    let request = read_request(&mut stream);
    let package: serde_json::Value = serde_json::from_str(&request.1).unwrap();
    let reply = reply.replace("ID", package["id"].as_str().unwrap());
    let reply = reply.replace("PAYLOAD", package["payload"].as_str().unwrap());
    let length = reply.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{reply}").as_bytes()).unwrap();
    request
}

/// Reads a request with a body of a known length.
pub(crate) fn read_request(stream: &mut impl Read) -> (String, String) {
    let mut bytes = vec![];
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let of_length = |line: &str| {
                let lower = line.to_ascii_lowercase();
                lower.strip_prefix("content-length: ").and_then(|digits| digits.parse().ok())
            };
            let length: usize = head.lines().find_map(of_length).unwrap_or(0);
            if body.len() >= length {
                return (format!("{head}\r\n"), body.to_owned());
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the request ends early: {text}");
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// Goal: a module and a server of another operator make deals together, and each verifies what the
/// other one signs. Method: a server that serves modules beside its own clients, and a module with an
/// address and a PGP key in front of it; the module learns the service keys by itself. Its deal, its
/// status and its list come through; the signature of the server's reply holds; the deal is the same
/// at the server; the server refuses the module's messages without a signature, or with another key,
/// once it knows the module's.
#[test]
fn a_module_and_a_server_verify_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let node = crate::support::bitcoind::Bitcoind::start();
    let Some(node) = node else { return };
    let server = Settings::new(folder.path(), "server")
        .on(&node)
        .with("--memory-store", "true")
        .without("--data-dir")
        .with("--server-address", "127.0.0.1:0")
        .start();
    let key = tally_pgp::SecretKey::generate(&["module".to_owned()], &[7; 32], now() - 60).unwrap();
    let file = folder.path().join("module.asc");
    fs::write(&file, &*key.to_armored()).unwrap();
    let module = Settings::front(folder.path(), "module", server.announced("modules"))
        .with("--network", "regtest")
        .with("--module-address", MODULE)
        .with("--module-fee", "0.2%")
        .with("--pgp-key-file", file.to_str().unwrap());
    let module = module.start();
    eventually("the service's keys", || {
        let ready = module.send("GET", "/readyz", &[], b"");
        if ready.status == 200 { Ok(()) } else { Err(ready.text) }
    });

    let today = tally_deal::Time(now()).date();
    let account = format!("{today}\n{MODULE}\n{}", key.public().to_armored().trim_end());
    let mut owner = [0; 32];
    owner[31] = 1;
    let owner = tally_deal::PrivateKey::from_bytes(&owner).unwrap();
    let signature = sign(&owner, account.as_bytes(), Header::Compressed);
    let account = format!("{account}\n{signature}\n");
    let opened = server.post("/account/new", "text/plain", &account).result();
    assert!(opened.0, "{opened:?}");
    let wording = Wording::new(SELLER, CUSTOMER, "0.01", now());
    let answer = module.tell("/deal/create", &wording.message());
    assert_eq!(answer.result(), (true, "New deal submitted".to_owned()), "{}", answer.text);
    assert_eq!(answer.header("payload-signature"), Some("valid"));
    let service = module.get("/key/public?account=DEFAULT").expect(200);
    let service = tally_pgp::PublicKey::from_armored(service["data"].as_str().unwrap()).unwrap();
    assert_eq!(service.fingerprint().to_string(), server.announced("pgp"));
    let payload = answer.payload();
    let verified =
        tally_pgp::verify_clear(&payload, std::slice::from_ref(&service), now()).unwrap();
    assert!(verified.text.contains("order: Created"), "{payload}");
    let addresses = verified.text.lines().filter_map(|line| line.strip_prefix("    address: "));
    let address = addresses.into_iter().find(|it| ![SELLER, CUSTOMER].contains(it)).unwrap();

    let deal = server.deal(address);
    assert_eq!((&deal["state"], &deal["at"]), (&"Created".into(), &SITE.into()), "{deal}");
    let status = module.get(&format!("/deal/status?address={address}&payload=text"));
    assert!(status.text.contains("order: Created") && status.text.contains(address));
    assert_eq!(status.header("payload-signature"), Some("valid"));
    let checked = module.tell("/signature", &json!({ "message": payload })).expect(200);
    assert_eq!(checked["verified"], true);
    let listed = module.get(&format!("/deal/list?module={MODULE}")).expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");

    let unsigned =
        module.tell("/deal/create?pgp=off", &Wording { sum: "0.02", ..wording.clone() }.message());
    assert!(!unsigned.result().0, "{}", unsigned.text);
    let stranger = tally_pgp::SecretKey::generate(&["x".to_owned()], &[8; 32], now() - 60).unwrap();
    fs::write(&file, &*stranger.to_armored()).unwrap();
    let module = module.stop().start();
    eventually("the service's keys", || {
        let ready = module.send("GET", "/readyz", &[], b"");
        if ready.status == 200 { Ok(()) } else { Err(ready.text) }
    });
    let forged = module.tell("/deal/create", &Wording { sum: "0.03", ..wording }.message());
    assert!(!forged.result().0, "{}", forged.text);
    assert_eq!(server.get("/deal/list").expect(200).as_array().unwrap().len(), 1);
    module.stop();
    server.stop();
}

/// Goal: a module says what is wrong with the server behind it, and asks nobody whom it may not ask.
/// Method: a server that is not there, one that is silent, and one that a request names.
#[test]
fn a_server_that_fails_is_named_by_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let quiet = silent.local_addr().unwrap().to_string();
    let module = replaying(Settings::front(folder.path(), "module", "127.0.0.1:1"))
        .with("--allow-server", &quiet)
        .with("--server-timeout", "300")
        .start();
    let asked = |query: &str| module.get(&format!("/account/status?address=null{query}"));
    asked("").refused(502, "Bad Gateway");
    asked(&format!("&server={quiet}")).refused(504, "Gateway Timeout");
    for other in ["169.254.169.254", "127.0.0.1:22", "http://localhost:80"] {
        let refused = asked(&format!("&server={other}"));
        assert_eq!(refused.status / 100, 4, "{other}: {}", refused.text);
    }
    assert_eq!(send(&format!("{}/api/v1/ping", module.url()), "GET", &[], b"").text, "{}");
    module.stop();
}
