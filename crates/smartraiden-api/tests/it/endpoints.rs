//! Each endpoint's good case, byte for byte where the users' document shows it.

use crate::{
    client::Client,
    tiny_node::{new_token, own, partner, token},
};
use tally_primitives::TokenAmount;
use tally_smartraiden_api::Compat;

/// Opens a channel with a deposit of 300 and returns its address.
pub(crate) async fn open(client: &Client) -> String {
    let body = format!(
        r#"{{"partner_address": "{}", "token_address": "{}", "balance": 300}}"#,
        partner().to_string().to_lowercase(),
        token().to_string().to_lowercase(),
    );
    let reply = client.call("PUT", "/api/1/channels", &body).await;
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
    reply.json()["channel_address"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn address_and_tokens_are_as_in_the_document() {
    let client = Client::new(Compat::Document);
    let reply = client.get("/api/1/address").await;
    assert_eq!(reply.text, format!("{{\n  \"our_address\": \"{}\"\n}}", own()));
    assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");

    let path = format!("/api/1/tokens/{}", new_token().to_string().to_lowercase());
    let reply = client.call("PUT", &path, "").await;
    let manager = "{\n  \"channel_manager_address\": \
        \"0xC4F8393fb7971E8B299bC1b302F85BfFB3a1275a\"\n}";
    assert_eq!((reply.status, reply.text.as_str()), (201, manager));

    let reply = client.get("/api/1/tokens").await;
    assert_eq!(reply.text, format!("[\n  \"{}\",\n  \"{}\"\n]", new_token(), token()));
}

#[tokio::test]
async fn empty_lists_are_empty_lists() {
    let client = Client::new(Compat::Document);
    for path in [
        "/api/1/channels".to_owned(),
        format!("/api/1/tokens/{}/partners", token()),
        format!("/api/1/events/tokens/{}", token()),
        "/api/1/events/network?from_block=1000".to_owned(),
    ] {
        let reply = client.get(&path).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "[]"), "{path}");
    }
}

