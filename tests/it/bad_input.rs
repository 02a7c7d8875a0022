//! The worst requests over a real connection. The whole table is in the API's own tests; here it is
//! the daemon's chain, contracts and database that must stay as they were.

use crate::support::{Daemon, Network};
use serde_json::{Value, json};

/// 2^256 - 1.
const LARGEST: &str =
    "115792089237316195423570985008687907853269984665640564039457584007913129639935";
/// 2^256.
const TOO_LARGE: &str =
    "115792089237316195423570985008687907853269984665640564039457584007913129639936";

/// Goal: each bad request gets its status and a message that names the field and the reason, and
/// changes nothing. Method: a table of requests to a node with one channel, and a look at all that
/// the API shows before and after.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn bad_requests_are_explained_and_change_nothing() {
    let net = Network::start(2);
    let [first, second] = net.daemons::<2>();
    let token = net.token();
    let channel = net.channel((&first, 500), (&second, 300));
    first.sees_peers(1);
    first.pay(&token, &second, &json!({ "amount": 1 })).expect(200);
    first.sees_balances(&channel, 499, 301);
    second.sees_balances(&channel, 301, 499);

    let (open, change) = ("/api/1/channels".to_owned(), format!("/api/1/channels/{channel}"));
    let pay = format!("/api/1/transfers/{token}/{}", second.address());
    let pay_oneself = format!("/api/1/transfers/{token}/{}", first.address());
    let stranger = format!("0x{}", "12".repeat(20));
    let pay_unknown_token = format!("/api/1/transfers/{stranger}/{}", second.address());
    let unknown_channel = format!("/api/1/channels/{stranger}");
    let own = first.address();
    let opening = |partner: &str, token: &str, balance: &str| {
        format!(
            "{{\"partner_address\": \"{partner}\", \"token_address\": \"{token}\", \
             \"balance\": {balance}, \"settle_timeout\": 40}}"
        )
    };
    let amount = |amount: &str| format!("{{\"amount\": {amount}}}");
    let balance = |amount: &str| format!("{{\"balance\": {amount}}}");

    #[rustfmt::skip]
    let table: Vec<(&str, &str, String, u16, &[&str])> = vec![
        ("POST", &pay, "{\"amount\": 1".into(), 400, &["JSON"]),
        ("POST", &pay, "[1]".into(), 400, &["object"]),
        ("POST", &pay, String::new(), 400, &["empty"]),
        ("POST", &pay, amount("\"1\""), 400, &["amount", "integer"]),
        ("POST", &pay, amount("-1"), 400, &["amount", "negative"]),
        ("POST", &pay, amount("0"), 400, &["amount", "at least 1"]),
        ("POST", &pay, amount("1.5"), 400, &["amount", "integer"]),
        ("POST", &pay, amount(TOO_LARGE), 400, &["amount", "2^256-1"]),
        ("POST", &pay, amount(LARGEST), 409, &["no available route"]),
        ("POST", &pay, "{\"amount\": 1, \"colour\": 2}".into(), 400, &["colour"]),
        ("POST", &pay_oneself, amount("1"), 409, &["target_address", "own address"]),
        ("POST", &pay_unknown_token, amount("1"), 409, &["token_address", "not registered"]),
        ("POST", "/api/1/transfers/0x12/0x34", amount("1"), 400, &["token_address"]),
        ("PUT", &open, opening(&second.address(), &token, "1"), 409, &["partner_address", "already open"]),
        ("PUT", &open, opening(&own, &token, "1"), 409, &["partner_address", "own address"]),
        ("PUT", &open, opening(&stranger, &stranger, "1"), 409, &["token_address", "not registered"]),
        ("PUT", &open, opening("0x12", &token, "1"), 400, &["partner_address"]),
        ("PUT", &open, opening(&stranger, &token, TOO_LARGE), 400, &["balance", "2^256-1"]),
        ("PUT", &open, opening(&stranger, &token, LARGEST), 402, &["balance", "insufficient tokens"]),
        ("PUT", &open, opening(&stranger, &token, "10001"), 402, &["balance", "insufficient tokens"]),
        ("PUT", &open, opening(&stranger, &token, "1").replace("40", "5"), 409, &["settle_timeout"]),
        ("PATCH", &change, balance("9501"), 402, &["balance", "insufficient tokens"]),
        ("PATCH", &change, balance(LARGEST), 402, &["balance", "insufficient tokens"]),
        ("PATCH", &change, balance(TOO_LARGE), 400, &["balance", "2^256-1"]),
        ("PATCH", &change, "{}".into(), 400, &["balance", "state"]),
        ("PATCH", &change, "{\"state\": \"settled\"}".into(), 409, &["state", "still open"]),
        ("PATCH", &change, "{\"state\": \"opened\"}".into(), 400, &["state"]),
        ("PATCH", &change, "{\"state\": \"closed\", \"balance\": 1}".into(), 409, &["balance", "state"]),
        ("PATCH", &unknown_channel, "{\"state\": \"closed\"}".into(), 409, &["channel_address"]),
        ("GET", &unknown_channel, String::new(), 404, &["channel_address"]),
        ("GET", "/api/1/channels/", String::new(), 404, &["not found"]),
        ("DELETE", &change, String::new(), 405, &["not allowed"]),
    ];
    let before = everything(&first, &token, &channel);
    for (method, path, body, status, parts) in table {
        is_refused(&first, method, path, Some(&body), status, parts);
        assert_eq!(everything(&first, &token, &channel), before, "after {method} {path} {body}");
    }

    first.close(&channel).expect(200);
    let closed = first.channel(&channel);
    is_refused(&first, "PATCH", &change, Some("{\"state\":\"closed\"}"), 409, &["already closed"]);
    is_refused(&first, "PATCH", &change, Some("{\"state\":\"settled\"}"), 409, &["after block"]);
    is_refused(&first, "PATCH", &change, Some(&balance("1")), 409, &["already closed"]);
    second.sees_channel(&channel, |seen| seen["state"] == "closed");
    is_refused(&second, "PATCH", &change, Some("{\"state\":\"closed\"}"), 409, &["already closed"]);
    assert_eq!(first.channel(&channel), closed);
}

fn is_refused(
    node: &Daemon,
    method: &str,
    path: &str,
    body: Option<&str>,
    status: u16,
    parts: &[&str],
) {
    let body = if method == "GET" || method == "DELETE" { None } else { body };
    let reply = node.api().send(method, path, body).unwrap();
    let message = reply.refused(status, "").to_lowercase();
    for part in parts {
        assert!(message.contains(&part.to_lowercase()), "{}: {part} in {message}", reply.request);
    }
}

/// Returns all that the API shows of the node's state.
fn everything(node: &Daemon, token: &str, channel: &str) -> Value {
    json!({
        "channels": node.api().get("/api/1/channels").expect(200),
        "channel": node.channel(channel),
        "tokens": node.api().get("/api/1/tokens").expect(200),
        "openings": node.api().get(&format!("/api/1/events/tokens/{token}")).expect(200),
        "events": node.channel_events(channel, ""),
        "holdings": node.holdings(token, &node.address()),
    })
}
