//! Deals over the embedded server.

use crate::{
    client::{FORM, JSON, TEXT, form, multipart},
    world::{CREATE, CUSTOMER, NOW, ONE, PAYMENT, SELLER, TWO, World, pgp_key, private_key},
};
use serde_json::{Value, json};
use tally_deal::message_signature::{Header, sign};
use tally_pgp::verify_clear;

/// The seed's answer, short of the address that its service's keys made.
const CREATED: &str = "deal:
  order: Created
  type: Prepaid
  at: http://placard.zr-code.com
  date: 2022-04-11 11:14:46 UTC
  seller:
    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
    rating: 0, 0%
  customer:
    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
    rating: 0, 0%
  payment:
    until: 2022-04-12 11:14:46 UTC
    address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65
    sum: 0.00001 tBTC
  feedback:
    leave-before: 2022-04-12 11:14:46 UTC";

const FIELDS: [(&str, &str); 7] = [
    ("type", "Prepaid"),
    ("at", "http://placard.zr-code.com"),
    ("date", "2022-04-11 11:14:46 UTC"),
    ("seller_address", SELLER),
    ("customer_address", CUSTOMER),
    ("payment_until", "2022-04-12 11:14:46 UTC"),
    ("payment_sum", "0.00001"),
];

const YAML: &str = "deal:
  order: create
  type: Prepaid
  at: http://placard.zr-code.com
  date: 2022-04-11 11:14:46 UTC
  seller:
    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
  customer:
    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
  payment:
    until: 2022-04-12 11:14:46 UTC
    sum: 0.00001
";

/// Goal: the seed's example of a deal, with the seed's clock: the published text, signed.
#[tokio::test]
async fn the_published_example_is_answered_as_published() {
    let world = World::new().await;
    let reply = world.create().await;
    assert_eq!(reply.json()["action"], "Created");
    let payload = reply.payload();
    assert!(payload.starts_with("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ndeal:\n"));
    assert!(payload.ends_with("-----END PGP SIGNATURE-----"), "no line feed at the end");
    let signed = verify_clear(&payload, &[world.server.pgp_key().clone()], NOW).unwrap();
    assert_eq!(signed.text, CREATED);
}

/// Goal: every kind of body makes the same deal. Method: each on a server of its own, unsigned.
#[tokio::test]
async fn the_four_bodies_make_the_same_deal() {
    let with_order = [FIELDS.as_slice(), &[("order", "Create")]].concat();
    for (path, kind, body) in [
        ("/api/v1/deal", JSON, CREATE.to_owned()),
        ("/api/v1/deal/create", JSON, CREATE.replace("\"order\": \"create\",", "")),
        ("/api/v1/Deal/CREATE", FORM, form(&FIELDS)),
        ("/api/v1/deal", FORM, form(&with_order)),
        ("/api/v1/deal/create", "multipart/form-data; boundary=XX", multipart(&FIELDS)),
        ("/api/v1/deal", TEXT, YAML.to_owned()),
        (
            "/api/v1/deal/create",
            "application/yaml",
            YAML.replace("deal:\n  order", "BitDeal:\n  order"),
        ),
    ] {
        let world = World::new().await;
        let reply = world.post(&format!("{path}?pgp=off"), kind, &body).await;
        let (success, message) = reply.result();
        assert!(success, "{path} {kind}: {message}");
        assert_eq!(reply.payload(), CREATED, "{path} {kind}");
        let path = format!("/api/v1/deal/status?address={PAYMENT}&pgp=off&payload=text");
        assert!(world.get(&path).await.text.contains("order: Created"));
    }
}

/// Goal: the order of the keys follows what the client sent of the payment.
#[tokio::test]
async fn keys_keep_their_places() {
    let order_of = |payload: &str| -> Vec<usize> {
        let payment = &payload[payload.find("payment:").unwrap()..];
        ["until:", "address:", "sum:"].map(|key| payment.find(key).unwrap()).to_vec()
    };
    let world = World::new().await;
    let until = "\"until\": \"2022-04-12 11:14:46 UTC\",";
    let reply = world.post("/api/v1/deal?pgp=off", JSON, CREATE).await;
    let places = order_of(&reply.payload());
    assert!(places[0] < places[1] && places[1] < places[2], "{places:?}");
    let reply = world.post("/api/v1/deal?pgp=off", JSON, &CREATE.replace(until, "")).await;
    let payload = reply.payload();
    let places = order_of(&payload);
    assert!(places[1] < places[0] && places[0] < places[2], "{places:?}");
    assert!(payload.contains("until: 2022-04-11 12:14:46 UTC"), "an hour later: {payload}");
}

