//! Accounts over the embedded server.

use crate::{
    client::{FORM, JSON, TEXT, multipart},
    world::{CUSTOMER, ONE, World, private_key},
};
use serde_json::{Value, json};
use tally_deal::message_signature::{Header, sign};

const ADDRESS: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";
const KEY: &str = "02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61";

/// The failure page of the seed's example.
const NULL_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    <meta name=\"author\" content=\"Bitcoin Payment Service\">\n</head>\n<body>\n<pre>Hello!\n\nSorry, something went wrong and led to an error:\n\n<font color=\"#C0392B\"><b>Invalid Bitcoin address: null</b></font>\n\n-----\nThank you,\nPayments.net</pre>\n</body>\n</html>\n";

/// Goal: the seed's example of a status, to the byte.
#[tokio::test]
async fn a_status_of_null_is_the_published_failure() {
    let world = World::new().await;
    let reply = world.get("/api/v1/account/status?address=null").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.result(), (false, "Invalid Bitcoin address: null".to_owned()));
    assert_eq!(reply.json()["action"], "Status");
    assert_eq!(reply.payload(), NULL_PAGE);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert!(id.parse::<tally_deal_node::module::PackageId>().is_ok(), "{id}");
    let again = world.get("/api/v1/account/status?address=null").await;
    assert_ne!(again.json()["id"], id.as_str(), "identifiers are random");
    let page = world.get("/api/v1/account/status?address=null&payload=html").await;
    assert_eq!(page.text, NULL_PAGE);
}

#[tokio::test]
async fn help_comes_by_both_methods_and_ignores_bodies() {
    let world = World::new().await;
    let page = world.get("/api/v1/help?payload=html").await;
    assert!(page.text.contains("<pre>\nBitcoin Payment Service.\n"), "{}", page.text);
    assert!(page.text.ends_with("</pre>\n\n</body>\n</html>\n"), "{}", page.text);
    let posted = world.post("/api/v1/help?payload=html", JSON, "{not json").await;
    assert_eq!(posted.text, page.text);
    let reply = world.get("/api/v1/help").await;
    assert_eq!((reply.json()["action"].as_str(), reply.payload()), (Some("Help"), page.text));
}

