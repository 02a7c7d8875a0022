//! Opening sessions, in all forms.

use crate::{
    records,
    world::{HEAD, PRICE, Session, World, fid, other, user},
};
use serde_json::{Value, json};
use tally_apip_api::{ApipConfig, KeyFormat};
use tally_crypto::ecies;

const V1: &str = "apip1/v1/signIn";
const PLAIN: &str = "apip0/v1/signIn";
const ECC: &str = "apip0/v1/signInEcc";

async fn rich() -> World {
    let world = World::new().await;
    world.give(&user(), 100_000_000).await;
    world
}

fn body(world: &World) -> Value {
    let mut body = world.body(V1);
    body["pubKey"] = json!(user().public_key().to_string());
    body
}

async fn post(world: &World, body: &str) -> crate::world::Reply {
    let sign = user().sign_message(body.as_bytes());
    world.post(V1, &[("Sign", &sign)], body).await
}

/// Goal: the reply of the documents; the session serves; a second one kills the first.
#[tokio::test]
async fn a_user_signs_in() {
    let world = rich().await;
    let reply = world.try_sign_in(&user()).await;
    assert_eq!(reply.code(), 0);
    assert!(!reply.is_signed(), "nothing is shared yet");
    let found = reply.json();
    assert_eq!(found["got"], 1);
    assert_eq!(found["total"], 1);
    assert_eq!(found["balance"], 100_000_000 - PRICE);
    assert_eq!(found["data"]["sessionDays"], 365);
    assert_eq!(found["data"]["startTime"], world.now());
    let first = world.sign_in(&user()).await;
    let ids = json!({ "ids": [records::SERVICE] });
    let tail = "apip6/v1/serviceByIds";
    assert_eq!(world.query(&first, tail, ids.clone()).await.code(), 0);
    let second = world.sign_in(&user()).await;
    assert_ne!(first.key, second.key);
    assert_eq!(world.query(&first, tail, ids.clone()).await.code(), 1009);
    assert_eq!(world.query(&second, tail, ids.clone()).await.code(), 0);
    world.pass(365 * 86_400_000 - 1);
    assert_eq!(world.query(&second, tail, ids.clone()).await.code(), 0);
    world.pass(1);
    assert_eq!(world.query(&second, tail, ids).await.code(), 1009, "it has expired");
}

/// Goal: every refusal, with its data; none costs anything.
#[tokio::test]
async fn each_refusal_has_its_code() {
    let world = rich().await;
    let good = body(&world).to_string();
    assert_eq!(world.post(V1, &[], &good).await.code(), 1000);
    assert_eq!(post(&world, "").await.code(), 1003);
    for bad in ["{", "[]", "\u{1}", r#"{"nonce":{}}"#] {
        assert_eq!(post(&world, bad).await.code(), 1013, "{bad}");
    }
    assert_eq!(post(&world, &world.body(V1).to_string()).await.code(), 1001);
    let mut odd = body(&world);
    odd["pubKey"] = json!("02".repeat(10));
    assert_eq!(post(&world, &odd.to_string()).await.code(), 1013);

    for sign in ["x", "", "AAAA", &other().sign_message(good.as_bytes())] {
        let expected = if sign.is_empty() { 1000 } else { 1008 };
        assert_eq!(world.post(V1, &[("Sign", sign)], &good).await.code(), expected, "{sign}");
    }
    assert_eq!(world.post(V1, &[("Sign", "é")], &good).await.code(), 1008);

    let mut elsewhere = body(&world);
    elsewhere["url"] = json!(format!("{HEAD}{PLAIN}"));
    let reply = post(&world, &elsewhere.to_string()).await;
    assert_eq!(reply.code(), 1005);
    let expected = json!({ "requestedURL": format!("{HEAD}{V1}"), "signedURL": elsewhere["url"] });
    assert_eq!(reply.json()["data"], expected);
    for offset in [-5001, 5001] {
        let mut late = body(&world);
        late["time"] = json!(i64::try_from(world.now()).unwrap() + offset);
        let reply = post(&world, &late.to_string()).await;
        assert_eq!(reply.code(), 1006);
        assert_eq!(reply.json()["data"], json!({ "windowTime": "5000" }));
    }
    let mut zero = body(&world);
    zero["nonce"] = json!(0);
    assert_eq!(post(&world, &zero.to_string()).await.code(), 1007);
    assert_eq!(world.balance(&user()).await, 100_000_000, "no refusal costs anything");
    assert_eq!(post(&world, &good).await.code(), 0);
    assert_eq!(post(&world, &good).await.code(), 1007, "a replay");
    assert_eq!(world.balance(&user()).await, 100_000_000 - PRICE);
}

