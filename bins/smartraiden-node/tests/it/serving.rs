//! What a newcomer tries first: a node alone, then two that pay each other.

use crate::{
    daemon::{Daemon, until},
    endings::{KEY_ADDRESS, keystore},
};

/// Goal: `--dev` alone is a working node with a funded token.
#[test]
fn dev_alone_is_a_working_node() {
    let daemon = Daemon::start("--dev --dev-block-time 100");
    let (node, token) = (&daemon.said["node"], &daemon.said["token"]);
    assert_eq!(&daemon.field("GET", "/address", "", "our_address"), node);
    let (_, tokens) = daemon.call("GET", "/tokens", "");
    assert!(tokens.contains(token.as_str()), "{tokens}");
    let balance = format!("/debug/balance/{token}/{node}");
    assert_eq!(daemon.call("GET", &balance, ""), (200, "5000000".to_owned()));

    let partner = "0x61c808d82a3ac53231750dadc13c777b59310bd9";
    let body = format!(
        r#"{{"partner_address": "{partner}", "token_address": "{token}", "balance": 1337, "settle_timeout": 12}}"#
    );
    let channel = daemon.field("PUT", "/channels", &body, "channel_address");
    assert_eq!(daemon.call("GET", &balance, ""), (200, "4998663".to_owned()));
    let path = format!("/channels/{channel}");
    assert_eq!(daemon.field("PATCH", &path, r#"{"state": "closed"}"#, "state"), "closed");
    let settled = r#"{"state": "settled"}"#;
    until("the window has passed", || daemon.call("PATCH", &path, settled).0 == 200);
    assert_eq!(daemon.field("GET", &path, "", "balance"), "0");
    assert_eq!(daemon.call("GET", &balance, ""), (200, "5000000".to_owned()));
    assert_eq!(daemon.call("GET", "/stop", ""), (200, "ok".to_owned()));
    assert_eq!(daemon.wait().code(), Some(0));
}

/// Goal: a second node joins over the first one's chain, and they pay each other over QUIC.
#[test]
fn two_nodes_pay_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keystore(folder.path(), "testpassword\n");
    let first = Daemon::start(&format!(
        "--dev --dev-block-time 100 --dev-rpc-address 127.0.0.1:0 --dev-fund {KEY_ADDRESS}"
    ));
    let said = &first.said;
    let second = Daemon::start(&format!(
        "--memory-store {keys} --eth-rpc-endpoint {} --registry-contract-address {} \
         --confirmations 0 --peer {}={}",
        said["chain-rpc"], said["registry"], said["node"], said["peers"]
    ));
    assert_eq!(second.said["node"], KEY_ADDRESS);
    let token = &said["token"];
    let body = format!(
        r#"{{"partner_address": "{KEY_ADDRESS}", "token_address": "{token}", "balance": 300}}"#
    );
    let channel = first.field("PUT", "/channels", &body, "channel_address");
    let path = format!("/channels/{channel}");
    until("the second has seen the channel", || second.call("GET", &path, "").0 == 200);

    let pay = format!("/transfers/{token}/{KEY_ADDRESS}");
    let amount = r#"{"amount": 45, "identifier": 1}"#;
    until("the second has dialled the first", || first.call("POST", &pay, amount).0 == 200);
    let balance = |node: &Daemon| node.field("GET", &path, "", "balance");
    until("the money has arrived", || balance(&second) == "45");
    let back = format!("/transfers/{token}/{}", said["node"]);
    let amount = r#"{"amount": 5, "is_direct": true}"#;
    assert_eq!(second.field("POST", &back, amount, "amount"), "5");
    assert_eq!((balance(&first), balance(&second)), ("260".to_owned(), "40".to_owned()));
    assert_eq!(second.call("POST", &back, r#"{"amount": 41}"#).0, 409);
}
