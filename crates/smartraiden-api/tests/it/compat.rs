//! `--compat upstream`: the original's statuses, nothing else.

use crate::{
    client::Client,
    endpoints::open,
    tiny_node::{new_token, no_channel, partner, token},
};
use tally_smartraiden_api::Compat;

#[tokio::test]
async fn successes_have_the_original_s_status() {
    let client = Client::new(Compat::Upstream);
    let registered = client.call("PUT", &format!("/api/1/tokens/{}", new_token()), "").await;
    assert_eq!(registered.status, 200);
    assert!(registered.json()["channel_manager_address"].is_string());
    let channel = open(&client).await;
    let other = partner().to_string().replace("0x33", "0x44").to_lowercase();
    let body = format!("{{\"partner_address\": \"{other}\", \"token_address\": \"{}\"}}", token());
    assert_eq!(client.call("PUT", "/api/1/channels", &body).await.status, 200);
    let path = format!("/api/1/channels/{channel}");
    let both = client.call("PATCH", &path, r#"{"balance": 5, "state": "closed"}"#).await;
    assert_eq!((both.status, &both.json()["balance"]), (200, &305.into()));
    assert_eq!(both.json()["state"], "opened");
}

#[tokio::test]
async fn refusals_have_the_original_s_status() {
    let client = Client::new(Compat::Upstream);
    let channel = open(&client).await;
    let path = format!("/api/1/channels/{channel}");
    let unknown = no_channel();
    let transfer = r#"{"amount": 5}"#;
    let cases = [
        ("PATCH", path.clone(), r#"{"balance": 10000}"#, 408),
        ("PATCH", path.clone(), r#"{"state": "settled"}"#, 409),
        ("PATCH", path.clone(), r#"{"state": "closed"}"#, 200),
        ("PATCH", path.clone(), r#"{"balance": 1}"#, 408),
        ("PATCH", path, r#"{"state": "closed"}"#, 409),
        ("PATCH", "/api/1/channels/0x1".to_owned(), r#"{"balance": 1}"#, 400),
        ("GET", "/api/1/channels/0x1".to_owned(), "", 404),
        ("GET", "/api/1/tokens/0x1/partners".to_owned(), "", 404),
        ("PUT", "/api/1/tokens/0x1".to_owned(), "", 409),
        ("POST", format!("/api/1/transfers/0x1/{}", partner()), transfer, 409),
        ("GET", "/api/1/events/tokens/0x1".to_owned(), "", 400),
        ("GET", format!("/api/1/channels/{unknown}"), "", 404),
    ];
    for (method, path, body, status) in cases {
        let reply = client.call(method, &path, body).await;
        assert_eq!(reply.status, status, "{method} {path} {body}: {}", reply.text);
    }
    for kind in ["tokens", "channels"] {
        let reply = client.get(&format!("/api/1/events/{kind}/{unknown}")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "[]"));
        assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");
    }
}