#[tokio::test]
async fn a_channel_lives_from_opening_to_payout() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let path = format!("/api/1/channels/{channel}");
    let expected = |balance: u64, state: &str, rest: &str| {
        format!(
            "{{\n  \"channel_address\": \"{channel}\",\n  \"partner_address\": \"{}\",\n  \
             \"balance\": {balance},\n  \"partner_balance\": 0,\n  \"locked_amount\": 0,\n  \
             \"partner_locked_amount\": 0,\n  \"token_address\": \"{}\",\n  \
             \"state\": \"{state}\",\n  \"settle_timeout\": 100,\n  \"reveal_timeout\": 30{rest}\n}}",
            partner(),
            token(),
        )
    };

    let deposit = client.call("PATCH", &path, r#"{"balance": 100}"#).await;
    assert_eq!((deposit.status, deposit.text), (200, expected(400, "opened", "")));
    let partners = client.get(&format!("/api/1/tokens/{}/partners", token())).await.json();
    assert_eq!(partners[0]["channel"], path.as_str());
    assert_eq!(partners[0]["partner_address"], partner().to_string());

    let closed = client.call("PATCH", &path, r#"{"state": "closed"}"#).await;
    assert_eq!((closed.status, closed.text), (200, expected(400, "closed", "")));
    let early = client.call("PATCH", &path, r#"{"state": "settled"}"#).await;
    assert_eq!(early.status, 409);
    for _ in 0..100 {
        let _ = client.get("/api/1/tokens").await;
    }
    let settled = client.call("PATCH", &path, r#"{"state": "settled"}"#).await;
    let payouts = ",\n  \"payout\": 400,\n  \"partner_payout\": 0";
    assert_eq!((settled.status, settled.text), (200, expected(0, "settled", payouts)));
    let listed = client.get("/api/1/channels").await.json();
    assert_eq!(listed[0]["state"], "settled");
}

/// Goal: the original's extra names are all there, with sound content, and no secret is shown.
#[tokio::test]
async fn one_channel_shows_its_locks_and_proofs() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let reply = client.get(&format!("/api/1/channels/{channel}")).await;
    assert!(!reply.text.contains("Secret\""), "{}", reply.text);
    let detail = reply.json();
    assert_eq!(detail["balance"], 300);
    assert_eq!(detail["ClosedBlock"], 0);
    assert_eq!(detail["SettledBlock"], 0);
    let hash = format!("0x{}", "02".repeat(32));
    let known = &detail["OurKnownSecretLocks"][&hash];
    assert_eq!(known["Lock"]["Amount"], 2);
    assert_eq!(known["Lock"]["Expiration"], 200);
    assert_eq!(known["Lock"]["HashLock"], hash.as_str());
    let leaves = detail["OurLeaves"].as_array().unwrap();
    assert_eq!(leaves.len(), 2);
    assert!(leaves.contains(&known["LockHashed"]));
    assert_eq!(detail["OurUnkownSecretLocks"].as_object().unwrap().len(), 1);
    assert!(detail["PartnerLeaves"].as_array().unwrap().is_empty());
    let proof = &detail["PartnerBalanceProof"];
    assert_eq!(proof["Nonce"], 3);
    assert_eq!(proof["ChannelAddress"], channel.as_str());
    assert_eq!(proof["Signature"], format!("0x{}", "07".repeat(65)));
    let max = format!("\"TransferAmount\": {}", TokenAmount::MAX);
    assert!(reply.text.contains(&max), "{}", reply.text);
    assert!(detail["Signature"].is_null());
}

#[tokio::test]
async fn transfers_reply_in_the_order_of_the_document() {
    let client = Client::new(Compat::Document);
    let _ = open(&client).await;
    let path = format!("/api/1/transfers/{}/{}", token(), partner());
    let body = r#"{"amount": 42, "identifier": 14909067296492875713, "token_address": "ignored"}"#;
    for _ in 0..2 {
        let reply = client.call("POST", &path, body).await;
        let expected = format!(
            "{{\n  \"initiator_address\": \"{}\",\n  \"target_address\": \"{}\",\n  \
             \"token_address\": \"{}\",\n  \"amount\": 42,\n  \
             \"identifier\": 14909067296492875713,\n  \"fee\": 0,\n  \"is_direct\": false\n}}",
            own(),
            partner(),
            token()
        );
        assert_eq!((reply.status, reply.text), (200, expected));
    }
    let drawn = client.call("POST", &path, r#"{"amount": 1, "identifier": 0}"#).await;
    assert_eq!(drawn.json()["identifier"], u64::MAX - 1);
    let poor = client.call("POST", &path, r#"{"amount": 1000, "identifier": 3}"#).await;
    assert_eq!((poor.status, poor.error()), (409, "no available route".to_owned()));
}

#[tokio::test]
async fn events_name_their_kind_and_block() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let pay = format!("/api/1/transfers/{}/{}", token(), partner());
    let _ = client.call("POST", &pay, r#"{"amount": 7, "identifier": 9}"#).await;
    let path = format!("/api/1/channels/{channel}");
    let _ = client.call("PATCH", &path, r#"{"state": "closed"}"#).await;

    let all = client.get(&format!("/api/1/events/channels/{channel}?")).await;
    let first = "[\n  {\n    \"balance\": 300,\n    \"block_number\": 101,\n    \
        \"event_type\": \"ChannelNewBalance\",\n    \"participant\"";
    assert!(all.text.starts_with(first), "{}", all.text);
    let kinds: Vec<_> = all
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            assert!(e["block_number"].is_u64(), "{e}");
            e["event_type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "ChannelNewBalance",
            "EventTransferSentSuccess",
            "EventTransferSentFailed",
            "EventTransferReceivedSuccess",
            "ChannelClosed",
            "TransferUpdated",
            "ChannelSecretRevealed",
        ]
    );
    let some = format!("/api/1/events/channels/{channel}?from_block=102&to_block=102");
    assert_eq!(client.get(&some).await.json().as_array().unwrap().len(), 3);

    let network = client.get("/api/1/events/network").await.json();
    assert_eq!(network[0]["event_type"], "TokenAdded");
    assert_eq!(network[0]["token_address"], token().to_string());
    let opened = client.get(&format!("/api/1/events/tokens/{}", token())).await.json();
    assert_eq!(opened[0]["event_type"], "ChannelNew");
    assert_eq!(opened[0]["netting_channel"], channel.as_str());
    assert_eq!(opened[0]["participant1"], own().to_string());
}

#[tokio::test]
async fn lists_come_in_pages_when_asked() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let path = format!("/api/1/channels/{channel}");
    let _ = client.call("PATCH", &path, r#"{"balance": 1}"#).await;
    let events = format!("/api/1/events/channels/{channel}?limit=1");
    let first = client.get(&events).await;
    assert_eq!(first.json()[0]["balance"], 300);
    let cursor = first.headers["x-next-cursor"].to_str().unwrap();
    let second = client.get(&format!("{events}&cursor={cursor}")).await;
    assert_eq!(second.json()[0]["balance"], 301);
    assert!(!second.headers.contains_key("x-next-cursor"));
}

#[tokio::test]
async fn balances_are_bare_digits_and_chain_transfers_say_ok() {
    let client = Client::new(Compat::Document);
    let balance = client.get(&format!("/api/1/debug/balance/{}/{}", token(), own())).await;
    assert_eq!((balance.status, balance.text.as_str()), (200, "1000"));
    let of_partner = client.get(&format!("/api/1/debug/balance/{}/{}", token(), partner())).await;
    assert_eq!(of_partner.text, TokenAmount::MAX.to_string());
    for (method, value) in [("GET", "45"), ("POST", "0x2d")] {
        let path = format!("/api/1/debug/transfer/{}/{}/{value}", token(), partner());
        let reply = client.call(method, &path, "").await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "\"ok\""));
        assert_eq!(client.call("HEAD", &path, "").await.status, 405);
    }
    let balance = client.get(&format!("/api/1/debug/balance/{}/{}", token(), own())).await;
    assert_eq!(balance.text, "910");
}

#[tokio::test]
async fn peers_can_be_given() {
    let client = Client::new(Compat::Document);
    let body = format!(
        r#"[{{"address": "{}", "ip_port": "127.0.0.1:40002", "device_type": "other"}}]"#,
        partner()
    );
    let reply = client.call("POST", "/api/1/updatenodes", &body).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, "ok"));
    assert_eq!(client.call("POST", "/api/1/updatenodes", "[]").await.status, 200);
}

/// Goal: both ways to stop end the daemon, once the node has stopped.
#[tokio::test]
async fn stopping_the_node_ends_the_daemon() {
    for method in ["GET", "POST"] {
        let client = Client::new(Compat::Document);
        assert_eq!(client.call("HEAD", "/api/1/stop", "").await.status, 405);
        assert!(!client.shutdown.is_triggered());
        let reply = client.call(method, "/api/1/stop", "").await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "ok"));
        assert!(client.shutdown.is_triggered());
        assert_eq!(client.get("/api/1/tokens").await.status, 503);
        assert_eq!(client.call(method, "/api/1/stop", "").await.status, 200);
    }
}

#[tokio::test]
async fn health_and_metrics_look_into_the_node() {
    let client = Client::new(Compat::Document);
    assert_eq!(client.get("/readyz").await.status, 200);
    let metrics = client.get("/metrics").await.text;
    assert!(metrics.contains("\ntally_payments_sent_total 3\n"), "{metrics}");
    assert!(metrics.contains("\ntally_peers_connected 1\n"), "{metrics}");
    let _ = client.get("/api/1/stop").await;
    assert_eq!(client.get("/readyz").await.status, 503);
    assert_eq!(client.get("/healthz").await.status, 200);
}