/// Goal: each form of `payload` is rendered, with its type.
#[tokio::test]
async fn payloads_come_in_every_form() {
    let world = World::new().await;
    for (word, kind) in [
        ("html", "text/html; charset=utf-8"),
        ("json", "application/json; charset=utf-8"),
        ("xml", "application/xml; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
        ("zzz", "text/plain; charset=utf-8"),
    ] {
        let path = format!("/api/v1/account/status?address=null&payload={word}");
        let reply = world.get(&path).await;
        assert_eq!(reply.header("content-type"), Some(kind), "{word}");
        assert!(reply.text.contains("Invalid Bitcoin address: null"), "{}", reply.text);
        if word == "json" {
            assert_eq!(reply.json(), json!({ "error": "Invalid Bitcoin address: null" }));
        }
        if word == "text" || word == "zzz" {
            assert!(!reply.text.contains('<'), "{}", reply.text);
        }
    }
}

/// Goal: values of clients never become markup. Method: an address that is a script.
#[tokio::test]
async fn what_clients_say_is_escaped() {
    let world = World::new().await;
    for word in ["html", "xml"] {
        let path = format!(
            "/api/v1/account/status?payload={word}&address=%3Cscript%3Ealert(1)%3C/script%3E"
        );
        let reply = world.get(&path).await;
        assert!(!reply.text.contains("<script>"), "{}", reply.text);
        assert!(reply.text.contains("&lt;script&gt;"), "{}", reply.text);
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
}

/// Goal: the four examples of the seed make the same account. Method: each on a server of its own,
/// and what the server says of the account afterwards.
#[tokio::test]
async fn the_four_bodies_say_the_same() {
    let pairs = [("address", ADDRESS), ("key", KEY)];
    let form = format!("address={ADDRESS}&key={KEY}");
    let json_body = format!(r#"{{"address": "{ADDRESS}", "key":  "{KEY}"}}"#);
    let bodies = [
        (FORM, form),
        ("multipart/form-data; boundary=XX", multipart(&pairs)),
        // As the seed's page does it: the type is set by hand, and the boundary forgotten.
        ("multipart/form-data", multipart(&pairs)),
        (JSON, json_body),
        (TEXT, format!("{ADDRESS}\n{KEY}")),
        (TEXT, format!("{ADDRESS}\r\n{KEY}\r\n")),
    ];
    let mut seen: Option<Value> = None;
    for (kind, body) in bodies {
        let world = World::new().await;
        let reply = world.post("/api/v1/account/new", kind, &body).await;
        let (success, message) = reply.result();
        assert!(success, "{kind}: {message}");
        assert_eq!(reply.json()["action"], "New");
        let path = format!("/api/v1/account/status?address={ADDRESS}&payload=json");
        let status = world.get(&path).await.json();
        assert_eq!((&status["address"], &status["key"]), (&json!(ADDRESS), &json!(KEY)));
        assert_eq!(*seen.get_or_insert_with(|| status.clone()), status, "{kind}");
    }
}

/// Goal: what a real client does at a sign-up, with its forms of lists.
#[tokio::test]
async fn a_shop_registers_and_changes_its_users() {
    let world = World::new().await;
    let reply = world.post("/api/v1/account/status", FORM, &format!("address={ONE}")).await;
    assert!(!reply.result().0);
    let form = format!("address={ONE}&url%5B0%5D=http%3A%2F%2Fplacard.zr-code.com");
    let reply = world.post("/api/v1/account/new", FORM, &form).await;
    assert!(reply.result().0, "{}", reply.text);
    let again = world.post("/api/v1/account/new", FORM, &form).await;
    assert!(!again.result().0, "{}", again.text);
    let profile = world.post("/api/v1/user/profile", FORM, &format!("code={ONE}")).await.json();
    assert_eq!(profile["urltrusted"], json!(["http://placard.zr-code.com"]));
    assert_eq!(profile["seller"]["count"], 0);

    let signed = format!("2022-04-11\n{ONE}\nhttp://b.example\nhttp://c.example");
    let sign = sign(&private_key(1), signed.as_bytes(), Header::Compressed);
    let update = json!({
        "address": ONE,
        "date": "2022-04-11",
        "url": ["http://b.example", "http://c.example"],
        "sign": sign,
    });
    let path = format!("/api/v1/account/update?address={ONE}");
    let reply = world.post(&path, JSON, &update.to_string()).await;
    assert!(reply.result().0, "{}", reply.text);
    let forged = update.to_string().replace("c.example", "d.example");
    let reply = world.post(&path, JSON, &forged).await;
    assert!(!reply.result().0, "{}", reply.text);
    let profile = world.post("/api/v1/user/profile", JSON, &format!(r#"{{"code":"{ONE}"}}"#)).await;
    let trusted = profile.json()["urltrusted"].to_string();
    assert!(trusted.contains("c.example") && !trusted.contains("d.example"), "{trusted}");
    let unknown = world.post("/api/v1/user/profile", FORM, &format!("code={CUSTOMER}")).await;
    assert_eq!(unknown.status, 404);
}

/// Goal: what an account is refused for is an answer, and what is no message an error.
#[tokio::test]
async fn refusals_of_accounts_are_answers() {
    let world = World::new().await;
    let reply = world.post("/api/v1/account/new", FORM, "address=nonsense").await;
    assert_eq!(reply.result(), (false, "Invalid Bitcoin address: nonsense".to_owned()));
    assert_eq!(reply.json()["action"], "New");
    let twice = world.post("/api/v1/account/new", FORM, "key=a&key=b").await;
    assert_eq!(twice.status, 400, "{}", twice.text);
    let twice = world.post("/api/v1/account/new", JSON, r#"{"key":"a","key":"b"}"#).await;
    assert_eq!(twice.status, 400, "{}", twice.text);
}

#[tokio::test]
async fn a_module_lists_its_accounts() {
    let module = ONE;
    let world = World::with(|_, api| api.module.address = Some(module.to_owned())).await;
    for address in [ADDRESS, CUSTOMER] {
        let body = format!("address={address}&email=a%40b.example");
        assert!(world.post("/api/v1/account/new", FORM, &body).await.result().0);
    }
    let list = world.get(&format!("/api/v1/account/list?module={module}")).await;
    let rows = list.json();
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows}");
    for row in rows.as_array().unwrap() {
        assert!(row.as_object().unwrap().values().all(|it| !it.is_object() && !it.is_array()));
        assert_eq!(row["seller_count"], 0);
    }
    let first = world.get("/api/v1/account/list?limit=1").await;
    let cursor = first.header("x-next-cursor").unwrap().to_owned();
    let second = world.get(&format!("/api/v1/account/list?limit=1&cursor={cursor}")).await;
    assert_ne!(first.json()[0]["address"], second.json()[0]["address"]);
    let one = world.get(&format!("/api/v1/account/get?bitcoin={ADDRESS}")).await;
    assert_eq!(one.json()["address"], ADDRESS);
    assert_eq!(world.get(&format!("/api/v1/account/get?bitcoin={ONE}")).await.status, 404);
    assert_eq!(world.get("/api/v1/account/get").await.status, 400);
}
