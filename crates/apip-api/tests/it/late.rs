//! A directory that has not reached the chain's end yet, or that sees no payments.

use crate::{
    records,
    world::{World, user},
};
use serde_json::json;
use std::sync::Arc;
use tally_apip_api::ApipConfig;
use tally_chain::utxo::Update;
use tally_primitives::Txid;

const SEARCH: &str = "apip6/v1/serviceSearch";

/// What a source delivers that does not say where the chain ends.
fn updates() -> Vec<Update> {
    let mut updates = records::updates(records::samples());
    assert!(matches!(updates.pop(), Some(Update::CaughtUp(_))));
    updates
}

async fn late(service: Option<Txid>) -> World {
    World::fed(updates(), service, ApipConfig::default()).await
}

fn service() -> Option<Txid> {
    Some(records::SERVICE.parse().unwrap())
}

/// Goal: nothing is sold by terms that may be outdated, and nobody is told to pay to an account
/// that may have been given up. Method: a source that delivers all records and does not say that
/// they are all; then it does.
#[tokio::test]
async fn what_costs_waits_for_the_end_of_the_chain() {
    let world = late(service()).await;
    let closed = world.try_sign_in(&user()).await;
    assert_eq!(closed.code(), 1014, "who has nothing gets no 1004");
    let data = &closed.json()["data"];
    assert!(data["reason"].as_str().unwrap().contains("end of the chain"), "{data}");
    assert!(data.get("account").is_none(), "{data}");
    world.give(&user(), 1_000_000).await;
    for tail in ["apip1/v1/signIn", "apip0/v1/signInEcc", SEARCH, "apip1/v1/general"] {
        assert_eq!(world.post(tail, &[], "").await.code(), 1014, "{tail}");
    }
    assert_eq!(world.post("apip0/v1/totals", &[("Sign", "x")], "{}").await.code(), 1014);
    for tail in ["ping", "apip0/v1/getService", "freeGet/v1/getServices", "freeGet/v1/getTotals"] {
        assert_eq!(world.get(tail).await.code(), 0, "{tail}");
    }
    let mut progress = world.directory.watch();
    let height = world.directory.best().unwrap().height;
    world.chain.send(Update::CaughtUp(height)).unwrap();
    progress.wait_for(|progress| progress.is_at_end).await.unwrap();
    let session = world.sign_in(&user()).await;
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 0);
}

/// Goal: users keep their session, and may ask whether it lives. Method: a session from before.
#[tokio::test]
async fn a_ping_goes_on() {
    let before = World::new().await;
    before.give(&user(), 1_000_000).await;
    let session = before.sign_in(&user()).await;
    let accounts = Arc::clone(&before.store);
    drop(before);
    let world = World::fed_with(accounts, updates(), service(), ApipConfig::default()).await;
    // Later than any nonce of before lives.
    world.pass(60_000);
    let body = world.body("ping");
    let pong = world.ask(&session, "ping", &body).await;
    assert_eq!((pong.code(), &pong.json()["balance"]), (0, &json!(900_000)));
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 1014);
    assert_eq!(world.balance(&user()).await, 900_000);
}

/// Goal: where nothing costs there is nothing to wait for.
#[tokio::test]
async fn what_is_free_does_not_wait() {
    let world = late(None).await;
    let session = world.sign_in(&user()).await;
    assert_eq!(world.query(&session, SEARCH, json!({})).await.code(), 0);
}

/// Goal: nobody is asked for money that the directory would not see.
#[tokio::test]
async fn a_directory_that_sees_no_payments_asks_for_none() {
    let config = ApipConfig { finds_payments: false, ..ApipConfig::default() };
    let world = World::with(records::samples(), config).await;
    let reply = world.try_sign_in(&user()).await;
    assert_eq!(reply.code(), 1004);
    assert_eq!(reply.json()["data"], json!({ "reason": "this directory takes no payments" }));
}
