//! The examples of the interface's document, as it prints them.

use super::server::{Answer, FORM, JSON, Server, Settings, TEXT, send};
use sha2::{Digest, Sha256};

/// The message of the document.
const CREATE: &str = r#"{
  "order": "create",
  "type": "Prepaid",
  "at": "http://placard.zr-code.com",
  "date": "2022-04-11 11:14:46 UTC",
  "seller": {
    "address": "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"
  },
  "customer": {
    "address": "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"
  },
  "payment": {
    "until": "2022-04-12 11:14:46 UTC",
    "sum": 0.00001
  }
}"#;

/// When it was answered.
const TIME: &str = "2022-04-11 11:15:08 UTC";

/// The service keys of the published vectors: the numbers one and two.
const KEY1: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const KEY2: &str = "0000000000000000000000000000000000000000000000000000000000000002";
const PUBLIC1: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const PUBLIC2: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";

/// What the document's request gives with those keys.
const ADDRESS: &str = "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65";
const SHA256: &str = "9ce70d7630e8dd9f28847b69ea764d0787e4a4da00807493d7d75a45c0f686a3";

/// What the document's server signed, with another payment address: its keys are not public.
const REPLY: &str = "deal:\n  order: Created\n  type: Prepaid\n  at: http://placard.zr-code.com\n  \
    date: 2022-04-11 11:14:46 UTC\n  seller:\n    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK\n    \
    rating: 0, 0%\n  customer:\n    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm\n    rating: 0, 0%\n  \
    payment:\n    until: 2022-04-12 11:14:46 UTC\n    address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65\n    \
    sum: 0.00001 tBTC\n  feedback:\n    leave-before: 2022-04-12 11:14:46 UTC";

/// A server at the document's time, with the vectors' keys.
pub(crate) fn replaying(settings: Settings) -> Settings {
    settings.with("--fixed-time", TIME).with("--service-key1", KEY1).with("--service-key2", KEY2)
}

/// Goal: the document's example gives the document's reply. Method: the request of the document at
/// its time to a server for trying out; the text that is signed is the document's but for the
/// payment address, which is that of the known keys; the signature is by the server's key; and the
/// same request, as YAML, as a form and in parts, is answered alike.
#[test]
fn the_document_s_deal_is_created_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let server = replaying(Settings::dev(folder.path(), "dev")).start();
    assert_eq!((server.announced("key1"), server.announced("key2")), (PUBLIC1, PUBLIC2));
    let answer = server.post("/deal", JSON, CREATE);
    let package = answer.expect(200);
    assert!(answer.text.starts_with("{\"id\": \"A"), "{}", answer.text);
    assert_eq!(package["action"], "Created");
    assert_eq!(answer.result(), (true, "New deal submitted".to_owned()));
    assert_eq!(signed_text(&server, &answer), REPLY);

    let yaml =
        format!("{}\n", REPLY.replace("Created", "create").replace("    rating: 0, 0%\n", ""));
    let fields = [
        ("type", "Prepaid"),
        ("at", "http://placard.zr-code.com"),
        ("date", "2022-04-11 11:14:46 UTC"),
        ("seller_address", "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"),
        ("customer_address", "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"),
        ("payment_until", "2022-04-12 11:14:46 UTC"),
        ("payment_sum", "0.00001"),
    ];
    let escaped = |text: &str| text.replace(':', "%3A").replace('/', "%2F").replace(' ', "+");
    let form: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let parts: String = fields
        .iter()
        .map(|(name, value)| {
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .collect();
    for (kind, body) in [
        (TEXT, yaml),
        (FORM, form.join("&")),
        ("multipart/form-data; boundary=XX", format!("{parts}--XX--\r\n")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = replaying(Settings::dev(folder.path(), "dev")).start();
        let answer = server.post("/deal/create", kind, &body);
        assert_eq!(signed_text(&server, &answer), REPLY, "{kind}");
        server.stop();
    }
    server.stop();
}

/// Verifies what a server has signed by the key that it shows, here and by its own endpoint.
fn signed_text(server: &Server, answer: &Answer) -> String {
    let payload = answer.payload();
    let key = server.get("/key/public?account=DEFAULT").expect(200);
    let key = tally_pgp::PublicKey::from_armored(key["data"].as_str().unwrap()).unwrap();
    assert_eq!(key.fingerprint().to_string(), server.announced("pgp"));
    let verified = tally_pgp::verify_clear(&payload, &[key], 1_649_675_708).unwrap();
    let asked = server.post("/signature", TEXT, &payload).expect(200);
    assert_eq!(
        (&asked["verified"], &asked["message"]),
        (&true.into(), &verified.text.clone().into())
    );
    let changed = server.post("/signature", TEXT, &payload.replace("Prepaid", "Postpaid"));
    assert_eq!(changed.expect(200)["verified"], false);
    verified.text
}

/// Goal: what a module sends to its server is the published vector, byte for byte. Method: a module
/// that does not sign, at the document's time, in front of a server that keeps what it is sent.
#[test]
fn what_a_module_sends_is_the_published_vector() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let module = replaying(Settings::front(folder.path(), "module", &address))
        .with("--module-address", "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8")
        .start();
    let url = format!("{}/api/v1/deal/create?pgp=off&payload=text", module.url());
    let asking = std::thread::spawn(move || {
        let headers = [
            ("content-type", JSON),
            // Whoever names a site shows that it is a program.
            ("authorization", "Bearer of-the-shop"),
            ("origin", "http://placard.zr-code.com"),
        ];
        send(&url, "POST", &headers, CREATE.as_bytes())
    });
    let (head, body) = super::front::take_one(
        &listener,
        r#"{"id": "ID", "action": "Created", "result": {"success": true, "message": "New deal submitted"}, "payload": "PAYLOAD"}"#,
    );
    assert!(head.starts_with("POST /api/v1/deal/create HTTP/1.1\r\n"), "{head}");
    for header in [
        "module-address: mynfyjjkrhsbb6y1q5ktgdgckvz2m9nkh8",
        "module-fee: 0.1%",
        "origin: http://placard.zr-code.com",
        "authorization: bearer of-the-shop",
        "content-type: application/json",
        &format!("host: {address}"),
    ] {
        assert!(head.to_lowercase().contains(header), "{header} is not in {head}");
    }
    let package: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(
        body.starts_with("{\"id\": \"A") && body.contains(", \"action\": \"create\""),
        "{body}"
    );
    let payload = super::server::unbase64(package["payload"].as_str().unwrap());
    assert_eq!(payload.len(), 392);
    assert_eq!(hex::encode(Sha256::digest(&payload)), SHA256);
    assert!(String::from_utf8(payload).unwrap().contains(ADDRESS));
    let answer = asking.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains(ADDRESS), "{}", answer.text);
    assert_eq!(answer.header("payload-signature"), Some("unknown"));
    module.stop();
}

