//! Signed requests: every code, the order of checks, signatures, queries of all shapes.

use crate::{
    records,
    world::{HEAD, PRICE, Session, World, other, user},
};
use serde_json::{Value, json};
use tally_apip_api::{ApipConfig, BODY_BYTES_MAX};
use tally_crypto::fch::sym_sign;

const SEARCH: &str = "apip6/v1/serviceSearch";
const BY_IDS: &str = "apip6/v1/serviceByIds";

async fn signed_in() -> (World, Session) {
    let world = World::new().await;
    world.give(&user(), 100_000_000).await;
    let session = world.sign_in(&user()).await;
    (world, session)
}

/// Headers, body, and the code that they get.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, u64);

/// Goal: what is not authentic is refused with its code, unsigned, and costs nothing.
#[tokio::test]
async fn strangers_are_refused_and_charged_nothing() {
    let (world, session) = signed_in().await;
    let before = world.balance(&user()).await;
    let body = world.body(SEARCH).to_string();
    let (name, sign) = (session.name(), sym_sign(body.as_bytes(), &session.key));
    let altered = body.replace("\"nonce\":", "\"nonce\": ");
    let cases: [Case<'_>; 11] = [
        (&[("SessionName", &name)], &body, 1000),
        (&[("SessionName", &name), ("Sign", "")], &body, 1000),
        (&[("Sign", &sign)], &body, 1002),
        (&[("SessionName", "d2c03bbc1ba1"), ("Sign", &sign)], &body, 1009),
        (&[("SessionName", "x"), ("Sign", &sign)], &body, 1009),
        (&[("SessionName", &name.to_uppercase()), ("Sign", &sign)], &body, 1009),
        (&[("SessionName", &name), ("Sign", &sign)], "", 1003),
        (&[("SessionName", &name), ("Sign", &sign)], "{", 1013),
        (&[("SessionName", &name), ("Sign", &sign)], &altered, 1008),
        (&[("SessionName", &name), ("Sign", "00")], &body, 1008),
        (&[("SessionName", &name), ("Sign", &sign.to_uppercase())], &body, 1008),
    ];
    for (headers, body, expected) in cases {
        if expected == 1009 && name == name.to_uppercase() && headers[0].1 == name {
            continue;
        }
        let reply = world.post(SEARCH, headers, body).await;
        assert_eq!(reply.code(), expected, "{headers:?} {body}");
        assert!(!reply.is_signed(), "{expected}");
        assert_eq!(reply.json()["balance"], 0, "strangers learn no balance");
        assert!(reply.json().get("data").is_none_or(|data| data["sign"].is_null()));
    }
    let long = format!("{}{}", body, " ".repeat(BODY_BYTES_MAX));
    let headers = [("SessionName", name.as_str()), ("Sign", sign.as_str())];
    let reply = world.post(SEARCH, &headers, &long).await;
    assert_eq!(reply.code(), 1013);
    assert_eq!(world.balance(&user()).await, before);
    assert_eq!(world.post(SEARCH, &headers, &body).await.code(), 0, "the session is unharmed");
}

