//! The record of a service in the user ids of its key.

use tally_pgp::{
    BitcoinKey, PublicKey, SERVERS_MAX, SYNC_PERIOD_MINUTES, SecretKey, Server, ServiceRecord,
    ServiceRecordError,
};

const KEY1: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const KEY2: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const SERVER: &str = "BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add";

fn parse(user_ids: &[&str]) -> ServiceRecord {
    let user_ids: Vec<String> = user_ids.iter().map(|user_id| (*user_id).to_owned()).collect();
    ServiceRecord::parse(&user_ids)
}

fn keys(record: &ServiceRecord) -> Vec<String> {
    record.bitcoin_keys.iter().map(ToString::to_string).collect()
}

fn server(url: &str) -> Server {
    Server { name: SERVER.to_owned(), url: url.to_owned() }
}

#[test]
fn a_record_is_read_from_user_ids() {
    let record = parse(&[
        "Technical_Data (0.1%;45;2) <mail@example.com>",
        &format!(
            "{SERVER} (http://localhost:4988, https://a.example;http://b_c.example-1:80 ftp://x)"
        ),
        &format!("bitcoin_key2 ({KEY2})"),
        &format!("bitcoin_key1 ({KEY1}) <a@example.com>"),
        "Somebody (else) <b@example.com>",
        "BM-short (http://short.example)",
        "",
    ]);
    assert_eq!(record.fee.as_deref(), Some("0.1%"));
    assert_eq!((record.period_minutes, record.key_count), (45, Some(2)));
    assert_eq!(
        record.servers,
        ["http://localhost:4988", "https://a.example", "http://b_c.example-1:80"].map(server)
    );
    assert_eq!(keys(&record), [KEY1, KEY2], "in the order of their names");
}

#[test]
fn technical_data_may_have_fewer_columns() {
    for (data, fee, period, count) in [
        ("30", None, 30, None),
        ("15;2", None, 15, Some(2)),
        ("500;15;3", Some("500"), 15, Some(3)),
        (" 0.05% ; 15 ; 3 ", Some("0.05%"), 15, Some(3)),
        ("0;0;0", Some("0"), SYNC_PERIOD_MINUTES, Some(0)),
        ("x;y;z", None, SYNC_PERIOD_MINUTES, None),
        ("1.2.3;1441;2", None, SYNC_PERIOD_MINUTES, Some(2)),
        ("", None, SYNC_PERIOD_MINUTES, None),
    ] {
        let record = parse(&[&format!("technical_data ({data})")]);
        assert_eq!(record.fee.as_deref(), fee, "{data}");
        assert_eq!((record.period_minutes, record.key_count), (period, count), "{data}");
    }
    let none = parse(&["technical_data"]);
    assert_eq!((none.period_minutes, none.fee), (SYNC_PERIOD_MINUTES, None));
}

#[test]
fn what_is_no_key_and_no_server_is_left_out() {
    let record = parse(&[
        &format!("bitcoin_key1 ({})", &KEY1[..64]),
        &format!("bitcoin_key2 (05{})", &KEY1[2..]),
        &format!("bitcoin_key3 (zz{})", &KEY1[2..]),
        "bitcoin_key4 (жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж)",
        &format!("bitcoin_key5 ({})", KEY1.to_uppercase()),
        &format!("{SERVER} (http://ab, http://a b/c?d=e)"),
    ]);
    assert_eq!(keys(&record), [KEY1]);
    assert_eq!(record.servers, []);
    let many: Vec<String> =
        (0..SERVERS_MAX + 9).map(|port| format!("{SERVER} (http://localhost:{port})")).collect();
    assert_eq!(ServiceRecord::parse(&many).servers.len(), SERVERS_MAX);
    let same = vec![format!("{SERVER} (http://localhost:1)"); 3];
    assert_eq!(ServiceRecord::parse(&same).servers.len(), 1);
}

/// Goal: a server's own key says what the server would read from it.
#[test]
fn a_record_survives_a_key() {
    let points = parse(&[&format!("bitcoin_key1 ({KEY1})"), &format!("bitcoin_key2 ({KEY2})")]);
    let record = ServiceRecord {
        fee: Some("0.1%".to_owned()),
        period_minutes: 30,
        key_count: Some(2),
        servers: vec![server("http://localhost:4988")],
        bitcoin_keys: points.bitcoin_keys,
    };
    let user_ids = record.user_ids().unwrap();
    assert_eq!(
        user_ids,
        [
            "technical_data (0.1%;30;2)".to_owned(),
            format!("{SERVER} (http://localhost:4988)"),
            format!("bitcoin_key1 ({KEY1})"),
            format!("bitcoin_key2 ({KEY2})"),
        ]
    );
    let key = SecretKey::generate(&user_ids, &[1; 32], 0).unwrap();
    let read = PublicKey::from_armored(&key.public().to_armored()).unwrap();
    assert_eq!(ServiceRecord::of_key(&read), record);
}

#[test]
fn records_that_nobody_could_read_are_not_written() {
    let good = ServiceRecord {
        fee: None,
        period_minutes: 30,
        key_count: None,
        servers: Vec::new(),
        bitcoin_keys: Vec::new(),
    };
    assert_eq!(good.user_ids().unwrap(), ["technical_data (30)"]);
    type Change = fn(&mut ServiceRecord);
    let cases: [(Change, ServiceRecordError); 6] = [
        (|record| record.fee = Some("1;2".to_owned()), ServiceRecordError::Fee),
        (|record| record.period_minutes = 0, ServiceRecordError::Period),
        (|record| record.servers = vec![server("localhost")], ServiceRecordError::ServerUrl),
        (
            |record| record.servers = vec![server("http://a.example/(x)")],
            ServiceRecordError::ServerUrl,
        ),
        (
            |record| record.servers = vec![server("http://a.example"); 65],
            ServiceRecordError::TooMany,
        ),
        (
            |record| {
                record.servers =
                    vec![Server { name: "a(b".to_owned(), url: "http://a.b".to_owned() }]
            },
            ServiceRecordError::ServerName,
        ),
    ];
    for (change, error) in cases {
        let mut record = good.clone();
        change(&mut record);
        assert_eq!(record.user_ids(), Err(error));
    }
    let mut keys = good;
    keys.bitcoin_keys = vec![BitcoinKey([2; 33]); 17];
    assert_eq!(keys.user_ids(), Err(ServiceRecordError::TooMany));
}
