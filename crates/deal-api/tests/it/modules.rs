//! The server's side: packages of other modules.

use crate::{
    client::{JSON, Reply, TEXT, post, send},
    double::module_with,
    world::{CREATE, NOW, ONE, PAYMENT, World, pgp_key, private_key},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use tally_deal::message_signature::{Header, sign};
use tally_deal_node::module::AllowList;
use tally_http::{Server, Shutdown};
use tally_pgp::verify_clear;

const UNSIGNED: &str = "The message is not signed by the module.";

fn package(payload: &str) -> String {
    json!({ "id": "request-1", "address": ONE, "payload": STANDARD.encode(payload) }).to_string()
}

async fn ask(world: &World, path: &str, body: &str, module: Option<&str>) -> Reply {
    let mut headers = vec![("content-type", JSON)];
    headers.extend(module.map(|module| ("module-address", module)));
    send(&world.behind, "POST", path, &headers, body.to_owned()).await
}

/// Registers the module of the PGP key 5 with the address of the private key 1.
async fn register(world: &World) {
    let text = format!("2022-04-11\n{ONE}\n{}", pgp_key(5).public().to_armored().trim_end());
    // Whoever has not signed with the key of the address speaks for nobody.
    let signature = sign(&private_key(1), text.as_bytes(), Header::Compressed);
    let reply = world.post("/api/v1/account/new", TEXT, &format!("{text}\n{signature}")).await;
    assert!(reply.result().0, "{}", reply.text);
}

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
    address: 2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65
    sum: 0.00001 tBTC
  feedback:
    leave-before: 2022-04-12 11:14:46 UTC";

/// Goal: a package is answered with a package of the same id, if the module has signed it.
#[tokio::test]
async fn packages_of_registered_modules_are_answered() {
    let world = World::new().await;
    register(&world).await;
    let signed = pgp_key(5).sign_clear(YAML, NOW).unwrap();
    let path = "/api/v1/deal/create";
    let reply = ask(&world, path, &package(YAML), Some(ONE)).await;
    assert_eq!(reply.result(), (false, UNSIGNED.to_owned()));
    let foreign = pgp_key(6).sign_clear(YAML, NOW).unwrap();
    assert!(!ask(&world, path, &package(&foreign), Some(ONE)).await.result().0);
    assert!(!ask(&world, path, &package(&signed), None).await.result().0);
    let changed = signed.replace("0.00001", "0.00002");
    assert!(!ask(&world, path, &package(&changed), Some(ONE)).await.result().0);

    let reply = ask(&world, path, &package(&signed), Some(ONE)).await;
    assert_eq!(reply.result(), (true, "New deal submitted".to_owned()));
    assert_eq!(reply.json()["id"], "request-1");
    let payload = reply.payload();
    let answered = verify_clear(&payload, &[world.server.pgp_key().clone()], NOW).unwrap();
    assert!(answered.text.contains("  order: Created\n"));

    let body = json!({ "id": "request-2", "address": PAYMENT }).to_string();
    let headers = [("content-type", JSON)];
    let path = "/api/v1/deal/status";
    let reply = send(&world.behind, "GET", path, &headers, body).await;
    assert_eq!((reply.result().0, reply.json()["id"].as_str()), (true, Some("request-2")));
}

#[tokio::test]
async fn packages_about_accounts_are_answered_with_pages() {
    let world = World::new().await;
    let body = json!({ "id": "request-1", "address": "null" }).to_string();
    let headers = [("content-type", JSON)];
    let reply = send(&world.behind, "GET", "/api/v1/account/status", &headers, body).await;
    assert_eq!(reply.result(), (false, "Invalid Bitcoin address: null".to_owned()));
    assert!(reply.payload().starts_with("<!DOCTYPE html>"));
    let reply = ask(&world, "/api/v1/help", &json!({ "id": "h" }).to_string(), None).await;
    assert!(reply.payload().contains("Bitcoin Payment Service."));
    for bad in ["", "x", "[]", r#"{"payload":"*"}"#, r#"{"id":"a","id":"b"}"#] {
        let reply = ask(&world, "/api/v1/deal/create", bad, None).await;
        assert_eq!(reply.status, 400, "{bad}");
    }
}

/// Goal: a module and a server of this program understand each other. Method: both, over a socket.
#[tokio::test]
async fn a_module_works_in_front_of_a_server() {
    let world = World::new().await;
    register(&world).await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
    let address = server.local_address().to_string().parse().unwrap();
    let shutdown = Shutdown::default();
    tokio::spawn(server.serve(world.behind.clone(), shutdown.clone()));
    let module = module_with(vec![address], AllowList::default(), |api| {
        api.module.address = Some(ONE.to_owned());
        api.module.pgp = Some(pgp_key(5));
    });
    let reply = post(&module.router, "/api/v1/deal", JSON, CREATE).await;
    assert_eq!(reply.result(), (true, "New deal submitted".to_owned()));
    assert_eq!(reply.header("payload-signature"), Some("valid"));
    let reply = post(&module.router, "/api/v1/signature", TEXT, &reply.payload()).await;
    assert_eq!(reply.json()["verified"], true);
    let path = format!("/api/v1/deal/status?address={PAYMENT}&payload=json");
    let status = crate::client::get(&module.router, &path).await;
    assert_eq!(status.json()["deal"]["order"], "Created");
    let shown = crate::client::get(&module.router, &format!("/api/v1/deal/{PAYMENT}")).await;
    assert_eq!(shown.json()["state"], "Created");

    // Asked again with its key, a request is answered as before, although its package is another.
    let create = async |body: &str| {
        let headers = [("content-type", JSON), ("idempotency-key", "order-1")];
        send(&module.router, "POST", "/api/v1/deal", &headers, body.to_owned()).await
    };
    let body = CREATE.replace("11:14:46 UTC\",\n  \"seller", "11:14:40 UTC\",\n  \"seller");
    let first = create(&body).await;
    assert!(first.result().0, "{}", first.text);
    module.clock.set(NOW + 60);
    assert_eq!(create(&body).await.text, first.text);
    assert_eq!(create(&body.replace("0.00001", "0.00003")).await.status, 422);
    shutdown.trigger();
}
