use crate::{
    client, only,
    scripted::{Given, SESSION_KEY, Scripted, sign},
};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tally_apip_client::{
    Client, Code, Directory, Error, Fcdsl, Options, RESPONSE_LENGTH_MAX, Reply, Session,
};

/// Asks a server that gives one answer.
fn ask(
    given: impl Fn(&crate::scripted::Received) -> Given + Send + 'static,
) -> Result<Reply, Error> {
    let server = Scripted::start(given);
    client(&server).query(&"serviceSearch".parse().unwrap(), None)
}

/// Goal: every byte of a request is as the documents say. Method: takes the body apart and puts it
/// together again by hand, and computes the signature with SHA-256 alone.
#[test]
fn a_request_is_unique_and_signed() {
    let server = Scripted::start(|request| Given::answer(request, 0, json!({})).signed());
    let fcdsl = Fcdsl::from_json(r#"{"ids":["f656","Ärger \" \\"]}"#).unwrap();
    let endpoint = "serviceByIds".parse().unwrap();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let before = now();
    let client = client(&server);
    client.query(&endpoint, Some(&fcdsl)).unwrap();
    client.clone().via("FEk4").query(&endpoint, None).unwrap();
    let requests = server.received();
    let url = server.head() + "apip6/v1/serviceByIds";
    let mut nonces = Vec::new();
    for (request, rest) in
        requests.iter().zip([r#","fcdsl":{"ids":["f656","Ärger \" \\"]}}"#, r#","via":"FEk4"}"#])
    {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/APIP/apip6/v1/serviceByIds")
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("SessionName"), Some(&SESSION_KEY[..12]));
        assert_eq!(request.header("Sign"), Some(sign(request.body.as_bytes()).as_str()));
        let body = request.json();
        let (time, nonce) = (&body["time"], &body["nonce"]);
        let expected = format!(r#"{{"url":"{url}","time":{time},"nonce":{nonce}{rest}"#);
        assert_eq!(request.body, expected);
        assert!((before..=now()).contains(&time.as_u64().unwrap()), "{time}");
        assert!((1..1 << 53).contains(&nonce.as_i64().unwrap()), "{nonce}");
        nonces.push(nonce.clone());
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[test]
fn an_answer_is_read_as_it_was_signed() {
    let data = json!([{ "sid": "b", "tRate": 0.0 }, { "sid": "a" }]);
    let members = json!({ "data": data, "got": 2, "total": 7, "last": ["1", "0.0", null] });
    let reply = ask(move |request| Given::answer(request, 0, members.clone()).signed()).unwrap();
    assert_eq!((reply.got, reply.total, reply.best_height), (2, 7, 1_735_063));
    assert_eq!(reply.balance, 35_583_028_799);
    assert_eq!(reply.last, Some(vec![json!("1"), json!("0.0"), Value::Null]));
    let items = reply.items().unwrap();
    let items: Vec<_> = items.iter().map(|item| item.get()).collect();
    assert_eq!(items, [r#"{"sid":"b","tRate":0.0}"#, r#"{"sid":"a"}"#]);
    assert_eq!(reply.data_as::<Vec<Value>>().unwrap().len(), 2);
    assert!(reply.text.starts_with('{') && reply.text.contains("bestHeight"), "{}", reply.text);
}

#[test]
fn items_by_id_are_items_too() {
    let members = json!({ "data": { "a": { "sid": "a" }, "b": { "sid": "b" } } });
    let reply = ask(move |request| Given::answer(request, 0, members.clone()).signed()).unwrap();
    assert_eq!(reply.items().unwrap().len(), 2);
    let none = ask(|request| Given::answer(request, 0, json!({})).signed()).unwrap();
    assert!(none.items().unwrap().is_empty());
    assert_eq!(none.data_as::<Value>().unwrap(), Value::Null);
    let number = ask(|request| Given::answer(request, 0, json!({ "data": 7 })).signed()).unwrap();
    assert!(number.items().is_err());
}

/// Goal: nobody else can answer: not without a signature, not with another one, not with an answer
/// of before.
#[test]
fn answers_that_are_not_the_directory_s_are_refused() {
    let unsigned = ask(|request| Given::answer(request, 0, json!({})));
    assert!(matches!(unsigned, Err(Error::Unsigned { .. })), "{unsigned:?}");
    let changed = ask(|request| {
        let mut given = Given::answer(request, 0, json!({})).signed();
        let position = given.body.iter().position(|byte| *byte == b'3').unwrap();
        given.body[position] = b'4';
        given
    });
    assert!(matches!(changed, Err(Error::WrongSignature { .. })), "{changed:?}");
    let replayed = ask(|request| Given::answer(request, 0, json!({ "nonce": 5 })).signed());
    assert!(matches!(replayed, Err(Error::OtherRequest { found: 5, .. })), "{replayed:?}");
    let refused = ask(|request| {
        let mut given = Given::answer(request, 1011, json!({}));
        given.headers.push(("Sign", "00".repeat(32)));
        given
    });
    assert!(matches!(refused, Err(Error::WrongSignature { .. })), "{refused:?}");
}

#[test]
fn refusals_have_their_code_and_what_goes_with_it() {
    let refusal = |code, data: Value| {
        let error = ask(move |request| {
            let given = Given::answer(request, code, json!({ "data": data }));
            if code == 1012 { given.signed() } else { given }
        });
        error.unwrap_err().refusal().unwrap().clone()
    };
    let url = refusal(1005, json!({ "requestedURL": "http://a/", "signedURL": "http://b/" }));
    assert_eq!((url.code, url.requested_url().as_deref()), (Code::UrlDiffers, Some("http://a/")));
    assert!(!url.is_signed);
    for window in [json!("5000"), json!(5000)] {
        let expired = refusal(1006, json!({ "windowTime": window }));
        assert_eq!(expired.window(), Some(Duration::from_secs(5)));
    }
    assert_eq!(refusal(1010, json!({ "maxSize": 100 })).ids_max(), Some(100));
    let bad = refusal(1012, json!("what and where"));
    assert!(bad.is_signed);
    assert_eq!((bad.code, bad.data.clone()), (Code::BadQuery, Some(json!("what and where"))));
    assert_eq!((bad.payment(), bad.window(), bad.requested_url()), (None, None, None));
    assert_eq!(refusal(2020, Value::Null).code, Code::Other(2020));
}

#[test]
fn what_is_no_answer_is_refused() {
    for body in ["", "[]", "<html>", "{}", r#"{"code":"0"}"#, r#"{"code":-1}"#, r#"{"code":0"#] {
        let result = ask(move |_| Given::plain(body));
        assert!(matches!(result, Err(Error::Malformed { .. })), "{body}: {result:?}");
    }
    let binary = ask(|_| Given::plain([0xff, 0xfe]));
    assert!(matches!(binary, Err(Error::Malformed { what: "not UTF-8", .. })), "{binary:?}");
    let codes = ask(|request| {
        let mut given = Given::answer(request, 0, json!({})).signed();
        given.headers[0].1 = "1011".to_owned();
        given
    });
    assert!(matches!(codes, Err(Error::Malformed { .. })), "{codes:?}");
    let gateway = ask(|_| Given { status: 502, ..Given::plain("x".repeat(500)) });
    let Err(Error::Status { status: 502, start, .. }) = gateway else { panic!("{gateway:?}") };
    assert_eq!(start.len(), 200);
    // A directory that does not keep to status 200 is understood.
    let status = ask(|request| Given { status: 400, ..Given::answer(request, 1013, json!({})) });
    assert_eq!(status.unwrap_err().refusal().map(|refusal| refusal.code), Some(Code::BadRequest));
}

/// Goal: a request goes where it is signed for and nowhere else.
#[test]
fn redirections_are_not_followed() {
    let target = Scripted::start(|request| Given::answer(request, 0, json!({})).signed());
    let location = target.head();
    let result = ask(move |_| Given {
        status: 307,
        headers: vec![("Location", location.clone())],
        body: Vec::new(),
    });
    assert!(matches!(result, Err(Error::Status { status: 307, .. })), "{result:?}");
    assert!(target.received().is_empty());
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let result = ask(|_| Given::plain(vec![b' '; RESPONSE_LENGTH_MAX as usize + 1]));
    let Err(Error::Web { source, .. }) = result else { panic!("{result:?}") };
    assert!(matches!(*source, ureq::Error::BodyExceedsLimit(_)), "{source}");
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let head = format!("http://{}/", silent.local_addr().unwrap());
    let brief = Options { timeout: Duration::from_millis(50), ..Options::default() };
    let directory = Directory::with_options(head.parse().unwrap(), brief);
    let client = Client::new(directory, Session::from_hex(SESSION_KEY, None).unwrap());
    let result = client.ping();
    let Err(Error::Web { source, .. }) = result else { panic!("{result:?}") };
    assert!(matches!(*source, ureq::Error::Timeout(_)), "{source}");
}

#[test]
fn a_ping_needs_no_signature_but_bears_no_wrong_one() {
    let server = Scripted::start(|request| Given::answer(request, 0, json!({ "balance": 5 })));
    assert_eq!(client(&server).ping().unwrap().balance, 5);
    let request = only(&server);
    assert_eq!(
        (request.path.as_str(), request.header("SessionName")),
        ("/APIP/ping", Some(&SESSION_KEY[..12]))
    );
    assert_eq!(request.header("Sign"), Some(sign(request.body.as_bytes()).as_str()));
    let server = Scripted::start(|request| {
        let mut given = Given::answer(request, 0, json!({}));
        given.headers.push(("Sign", String::new()));
        given
    });
    let result = client(&server).ping();
    assert!(matches!(result, Err(Error::WrongSignature { .. })), "{result:?}");
}

#[test]
fn a_session_does_not_show_its_key() {
    let session = Session::from_hex(SESSION_KEY, None).unwrap();
    assert!(!format!("{session:?}").contains(&SESSION_KEY[..8]), "{session:?}");
    for bad in ["", &SESSION_KEY[1..], &SESSION_KEY.replace('0', "g")] {
        assert!(Session::from_hex(bad, None).is_err(), "{bad}");
    }
}
