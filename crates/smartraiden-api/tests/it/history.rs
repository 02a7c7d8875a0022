//! What became of payments, what is under way, and the stream of both; requests with keys.

use crate::{
    client::{Client, Reply, request},
    endpoints::open,
    tiny_node::{own, partner, token},
};
use axum::http::HeaderValue;
use serde_json::{Value, json};
use tally_smartraiden_api::Compat;

/// A client whose node opened a channel and made a payment that succeeded and one that failed.
async fn busy() -> (Client, String) {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let path = format!("/api/1/transfers/{}/{}", token(), partner());
    let body = r#"{"amount": 5, "identifier": 8, "is_direct": true}"#;
    assert_eq!(client.call("POST", &path, body).await.status, 200);
    (client, channel)
}

#[tokio::test]
async fn the_old_lists_are_as_the_original_wrote_them() {
    let (client, channel) = busy().await;
    let row = |nonce: u64, other: &str, address: String| {
        json!([{
            "Key": format!("{channel}-{nonce}"),
            "block_number": 102,
            "channel_address": channel,
            other: address,
            "token_address": token().to_string(),
            "nonce": nonce,
            "amount": 5,
        }])
    };
    let sent = client.get("/api/1/querysenttransfer").await.json();
    assert_eq!(sent, row(4, "to_address", partner().to_string()));
    let received = client.get("/api/1/queryreceivedtransfer").await.json();
    assert_eq!(received, row(3, "from_address", partner().to_string()));
    for (range, count) in
        [("from_block=102&to_block=102", 1), ("from_block=103", 0), ("to_block=101", 0)]
    {
        let found = client.get(&format!("/api/1/querysenttransfer?{range}")).await.json();
        assert_eq!(found.as_array().unwrap().len(), count, "{range}");
    }
}

/// Goal: each filter chooses, pages lead through all, and what is no filter is refused.
#[tokio::test]
async fn payments_are_chosen_and_paged() {
    let (client, channel) = busy().await;
    let ids = |reply: Reply| -> Vec<u64> {
        let list = reply.json();
        list.as_array().unwrap().iter().map(|payment| payment["id"].as_u64().unwrap()).collect()
    };
    let all = client.get("/api/1/payments").await;
    assert_eq!(
        all.json()[0],
        json!({
            "id": 3, "time": 1003, "block_number": 102, "role": "initiator", "state": "succeeded",
            "reason": null, "token_address": token().to_string(),
            "initiator_address": own().to_string(), "target_address": partner().to_string(),
            "identifier": 8, "amount": 5, "fee": 0, "incoming_channel": null,
            "outgoing_channel": channel,
        })
    );
    assert_eq!(all.json()[2]["reason"], "no route available");
    assert_eq!(ids(all), [3, 4, 5]);
    for (query, expected) in [
        ("role=initiator".to_owned(), vec![3, 5]),
        ("role=target".to_owned(), vec![4]),
        ("role=mediator".to_owned(), vec![]),
        ("state=failed".to_owned(), vec![5]),
        ("state=succeeded&role=initiator".to_owned(), vec![3]),
        ("since=1004".to_owned(), vec![4, 5]),
        ("since=1004&until=1004".to_owned(), vec![4]),
        (format!("token={}", token().to_string().to_lowercase()), vec![3, 4, 5]),
        (format!("token={}", partner()), vec![]),
        (format!("partner={}", partner()), vec![3, 4, 5]),
        (format!("target={}", own()), vec![4]),
    ] {
        assert_eq!(ids(client.get(&format!("/api/1/payments?{query}")).await), expected, "{query}");
    }
    let first = client.get("/api/1/payments?limit=2").await;
    let cursor = first.headers["x-next-cursor"].to_str().unwrap().to_owned();
    let second = client.get(&format!("/api/1/payments?limit=2&cursor={cursor}")).await;
    assert!(!second.headers.contains_key("x-next-cursor"));
    assert_eq!((ids(first), ids(second)), (vec![3, 4], vec![5]));
    for bad in
        ["role=payer", "state=pending", "since=-1", "token=0x1", "cursor=x", "limit=0", "a=1"]
    {
        let reply = client.get(&format!("/api/1/payments?{bad}")).await;
        let name = bad.split('=').next().unwrap();
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.error().starts_with(name), "{bad}: {}", reply.text);
    }
}