/// Goal: each rule of dates to the second.
#[tokio::test]
async fn dates_are_checked_to_the_second() {
    let date = 1_649_675_686;
    for (now, refusal) in [
        (date - 1, Some("Invalid deal date.")),
        (date, None),
        (date + 180, None),
        (date + 181, Some("Deal date expired.")),
    ] {
        let world = World::new().await;
        world.clock.set(now);
        let reply = world.post("/api/v1/deal", JSON, CREATE).await;
        match refusal {
            Some(message) => assert_eq!(reply.error(), (400, message.to_owned()), "{now}"),
            None => assert!(reply.result().0, "{now}"),
        }
    }
}

/// Goal: what a message is refused for has the published words.
#[tokio::test]
async fn refusals_have_their_words() {
    let world = World::new().await;
    let refused = async |from: &str, to: &str| {
        assert!(CREATE.contains(from), "{from}");
        world.post("/api/v1/deal", JSON, &CREATE.replace(from, to)).await.error()
    };
    for (from, to, message) in [
        ("\"create\"", "\"\"", "Invalid format: key \"order\" cannot be empty."),
        ("\"create\"", "\"sell\"", "Invalid deal order value: \"sell\"."),
        ("\"create\"", "\"created\"", "Invalid \"order\" value for deal module."),
        ("\"create\"", "\"fail\"", "Invalid \"order\" value for deal module."),
        ("\"Prepaid\"", "\"Later\"", "Invalid order type value: \"later\"."),
        (SELLER, "nobody", "Invalid seller address: nobody."),
        (CUSTOMER, "nobody", "Invalid customer address: nobody."),
        (
            SELLER,
            "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
            "Invalid Seller address: 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH.",
        ),
    ] {
        assert_eq!(refused(from, to).await, (400, message.to_owned()));
    }
    let cancel = CREATE.replace("\"create\"", "\"cancel\"");
    let reply = world.post("/api/v1/deal", JSON, &cancel).await;
    let message = "Invalid format: key \"seller.signature\" cannot be empty.";
    assert_eq!(reply.error(), (400, message.to_owned()));
    let fields = form(&FIELDS[1..]);
    let reply = world.post("/api/v1/deal/create", FORM, &fields).await;
    assert_eq!(reply.error().1, "Invalid format: key \"type\" cannot be empty.");
    let reply = world.post("/api/v1/deal/create", FORM, &form(&FIELDS[..3])).await;
    assert_eq!(reply.error().1, "Invalid format: key \"seller_address\" cannot be empty.");
    let reply = world.post("/api/v1/deal", TEXT, "order: create\n").await;
    assert_eq!(reply.error().1, "Invalid YAML format: Need node \"deal\".");
    assert_eq!(world.post("/api/v1/deal", JSON, "").await.status, 400);
}

/// Goal: what is signed verifies, and what is changed does not.
#[tokio::test]
async fn signatures_are_verified_by_the_module() {
    let world = World::new().await;
    let payload = world.create().await.payload();
    let ask = async |text: &str| world.post("/api/v1/signature", TEXT, text).await;
    let reply = ask(&payload).await;
    assert_eq!(reply.json(), json!({ "verified": true, "message": CREATED }));
    let changed = payload.replace("0.00001 tBTC", "0.00002 tBTC");
    let expected = json!({ "verified": false, "message": "PGP signature not valid." });
    assert_eq!(ask(&changed).await.json(), expected);
    let foreign = pgp_key(9).sign_clear("deal", NOW).unwrap();
    let expected = json!({ "verified": false, "message": "PGP signature status: Unknown." });
    assert_eq!(ask(&foreign).await.json(), expected);
    let body = form(&[("message", &payload)]);
    let reply = world.post("/api/v1/signature", FORM, &body).await;
    assert_eq!(reply.json()["verified"], true);
    let body = json!({ "message": payload }).to_string();
    assert_eq!(world.post("/api/v1/signature", JSON, &body).await.json()["verified"], true);

    assert_eq!(ask("").await.status, 204);
    let nothing = "Error: Data does not form a meaningful PGP Cleartext Signature";
    assert_eq!(ask("deal:").await.error(), (400, nothing.to_owned()));
    let missing = "Invalid format: key \"message\" cannot be empty.";
    let reply = world.post("/api/v1/signature", JSON, "{\"text\":1}").await;
    assert_eq!(reply.error(), (400, missing.to_owned()));
    let reply = world.post("/api/v1/signature", FORM, "message=").await;
    assert_eq!(reply.error(), (400, missing.to_owned()));
}