/// Goal: refusals of authentic requests have their code, are signed, and cost nothing.
#[tokio::test]
async fn the_user_s_own_mistakes_are_signed_refusals() {
    let (world, session) = signed_in().await;
    let before = world.balance(&user()).await;
    let with = |tail: &str, change: Value| {
        let mut body = world.body(tail);
        for (member, value) in change.as_object().unwrap() {
            body[member] = value.clone();
        }
        body
    };
    let ids: Vec<String> = (0..101).map(|number| format!("{number:064}")).collect();
    let now = i64::try_from(world.now()).unwrap();
    let cases = [
        (SEARCH, json!({ "nonce": 0 }), 1007, Value::Null),
        (
            SEARCH,
            json!({ "url": "http://localhost/x" }),
            1005,
            json!({ "requestedURL": format!("{HEAD}{SEARCH}"), "signedURL": "http://localhost/x" }),
        ),
        (SEARCH, json!({ "time": now - 5001 }), 1006, json!({ "windowTime": "5000" })),
        (SEARCH, json!({ "time": now + 5001 }), 1006, json!({ "windowTime": "5000" })),
        (SEARCH, json!({ "time": -1 }), 1006, json!({ "windowTime": "5000" })),
        (BY_IDS, json!({}), 1012, json!({ "reason": "fcdsl.ids: is missing or empty" })),
        (BY_IDS, json!({ "fcdsl": { "ids": [] } }), 1012, Value::Bool(true)),
        (BY_IDS, json!({ "fcdsl": { "ids": ids } }), 1010, Value::Bool(true)),
        (SEARCH, json!({ "fcdsl": { "size": "1.5" } }), 1012, Value::Bool(true)),
        (SEARCH, json!({ "fcdsl": { "sort": { "lastHeight": "asc" } } }), 1013, Value::Bool(true)),
        (SEARCH, json!({ "fcdsl": [] }), 1013, Value::Bool(true)),
        (SEARCH, json!({ "fcdsl": { "after": ["1"] } }), 1012, Value::Bool(true)),
        ("apip1/v1/general", json!({}), 1012, Value::Bool(true)),
        ("apip1/v1/general", json!({ "fcdsl": { "index": "order" } }), 1012, Value::Bool(true)),
        ("apip1/v1/general", json!({ "fcdsl": { "index": 1 } }), 1013, Value::Bool(true)),
        ("apip1/v1/general", json!({ "fcdsl": [] }), 1013, Value::Bool(true)),
        ("apip1/v1/general", json!({ "fcdsl": "protocol" }), 1013, Value::Bool(true)),
        ("apip1/v1/general", json!({ "fcdsl": null }), 1012, Value::Bool(true)),
    ];
    for (tail, change, expected, data) in cases {
        let reply = world.ask(&session, tail, &with(tail, change.clone())).await;
        assert_eq!(reply.code(), expected, "{change} {}", reply.text());
        assert!(reply.is_signed_by(&session), "{change}");
        let found = reply.json();
        if data.is_null() {
            assert!(found.get("data").is_none(), "{found}");
        } else if data.is_boolean() {
            assert!(found["data"]["reason"].is_string(), "{found}");
        } else {
            assert_eq!(found["data"], data);
        }
        assert_eq!(found["balance"], before);
        assert_eq!((&found["got"], &found["total"]), (&json!(0), &json!(0)));
    }
    let body = with(BY_IDS, json!({ "fcdsl": { "ids": ids } }));
    let reply = world.ask(&session, BY_IDS, &body).await;
    assert_eq!(reply.json()["data"]["maxSize"], 100);
    assert_eq!(world.balance(&user()).await, before, "mistakes cost nothing");
}

/// Goal: nothing that is found is an answer that costs, as the documents' servers had it.
#[tokio::test]
async fn no_data_is_an_answer() {
    let (world, session) = signed_in().await;
    let before = world.balance(&user()).await;
    let none = json!({ "query": { "terms": { "fields": ["owner"], "values": ["F"] } } });
    let reply = world.query(&session, SEARCH, none).await;
    assert_eq!(reply.code(), 1011);
    assert!(reply.is_signed_by(&session));
    assert_eq!(reply.json()["balance"], before - PRICE);
    let reply = world.query(&session, BY_IDS, json!({ "ids": ["x"] })).await;
    assert_eq!(reply.code(), 1011);
}