/// Goal: the document's four ways to open an account work as it prints them. Method: each at a
/// server of its own; the account that comes of it is the same.
#[test]
fn the_document_s_four_requests_open_an_account() {
    const ADDRESS: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";
    const KEY: &str = "02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61";
    let part = |name: &str, value: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    for (kind, body) in [
        (FORM, format!("address={ADDRESS}&key={KEY}")),
        (JSON, format!(r#"{{"address": "{ADDRESS}", "key":  "{KEY}"}}"#)),
        (TEXT, format!("{ADDRESS}\n{KEY}")),
        (
            "multipart/form-data; boundary=XX",
            format!("{}{}--XX--\r\n", part("address", ADDRESS), part("key", KEY)),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Settings::dev(folder.path(), "dev").start();
        let answer = server.post("/account/new?payload=html", kind, &body);
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.text.starts_with("<!DOCTYPE html>"), "{}", answer.text);
        assert!(answer.text.contains(ADDRESS) && answer.text.contains(KEY), "{}", answer.text);
        let status = server.get(&format!("/account/status?address={ADDRESS}"));
        assert!(status.result().0, "{}", status.text);
        let again = server.post("/account/new", kind, &body).result();
        assert!(!again.0, "an account is opened once: {again:?}");
        server.stop();
    }
}

/// Goal: the rest of the document's examples. Method: ping, time, help and the status of nobody, whose
/// page is known byte for byte.
#[test]
fn the_document_s_small_examples_are_answered_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    assert_eq!(server.get("/ping").text, "{}");
    let time = server.get("/time").expect(200)["serverTime"].as_u64().unwrap();
    assert!((time / 1000).abs_diff(super::server::now()) <= 2, "{time}");
    let nobody = server.get("/account/status?address=null");
    assert_eq!(nobody.result(), (false, "Invalid Bitcoin address: null".to_owned()));
    assert_eq!(nobody.json()["action"], "Status");
    let digest = hex::encode(Sha256::digest(nobody.payload()));
    assert_eq!(digest, "a81043e98ee31e485f9ac22e7e7c3cd0a2b044161d6ff47ecd5d2a41c27c750a");
    for (method, path) in [("GET", "/help"), ("POST", "/help"), ("GET", "/HELP")] {
        let help = server.send(method, &format!("/api/v1{path}?payload=html"), &[], b"");
        assert_eq!(help.status, 200, "{method}");
        assert!(help.text.contains("<pre>\nBitcoin Payment Service.\n"), "{}", help.text);
        assert!(
            help.text.trim_end().ends_with("(use private key)</pre>\n\n</body>\n</html>"),
            "{}",
            help.text
        );
    }
    for (method, path, status) in [
        ("GET", "/api/v2/ping", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/ping", 405),
        ("DELETE", "/api/v1/ping", 405),
        ("GET", "/a/..%2fx", 400),
        ("OPTIONS", "/api/v1/ping", 204),
    ] {
        let answer = server.send(method, path, &[], b"");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        if status != 204 {
            assert_eq!(answer.json()["error"]["code"], status, "{method} {path}");
        }
        if [405, 204].contains(&status) {
            assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
        }
    }
    server.stop();
}