/// Goal: who has too little learns how to buy, and strangers learn nothing of balances.
#[tokio::test]
async fn a_user_without_money_is_told_how_to_buy() {
    let world = World::new().await;
    world.give(&user(), 99_999).await;
    let reply = world.try_sign_in(&user()).await;
    assert_eq!(reply.code(), 1004);
    let found = reply.json();
    assert_eq!(found["balance"], 0);
    assert_eq!(found["data"]["account"], records::USER);
    assert_eq!(found["data"]["minPayment"], "10.00000000");
    let mark: Value =
        serde_json::from_str(found["data"]["WriteInOpReturn"].as_str().unwrap()).unwrap();
    assert_eq!(mark["type"], "APIP");
    assert_eq!(mark["data"], json!({ "op": "buy", "sid": records::SERVICE }));
    world.give(&user(), 1).await;
    assert_eq!(world.try_sign_in(&user()).await.code(), 0, "just enough");
    assert_eq!(world.balance(&user()).await, 0);
}

/// Goal: escapes that some clients leave in the header are understood.
#[tokio::test]
async fn an_escaped_signature_is_understood() {
    let world = rich().await;
    let body = body(&world).to_string();
    let sign = user().sign_message(body.as_bytes()).replace('=', "\\u003d");
    assert_eq!(world.post(V1, &[("sign", &sign)], &body).await.code(), 0);
}

#[tokio::test]
async fn the_documents_other_format_is_served() {
    let config = ApipConfig { key_format: KeyFormat::Bitcore, ..ApipConfig::default() };
    let world = World::with(records::samples(), config).await;
    world.give(&user(), 100_000_000).await;
    let reply = world.try_sign_in(&user()).await;
    let text = reply.json()["data"]["sessionKeyEncrypted"].as_str().unwrap().to_owned();
    let plain = ecies::decrypt(ecies::Format::Bitcore, &user(), &text).unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    let session = Session::of(plain["secretKey"].as_str().unwrap());
    let reply = world.query(&session, "apip4/v1/protocolSearch", json!({})).await;
    assert_eq!(reply.code(), 0);
}

async fn later(world: &World, tail: &str, mode: Option<&str>) -> crate::world::Reply {
    let mut body = world.body(tail);
    if let Some(mode) = mode {
        body["mode"] = json!(mode);
    }
    let body = body.to_string();
    let sign = user().sign_message(body.as_bytes());
    let fid = fid(&user()).to_string();
    world.post(tail, &[("FID", &fid), ("Sign", &sign)], &body).await
}

/// Goal: the forms of 2023-06 on: address in a header, key as it is or in a cipher object, the live
/// session unless a new one is asked for.
#[tokio::test]
async fn later_forms_are_served() {
    let config = ApipConfig { plain_keys: true, ..ApipConfig::default() };
    let world = World::with(records::samples(), config).await;
    world.give(&user(), 100_000_000).await;
    let reply = later(&world, PLAIN, None).await;
    assert_eq!(reply.code(), 0, "{}", reply.text());
    let data = &reply.json()["data"];
    assert_eq!(data["expireTime"], world.now() + 365 * 86_400_000);
    let first = Session::of(data["sessionKey"].as_str().unwrap());
    assert_eq!(world.query(&first, "apip6/v1/serviceSearch", json!({})).await.code(), 0);

    let reply = later(&world, ECC, None).await;
    assert_eq!(reply.code(), 0);
    let cipher = reply.json()["data"]["sessionKeyCipher"].as_str().unwrap().to_owned();
    let digits = ecies::decrypt(ecies::Format::Ftsp17, &user(), &cipher).unwrap();
    let same = Session::of(std::str::from_utf8(&digits).unwrap());
    assert_eq!(same.key, first.key, "the live session");

    let reply = later(&world, PLAIN, Some("refresh")).await;
    let third = Session::of(reply.json()["data"]["sessionKey"].as_str().unwrap());
    assert_ne!(third.key, first.key);
    assert_eq!(world.query(&first, "apip6/v1/serviceSearch", json!({})).await.code(), 1009);

    let body = world.body(PLAIN).to_string();
    let sign = user().sign_message(body.as_bytes());
    let (own, strange) = (fid(&user()).to_string(), fid(&other()).to_string());
    assert_eq!(world.post(PLAIN, &[("Sign", &sign)], &body).await.code(), 1015);
    let reply = world.post(PLAIN, &[("FID", &own)], &body).await;
    assert_eq!(reply.code(), 1000);
    assert!(reply.json()["data"]["body"]["url"].is_string(), "a template");
    for fid in [&strange, "no address"] {
        let reply = world.post(PLAIN, &[("FID", fid), ("Sign", &sign)], &body).await;
        assert_eq!(reply.code(), 1008, "{fid}");
    }
    let poor = world.body(PLAIN).to_string();
    let sign = other().sign_message(poor.as_bytes());
    let reply = world.post(PLAIN, &[("FID", &strange), ("Sign", &sign)], &poor).await;
    assert_eq!(reply.code(), 1004);
}

