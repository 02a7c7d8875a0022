//! A module in front of another server.

use crate::{
    client::{FORM, JSON, Reply, TEXT, form, get, multipart, post, send},
    double::{Double, Module, Script, module, module_with, nobody},
    world::{CREATE, CUSTOMER, NOW, ONE, PAYMENT, SELLER, pgp_key},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tally_crypto::sha256;
use tally_deal_node::module::{AllowList, PackageId};
use tally_pgp::verify_clear;

const ADDRESS: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";
const KEY: &str = "02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61";

/// The payload that the four examples of the seed make.
const ACCOUNT_PAYLOAD: &str = "bXluRnlKSmtSaHNiQjZ5MVE1a1RnREdja1Z6Mm05TktIOAowMmVmNjhjMTkxOTg0NDMzYzhhNzMwYjhmYTQ4YTQ3ZWMwMTZhMDcyN2U2ZDI2Y2MwOTgyYzg5MDBiMzkzNTRmNjEK";

/// The payload of the seed's deal, unsigned, with the keys of the private keys 1 and 2.
const DEAL_PAYLOAD: &str = "ZGVhbDoKICBvcmRlcjogY3JlYXRlCiAgdHlwZTogUHJlcGFpZAogIGF0OiBodHRwOi8vcGxhY2FyZC56ci1jb2RlLmNvbQogIGRhdGU6IDIwMjItMDQtMTEgMTE6MTQ6NDYgVVRDCiAgc2VsbGVyOgogICAgYWRkcmVzczogbjJmM2NiZVVVRmhiejZtRkxwRFV6TW5ydDcyc1B1N1dRSwogIGN1c3RvbWVyOgogICAgYWRkcmVzczogMk4zb2VmVmVnNnN0aVRiNUtoM296Q1NrYXFteDkxRkRic20KICBwYXltZW50OgogICAgdW50aWw6IDIwMjItMDQtMTIgMTE6MTQ6NDYgVVRDCiAgICBhZGRyZXNzOiAyTXZRQUdrZnRZZHFadUw3TUV5REhqUUJEa0FkbjJTc3U2NQogICAgc3VtOiAwLjAwMDAxIHRCVEMKICBmZWVkYmFjazoKICAgIGxlYXZlLWJlZm9yZTogMjAyMi0wNC0xMiAxMToxNDo0NiBVVEM=";

async fn pair() -> (Double, Module) {
    let double = Double::start().await;
    let module = module(vec![double.name()]);
    (double, module)
}

/// What a server answers that has made the seed's deal.
fn made() -> String {
    format!(r#"{{"id": "x", "action": "Created", "payload": "{DEAL_PAYLOAD}"}}"#)
}

/// Goal: the four examples of the seed send the same package, to the byte.
#[tokio::test]
async fn the_four_examples_send_the_same_payload() {
    let (double, module) = pair().await;
    let pairs = [("address", ADDRESS), ("key", KEY)];
    let json = format!(r#"{{"address": "{ADDRESS}", "key":  "{KEY}"}}"#);
    for (kind, body) in [
        (FORM, format!("address={ADDRESS}&key={KEY}")),
        ("multipart/form-data; boundary=XX", multipart(&pairs)),
        ("multipart/form-data", multipart(&pairs)),
        (JSON, json),
        (TEXT, format!("{ADDRESS}\n{KEY}")),
    ] {
        let reply = post(&module.router, "/api/v1/account/new?pgp=off", kind, &body).await;
        assert_eq!(reply.status, 200, "{kind}: {}", reply.text);
        let asked = double.last();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/v1/account/new"));
        let package = asked.json();
        let id = package["id"].as_str().unwrap();
        assert!(id.parse::<PackageId>().is_ok(), "{id}");
        let expected = format!(
            "{{\"id\": \"{id}\", \"action\": \"new\", \"payload\": \"{ACCOUNT_PAYLOAD}\"}}"
        );
        assert_eq!(asked.body, expected.as_bytes(), "{kind}");
        assert_eq!(asked.header("content-type"), Some("application/json"));
    }
}

/// Goal: the end-to-end vector: the seed's deal, its clock, known keys.
#[tokio::test]
async fn the_published_deal_is_sent_as_published() {
    let (double, module) = pair().await;
    double.says(200, "application/json", made());
    let reply = post(&module.router, "/api/v1/deal?pgp=off", JSON, CREATE).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let asked = double.last();
    let package = asked.json();
    assert_eq!(package["payload"], DEAL_PAYLOAD);
    let text = STANDARD.decode(DEAL_PAYLOAD).unwrap();
    assert_eq!(text.len(), 392);
    let expected = "9ce70d7630e8dd9f28847b69ea764d0787e4a4da00807493d7d75a45c0f686a3";
    assert_eq!(hex(&sha256(&text)), expected);
    assert!(package.get("address").is_none(), "a deal has an address only if the query has");
    assert_eq!(package["action"], "create", "the path does not say it, the message does");
    assert_eq!(asked.path, "/api/v1/deal");
    assert_eq!(asked.header("module-fee"), Some("0.1%"));
}

/// Goal: what a browser sends through somebody's module does not become that module's own word.
#[tokio::test]
async fn a_page_completes_nothing_in_the_name_of_the_site() {
    let (double, module) = pair().await;
    double.says(200, "application/json", made());
    let mut message: serde_json::Value = serde_json::from_str(CREATE).unwrap();
    message["payment"]["address"] = PAYMENT.into();
    let ask = async |headers: &[(&str, &str)]| {
        let path = "/api/v1/deal/complete?pgp=off";
        send(&module.router, "POST", path, headers, message.to_string()).await
    };
    let json = ("content-type", JSON);
    for site in ["cross-site", "same-origin", "none"] {
        let reply = ask(&[json, ("sec-fetch-site", site)]).await;
        assert_eq!(reply.status, 403, "{site}: {}", reply.text);
    }
    assert_eq!(double.count(), 0, "nothing was sent on");
    assert_eq!(ask(&[json]).await.status, 200, "a program speaks for the site");
    assert_eq!(double.last().json()["action"], "complete");
}

#[tokio::test]
async fn what_the_module_sends_is_signed_unless_it_is_told_not_to() {
    let double = Double::start().await;
    let key = pgp_key(5);
    let signing = module_with(vec![double.name()], AllowList::default(), |api| {
        api.module.pgp = Some(pgp_key(5));
        api.module.address = Some(ONE.to_owned());
    });
    let body = format!("address={ADDRESS}&key={KEY}");
    let sent = async |path: &str| {
        let reply = post(&signing.router, path, FORM, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let package = double.last().json();
        assert_eq!(package["address"], ONE, "the module's own address is the default");
        let payload = STANDARD.decode(package["payload"].as_str().unwrap()).unwrap();
        String::from_utf8(payload).unwrap()
    };
    let text = sent("/api/v1/account/new").await;
    let signed = verify_clear(&text, &[key.public().clone()], NOW).unwrap();
    assert_eq!(signed.text, format!("{ADDRESS}\n{KEY}"));
    for off in ["off", "false", "OFF"] {
        let text = sent(&format!("/api/v1/account/new?pgp={off}")).await;
        assert_eq!(text, format!("{ADDRESS}\n{KEY}\n"));
    }
    let without = module(vec![double.name()]);
    let reply = post(&without.router, "/api/v1/account/new", FORM, &body).await;
    assert_eq!(reply.error(), (400, "PGP: Private key file not opened.".to_owned()));
}

/// Goal: a `GET` is a `GET` with a package in its body, in the client's own spelling.
#[tokio::test]
async fn requests_without_a_body_have_a_package_without_a_payload() {
    let (double, module) = pair().await;
    let path = format!("/API/v1/account/Status?address={ADDRESS}&payload=text");
    let reply = get(&module.router, &path).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, "<p>hi</p>"));
    let asked = double.last();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/API/v1/account/Status"));
    let package = asked.json();
    assert_eq!((&package["address"], &package["action"]), (&ADDRESS.into(), &"status".into()));
    assert!(package.get("payload").is_none());
    post(&module.router, "/api/v1/help", JSON, "ignored").await;
    assert!(double.last().json().get("payload").is_none());
    let path = format!("/api/v1/deal/status?address={PAYMENT}");
    get(&module.router, &path).await;
    assert_eq!(double.last().json()["address"], PAYMENT);
}

#[tokio::test]
async fn what_the_server_needs_of_the_headers_is_passed_on() {
    let double = Double::start().await;
    let module = module_with(vec![double.name()], AllowList::default(), |api| {
        api.module.address = Some(ONE.to_owned());
        api.module.fee = "0.2%".to_owned();
    });
    double.says(200, "application/json", made());
    let headers = [
        ("authorization", "Bearer abc"),
        ("origin", "https://shop.example"),
        ("session", "s"),
        ("secret", "t"),
        ("nonce", "1"),
        ("signature", "f"),
        ("x-real-ip", "192.0.2.1"),
        ("cookie", "private"),
        ("host", "module.example"),
        ("content-type", JSON),
    ];
    let reply =
        send(&module.router, "POST", "/api/v1/deal?pgp=off", &headers, CREATE.to_owned()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let asked = double.last();
    for (name, value) in &headers[..7] {
        assert_eq!(asked.header(name), Some(*value), "{name}");
    }
    assert_eq!(asked.header("cookie"), None);
    assert_eq!(asked.header("host"), Some(double.address.to_string().as_str()));
    assert_eq!(asked.header("module-address"), Some(ONE));
    assert_eq!(asked.header("module-fee"), Some("0.2%"));
    assert_eq!(asked.header("accept"), Some("*/*"));
    assert!(asked.header("user-agent").unwrap().starts_with("dm/"));
    get(&module.router, "/api/v1/help").await;
    assert_eq!(double.last().header("module-fee"), None, "only of deals");
}

/// Goal: nobody there is 502, nobody answering 504; the next server is asked only when nothing was
/// sent.
#[tokio::test]
async fn servers_that_do_not_answer() {
    let alone = module(vec![nobody()]);
    let reply = get(&alone.router, "/api/v1/help").await;
    assert_eq!(reply.error(), (502, "Bad Gateway".to_owned()));

    let double = Double::start().await;
    let second = module(vec![nobody(), double.name()]);
    assert_eq!(get(&second.router, "/api/v1/help").await.status, 200);
    assert_eq!(double.count(), 1);

    let (hanging, spare) = (Double::start().await, Double::start().await);
    hanging.plays(Script::Hangs);
    let module = module(vec![hanging.name(), spare.name()]);
    // The time passes by itself as soon as everybody waits.
    let asking = tokio::spawn(async move { get(&module.router, "/api/v1/help").await });
    while hanging.count() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    let reply = asking.await.unwrap();
    assert_eq!(reply.error(), (504, "Gateway Timeout".to_owned()));
    assert_eq!(spare.count(), 0, "the outcome is not known: nobody else is asked");
}

/// Goal: the server's own words are passed on if they are an error, else the stock ones of the
/// status.
#[tokio::test]
async fn statuses_of_the_server_are_the_module_s() {
    let (double, module) = pair().await;
    let words = r#"{"error": {"code": 40101, "message": "Login failed."}}"#;
    for status in [400, 401, 403, 404, 500, 503] {
        double.says(status, "application/json", words);
        let reply = get(&module.router, "/api/v1/help").await;
        assert_eq!((reply.status, reply.text.as_str()), (status, words));
        double.says(status, "text/html", "<h1>secrets of the inside</h1>");
        let reply = get(&module.router, "/api/v1/help").await;
        assert_eq!(reply.status, status);
        assert!(!reply.text.contains("secrets"), "{}", reply.text);
    }
    assert_eq!(get(&module.router, "/api/v1/help").await.error().1, "Service Unavailable");
    double.says(200, "application/json", "no package");
    let reply = get(&module.router, "/api/v1/help?payload=text").await;
    assert_eq!(reply.error().0, 502);
    let whole = get(&module.router, "/api/v1/help").await;
    assert_eq!((whole.status, whole.text.as_str()), (200, "no package"));
}

/// Goal: a request reaches nobody but the servers of the list.
#[tokio::test]
async fn only_listed_servers_are_asked() {
    let (own, listed, strange) =
        (Double::start().await, Double::start().await, Double::start().await);
    let module = module_with(vec![own.name()], AllowList::new([listed.name()]), |_| {});
    let ask = async |server: &str| -> Reply {
        get(&module.router, &format!("/api/v1/help?server={server}")).await
    };
    assert_eq!(ask(&listed.address.to_string()).await.status, 200);
    assert_eq!((own.count(), listed.count()), (0, 1));
    assert_eq!(ask(&own.address.to_string()).await.status, 200);
    for server in [
        strange.address.to_string(),
        "169.254.169.254".to_owned(),
        "http://localhost:22".to_owned(),
    ] {
        let reply = ask(&server).await;
        assert_eq!(reply.status, 403, "{server}: {}", reply.text);
    }
    for server in ["http%3A%2F%2Fuser%40x", "a%20b", "file%3A%2F%2F%2Fetc"] {
        assert_eq!(ask(server).await.status, 400, "{server}");
    }
    own.plays(Script::Redirects(format!("http://{}/api/v1/help", strange.address)));
    assert_eq!(
        get(&module.router, "/api/v1/help").await.status,
        502,
        "redirections are not followed"
    );
    assert_eq!(strange.count(), 0);
}

/// Goal: the module says what it knows of the server's signature.
#[tokio::test]
async fn signatures_of_replies_are_verified() {
    let (double, module) = pair().await;
    let ask = async |text: &str| {
        let payload = STANDARD.encode(text);
        let answer = format!(
            r#"{{"id": "x", "action": "Created", "result": {{"success": true, "message": "m"}}, "payload": "{payload}"}}"#
        );
        double.says(200, "application/json", answer.clone());
        let path = format!("/api/v1/deal/status?address={PAYMENT}");
        let reply = get(&module.router, &path).await;
        assert_eq!(reply.text, answer, "what the server said is passed on as it is");
        reply.header("payload-signature").unwrap().to_owned()
    };
    let signed = pgp_key(1).sign_clear("deal:\n  order: Created", NOW).unwrap();
    assert_eq!(ask(&signed).await, "valid");
    assert_eq!(ask(&signed.replace("Created", "Paid")).await, "invalid");
    assert_eq!(ask(&pgp_key(2).sign_clear("deal:", NOW).unwrap()).await, "unknown");
    assert_eq!(ask("<p>a page</p>").await, "unknown");
    let reply = post(&module.router, "/api/v1/signature", TEXT, &signed).await;
    assert_eq!(reply.json()["verified"], true);
}

/// Goal: nobody is told to pay elsewhere than where the service's keys say.
#[tokio::test]
async fn a_deal_that_is_paid_elsewhere_is_not_shown() {
    let (double, module) = pair().await;
    let ask = async |success: bool, payload: &str, path: &str, body: &str| {
        let payload = STANDARD.encode(payload);
        let answer = format!(
            r#"{{"id": "x", "result": {{"success": {success}, "message": "m"}}, "payload": "{payload}"}}"#
        );
        double.says(200, "application/json", answer);
        post(&module.router, path, JSON, body).await.status
    };
    let create =
        async |success, payload: &str| ask(success, payload, "/api/v1/deal?pgp=off", CREATE).await;
    let deal =
        |address: &str| format!("deal:\n  order: Created\n  payment:\n    address: {address}");
    let signed = |text: &str| pgp_key(1).sign_clear(text, NOW).unwrap();
    for fit in [deal(PAYMENT), signed(&deal(PAYMENT))] {
        assert_eq!(create(true, &fit).await, 200, "{fit}");
    }
    let json = format!(r#"{{"deal": {{"payment": {{"address": "{ONE}"}}}}}}"#);
    for unfit in [deal(ONE), signed(&deal(ONE)), json] {
        assert_eq!(create(true, &unfit).await, 502, "{unfit}");
        assert_eq!(create(false, &unfit).await, 502, "{unfit}");
        let paid_at = format!("\"address\": \"{PAYMENT}\",\n    \"until\"");
        let pay = CREATE.replace("create", "pay").replace("\"until\"", &paid_at);
        assert_eq!(ask(true, &unfit, "/api/v1/deal/pay?pgp=off", &pay).await, 502, "{unfit}");
    }
    // What does not say it can say it in a form that is not understood here.
    for vague in ["", "<p>Pay here!</p>", "deal:\n  order: Created"] {
        assert_eq!(create(true, vague).await, 502, "{vague}");
        assert_eq!(create(false, vague).await, 200, "{vague}");
    }
    double.says(200, "application/json", "no package");
    assert_eq!(post(&module.router, "/api/v1/deal?pgp=off", JSON, CREATE).await.status, 502);
}

/// Goal: payloads of others are rendered in the form that is asked for, and never run.
#[tokio::test]
async fn payloads_of_others_are_shown() {
    let (double, module) = pair().await;
    let deal = "deal:\n  order: Created\n  at: http://x/<script>";
    let payload = STANDARD.encode(pgp_key(1).sign_clear(deal, NOW).unwrap());
    let answer = format!(r#"{{"id": "x", "payload": "{payload}"}}"#);
    double.says(200, "application/json", answer);
    let ask = async |form: &str| {
        let path = format!("/api/v1/deal/status?address={PAYMENT}&payload={form}");
        get(&module.router, &path).await
    };
    assert_eq!(ask("json").await.json()["deal"]["order"], "Created");
    let html = ask("html").await;
    assert!(html.text.contains("&lt;script&gt;") && !html.text.contains("<script>"));
    assert!(html.header("content-security-policy").unwrap().contains("sandbox"));
    assert!(ask("xml").await.text.contains("<order>Created</order>"));
    assert!(ask("text").await.text.starts_with("-----BEGIN PGP SIGNED MESSAGE-----"));
}

/// Goal: what is the server's alone is passed on as it is, and back.
#[tokio::test]
async fn other_endpoints_are_passed_on() {
    let (double, module) = pair().await;
    double.says(200, "application/json", r#"[{"a":1}]"#);
    for (method, path, body) in [
        ("POST", "/api/v1/user/profile", "code=x"),
        ("POST", "/api/v1/bc/history", "account=x"),
        ("POST", "/api/v1/deal/feedback/list", "{}"),
        ("GET", "/api/v1/deal/list?module=x&limit=5", ""),
        ("GET", "/api/v1/deal/get?module=x&payment=y", ""),
        ("GET", "/api/v1/account/get?module=x&bitcoin=y", ""),
        ("GET", "/api/v1/account/list?module=x", ""),
        ("GET", "/api/v1/key/public?account=DEFAULT", ""),
        ("GET", "/api/v1/sign/out", ""),
        ("POST", "/api/v1/user/other/thing", "x"),
        ("POST", "/oauth2/token", "grant_type=x"),
        ("GET", "/api/v1/deal/abc", ""),
    ] {
        let headers = [("content-type", FORM), ("authorization", "Bearer t")];
        let reply = send(&module.router, method, path, &headers, body).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, r#"[{"a":1}]"#), "{path}");
        let asked = double.last();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), (method, path));
        assert_eq!(asked.body, body.as_bytes());
        assert_eq!(asked.header("authorization"), Some("Bearer t"));
    }
    let count = double.count();
    assert_eq!(get(&module.router, "/api/v1/secret/thing").await.status, 404);
    assert_eq!(get(&module.router, "/api/v1/webhooks/../x").await.status, 400);
    assert_eq!(double.count(), count);
}

/// Goal: messages that break a rule never leave the module.
#[tokio::test]
async fn the_module_checks_before_it_sends() {
    let (double, module) = pair().await;
    let ask = async |body: &str| post(&module.router, "/api/v1/deal?pgp=off", JSON, body).await;
    let reply = ask(&CREATE.replace(SELLER, CUSTOMER).replace("create", "cancel")).await;
    assert_eq!(reply.status, 400);
    module.clock.set(NOW + 3600);
    assert_eq!(ask(CREATE).await.error(), (400, "Deal date expired.".to_owned()));
    let path = "/api/v1/account/new?pgp=off";
    let reply = post(&module.router, path, FORM, &form(&[("key", "a"), ("key", "b")])).await;
    assert_eq!(reply.status, 400);
    assert_eq!(double.count(), 0);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
