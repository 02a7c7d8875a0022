//! What strangers and broken clients send.

use crate::world::{World, user};
use axum::http::Method;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use tokio::runtime::Builder;

const TAILS: [&str; 8] = [
    "apip1/v1/signIn",
    "apip0/v1/signInEcc",
    "apip1/v1/general",
    "apip4/v1/protocolSearch",
    "apip6/v1/serviceByIds",
    "apip3/v1/fidCidSeek",
    "apip0/v1/totals",
    "ping",
];

/// Texts that a body may have in place of a good one: JSON of any shape, cut and changed.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        "\\PC{0,12}".prop_map(|value| json!(value)),
        select(vec!["op", "service", "rate", "1.5", "desc", "tRate"]).prop_map(|word| json!(word)),
    ];
    let names = select(vec![
        "url", "time", "nonce", "pubKey", "mode", "fcdsl", "ids", "query", "filter", "except",
        "terms", "part", "match", "range", "exists", "fields", "values", "value", "size", "sort",
        "after", "index", "field", "order", "gt", "lte",
    ]);
    let value = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| json!(items)),
            vec((names.clone(), inner), 0..6).prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
                serde_json::Value::Object(members.collect())
            }),
        ]
    });
    let text = value.prop_map(|value| value.to_string().into_bytes());
    let changed = (text.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut text, at, byte)| {
            let at = at.index(text.len());
            text[at] = byte;
            text
        },
    );
    prop_oneof![4 => text, 1 => changed, 1 => vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    /// Goal: whatever is sent, with a good signature or none, has one answer of status 200 whose code
    /// is in body and header; no success is unsigned, and a balance changes by whole prices only.
    #[test]
    fn every_request_has_an_answer(
        asked in vec((select(TAILS.to_vec()), bodies(), any::<bool>()), 1..12),
    ) {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let world = World::new().await;
            world.give(&user(), 100_000_000).await;
            let session = world.sign_in(&user()).await;
            for (tail, body, is_wrapped) in asked {
                // Half of the bodies stand as the query of a request that is good besides.
                let body = if is_wrapped {
                    let mut good = world.body(tail);
                    good["fcdsl"] = serde_json::from_slice(&body).unwrap_or(json!({}));
                    good.to_string().into_bytes()
                } else {
                    body
                };
                let (name, sign) = (
                    session.name(),
                    tally_crypto::fch::sym_sign(&body, &session.key),
                );
                let path = format!("/APIP/{tail}");
                for headers in [
                    vec![],
                    vec![("sessionname", name.as_str()), ("sign", "00")],
                    vec![("sessionname", name.as_str()), ("sign", sign.as_str()), ("fid", "F")],
                ] {
                    let before = world.balance(&user()).await;
                    let reply = world.send(Method::POST, &path, &headers, body.clone()).await;
                    let code = reply.code();
                    assert!(code != 1020, "{}", reply.text());
                    let paid = before - world.balance(&user()).await;
                    assert!(paid == 0 || paid == crate::world::PRICE, "{paid}");
                    if headers.len() < 3 {
                        assert!(code != 0 && paid == 0 && !reply.is_signed(), "{}", reply.text());
                    } else if code == 0 && tail != "ping" {
                        assert!(reply.is_signed_by(&session) && paid > 0, "{}", reply.text());
                    }
                }
            }
        });
    }
}