/// Goal: who does not want to wait is told at once where the outcome will be.
#[tokio::test]
async fn an_asynchronous_payment_has_a_status() {
    let client = Client::new(Compat::Document);
    open(&client).await;
    let path = format!("/api/1/transfers/{}/{}?async=true", token(), partner());
    let reply = client.call("POST", &path, r#"{"amount": 5, "identifier": 9}"#).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let at = format!("/api/1/payments/{}/{}/9", token(), partner());
    assert_eq!(reply.headers["location"], at.as_str());
    assert_eq!(reply.json()["state"], "pending");
    assert_eq!(client.get(&at).await.json(), reply.json());
    // The same request finds it finished.
    let again = client.call("POST", &path, r#"{"amount": 5, "identifier": 9}"#).await;
    assert_eq!((again.status, &again.json()["identifier"]), (200, &json!(9)));
    let unknown = client.get(&at.replace("/9", "/10")).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.error().contains("payment 10"), "{}", unknown.text);
    for bad in ["-1", "x", "18446744073709551616", "+1"] {
        let reply = client.get(&at.replace("/9", &format!("/{bad}"))).await;
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.error().starts_with("identifier must be"), "{}", reply.text);
    }
    let bad = path.replace("=true", "=yes");
    assert_eq!(client.call("POST", &bad, r#"{"amount": 5}"#).await.status, 400);
}

#[tokio::test]
async fn transfers_under_way_show_their_locks() {
    let client = Client::new(Compat::Document);
    let pending = client.get("/api/1/pending_transfers").await.json();
    assert_eq!(pending[0]["role"], "mediator");
    assert_eq!(pending[0]["state"], "locked");
    let locks = pending[0]["locks"].as_array().unwrap();
    let short = |lock: &Value| json!([lock["direction"], lock["amount"], lock["expiration"]]);
    assert_eq!(
        locks.iter().map(short).collect::<Vec<_>>(),
        [json!(["incoming", 7, 150]), json!(["outgoing", 7, 140])]
    );
}

/// One event of a stream: its id, its type and its data.
fn events(text: &str) -> Vec<(u64, String, Value)> {
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("{name} is not in {event}")).to_owned()
    };
    text.split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| {
            let data = serde_json::from_str(&field(event, "data")).unwrap();
            (field(event, "id").parse().unwrap(), field(event, "event"), data)
        })
        .collect()
}

/// Goal: the stream tells everything in order, begins where it is asked to, and ends with the node.
#[tokio::test]
async fn the_stream_goes_on_after_any_event() {
    let (client, channel) = busy().await;
    let whole = client.get("/api/1/stream?after=0").await;
    assert_eq!(
        (whole.status, &whole.headers["content-type"]),
        (200, &HeaderValue::from_static("text/event-stream"))
    );
    let all = events(&whole.text);
    let short: Vec<_> = all.iter().map(|(id, kind, _)| (*id, kind.as_str())).collect();
    assert_eq!(
        short,
        [
            (1, "channel"),
            (2, "channel"),
            (3, "payment"),
            (4, "payment"),
            (5, "payment"),
            (6, "reorganisation")
        ]
    );
    let types: Vec<&Value> = all.iter().map(|(.., data)| &data["event_type"]).collect();
    assert_eq!(
        (types[0], types[1], types[5]),
        (&json!("ChannelNew"), &json!("ChannelNewBalance"), &json!("ChainReorganised"))
    );
    assert!(all[..2].iter().all(|(.., data)| data["channel_address"] == channel.as_str()));
    let listed = client.get("/api/1/payments").await.json();
    assert_eq!(all[2].2, listed[0], "a payment looks as in the list");
    assert_eq!((&all[1].2["id"], &all[1].2["time"]), (&json!(2), &json!(1002)));

    let from = async |value: &str| {
        let mut request = request("GET", "/api/1/stream", "");
        request.headers_mut().insert("last-event-id", HeaderValue::from_str(value).unwrap());
        client.send(request).await
    };
    assert_eq!(events(&from("4").await.text), all[4..]);
    assert_eq!(from("99").await.text, "");
    assert_eq!(client.get("/api/1/stream").await.text, "", "it begins now");
    for bad in ["x", "-1", "", "1 2"] {
        assert_eq!(from(bad).await.status, 400, "{bad}");
    }
    assert_eq!(client.get("/api/1/stream?after=x").await.status, 400);
}

