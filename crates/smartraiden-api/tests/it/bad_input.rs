//! Every kind of bad input, its status and what the message must name. Nothing may change.

use crate::{
    client::{Client, request},
    endpoints::open,
    tiny_node::{no_channel, own, partner, token},
};
use tally_primitives::TokenAmount;
use tally_smartraiden_api::Compat;

/// A request, the status it gets and what its message must hold.
type Case = (&'static str, String, String, u16, &'static [&'static str]);

fn open_body(field: &str, value: &str) -> String {
    let mut fields = vec![
        ("partner_address", format!("\"{}\"", new_partner())),
        ("token_address", format!("\"{}\"", token())),
        ("balance", "5".to_owned()),
        ("settle_timeout", "100".to_owned()),
    ];
    fields.retain(|(name, _)| *name != field);
    if !value.is_empty() {
        fields.push((field, value.to_owned()));
    }
    let fields: Vec<_> = fields.iter().map(|(name, v)| format!("\"{name}\": {v}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// Nobody the node has a channel with yet.
fn new_partner() -> String {
    partner().to_string().replace("0x33", "0x44").to_lowercase()
}

fn above_max() -> String {
    let max = TokenAmount::MAX.to_string();
    format!("{}6", &max[..max.len() - 1])
}

fn opening() -> Vec<Case> {
    let unknown = "\"0x2a65aca4d5fc5b5c859090a6c34d164135398226\"";
    let zero = "\"0x0000000000000000000000000000000000000000\"";
    let own = format!("\"{}\"", own());
    let (max, above) = (TokenAmount::MAX.to_string(), above_max());
    let table: &[(&str, &str, u16, &'static [&'static str])] = &[
        ("partner_address", "", 400, &["partner_address is missing"]),
        ("partner_address", "5", 400, &["partner_address must be a string, not a number"]),
        ("partner_address", "null", 400, &["partner_address must be a string, not null"]),
        ("partner_address", "\"0x61c8\"", 400, &["partner_address must be an address"]),
        ("partner_address", "\"\"", 400, &["partner_address must be an address"]),
        ("partner_address", &own, 409, &["partner_address: ", "own address"]),
        ("partner_address", zero, 409, &["partner_address: ", "zero address"]),
        ("token_address", "", 400, &["token_address is missing"]),
        ("token_address", "[]", 400, &["token_address must be a string, not a list"]),
        ("token_address", "\"xyz\"", 400, &["token_address must be an address"]),
        ("token_address", unknown, 409, &["token_address: ", "is not registered"]),
        ("balance", "-1", 400, &["balance must not be negative"]),
        ("balance", "\"5\"", 400, &["balance must be an integer, not a string"]),
        ("balance", "1.5", 400, &["balance must be an integer", "fraction"]),
        ("balance", "1e3", 400, &["balance must be an integer", "exponent"]),
        ("balance", "true", 400, &["balance must be an integer, not a boolean"]),
        ("balance", &above, 400, &["balance is at most 2^256-1"]),
        ("balance", &max, 402, &["balance: insufficient tokens", "700"]),
        ("balance", "1001", 402, &["balance: insufficient tokens", "1001"]),
        ("settle_timeout", "5", 409, &["settle_timeout is 5 blocks", "6 to 2700000"]),
        ("settle_timeout", "2700001", 409, &["settle_timeout is 2700001 blocks"]),
        ("settle_timeout", "-1", 400, &["settle_timeout must not be negative"]),
        ("settle_timeout", "\"9\"", 400, &["settle_timeout must be an integer"]),
        ("settle_timeout", "18446744073709551616", 400, &["settle_timeout is at most"]),
        ("state", "\"opened\"", 400, &["state must be absent"]),
        ("state", "5", 400, &["state must be a string"]),
        ("colour", "5", 400, &["colour is not a known field"]),
        ("Balance", "5", 400, &["Balance is not a known field"]),
    ];
    let case = |(field, value, status, said): &(&str, &str, u16, &'static [&'static str])| {
        ("PUT", "/api/1/channels".to_owned(), open_body(field, value), *status, *said)
    };
    table.iter().map(case).collect()
}

fn bodies() -> Vec<Case> {
    let table: &[(&str, u16, &'static [&'static str])] = &[
        ("", 400, &["JSON payload is empty"]),
        (" ", 400, &["JSON payload is empty"]),
        ("{bad}", 400, &["not valid JSON", "line 1"]),
        ("{\"balance\": 5", 400, &["not valid JSON"]),
        ("{\"balance\": 5}}", 400, &["not valid JSON"]),
        ("{\"balance\": 05}", 400, &["not valid JSON"]),
        ("{\"balance\": NaN}", 400, &["not valid JSON"]),
        ("[]", 400, &["must be a JSON object"]),
        ("null", 400, &["must be a JSON object"]),
        ("5", 400, &["must be a JSON object"]),
        ("\"{}\"", 400, &["must be a JSON object"]),
    ];
    let paths = [
        ("PUT", "/api/1/channels".to_owned()),
        ("PATCH", format!("/api/1/channels/{}", no_channel())),
        ("POST", format!("/api/1/transfers/{}/{}", token(), partner())),
    ];
    let case = |(method, path): &(&'static str, String)| {
        let (method, path) = (*method, path.clone());
        table
            .iter()
            .map(move |(body, status, said)| (method, path.clone(), (*body).into(), *status, *said))
    };
    paths.iter().flat_map(case).collect()
}

fn changing(channel: &str) -> Vec<Case> {
    let path = format!("/api/1/channels/{channel}");
    let above = format!("{{\"balance\": {}}}", above_max());
    let table: &[(&str, u16, &'static [&'static str])] = &[
        ("{}", 400, &["nothing to do", "balance", "state"]),
        (r#"{"balance": 0}"#, 400, &["nothing to do", "at least 1"]),
        (r#"{"balance": null}"#, 400, &["nothing to do"]),
        (r#"{"balance": -5}"#, 400, &["balance must not be negative"]),
        (r#"{"balance": "5"}"#, 400, &["balance must be an integer, not a string"]),
        (r#"{"balance": 0.5}"#, 400, &["balance must be an integer"]),
        (&above, 400, &["balance is at most 2^256-1"]),
        (r#"{"balance": 701}"#, 402, &["balance: insufficient tokens", "700", "701"]),
        (r#"{"balance": 5, "state": "closed"}"#, 409, &["balance and state"]),
        (r#"{"state": "opened"}"#, 400, &["state must be \"closed\" or \"settled\""]),
        (r#"{"state": "CLOSED"}"#, 400, &["state must be"]),
        (r#"{"state": true}"#, 400, &["state must be a string"]),
        (r#"{"state": ""}"#, 400, &["nothing to do"]),
        (r#"{"state": "settled"}"#, 409, &["state: ", "still open"]),
        (r#"{"balance": 5, "balance": 5}"#, 400, &["balance is given twice"]),
        (r#"{"balance": 5, "fee": 1}"#, 400, &["fee is not a known field"]),
    ];
    let mut cases: Vec<Case> = table
        .iter()
        .map(|(body, status, said)| ("PATCH", path.clone(), (*body).into(), *status, *said))
        .collect();
    let unknown = format!("/api/1/channels/{}", no_channel());
    let close = r#"{"state": "closed"}"#;
    let deposit = r#"{"balance": 1}"#;
    let settle = r#"{"state": "settled"}"#;
    for body in [close, deposit, settle] {
        let said: &[&str] = &["channel_address: ", "does not exist"];
        cases.push(("PATCH", unknown.clone(), body.into(), 409, said));
        let said: &[&str] = &["channel_address must be an address"];
        cases.push(("PATCH", "/api/1/channels/0x12".into(), body.into(), 400, said));
    }
    cases
}

fn paying() -> Vec<Case> {
    let path = format!("/api/1/transfers/{}/{}", token(), partner());
    let above = format!("{{\"amount\": {}}}", above_max());
    let max = format!("{{\"amount\": {}}}", TokenAmount::MAX);
    let with_fee = format!("{{\"amount\": {}, \"fee\": 1}}", TokenAmount::MAX);
    let table: &[(&str, u16, &'static [&'static str])] = &[
        ("{}", 400, &["amount is missing"]),
        (r#"{"amount": null}"#, 400, &["amount must be an integer, not null"]),
        (r#"{"amount": 0}"#, 400, &["amount must be at least 1"]),
        (r#"{"amount": -1}"#, 400, &["amount must not be negative"]),
        (r#"{"amount": "5"}"#, 400, &["amount must be an integer, not a string"]),
        (r#"{"amount": 5.0}"#, 400, &["amount must be an integer"]),
        (r#"{"amount": 5e0}"#, 400, &["amount must be an integer"]),
        (r#"{"amount": {}}"#, 400, &["amount must be an integer, not an object"]),
        (&above, 400, &["amount is at most 2^256-1"]),
        (&max, 409, &["no available route"]),
        (&with_fee, 400, &["fee"]),
        (r#"{"amount": 301}"#, 409, &["no available route"]),
        (r#"{"amount": 5, "fee": -1}"#, 400, &["fee must not be negative"]),
        (r#"{"amount": 5, "fee": "1"}"#, 400, &["fee must be an integer"]),
        (r#"{"amount": 5, "identifier": -1}"#, 400, &["identifier must not be negative"]),
        (
            r#"{"amount": 5, "identifier": 18446744073709551616}"#,
            400,
            &["identifier is at most 18446744073709551615"],
        ),
        (r#"{"amount": 5, "identifier": "7"}"#, 400, &["identifier must be an integer"]),
        (r#"{"amount": 5, "is_direct": 1}"#, 400, &["is_direct must be true or false"]),
        (r#"{"amount": 5, "AMOUNT": 5}"#, 400, &["AMOUNT is not a known field"]),
    ];
    let mut cases: Vec<Case> = table
        .iter()
        .map(|(body, status, said)| ("POST", path.clone(), (*body).into(), *status, *said))
        .collect();
    let to = |token: &str, target: &str| format!("/api/1/transfers/{token}/{target}");
    let (token, partner, own) = (token().to_string(), partner().to_string(), own().to_string());
    let stranger = no_channel().to_string();
    let five = r#"{"amount": 5}"#;
    let direct = r#"{"amount": 5, "is_direct": true}"#;
    let paths: [(String, &str, u16, &'static [&'static str]); 6] = [
        (to(&token, &own), five, 409, &["target_address: ", "own address"]),
        (to(&stranger, &partner), five, 409, &["token_address: ", "is not registered"]),
        (to(&token, &stranger), five, 409, &["no available route"]),
        (to(&token, &stranger), direct, 409, &["is_direct: no direct channel"]),
        (to("0x1", &partner), five, 400, &["token_address must be an address"]),
        (to(&token, "%F0%9F"), five, 400, &["path must be text"]),
    ];
    cases.extend(paths.map(|(path, body, status, said)| ("POST", path, body.into(), status, said)));
    cases
}

fn asking(channel: &str) -> Vec<Case> {
    let (token, unknown) = (token().to_string(), no_channel().to_string());
    let table: Vec<(String, u16, &'static [&'static str])> = vec![
        ("/api/1/tokens/xyz/partners".into(), 400, &["token_address must be an address"]),
        (format!("/api/1/tokens/{unknown}/partners"), 404, &["token_address: "]),
        ("/api/1/channels/xyz".into(), 400, &["channel_address must be an address"]),
        (format!("/api/1/channels/{unknown}"), 404, &["channel_address: ", "does not exist"]),
        (format!("/api/1/events/tokens/{unknown}"), 404, &["token_address: "]),
        ("/api/1/events/tokens/0x".into(), 400, &["token_address must be an address"]),
        (format!("/api/1/events/channels/{unknown}"), 404, &["channel_address: "]),
        ("/api/1/events/channels/5".into(), 400, &["channel_address must be an address"]),
        (
            format!("/api/1/events/channels/{channel}?from_block=x"),
            400,
            &["from_block must be a whole number"],
        ),
        (
            format!("/api/1/events/tokens/{token}?to_block=-1"),
            400,
            &["to_block must be a whole number"],
        ),
        ("/api/1/events/network?from_block=".into(), 400, &["from_block must be"]),
        ("/api/1/events/network?from_block=1&from_block=2".into(), 400, &["from_block is given"]),
        ("/api/1/events/network?fromblock=1".into(), 400, &["fromblock is not a known field"]),
        ("/api/1/events/network?limit=0".into(), 400, &["limit must be at least 1"]),
        ("/api/1/channels?limit=10001".into(), 400, &["limit is at most 10000"]),
        ("/api/1/tokens?cursor=xyz".into(), 400, &["cursor must be"]),
        (format!("/api/1/debug/balance/{token}/0x1"), 400, &["address must be an address"]),
        (format!("/api/1/debug/balance/{unknown}/{token}"), 409, &["token_address: ", "no ERC-20"]),
        (format!("/api/1/debug/transfer/{token}/{token}/x"), 400, &["value must be an integer"]),
        (format!("/api/1/debug/transfer/{token}/{token}/-1"), 400, &["value must be an integer"]),
        (format!("/api/1/debug/transfer/{token}/{token}/0"), 400, &["value must be at least 1"]),
        (
            format!("/api/1/debug/transfer/{token}/{token}/{}", above_max()),
            400,
            &["value is at most 2^256-1"],
        ),
        (
            format!("/api/1/debug/transfer/{token}/{token}/701"),
            402,
            &["value: insufficient tokens", "700"],
        ),
        (
            format!("/api/1/debug/transfer/{unknown}/{token}/1"),
            409,
            &["token_address: ", "no ERC-20 token"],
        ),
        ("/api/1/nothing".into(), 404, &["Resource not found"]),
        ("/api/1/channels/".into(), 404, &["Resource not found"]),
        ("/api/2/channels".into(), 404, &["Resource not found"]),
    ];
    let case = |(path, status, said)| ("GET", path, String::new(), status, said);
    table.into_iter().map(case).collect()
}

fn others() -> Vec<Case> {
    let register = |token: &str| format!("/api/1/tokens/{token}");
    let peers = "/api/1/updatenodes".to_owned();
    let peer = |field: &str| format!("[{{\"address\": \"{}\", {field}}}]", partner());
    let none = String::new;
    vec![
        ("PUT", register("xyz"), none(), 400, &["token_address must be an address"]),
        ("PUT", register(&token().to_string()), none(), 409, &["already registered"]),
        ("PUT", register(&no_channel().to_string()), none(), 409, &["no ERC-20 token"]),
        ("POST", peers.clone(), "{}".into(), 400, &["must be a JSON list"]),
        ("POST", peers.clone(), "[5]".into(), 400, &["must be a JSON list of objects"]),
        ("POST", peers.clone(), "[{}]".into(), 400, &["[0].address is missing"]),
        (
            "POST",
            peers.clone(),
            peer("\"ip_port\": \"host\""),
            400,
            &["[0].ip_port must be host:p"],
        ),
        ("POST", peers.clone(), peer("\"ip_port\": \"h:0\""), 400, &["[0].ip_port must be"]),
        ("POST", peers, peer("\"ip_port\": \"h:1\", \"x\": 1"), 400, &["[0].x is not a known"]),
        ("DELETE", "/api/1/channels".into(), none(), 405, &["Method not allowed"]),
        ("OPTIONS", "/api/1/channels".into(), none(), 405, &["Method not allowed"]),
        ("POST", "/api/1/address".into(), none(), 405, &["Method not allowed"]),
    ]
}

/// What a client can see of the node, to prove that nothing changed.
async fn state(client: &Client, channel: &str) -> Vec<String> {
    let mut state = Vec::new();
    for path in [
        "/api/1/tokens".to_owned(),
        "/api/1/channels".to_owned(),
        format!("/api/1/events/channels/{channel}"),
        format!("/api/1/debug/balance/{}/{}", token(), own()),
    ] {
        state.push(client.get(&path).await.text);
    }
    state
}

#[tokio::test]
async fn bad_input_gets_its_status_names_the_field_and_changes_nothing() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let before = state(&client, &channel).await;
    let cases =
        [opening(), bodies(), changing(&channel), paying(), asking(&channel), others()].concat();
    for (method, path, body, status, said) in cases {
        let reply = client.call(method, &path, &body).await;
        let case = format!("{method} {path} {body} -> {}", reply.text);
        assert_eq!(reply.status, status, "{case}");
        let error = reply.error();
        for words in said {
            assert!(error.contains(words), "{words:?} is not in {case}");
        }
    }
    assert_eq!(state(&client, &channel).await, before);
}

/// Goal: what only makes sense in order: opening twice, closing twice, settling early, late, twice.
#[tokio::test]
async fn repeated_and_early_requests_are_refused() {
    let client = Client::new(Compat::Document);
    let channel = open(&client).await;
    let path = format!("/api/1/channels/{channel}");
    let same = open_body("partner_address", &format!("\"{}\"", partner()));
    let again = client.call("PUT", "/api/1/channels", &same).await;
    assert_eq!(again.status, 409);
    assert!(again.error().starts_with("partner_address: channel "), "{}", again.text);

    let pay = format!("/api/1/transfers/{}/{}", token(), partner());
    let _ = client.call("POST", &pay, r#"{"amount": 5, "identifier": 1}"#).await;
    let other = client.call("POST", &pay, r#"{"amount": 6, "identifier": 1}"#).await;
    assert_eq!(other.status, 409);
    assert!(other.error().starts_with("identifier 1 belongs"), "{}", other.text);

    let patch = async |body: &str| client.call("PATCH", &path, body).await;
    assert_eq!(patch(r#"{"state": "closed"}"#).await.status, 200);
    for (body, words) in [
        (r#"{"state": "closed"}"#, "state: channel"),
        (r#"{"state": "settled"}"#, "can be settled after block"),
        (r#"{"balance": 1}"#, "balance: channel"),
    ] {
        let reply = patch(body).await;
        assert_eq!(reply.status, 409, "{body}");
        assert!(reply.error().contains(words), "{}", reply.text);
    }
    for _ in 0..100 {
        let _ = client.get("/api/1/tokens").await;
    }
    assert_eq!(patch(r#"{"state": "settled"}"#).await.status, 200);
    for body in [r#"{"state": "settled"}"#, r#"{"state": "closed"}"#, r#"{"balance": 1}"#] {
        let reply = patch(body).await;
        assert_eq!(reply.status, 409, "{body}");
        assert!(reply.error().contains("already settled"), "{}", reply.text);
    }
}

#[tokio::test]
async fn bodies_of_the_wrong_kind_or_size_are_refused() {
    let client = Client::new(Compat::Document);
    let mut form = request("PUT", "/api/1/channels", "{}");
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    form.headers_mut().insert("content-type", kind);
    let reply = client.send(form).await;
    assert_eq!(reply.status, 415);
    assert_eq!(reply.error(), "Bad Content-Type or charset, expected 'application/json'");

    let long = format!("{{\"amount\": {}}}", "1".repeat(tally_http::BODY_BYTES_MAX));
    let path = format!("/api/1/transfers/{}/{}", token(), partner());
    let reply = client.call("POST", &path, &long).await;
    assert_eq!(reply.status, 413);
    assert!(reply.error().contains("262144 bytes"));

    // Deep nesting must not exhaust the stack.
    let deep = format!("{{\"amount\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(client.call("POST", &path, &deep).await.status, 400);
}