/// Goal: comments of all kinds survive the way through YAML and a signature.
#[tokio::test]
async fn comments_of_any_kind_are_kept() {
    let words = "- a: b # not a comment\n\"quotes\" 'single'\n-----BEGIN\nпривет ☃\n  indented";
    let world = World::new().await;
    let mut body: Value = serde_json::from_str(CREATE).unwrap();
    body["feedback"] = json!({ "comments": words });
    let reply = world.post("/api/v1/deal", JSON, &body.to_string()).await;
    let payload = reply.payload();
    let signed = verify_clear(&payload, &[world.server.pgp_key().clone()], NOW).unwrap();
    let document = tally_deal::Document::from_yaml(&signed.text).unwrap();
    assert_eq!(document.to_json()["feedback"]["comments"], words);
    let reply = world.post("/api/v1/signature", TEXT, &payload).await;
    assert_eq!(reply.json()["verified"], true);
}

/// Goal: a deal comes in every form, and its words stay words.
#[tokio::test]
async fn a_deal_comes_in_every_form() {
    let world = World::new().await;
    let body = CREATE.replace("http://placard.zr-code.com", "http://x.example/<script>");
    let reply = world.post("/api/v1/deal?payload=json", JSON, &body).await;
    let deal = reply.json();
    assert_eq!((&deal["order"], &deal["state"]), (&json!("Created"), &json!("Created")));
    assert_eq!(deal["payment"]["sum"], "0.00001 tBTC");
    let payment = deal["payment"]["address"].as_str().unwrap();
    let status = async |form: &str| {
        let path = format!("/api/v1/deal/status?address={payment}&payload={form}");
        world.get(&path).await.text
    };
    assert!(status("text").await.starts_with("-----BEGIN PGP SIGNED MESSAGE-----"));
    let html = status("html").await;
    assert!(html.contains("http://x.example/&lt;script&gt;") && !html.contains("<script>"));
    let xml = status("xml").await;
    assert!(xml.contains("<at>http://x.example/&lt;script&gt;</at>"), "{xml}");
}

#[tokio::test]
async fn a_status_is_found_by_every_way_to_ask() {
    let world = World::new().await;
    world.create().await;
    let field = form(&[("address", PAYMENT)]);
    for reply in [
        world.get(&format!("/api/v1/deal/status?address={PAYMENT}")).await,
        world.post("/api/v1/deal/status", FORM, &field).await,
        world.post("/api/v1/deal/status", JSON, &format!(r#"{{"address":"{PAYMENT}"}}"#)).await,
        world.post("/api/v1/deal/status", TEXT, PAYMENT).await,
    ] {
        assert!(reply.result().0, "{}", reply.text);
        assert_eq!(reply.json()["action"], "Status");
        assert!(reply.payload().contains("  order: Created\n"));
    }
    let reply = world.get(&format!("/api/v1/deal/status?address={ONE}")).await;
    assert_eq!(reply.result(), (false, format!("Deal not found: {ONE}")));
    let reply = world.get("/api/v1/deal/status").await;
    assert!(!reply.result().0);
}

/// Goal: the seller gives up with his signature, in the words that a marketplace shows.
#[tokio::test]
async fn a_seller_cancels_with_his_signature() {
    let world = World::new().await;
    let body = CREATE.replace(SELLER, ONE).replace(CUSTOMER, TWO);
    let created = world.post("/api/v1/deal?payload=json", JSON, &body).await.json();
    let payment = created["payment"]["address"].as_str().unwrap();
    let words = format!("{payment}\nout of stock");
    let cancel = |signature: &str| {
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["payment"]["address"] = payment.into();
        body["seller"]["signature"] = signature.into();
        body["feedback"] = json!({ "comments": "out of stock" });
        body.to_string()
    };
    let forged = sign(&private_key(2), words.as_bytes(), Header::Compressed);
    let reply = world.post("/api/v1/deal/cancel", JSON, &cancel(&forged)).await;
    assert_eq!(reply.error(), (400, "The deal is not signed by the seller.".to_owned()));
    let signed = sign(&private_key(1), words.as_bytes(), Header::Compressed);
    for _ in 0..2 {
        let reply = world.post("/api/v1/deal/cancel?pgp=off", JSON, &cancel(&signed)).await;
        assert!(reply.payload().contains("order: Canceled"), "{}", reply.text);
    }
    let elsewhere = cancel(&signed).replace(payment, PAYMENT);
    let reply = world.post("/api/v1/deal/cancel", JSON, &elsewhere).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
}