/// Goal: who has too little uses no nonce, whatever else is wrong; the same request is good when the
/// money is there. A nonce that was used is told of before the lack of money.
#[tokio::test]
async fn who_has_too_little_leaves_nothing() {
    let world = World::new().await;
    let fid = fid(&user()).to_string();
    let body = world.body(ECC).to_string();
    let sign = user().sign_message(body.as_bytes());
    let headers = [("FID", fid.as_str()), ("Sign", sign.as_str())];
    for _ in 0..2 {
        assert_eq!(world.post(ECC, &headers, &body).await.code(), 1004);
    }
    let mut elsewhere = world.body(ECC);
    elsewhere["url"] = json!(HEAD);
    let elsewhere = elsewhere.to_string();
    let sign = user().sign_message(elsewhere.as_bytes());
    let reply = world.post(ECC, &[("FID", &fid), ("Sign", &sign)], &elsewhere).await;
    assert_eq!(reply.code(), 1004);
    assert_eq!(world.store.synced_commits(), 1, "the version of the rows and nothing else");
    world.give(&user(), u64::try_from(PRICE).unwrap()).await;
    assert_eq!(world.post(ECC, &headers, &body).await.code(), 0, "the nonce was not used");
    assert_eq!(world.post(ECC, &headers, &body).await.code(), 1007, "now it is");
    assert_eq!(world.balance(&user()).await, 0);
}

fn session_of(reply: &crate::world::Reply) -> Session {
    assert_eq!(reply.code(), 0, "{}", reply.text());
    let cipher = reply.json()["data"]["sessionKeyCipher"].as_str().unwrap().to_owned();
    let digits = ecies::decrypt(ecies::Format::Ftsp17, &user(), &cipher).unwrap();
    Session::of(std::str::from_utf8(&digits).unwrap())
}

/// Goal: two who sign in as one user at the same time share the session, unless they ask for a new
/// one; each sign-in is paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_at_once_share_the_session() {
    let world = rich().await;
    let (first, second) = tokio::join!(later(&world, ECC, None), later(&world, ECC, None));
    assert_eq!(session_of(&first).key, session_of(&second).key);
    let refresh = Some("refresh");
    let (first, second) = tokio::join!(later(&world, ECC, refresh), later(&world, ECC, refresh));
    let (first, second) = (session_of(&first), session_of(&second));
    assert_ne!(first.key, second.key);
    let mut live = 0;
    for session in [first, second] {
        let reply = world.query(&session, "apip6/v1/serviceSearch", json!({})).await;
        live += u8::from(reply.code() == 0);
    }
    assert_eq!(live, 1, "the later one");
    assert_eq!(world.balance(&user()).await, 100_000_000 - 5 * PRICE);
}

/// Goal: where everything is free, a session of somebody who never paid lives a day and says so.
#[tokio::test]
async fn sessions_without_money_are_short() {
    const DAY: u64 = 86_400_000;
    let world = World::fed(records::updates(records::samples()), None, ApipConfig::default()).await;
    let reply = world.try_sign_in(&user()).await;
    assert_eq!(reply.json()["data"]["sessionDays"], 1);
    let reply = later(&world, ECC, Some("refresh")).await;
    assert_eq!(reply.json()["data"]["expireTime"], world.now() + DAY);
    let session = session_of(&reply);
    world.pass(DAY - 1);
    assert_eq!(world.query(&session, "apip6/v1/serviceSearch", json!({})).await.code(), 0);
    world.pass(1);
    assert_eq!(world.query(&session, "apip6/v1/serviceSearch", json!({})).await.code(), 1009);
}

/// Goal: a sign-in that cannot be stored opens and takes nothing; from then on nothing is answered
/// from memory, and the server says that it is not ready.
#[tokio::test]
async fn accounts_that_ended_serve_nobody() {
    let world = rich().await;
    let session = world.sign_in(&user()).await;
    let ready = async || world.send(axum::http::Method::GET, "/readyz", &[], "").await;
    assert_eq!(ready().await.text(), "ready\n");
    world.store.fail_commits(true);
    assert_eq!(later(&world, ECC, Some("refresh")).await.code(), 1020);
    world.store.fail_commits(false);
    assert_eq!(later(&world, ECC, None).await.code(), 1020);
    let reply = world.query(&session, "apip6/v1/serviceSearch", json!({})).await;
    assert_eq!(reply.code(), 1020);
    let reply = ready().await;
    assert_eq!(reply.status, axum::http::StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text().contains("accounts cannot be stored"), "{}", reply.text());
}

/// Goal: session keys do not travel in the open unless the operator says that the line is safe.
#[tokio::test]
async fn keys_are_sent_as_they_are_only_where_it_is_safe() {
    let world = rich().await;
    let reply = later(&world, PLAIN, None).await;
    assert_eq!(reply.code(), 1020);
    assert!(reply.json()["data"]["reason"].as_str().unwrap().contains("signInEcc"));
    assert_eq!(later(&world, ECC, None).await.code(), 0);
    assert_eq!(world.balance(&user()).await, 100_000_000 - PRICE);
}
