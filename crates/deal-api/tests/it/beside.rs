//! What a deal has beside the protocol: JSON, URI, picture, lists, decisions.

use crate::{
    client::{FORM, JSON, TEXT, form},
    world::{CODE, CREATE, CUSTOMER, ONE, PAYMENT, SELLER, World},
};
use serde_json::{Value, json};
use tally_chain::utxo::Start;
use tally_deal::Address;

#[tokio::test]
async fn a_deal_is_shown_by_its_code_and_its_address() {
    let world = World::new().await;
    world.create().await;
    for name in [CODE, PAYMENT] {
        let deal = world.get(&format!("/api/v1/Deal/{name}")).await.json();
        assert_eq!(deal["code"], CODE);
        assert_eq!(deal["state"], "Created");
        assert_eq!(deal["payment"]["address"], PAYMENT);
    }
    for name in ["0".repeat(40), ONE.to_owned(), "nonsense".to_owned()] {
        for more in ["", "/uri", "/qr.svg", "/psbt", "/events"] {
            let reply = world.get(&format!("/api/v1/deal/{name}{more}")).await;
            assert_eq!(reply.status, 404, "{name}{more}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn a_deal_can_be_paid_by_a_link_and_a_picture() {
    let world = World::new().await;
    world.create().await;
    let uri = world.get(&format!("/api/v1/deal/{CODE}/uri")).await.json();
    let expected = format!("bitcoin:{PAYMENT}?amount=0.00001&label=Deal%20{CODE}");
    assert_eq!(uri["uri"], expected);
    let picture = world.get(&format!("/api/v1/deal/{CODE}/QR.svg")).await;
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert!(picture.text.contains("<svg") && picture.text.ends_with("</svg>"), "{}", picture.text);
}

/// Goal: lists are found by every condition, page by page.
#[tokio::test]
async fn deals_are_listed_and_searched() {
    let module = ONE;
    let world = World::with(|_, api| api.module.address = Some(module.to_owned())).await;
    for second in 40..45 {
        let body = CREATE
            .replace("11:14:46 UTC\",\n  \"seller", &format!("11:14:{second} UTC\",\n  \"seller"));
        assert!(world.post("/api/v1/deal", JSON, &body).await.result().0);
    }
    let list = async |query: &str| world.get(&format!("/api/v1/deal/list?{query}")).await;
    let count = async |query: &str| list(query).await.json().as_array().unwrap().len();
    for query in [
        "",
        &format!("module={module}"),
        &format!("seller={SELLER}"),
        &format!("customer={CUSTOMER}"),
        &format!("party={SELLER}"),
        "state=Created",
        "state=created",
        "site=http%3A%2F%2Fplacard.zr-code.com",
        "text=placard",
        "since=1649675680&before=1649675685",
    ] {
        assert_eq!(count(query).await, 5, "{query}");
    }
    for query in ["state=Paid", &format!("seller={CUSTOMER}"), "text=nothing", "before=1"] {
        assert_eq!(count(query).await, 0, "{query}");
    }
    for bad in ["state=Odd", "limit=0", "limit=100000", "cursor=x", "since=-1"] {
        assert_eq!(list(bad).await.status, 400, "{bad}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=2&cursor={cursor}")).await;
        for row in page.json().as_array().unwrap() {
            assert!(row.as_object().unwrap().values().all(|it| !it.is_object() && !it.is_array()));
            seen.push(row["date"].as_str().unwrap().to_owned());
        }
        match page.header("x-next-cursor") {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> =
        (40..45).rev().map(|second| format!("2022-04-11 11:14:{second} UTC")).collect();
    assert_eq!(seen, expected, "newest first, each once");
    let one = world.get(&format!("/api/v1/deal/get?payment={ONE}")).await;
    assert_eq!(one.status, 404);
}

#[tokio::test]
async fn a_deal_is_shown_flat() {
    let world = World::new().await;
    world.create().await;
    let flat = world.get(&format!("/api/v1/deal/get?module=x&payment={PAYMENT}")).await.json();
    assert_eq!(flat["seller_address"], SELLER);
    assert_eq!(flat["payment_sum"], "0.00001 tBTC");
    assert_eq!(flat["code"], CODE);
}

/// Goal: a whole deal over the API: paid on the chain, paid out, told to whoever listens, with
/// history. Method: the development chain, and the runner in the background.
#[tokio::test]
async fn a_deal_is_paid_and_executed() {
    let mut world = World::new().await;
    let runner = world.runner.take().unwrap();
    let body = CREATE.replace("0.00001", "0.01");
    let deal = world.post("/api/v1/deal?payload=json", JSON, &body).await.json();
    let payment = deal["payment"]["address"].as_str().unwrap().to_owned();
    let history =
        async || world.post("/api/v1/bc/history", FORM, &form(&[("account", &payment)])).await;
    assert_eq!(history().await.json(), json!({ "transfers": [] }));

    let chain = world.chain.clone();
    let sources: tally_deal_node::Sources = std::sync::Arc::new(move |start: Start| {
        let source: Box<dyn tally_chain::utxo::Source> = Box::new(chain.source(start));
        source
    });
    let shutdown = world.shutdown.clone();
    let mut running = tokio::spawn(async move { runner.run(sources, shutdown.triggered()).await });
    // A new server begins at the end of the chain.
    while !world.server.status().is_caught_up {
        tokio::task::yield_now().await;
    }
    let address = Address::parse(&payment, tally_deal::Network::Test).unwrap();
    let value = tally_primitives::Satoshi(1_000_000);
    world.chain.faucet(address.script(), value).unwrap();
    world.chain.mine_pending(crate::world::NOW + 60).unwrap();
    let store = std::sync::Arc::clone(world.server.store());
    let mut news = world.server.news();
    // Events come by themselves; nothing is slept for.
    let kinds = loop {
        let events = store.events(tally_deal_store::EventId(0), 100).await.unwrap();
        let kinds: Vec<String> = events.iter().map(|event| event.event.kind.clone()).collect();
        let deal = world.server.find_deal_at(&payment).await.unwrap().unwrap();
        if deal.state() == tally_deal::State::Executed {
            break kinds;
        }
        let heard = tokio::time::timeout(std::time::Duration::from_secs(60), news.changed());
        tokio::select! {
            heard = heard => {
                heard.unwrap_or_else(|_| panic!("nothing happens after {kinds:?}")).unwrap();
            }
            ended = &mut running => panic!("the runner has ended: {ended:?}"),
        }
    };
    assert_eq!(kinds[..2], ["created", "payment_confirmed"]);
    let status = world.get(&format!("/api/v1/deal/status?address={payment}&payload=json")).await;
    assert_eq!(status.json()["state"], "Executed");
    let text =
        world.get(&format!("/api/v1/deal/status?address={payment}&payload=text&pgp=off")).await;
    assert!(text.text.contains("  order: Executed\n"), "{}", text.text);
    let transfers = history().await.json()["transfers"].clone();
    assert_eq!(transfers[0]["value"], 1_000_000);
    assert_eq!(transfers[0]["received"]["height"], 1);

    let rows = world.get("/api/v1/events").await.json();
    let shown: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(shown[..kinds.len()], kinds);
    world.shutdown.trigger();
    running.await.unwrap().unwrap();
}

/// Goal: disputes need the parties' signatures, and their ends the arbiter's.
#[tokio::test]
async fn decisions_are_signed() {
    let world = World::new().await;
    world.create().await;
    let path = format!("/api/v1/deal/{CODE}/dispute");
    let ask = async |path: &str, body: Value| world.post(path, JSON, &body.to_string()).await;
    let body = json!({ "by": "seller", "reason": "r", "signature": "AAAA" });
    let reply = ask(&path, body.clone()).await;
    assert_eq!(reply.error(), (403, "The deal is not signed by the seller.".to_owned()));
    let reply = ask(&path, json!({ "by": "thief", "reason": "r", "signature": "x" })).await;
    assert_eq!(reply.status, 400);
    let reply = ask(&path, json!({ "by": "seller", "signature": "x" })).await;
    assert_eq!(reply.error().1, "Invalid format: key \"reason\" cannot be empty.");
    assert_eq!(ask(&path.replace(CODE, PAYMENT), body).await.status, 403);

    let path = format!("/api/v1/deal/{CODE}/resolve");
    let reply = ask(&path, json!({ "refund": "50%" })).await;
    assert_eq!(reply.status, 409, "an operator may, the deal is not in dispute: {}", reply.text);
    let signed = json!({ "refund": "50%", "arbiter": ONE, "signature": "AAAA" });
    assert_eq!(ask(&path, signed).await.error().1, "The address is not an arbiter's.");
    assert_eq!(ask(&path, json!({ "refund": "50%", "arbiter": ONE })).await.status, 403);
    for refund in ["101%", "x", "-1%"] {
        assert_eq!(ask(&path, json!({ "refund": refund })).await.status, 400, "{refund}");
    }
    let headers = [("content-type", JSON), ("sec-fetch-site", "same-origin")];
    let reply = world.send("POST", &path, &headers, r#"{"refund":"50%"}"#).await;
    assert_eq!(reply.status, 403, "a page in a browser is no operator");
}

/// Goal: the operator's programs have settlements tried again and hide deals; nobody else's do.
#[tokio::test]
async fn the_operator_retries_and_deletes() {
    let world = World::new().await;
    world.create().await;
    let post = async |path: &str, site: Option<&str>| {
        let headers = Vec::from_iter(site.map(|site| ("sec-fetch-site", site)));
        world.send("POST", path, &headers, "").await
    };
    for word in ["retry", "delete"] {
        let path = format!("/api/v1/deal/{CODE}/{word}");
        let reply = post(&path, Some("same-origin")).await;
        assert_eq!(reply.status, 403, "a page in a browser is no operator: {}", reply.text);
        let reply = post(&path.replace(CODE, &"0".repeat(40)), None).await;
        assert_eq!(reply.error(), (404, "there is no such deal".to_owned()), "{word}");
    }
    let reply = post(&format!("/api/v1/Deal/{CODE}/Retry"), None).await;
    assert_eq!((reply.status, &reply.json()["error"]["error"]), (409, &json!("wrong_state")));
    let reply = post(&format!("/api/v1/deal/{PAYMENT}/DELETE"), None).await;
    assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("Deleted")), "{}", reply.text);
}

#[tokio::test]
async fn settlements_that_nobody_need_sign_are_none() {
    let world = World::new().await;
    world.create().await;
    let path = format!("/api/v1/deal/{CODE}/psbt");
    assert_eq!(world.get(&path).await.json(), json!([]));
    let reply = world.post(&path, TEXT, "cHNidP8BAAA=").await;
    assert!([400, 409].contains(&reply.status), "{}", reply.text);
    assert_eq!(world.post(&path, JSON, "{}").await.status, 400);
}

#[tokio::test]
async fn keys_are_served() {
    let world = World::new().await;
    let get = async |name: &str| world.get(&format!("/api/v1/key/public?account={name}")).await;
    let own = get("DEFAULT").await.json();
    let key = tally_pgp::PublicKey::from_armored(own["data"].as_str().unwrap()).unwrap();
    assert_eq!(key.fingerprint(), world.server.pgp_key().fingerprint());
    let record = tally_pgp::ServiceRecord::of_key(&key);
    assert_eq!(record.bitcoin_keys.len(), 2);
    assert_eq!(get(ONE).await.error(), (404, "Not found.".to_owned()));
    assert_eq!(world.get("/api/v1/key/public").await.status, 400);
}

#[tokio::test]
async fn feedback_is_searched() {
    let world = World::new().await;
    let ask = async |body: &str| world.post("/api/v1/deal/feedback/list", JSON, body).await;
    let search = json!({ "search": [
        { "field": "sellercode", "value": SELLER },
        { "field": "status", "value": 1 },
    ] });
    let reply = ask(&search.to_string()).await;
    assert_eq!((reply.status, reply.json()), (200, json!([])));
    assert_eq!(ask("{}").await.json(), json!([]));
    for bad in [r#"{"search":{}}"#, r#"{"search":[{"field":"x","value":1}]}"#, "[]"] {
        assert_eq!(ask(bad).await.status, 400, "{bad}");
    }
}
