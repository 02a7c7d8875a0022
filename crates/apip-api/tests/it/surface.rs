//! Methods, paths, what is free, and what surrounds the API.

use crate::{
    records,
    world::{World, user},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tally_apip_api::ApipConfig;
use tally_chain::utxo::{Block, Transaction, Update};
use tally_primitives::{BlockId, BlockNumber, Txid};

/// Goal: other methods get the line of text that old servers sent.
#[tokio::test]
async fn other_methods_are_told_so() {
    let world = World::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        for tail in ["apip1/v1/signIn", "apip6/v1/serviceByIds"] {
            let path = format!("/APIP/{tail}");
            let reply = world.send(method.clone(), &path, &[], "").await;
            assert_eq!(reply.status, StatusCode::OK);
            assert_eq!(reply.text(), "This API accepts only POST request.");
            assert_eq!(reply.headers["content-type"], "text/plain;charset=utf-8");
        }
    }
    let reply = world.post("freeGet/v1/getServices", &[], "").await;
    assert_eq!(reply.text(), "This API accepts only GET request.");
}

/// Goal: pages of browsers may ask, send what is needed and read what is told.
#[tokio::test]
async fn pages_of_browsers_may_ask() {
    let world = World::new().await;
    let preflight = [
        ("origin", "https://wallet.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,sessionname,sign,fid"),
    ];
    let path = "/APIP/apip6/v1/serviceByIds";
    let reply = world.send(Method::OPTIONS, path, &preflight, "").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    let allowed = reply.headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["content-type", "sessionname", "sign", "fid"] {
        assert!(allowed.split(',').any(|allowed| allowed == header), "{allowed}");
    }
    assert!(!reply.headers.contains_key("access-control-allow-credentials"));
    let reply = world.send(Method::POST, path, &[preflight[0]], "{}").await;
    assert_eq!(reply.code(), 1000);
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    assert_eq!(reply.headers["access-control-expose-headers"], "*");
}

#[tokio::test]
async fn what_is_no_interface_is_told_so() {
    let world = World::new().await;
    for (tail, code) in [
        ("apip6/v1/serviceSeek", 1020),
        ("apip99/v2/x", 1020),
        ("apip6/v1/", 1016),
        ("apip6/v1/serviceByIds/x", 1016),
        ("apipx/v1/serviceByIds", 1016),
        ("x", 1016),
    ] {
        let reply = world.post(tail, &[("Sign", "x")], "{}").await;
        assert_eq!(reply.code(), code, "{tail}");
        assert!(reply.json()["data"]["reason"].is_string());
    }
    let reply = world.send(Method::GET, "/elsewhere", &[], "").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.json()["code"], 1020);
}

#[tokio::test]
async fn a_ping_costs_nothing_and_says_what_is_left() {
    let world = World::new().await;
    world.give(&user(), 200_000).await;
    let session = world.sign_in(&user()).await;
    for _ in 0..3 {
        let reply = world.ask(&session, "ping", &world.body("ping")).await;
        assert_eq!(reply.code(), 0);
        let found = reply.json();
        assert_eq!(found["balance"], 100_000);
        assert!(found.get("data").is_none() && !reply.is_signed());
    }
    let body = world.body("ping");
    assert_eq!(world.ask(&session, "ping", &body).await.code(), 0);
    assert_eq!(world.ask(&session, "ping", &body).await.code(), 1007);
    let reply = world.get("ping").await;
    assert_eq!((reply.code(), reply.json()["balance"].as_i64()), (0, Some(0)));
}

