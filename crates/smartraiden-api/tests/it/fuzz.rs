//! Any method, path and body: an answer in shape, never a 500, never a panic.

use crate::{
    client::{Client, request},
    endpoints::open,
    tiny_node::{no_channel, own, partner, token},
};
use proptest::{collection::vec, prelude::*, sample::select};
use tally_smartraiden_api::Compat;

fn any_segment() -> impl Strategy<Value = String> {
    let words = [
        "api",
        "1",
        "2",
        "address",
        "tokens",
        "partners",
        "channels",
        "channel",
        "transfers",
        "events",
        "network",
        "debug",
        "balance",
        "transfer",
        "updatenodes",
        "payments",
        "pending_transfers",
        "querysenttransfer",
        "queryreceivedtransfer",
        "stream",
        "switch",
        "true",
        "7",
        "version",
        "ethstatus",
        "ethbalance",
        "%00",
        "%ff",
        "..",
        "healthz",
        "readyz",
        "metrics",
        "docs",
    ];
    let addresses = [
        token().to_string(),
        own().to_string(),
        no_channel().to_string(),
        partner().to_string().to_lowercase(),
    ];
    prop_oneof![
        4 => select(words.map(str::to_owned).to_vec()),
        4 => select(addresses.to_vec()),
        1 => "[a-zA-Z0-9%._~-]{0,50}".prop_filter("a valid path", |s| !s.contains('%')),
    ]
}

fn any_path() -> impl Strategy<Value = String> {
    let query = prop_oneof![
        3 => Just(String::new()),
        1 => "\\?(from_block|to_block|limit|cursor|role|state|since|token|async|after|x)=[a-z0-9&=%-]{0,25}",
    ];
    let api = vec(any_segment(), 1..6).prop_map(|parts| format!("/api/1/{}", parts.join("/")));
    let other = vec(any_segment(), 0..6).prop_map(|parts| format!("/{}", parts.join("/")));
    (prop_oneof![4 => api, 1 => other], query).prop_map(|(path, query)| path + &query)
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("JSON has finite numbers", |n| n.is_finite())
            .prop_map(|n| n.to_string()),
        "[1-9][0-9]{0,90}",
        "-?[0-9.eE+-]{1,12}",
        select(vec!["\"closed\"", "\"settled\"", "\"\"", "[]", "{}", "[[{}]]"])
            .prop_map(str::to_owned),
        Just(format!("\"{}\"", token())),
        Just(format!("\"{}\"", partner())),
        ".{0,10}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

fn any_object() -> impl Strategy<Value = String> {
    let names = select(vec![
        "amount",
        "balance",
        "state",
        "settle_timeout",
        "partner_address",
        "token_address",
        "fee",
        "identifier",
        "is_direct",
        "address",
        "ip_port",
        "device_type",
        "x",
    ]);
    vec((names, any_value()), 0..6).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(name, v)| format!("\"{name}\": {v}")).collect();
        format!("{{{}}}", fields.join(", "))
    })
}

fn any_body() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        4 => any_object(),
        1 => any_object().prop_map(|object| format!("[{object}]")),
        1 => any_value(),
        1 => ".{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Law: no input gives a 500, and every refusal has the error's shape.
    #[test]
    fn any_request_gets_a_sound_answer(
        method in select(vec!["GET", "PUT", "PATCH", "POST", "DELETE", "HEAD"]),
        path in any_path(),
        body in any_body(),
        upstream in any::<bool>(),
    ) {
        let compat = if upstream { Compat::Upstream } else { Compat::Document };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reply = runtime.block_on(async {
            let client = Client::new(compat);
            let _ = open(&client).await;
            client.send(request(method, &path, &body)).await
        });
        prop_assert!(
            matches!(reply.status, 200 | 201 | 202 | 400 | 402 | 404 | 405 | 409),
            "{} {} {} -> {} {}", method, path, body, reply.status, reply.text
        );
        if reply.status >= 400 && method != "HEAD" {
            prop_assert!(!reply.error().is_empty());
        }
    }
}
