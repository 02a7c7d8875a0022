//! Money: exact, taken for answers only, and never twice.

use crate::{
    records,
    world::{PRICE, World, fid, user},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use tally_accounts::Accounts;
use tally_apip_api::{ApipConfig, ChargeRule};

const SEARCH: &str = "apip6/v1/serviceSearch";

async fn priced(price: &str, config: ApipConfig) -> World {
    let world = World::with(records::samples_at(price), config).await;
    world.give(&user(), 100_000_000).await;
    world
}

/// Goal: exhaustion answers 1004 and ends the session, with nothing taken; a top-up restores.
#[tokio::test]
async fn exhaustion_ends_the_session_and_a_top_up_restores() {
    let world = World::new().await;
    world.give(&user(), 350_000).await;
    let session = world.sign_in(&user()).await;
    for left in [150_000, 50_000] {
        let reply = world.query(&session, SEARCH, json!({})).await;
        assert_eq!(reply.code(), 0);
        assert_eq!(reply.json()["balance"], left);
    }
    // A stranger who has seen the session's name cannot end it.
    let name = session.name();
    let body = world.body(SEARCH).to_string();
    let headers = [("SessionName", name.as_str()), ("Sign", "x")];
    let reply = world.post(SEARCH, &headers, &body).await;
    assert_eq!((reply.code(), reply.is_signed()), (1004, false));
    let reply = world.query(&session, SEARCH, json!({})).await;
    assert_eq!(reply.code(), 1004);
    assert!(reply.is_signed_by(&session));
    let found = reply.json();
    assert_eq!(found["balance"], 50_000);
    assert_eq!(found["data"]["account"], records::USER);
    assert!(found.get("last").is_none() && found["got"] == 0);
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 1009, "it has ended");
    assert_eq!(world.try_sign_in(&user()).await.code(), 1004);
    world.give(&user(), 150_000).await;
    let session = world.sign_in(&user()).await;
    let reply = world.query(&session, SEARCH, json!({})).await;
    assert_eq!((reply.code(), reply.json()["balance"].as_i64()), (0, Some(0)), "the last one");
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 1004);
}