#[tokio::test]
async fn switch_version_and_connections() {
    let client = Client::new(Compat::Document);
    let version = client.get("/api/1/version").await.json();
    assert_eq!(version, json!({ "version": env!("CARGO_PKG_VERSION"), "api_version": 1 }));
    let status = async || client.get("/api/1/debug/ethstatus").await.json();
    let first = status().await;
    assert_eq!(first["LastBlockTime"], "02-29|00:00:00.000");
    assert_eq!((&first["XMPPStatus"], &first["EthStatus"]), (&json!(1), &json!(1)));
    assert_eq!(first["mesh"], false);
    for (word, mesh) in [("true", true), ("F", false), ("1", true), ("0", false)] {
        let reply = client.get(&format!("/api/1/switch/{word}")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "ok"));
        assert_eq!(status().await["mesh"], mesh);
    }
    let bad = client.get("/api/1/switch/yes").await;
    assert_eq!((bad.status, bad.error().as_str()), (400, "mesh must be true or false"));
    assert_eq!(client.call("HEAD", "/api/1/switch/true", "").await.status, 405);
    assert_eq!(client.call("POST", "/api/1/switch", "[]").await.text, "ok");
    let coin = client.get(&format!("/api/1/debug/ethbalance/{}", own())).await;
    assert_eq!(coin.text, "10000000000000000000");
    assert_eq!(client.get("/api/1/debug/ethbalance/0x12").await.status, 400);
}

/// Goal: a request with a key is carried out once, and the key is no other request's.
#[tokio::test]
async fn a_key_makes_a_request_happen_once() {
    let client = Client::new(Compat::Document);
    let send = async |method: &str, path: &str, body: &str, key: &str| {
        let mut request = request(method, path, body);
        request.headers_mut().insert("idempotency-key", HeaderValue::from_str(key).unwrap());
        client.send(request).await
    };
    let body = format!(
        r#"{{"partner_address": "{}", "token_address": "{}", "balance": 300}}"#,
        partner(),
        token()
    );
    let first = send("PUT", "/api/1/channels", &body, "open-1").await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = send("PUT", "/api/1/channels", &body, "open-1").await;
    assert_eq!((again.status, again.text), (201, first.text.clone()));
    assert_eq!(send("PUT", "/api/1/channels", &body, "open-2").await.status, 409, "no second one");

    let path = format!("/api/1/channels/{}", first.json()["channel_address"].as_str().unwrap());
    for _ in 0..2 {
        let deposited = send("PATCH", &path, r#"{"balance": 100}"#, "deposit-1").await;
        assert_eq!((deposited.status, &deposited.json()["balance"]), (200, &json!(400)));
    }
    let other = send("PATCH", &path, r#"{"balance": 99}"#, "deposit-1").await;
    assert_eq!(
        (other.status, other.error().as_str()),
        (409, "Idempotency-Key belongs to another request")
    );
    // What was refused may be tried anew.
    assert_eq!(send("PATCH", &path, r#"{"balance": 1000}"#, "deposit-2").await.status, 402);
    let anew = send("PATCH", &path, r#"{"balance": 1}"#, "deposit-2").await;
    assert_eq!((anew.status, &anew.json()["balance"]), (200, &json!(401)));
    for bad in ["", "a b", &"k".repeat(201)] {
        let reply = send("PATCH", &path, r#"{"balance": 1}"#, bad).await;
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.error().starts_with("Idempotency-Key must be"), "{}", reply.text);
    }
    let mut twice = request("PATCH", &path, r#"{"balance": 1}"#);
    twice.headers_mut().append("idempotency-key", HeaderValue::from_static("a"));
    twice.headers_mut().append("idempotency-key", HeaderValue::from_static("b"));
    let reply = client.send(twice).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "Idempotency-Key is given twice"));
}
