//! Requests that are too much or not what they say, at the daemon.

use super::{
    party::Wording,
    server::{FORM, JSON, Server, Settings, TEXT, now},
};
use serde_json::{Value, json};

const SELLER: &str = "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
const CUSTOMER: &str = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

fn wording() -> Wording {
    Wording::new(SELLER, CUSTOMER, "0.01", now())
}

/// Requires that nothing was stored.
fn is_empty(server: &Server, after: &str) {
    assert_eq!(server.last_event(), 0, "{after}");
    assert_eq!(server.get("/deal/list").expect(200), json!([]), "{after}");
}

/// Goal: nothing that is too much is taken apart, and nothing of it is stored. Method: bodies without
/// end, bombs, depths, other charsets, keys that are there twice, in all types of bodies.
#[test]
fn what_is_too_much_is_refused_and_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    let good = wording().message();
    let with = |from: &str, to: &str| good.to_string().replacen(from, to, 1);
    let long = "x".repeat(300 << 10);
    let bomb = "deal:\n  a: &a [x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n  \
        c: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    let parts = |name: &str, value: &str, count: usize| {
        let part =
            format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        format!("{}--XX--\r\n", part.repeat(count))
    };
    const PARTS: &str = "multipart/form-data; boundary=XX";
    for (what, kind, body) in [
        ("a long text", TEXT, format!("deal:\n  at: {long}")),
        ("a long form", FORM, format!("at={long}")),
        ("a long object", JSON, format!("{{\"at\": \"{long}\"}}")),
        ("a long part", PARTS, parts("at", &long, 1)),
        ("many parts", PARTS, parts("at", "x", 5_000)),
        ("many fields", FORM, "a=1&".repeat(20_000)),
        ("a bomb", TEXT, bomb.to_owned()),
        ("a deep text", TEXT, format!("deal: {}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("a deep object", JSON, format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("a tag", TEXT, "deal: !!python/object/apply:os.system [ls]\n".to_owned()),
        ("a key twice", JSON, with("\"type\":", "\"type\": \"Postpaid\", \"type\":")),
        ("an inner key twice", JSON, with("\"sum\":", "\"sum\": \"9\", \"sum\":")),
        ("a line twice", TEXT, "deal:\n  type: Prepaid\n  type: Postpaid\n".to_owned()),
        ("a field twice", FORM, "type=Prepaid&type=Postpaid".to_owned()),
        ("another charset", "text/plain; charset=utf-16", good.to_string()),
        ("another type", "image/png", good.to_string()),
        ("no boundary", "multipart/form-data", parts("at", "x", 1)),
        ("half an object", JSON, "{\"order\": \"create\"".to_owned()),
        ("nothing", JSON, String::new()),
    ] {
        let answer = server.post("/deal/create", kind, &body);
        assert_eq!(answer.status / 100, 4, "{what}: {} {}", answer.status, answer.text);
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(!message.is_empty() && message.len() < 1000, "{what}: {message}");
        is_empty(&server, what);
    }
    let not_utf8 = [("content-type", TEXT)];
    let answer = server.send("POST", "/api/v1/deal", &not_utf8, b"deal:\n  at: \xff\xfe");
    assert_eq!(answer.status / 100, 4, "{}", answer.text);
    is_empty(&server, "bytes that are no text");
    let written = server.written();
    assert!(!written.contains("panicked") && !written.contains("ERROR"), "{written}");
    assert!(server.tell("/deal/create", &good).result().0, "it still works");
    server.stop();
}

/// Goal: every message of a rule that is broken is the published one, and nothing is stored. Method:
/// the good message with one thing wrong.
#[test]
fn rules_are_told_in_the_published_words() {
    let folder = tempfile::tempdir().unwrap();
    let time = 1_750_000_000;
    let server = Settings::dev(folder.path(), "dev").at(time).start();
    let good = Wording { date: time, until: time + 60, leave_before: time + 120, ..wording() };
    let changed = |pointer: &str, value: Value| {
        let mut message = good.message();
        *message.pointer_mut(pointer).unwrap() = value;
        message
    };
    let dated = |date| Wording { date, ..good.clone() }.message();
    for (message, part) in [
        (dated(time + 1), "Invalid deal date."),
        (dated(time - 181), "Deal date expired."),
        (changed("/type", "gift".into()), "Invalid order type value: \"gift\"."),
        (changed("/type", "".into()), "Invalid format: key \"type\" cannot be empty."),
        (changed("/seller/address", "".into()), "key \"seller.address\" cannot be empty."),
        (changed("/seller/address", "abc".into()), "Invalid seller address: abc."),
        (changed("/customer/address", "1".into()), "Invalid customer address: 1."),
        (
            changed("/customer/address", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH".into()),
            "Invalid Customer address",
        ),
        (changed("/payment/sum", "0.000000001".into()), ""),
        (changed("/payment/sum", "-1".into()), ""),
        (changed("/payment/sum", "21000001".into()), ""),
        (changed("/payment/until", "2025-02-30 00:00:00 UTC".into()), ""),
    ] {
        let answer = server.tell("/deal/create", &message);
        assert!(!part.is_empty() || answer.status == 400, "{message}: {}", answer.text);
        answer.refused(400, part);
        is_empty(&server, part);
    }
    let mut ordered = good.message();
    ordered["order"] = "destroy".into();
    server.tell("/deal", &ordered).refused(400, "Invalid deal order value: \"destroy\".");
    let paid = Wording { kind: "Prepaid", ..good.clone() }.message();
    server.tell("/deal/create", &paid).expect(200);
    let unknown =
        Wording { sum: "0.02", ..good.clone() }.about("2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65");
    assert_eq!(server.tell("/deal/pay", &unknown).status, 400, "the address is of another deal");
    let old = server.settings().clone().with("--compat", "true").start();
    let answer = old.tell("/deal/create", &dated(time - 181)).expect(500);
    assert_eq!(answer, json!({ "error": { "code": 0, "message": "Deal date expired." } }));
    old.stop();
    server.stop();
}

/// Goal: texts keep every letter from the client to the signed reply and back. Method: comments with
/// everything that YAML, dashes and PGP make something of.
#[test]
fn comments_keep_their_letters() {
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::dev(folder.path(), "dev").start();
    let key = server.get("/key/public?account=DEFAULT").expect(200);
    let key = tally_pgp::PublicKey::from_armored(key["data"].as_str().unwrap()).unwrap();
    for (at, comments) in [
        "one\ntwo: 2 # three\n- four",
        "- leading dash\n-----BEGIN PGP SIGNED MESSAGE-----",
        "Ünïcødé 漢字 \u{1f600} & <b>bold</b>",
        "'single' \"double\" \\n {a: b} [c] | > % @ `",
        "true",
        "  blanks around  ",
        "From here\n\nand after an empty line",
    ]
    .into_iter()
    .enumerate()
    {
        let now = now();
        let wording = Wording { until: now + 3600 + at as u64, ..wording() }.postpaid();
        let address =
            server.create(&wording.message())["payment"]["address"].as_str().unwrap().to_owned();
        server.faucet(&address, "0.01");
        server.mine(1);
        server.reaches(&address, "Paid");
        let mut message = wording.about(&address);
        message["feedback"]["status"] = "Positive".into();
        message["feedback"]["comments"] = comments.into();
        let answer = server.tell("/deal/complete", &message);
        assert!(answer.result().0, "{comments:?}: {}", answer.text);
        let payload = answer.payload();
        tally_pgp::verify_clear(&payload, std::slice::from_ref(&key), now + 5)
            .unwrap_or_else(|error| panic!("{comments:?}: {error}: {payload}"));
        assert_eq!(server.deal(&address)["feedback"]["comments"], comments);
        let html = server.get(&format!("/deal/status?address={address}&payload=html"));
        assert!(!html.text.contains("<b>bold"), "{}", html.text);
        for format in ["json", "xml", "text", "zzz"] {
            let shown = server.get(&format!("/deal/status?address={address}&payload={format}"));
            assert_eq!(shown.status, 200, "{format}");
        }
    }
    server.stop();
}