/// Goal: by size, begun kilobytes count whole, and what is too dear is not given.
#[tokio::test]
async fn answers_cost_by_their_size() {
    let world =
        priced(r#""pricePerKBytes":"0.00000010","pricePerRequest":"1""#, ApipConfig::default())
            .await;
    let session = world.sign_in(&user()).await;
    let before = world.balance(&user()).await;
    assert_eq!(before, 100_000_000 - 10, "a sign-in costs one kilobyte");
    let mut left = before;
    for tail in [SEARCH, "apip4/v1/protocolSearch", "apip4/v1/protocolByIds"] {
        let fcdsl = json!({
            "ids": ["bdaef41f270b0f71d3145396b459a7563bb349150fce7d882ce7a0c66e830d02"],
        });
        let fcdsl = if tail.ends_with("ByIds") { fcdsl } else { json!({}) };
        let reply = world.query(&session, tail, fcdsl).await;
        // The balance counts as one digit.
        let balance = reply.json()["balance"].to_string();
        let bytes = reply.bytes.len() + 1 - balance.len();
        left -= 10 * i64::try_from(bytes.div_ceil(1024)).unwrap();
        assert_eq!(reply.json()["balance"], left, "{tail}: {bytes}");
    }
    let world = priced(r#""pricePerKBytes":"0.6""#, ApipConfig::default()).await;
    let session = world.sign_in(&user()).await;
    world.give(&user(), 50_000_000).await;
    let reply = world.query(&session, SEARCH, json!({})).await;
    assert_eq!(reply.code(), 1004, "enough for a kilobyte, and the answer has two");
    assert!(reply.is_signed_by(&session));
    assert_eq!(world.balance(&user()).await, 90_000_000, "nothing was taken");
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 1009);
}

#[tokio::test]
async fn interfaces_have_factors() {
    let factors = [("serviceSearch", 3), ("signIn", 0), ("totals", 0)];
    let factors = factors.map(|(name, factor)| (name.to_owned(), factor));
    let price_factors = BTreeMap::from(factors);
    let config = ApipConfig { price_factors, ..ApipConfig::default() };
    let world = priced(r#""pricePerRequest":"0.001""#, config).await;
    let session = world.sign_in(&user()).await;
    assert_eq!(world.balance(&user()).await, 100_000_000);
    world.query(&session, "apip0/v1/totals", json!({})).await;
    assert_eq!(world.balance(&user()).await, 100_000_000);
    world.query(&session, SEARCH, json!({})).await;
    assert_eq!(world.balance(&user()).await, 100_000_000 - 3 * PRICE);
    world.query(&session, "apip4/v1/protocolSearch", json!({})).await;
    assert_eq!(world.balance(&user()).await, 100_000_000 - 4 * PRICE);
}

#[tokio::test]
async fn refusals_cost_where_the_operator_wants_it() {
    let factors = BTreeMap::from([("serviceSearch".to_owned(), 5)]);
    let config =
        ApipConfig { charge: ChargeRule::All, price_factors: factors, ..ApipConfig::default() };
    let world = priced(r#""pricePerRequest":"0.001""#, config).await;
    let session = world.sign_in(&user()).await;
    let before = world.balance(&user()).await;
    assert_eq!(world.query(&session, SEARCH, json!({ "size": "x" })).await.code(), 1012);
    assert_eq!(world.balance(&user()).await, before - PRICE, "one request");
    let mut body = world.body(SEARCH);
    let name = session.name();
    let headers = [("SessionName", name.as_str()), ("Sign", "x")];
    assert_eq!(world.post(SEARCH, &headers, &body.to_string()).await.code(), 1008);
    body["fcdsl"] = json!([]);
    assert_eq!(world.post(SEARCH, &headers, &body.to_string()).await.code(), 1013);
    assert_eq!(world.balance(&user()).await, before - PRICE, "never a stranger's");
    for _ in 0..2 {
        let reply = world.ask(&session, SEARCH, &body).await;
        assert_eq!(reply.code(), 1013);
        assert!(reply.is_signed_by(&session));
        assert_eq!(reply.json()["balance"], before - 2 * PRICE, "a malformed one, once");
    }
    body["fcdsl"] = json!({});
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1007, "its nonce was used");
    assert_eq!(world.ask_text(&session, SEARCH, "{").await.code(), 1013);
    body["nonce"] = json!(0);
    body["fcdsl"] = json!("x");
    assert_eq!(world.ask(&session, SEARCH, &body).await.code(), 1013);
    assert_eq!(world.balance(&user()).await, before - 2 * PRICE, "what may be replayed is free");
}

/// Goal: what is free needs no balance, not even one that is not below zero.
#[tokio::test]
async fn what_is_free_is_free() {
    let free = World::with(records::samples_at(r#""x":"y""#), ApipConfig::default()).await;
    let unnamed =
        World::fed(records::updates(records::samples()), None, ApipConfig::default()).await;
    for world in [free, unnamed] {
        let session = world.sign_in(&user()).await;
        for _ in 0..3 {
            let reply = world.query(&session, SEARCH, json!({})).await;
            assert_eq!((reply.code(), reply.json()["balance"].as_i64()), (0, Some(0)));
        }
    }
}

/// Goal: a payment that the chain takes back leaves a debt, and no service until it is paid.
#[tokio::test]
async fn a_debt_is_paid_before_service() {
    let world = World::new().await;
    world.give(&user(), 1_000_000).await;
    let session = world.sign_in(&user()).await;
    world.query(&session, SEARCH, json!({})).await;
    let orders = world.accounts.orders(None, 9).await.unwrap();
    let undone = orders.iter().map(tally_accounts::Order::place).collect();
    assert_eq!(world.accounts.revoke(undone).await.unwrap(), 1);
    let reply = world.query(&session, SEARCH, json!({})).await;
    assert_eq!((reply.code(), reply.json()["balance"].as_i64()), (1004, Some(-2 * PRICE)));
    world.give(&user(), 200_000).await;
    assert_eq!(world.try_sign_in(&user()).await.code(), 1004);
    world.give(&user(), 100_000).await;
    assert_eq!(world.try_sign_in(&user()).await.code(), 0);
    assert_eq!(world.balance(&user()).await, 0);
}

/// Goal: the same request 40 times at once is answered and charged once; different ones each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_charged_exactly() {
    let world = Arc::new(World::new().await);
    world.give(&user(), 1_050_000).await;
    let session = world.sign_in(&user()).await;
    let body = world.body(SEARCH);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (world, session, body) = (Arc::clone(&world), session.clone(), body.clone());
        asked.spawn(async move { world.ask(&session, SEARCH, &body).await.code() });
    }
    let codes = asked.join_all().await;
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1);
    assert_eq!(codes.iter().filter(|code| **code == 1007).count(), 39);
    assert_eq!(world.balance(&user()).await, 850_000);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (world, session) = (Arc::clone(&world), session.clone());
        asked.spawn(async move { world.query(&session, SEARCH, json!({})).await });
    }
    let replies = asked.join_all().await;
    let good = replies.iter().filter(|reply| reply.code() == 0).count();
    assert_eq!(good, 8, "as many as can be paid");
    for reply in replies.iter().filter(|reply| reply.code() != 0) {
        assert!([1004, 1009].contains(&reply.code()), "{}", reply.text());
        assert!(reply.json().get("data").is_none_or(|data| !data.is_array()));
    }
    assert_eq!(world.balance(&user()).await, 50_000);
    assert_eq!(world.accounts.session_of(&fid(&user()), world.now()).await.unwrap(), None);
}

/// Goal: what cannot be stored is not answered. Method: the disk is full from now on.
#[tokio::test]
async fn nothing_is_given_that_cannot_be_charged() {
    let world = World::new().await;
    world.give(&user(), 1_000_000).await;
    let session = world.sign_in(&user()).await;
    world.store.fail_commits(true);
    // Accounts that failed once do not say whose session it is either.
    for is_signed in [true, false] {
        let reply = world.query(&session, SEARCH, json!({})).await;
        assert_eq!((reply.code(), reply.is_signed()), (1020, is_signed));
        assert!(reply.json().get("data").is_none() && reply.json()["got"] == 0);
    }
    assert_eq!(world.try_sign_in(&user()).await.code(), 1020);
    assert_eq!(world.get("freeGet/v1/getServices").await.code(), 0, "what is free is there");
}