#[tokio::test]
async fn free_interfaces_answer_what_a_directory_knows() {
    let world = World::new().await;
    let get = async |tail: &str| {
        let reply = world.get(tail).await;
        assert!(!reply.is_signed(), "{tail}");
        (reply.code(), reply.json())
    };
    let (code, found) = get("apip0/v1/getService").await;
    assert_eq!((code, found["data"]["sid"].as_str()), (0, Some(records::SERVICE)));
    assert_eq!((&found["got"], &found["total"]), (&json!(1), &json!(1)));
    let (code, found) = get("apip0/v1/totals").await;
    assert_eq!((code, &found["data"]["service"]), (0, &json!("2")));
    let (code, found) = get("freeGet/v1/getTotals").await;
    assert_eq!((code, &found["data"]["app"]), (0, &json!("1")));
    let (code, found) = get("freeGet/v1/getServices").await;
    assert_eq!(code, 0);
    assert_eq!(found["data"][0]["stdName"], "Rated", "the best rated first");
    assert_eq!((&found["got"], &found["total"]), (&json!(2), &json!(2)));
    let (code, found) = get(&format!("freeGet/v1/getServices?id={}", records::SERVICE)).await;
    assert_eq!((code, found["data"]["sid"].as_str()), (0, Some(records::SERVICE)));
    assert_eq!(get("freeGet/v1/getServices?id=x").await.0, 2008);
    assert_eq!(get("freeGet/v1/getApps").await.1["data"][0]["stdName"], "An app");
    assert_eq!(get("freeGet/v1/getApps?id=x").await.0, 2006);
    let long = format!("freeGet/v1/getApps?id={}", "x".repeat(1000));
    assert_eq!(get(&long).await.0, 2006);
    for id in [records::USER, "%E6%98%A5%E8%8A%B1_cjWK"] {
        let (code, found) = get(&format!("freeGet/v1/getFidCid?id={id}")).await;
        assert_eq!((code, found["data"]["fid"].as_str()), (0, Some(records::USER)));
    }
    assert_eq!(get("freeGet/v1/getFidCid?id=nobody").await.0, 2002);
    assert_eq!(get("freeGet/v1/getFidCid").await.0, 2003);
    let (code, found) = get("freeGet/v1/getBestBlock").await;
    assert_eq!((code, &found["data"]), (0, &json!({ "height": 1_768_106, "blockId": null })));
    for tail in ["freeGet/v1/getCashes", "freeGet/v1/getAvatar", "apip0/v1/getFreeKey"] {
        assert_eq!(get(tail).await.0, 1020, "{tail}");
    }
}

#[tokio::test]
async fn free_interfaces_can_be_closed() {
    let config = ApipConfig { free_get: false, ..ApipConfig::default() };
    let world = World::with(records::samples(), config).await;
    for tail in ["freeGet/v1/getServices", "apip0/v1/totals", "ping", "freeGet/v1/getCashes"] {
        assert_eq!(world.get(tail).await.code(), 2001, "{tail}");
    }
    let reply = world.get("apip0/v1/getService").await;
    assert_eq!(reply.code(), 0, "who buys has to know what");
}

/// Goal: an answer says of which block it is, where blocks are known.
#[tokio::test]
async fn the_block_of_an_answer_is_told() {
    let id = BlockId::from_shown([0xb1; 32]);
    let coinbase = Transaction { txid: Txid::from_shown([1; 32]), inputs: vec![], outputs: vec![] };
    let block = Block {
        id,
        previous: BlockId::default(),
        height: BlockNumber(0),
        time: 1_577_836_802,
        transactions: vec![coinbase],
    };
    let updates = vec![Update::Block(Box::new(block)), Update::CaughtUp(BlockNumber(0))];
    let world = World::fed(updates, None, ApipConfig::default()).await;
    let session = world.sign_in(&user()).await;
    let reply = world.query(&session, "apip6/v1/serviceSearch", json!({})).await;
    assert_eq!(reply.code(), 1011);
    assert_eq!(reply.headers["x-best-block-id"], id.to_string());
    let reply = world.get("freeGet/v1/getBestBlock").await;
    assert_eq!(reply.json()["data"]["blockId"], id.to_string());
    let reply = World::new().await.get("ping").await;
    assert!(!reply.headers.contains_key("x-best-block-id"), "records have no blocks");
}

#[tokio::test]
async fn what_surrounds_every_api_is_there() {
    let world = World::new().await;
    let get = async |path: &str| world.send(Method::GET, path, &[], "").await;
    assert_eq!(get("/healthz").await.text(), "ok\n");
    assert_eq!(get("/readyz").await.text(), "ready\n");
    world.get("ping").await;
    let metrics = get("/metrics").await;
    assert!(metrics.text().contains("tally_apip_height 1768106"), "{}", metrics.text());
    let openapi: Value = get("/openapi.json").await.json();
    assert!(openapi["paths"]["/apip4/v1/protocolSearch"]["post"].is_object());
}

/// Goal: the committed document is the one that is served. Rewrite it with
/// `TALLY_WRITE_OPENAPI=1 cargo test -p tally-apip-api`.
#[test]
fn the_committed_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi-apip.json");
    let document = tally_apip_api::document();
    if std::env::var_os("TALLY_WRITE_OPENAPI").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document);
}