/// Goal: a request is answered once. Method: word by word again, and with another nonce; after the
/// nonce's life it is too old.
#[tokio::test]
async fn a_replay_is_refused() {
    let (world, session) = signed_in().await;
    let body = world.body(SEARCH);
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 0);
    let before = world.balance(&user()).await;
    let replay = world.ask(&session, SEARCH, &body).await;
    assert_eq!(replay.code(), 1007);
    assert!(replay.json().get("data").is_none());
    for later in [5000, 5000, 5000] {
        world.pass(later);
        let code = world.ask(&session, SEARCH, &body).await.code();
        assert!(code == 1007 || code == 1006, "{code}");
    }
    assert_eq!(world.balance(&user()).await, before);
}

/// Goal: of several things that are wrong the first in the documented order is told.
#[tokio::test]
async fn the_first_failing_check_answers() {
    let (world, session) = signed_in().await;
    let used = world.body(SEARCH);
    assert_eq!(world.ask(&session, SEARCH, &used).await.code(), 0);
    let mut body = used.clone();
    body["url"] = json!("x");
    body["time"] = json!(1);
    body["fcdsl"] = json!({ "size": "x" });
    let name = session.name();
    let text = body.to_string();
    let post = async |headers: &[(&str, &str)]| world.post(SEARCH, headers, &text).await.code();
    assert_eq!(post(&[]).await, 1000);
    assert_eq!(post(&[("Sign", "x")]).await, 1002);
    assert_eq!(post(&[("Sign", "x"), ("SessionName", "000000000000")]).await, 1009);
    assert_eq!(post(&[("Sign", "x"), ("SessionName", &name)]).await, 1008);
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1007);
    body["nonce"] = world.body(SEARCH)["nonce"].clone();
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1005);
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1007, "the nonce is used now");
    body["nonce"] = world.body(SEARCH)["nonce"].clone();
    body["url"] = used["url"].clone();
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1006);
    body["nonce"] = world.body(SEARCH)["nonce"].clone();
    body["time"] = used["time"].clone();
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1012);
    body["fcdsl"] = json!({ "size": [] });
    let text = body.to_string();
    let reply = world.post(SEARCH, &[("Sign", "x"), ("SessionName", &name)], &text).await;
    assert_eq!(reply.code(), 1013, "it cannot be read, whoever signed it");
}

/// Goal: numbers may be texts, prefixes are several, and the published one counts.
#[tokio::test]
async fn what_old_clients_send_is_understood() {
    let heads = vec!["https://cid.cash/APIP/".to_owned(), HEAD.to_owned()];
    let config = ApipConfig { url_heads: heads, ..ApipConfig::default() };
    let world = World::with(records::samples(), config).await;
    world.give(&user(), 100_000_000).await;
    let session = world.sign_in(&user()).await;
    for head in ["https://cid.cash/APIP/", HEAD, "http://localhost:8080/APIPserver/"] {
        let mut body = world.body(SEARCH);
        body["url"] = json!(format!("{head}{SEARCH}"));
        body["time"] = json!(body["time"].to_string());
        body["nonce"] = json!(body["nonce"].to_string());
        body["via"] = json!("an app");
        body["fcdsl"] = json!({ "size": "1" });
        let reply = world.ask(&session, SEARCH, &body).await;
        assert_eq!(reply.code(), 0, "{head} {}", reply.text());
    }
}

