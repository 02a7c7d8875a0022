//! A node that needs nothing: `--dev`.

use crate::support::{Daemon, daemon::Settings};
use serde_json::json;

fn start(folder: &std::path::Path) -> Daemon {
    let flags =
        [("--dev", ""), ("--api-address", "127.0.0.1:0"), ("--listen-address", "127.0.0.1:0")];
    Settings::bare(folder, &flags).start()
}

/// Goal: a newcomer's first command gives a node with tokens that can open a channel to anybody.
/// Method: `--dev` on free ports, and the steps of the users' document; then a signal ends it.
#[test]
fn a_newcomer_opens_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = start(folder.path());
    let own = node.api().get("/api/1/address").expect(200)["our_address"].clone();
    let tokens = node.api().get("/api/1/tokens").expect(200);
    let [token] = tokens.as_array().unwrap().as_slice() else { panic!("one token: {tokens}") };
    let token = token.as_str().unwrap();
    assert!(node.written().contains(token), "the token is announced");
    let held = node.holdings(token, own.as_str().unwrap());
    assert!(held >= 1_000_000, "{held}");

    let partner = "0x61C808D82A3Ac53231750daDc13c777b59310bD9";
    let body = json!({
        "partner_address": partner.to_lowercase(),
        "token_address": token,
        "balance": 1337,
        "settle_timeout": 600,
    });
    let opened = node.api().put("/api/1/channels", &body).expect(201);
    assert_eq!((&opened["state"], &opened["balance"]), (&json!("opened"), &json!(1337)));
    assert_eq!(opened["partner_address"], partner);
    let channel = opened["channel_address"].as_str().unwrap();
    assert_eq!(node.deposit(channel, 100).expect(200)["balance"], 1437);
    assert_eq!(node.holdings(token, own.as_str().unwrap()), held - 1437);
    let payment = format!("/api/1/transfers/{token}/{partner}");
    node.api().post(&payment, &json!({ "amount": 1 })).refused(409, "no available route");
    assert_eq!(node.api().get("/docs").status, 200);

    assert_eq!(node.terminate().code(), Some(0));
}

/// Goal: the API can stop the daemon, which then ends like one that was asked by a signal.
#[test]
fn the_api_stops_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = start(folder.path());
    // Looking must not stop it.
    assert_eq!(node.api().send("HEAD", "/api/1/stop", None).unwrap().status, 405);
    node.api().send("GET", "/api/1/stop", None).unwrap().expect_text(200, "ok");
    assert_eq!(node.wait_ended().code(), Some(0));
    assert!(node.api().send("GET", "/healthz", None).is_err(), "nobody answers any more");
}