/// Goal: history interfaces drop the block that they set themselves; other shapes of answers.
#[tokio::test]
async fn every_shape_of_answer() {
    let (world, session) = signed_in().await;
    let ask = async |tail: &str, fcdsl: Value| {
        let reply = world.query(&session, tail, fcdsl).await;
        assert_eq!(reply.code(), 0, "{tail} {}", reply.text());
        reply.json()
    };
    let rates = json!({ "terms": { "fields": ["op"], "values": ["rate"] } });
    let found = ask("apip6/v1/serviceOpHistory", json!({ "except": {} })).await;
    assert_eq!(found["total"], 2);
    let found =
        ask("apip6/v1/serviceRateHistory", json!({ "filter": { "exists": ["stdName"] } })).await;
    assert_eq!(found["total"], 1);
    let none = world.query(&session, "apip6/v1/serviceOpHistory", json!({ "query": rates })).await;
    assert_eq!(none.code(), 1011, "ratings are never shown there");
    let found = ask(SEARCH, json!({ "ids": [records::SERVICE, "x", records::SERVICE] })).await;
    assert_eq!((&found["got"], &found["total"]), (&json!(1), &json!(1)));
    assert!(found["data"].is_array() && found.get("last").is_none());
    let found = ask("apip3/v1/fidCidSeek", json!({})).await;
    assert_eq!(found["data"][records::USER], json!(["chunhua_cjWK", "春花_cjWK"]));
    let found = ask("apip3/v1/cidInfoByIds", json!({ "ids": [records::USER] })).await;
    assert_eq!(found["data"][records::USER]["cid"], "春花_cjWK");
    assert_eq!(ask("apip3/v1/cidInfoSearch", json!({})).await["total"], 1);
    assert_eq!(ask("apip3/v1/cidHistory", json!({})).await["total"], 2);
    assert_eq!(ask("apip7/v1/appSearch", json!({})).await["total"], 1);
    let found = ask("apip1/v1/general", json!({ "index": "service_history" })).await;
    assert_eq!(found["total"], 3);
    assert!(found.get("last").is_none(), "no sort unless one is asked for");
    let found = ask("apip0/v1/totals", Value::Null).await;
    assert_eq!(found["data"]["protocol"], "2");
    assert_eq!(found["got"], found["data"].as_object().unwrap().len());
}

/// Goal: walking all pages shows each document once, at any size.
#[tokio::test]
async fn pages_are_walked_by_last() {
    let (world, session) = signed_in().await;
    let all = json!({ "index": "service_history", "sort": [{ "field": "height" }] });
    let tail = "apip1/v1/general";
    let whole = world.query(&session, tail, all.clone()).await.json();
    for size in 1..=4 {
        let (mut found, mut fcdsl) = (vec![], all.clone());
        fcdsl["size"] = json!(size);
        loop {
            let reply = world.query(&session, tail, fcdsl.clone()).await;
            if reply.code() == 1011 {
                break;
            }
            let page = reply.json();
            assert_eq!(page["total"], 3);
            found.extend(page["data"].as_array().unwrap().clone());
            fcdsl["after"] = page["last"].clone();
        }
        assert_eq!(Value::Array(found), whole["data"]);
    }
}

/// Goal: a service that is stopped, or not there, gives nothing away.
#[tokio::test]
async fn a_suspended_service_answers_nothing() {
    let mut records = records::samples();
    records.push(records::stop());
    let broken = records::samples_at(r#""pricePerRequest":"cheap""#);
    let mut absent = records::samples();
    absent.retain(|record| record.txid.to_string() != records::SERVICE);
    for records in [records, broken, absent] {
        let world = World::with(records, ApipConfig::default()).await;
        world.give(&user(), 100_000_000).await;
        assert_eq!(world.try_sign_in(&user()).await.code(), 1014);
        let body = world.body(SEARCH).to_string();
        assert_eq!(world.post(SEARCH, &[("Sign", "x")], &body).await.code(), 1014);
    }
}

/// Goal: users do not meet: one cannot use the other's session, nor its nonces.
#[tokio::test]
async fn users_have_nothing_in_common() {
    let (world, session) = signed_in().await;
    world.give(&other(), 100_000_000).await;
    let strange = world.sign_in(&other()).await;
    let body = world.body(SEARCH);
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 0);
    assert_eq!(world.ask(&strange, SEARCH, &body).await.code(), 0, "a nonce is the user's own");
    let text = world.body(SEARCH).to_string();
    let (name, sign) = (session.name(), sym_sign(text.as_bytes(), &strange.key));
    let headers = [("SessionName", name.as_str()), ("Sign", sign.as_str())];
    assert_eq!(world.post(SEARCH, &headers, &text).await.code(), 1008);
}
