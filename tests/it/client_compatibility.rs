//! Clients written against the users' document find every field where they look for it.

use crate::support::{Client, Daemon, Network, daemon::REVEAL_TIMEOUT};
use serde_json::{Value, json};

/// The document's own: more than a signed number or a float holds.
const IDENTIFIER: u64 = 14_909_067_296_492_875_713;

/// Keys of a channel: those of the document, and those of the original besides.
const CHANNEL: [&str; 10] = [
    "balance",
    "channel_address",
    "locked_amount",
    "partner_address",
    "partner_balance",
    "partner_locked_amount",
    "reveal_timeout",
    "settle_timeout",
    "state",
    "token_address",
];

/// Goal: requests as the document writes them, to the letter, are answered as it says. Method: its
/// scenes one after the other, with this chain's addresses in lower case as it has them, compared
/// field by field.
#[test]
fn the_document_s_requests_are_answered_as_it_says() {
    let net = Network::with_unregistered_token(2);
    let [node, partner] = net.daemons::<2>();
    let api = node.api();
    let token = net.token();
    let low_token = token.to_lowercase();
    assert_eq!(api.get("/api/1/address").expect(200), json!({ "our_address": node.address() }));
    register(api, &token);

    let body = json!({
        "partner_address": partner.address().to_lowercase(),
        "token_address": low_token,
        "balance": 1337,
        "settle_timeout": 600
    });
    let opened = api.put("/api/1/channels", &body).expect(201);
    is_address(&opened["channel_address"]);
    let channel = opened["channel_address"].as_str().unwrap().to_owned();
    let as_opened = |balance: u64, state: &str| {
        json!({
            "channel_address": channel,
            "partner_address": partner.address(),
            "token_address": token,
            "balance": balance,
            "partner_balance": 0,
            "locked_amount": 0,
            "partner_locked_amount": 0,
            "state": state,
            "settle_timeout": 600,
            "reveal_timeout": REVEAL_TIMEOUT,
        })
    };
    assert_eq!(opened, as_opened(1337, "opened"));
    assert_eq!(keys(&opened), CHANNEL);
    assert_eq!(api.get("/api/1/channels").expect(200), json!([opened]));

    let one = format!("/api/1/channels/{}", channel.to_lowercase());
    let deposited = api.patch(&one, &json!({ "balance": 63 })).expect(200);
    assert_eq!(deposited, as_opened(1400, "opened"), "a deposit is added");
    let detail = api.get(&one).expect(200);
    for (key, value) in deposited.as_object().unwrap() {
        assert_eq!(&detail[key], value, "{key}");
    }
    has_the_original_s_details(&detail);
    let partners = api.get(&format!("/api/1/tokens/{low_token}/partners")).expect(200);
    let link = format!("/api/1/channels/{channel}");
    assert_eq!(partners, json!([{ "partner_address": partner.address(), "channel": link }]));

    partner.sees_channel(&channel, |seen| seen["partner_balance"] == 1400);
    node.sees_peers(1);
    transfers(&node, &partner, &token);
    events(api, &low_token, &channel);
    chain_and_peers(api, &low_token);

    let closed = api.patch(&one, &json!({ "state": "closed" })).expect(200);
    let mut expected = as_opened(1200, "closed");
    expected["partner_balance"] = 200.into();
    assert_eq!(closed, expected);
    partner.sees_update(&channel);
    net.chain.mine(601);
    node.sees_block(net.chain.height());
    let settled = api.patch(&one, &json!({ "state": "settled" })).expect(200);
    let mut expected = as_opened(0, "settled");
    expected["payout"] = 1200.into();
    expected["partner_payout"] = 200.into();
    assert_eq!(settled, expected);
}

fn register(api: &Client, token: &str) {
    assert_eq!(api.get("/api/1/tokens").expect(200), json!([]));
    let path = format!("/api/1/tokens/{}", token.to_lowercase());
    let registered = api.send("PUT", &path, None).unwrap().expect(201);
    assert_eq!(keys(&registered), ["channel_manager_address"]);
    is_address(&registered["channel_manager_address"]);
    assert_eq!(api.get("/api/1/tokens").expect(200), json!([token]));
}

fn transfers(node: &Daemon, partner: &Daemon, token: &str) {
    let (low_token, target) = (token.to_lowercase(), partner.address().to_lowercase());
    let path = format!("/api/1/transfers/{low_token}/{target}");
    let body = json!({ "amount": 200, "identifier": IDENTIFIER });
    let expected = json!({
        "initiator_address": node.address(),
        "target_address": partner.address(),
        "token_address": token,
        "amount": 200,
        "identifier": IDENTIFIER,
        "fee": 0,
        "is_direct": false,
    });
    assert_eq!(node.api().post(&path, &body).expect(200), expected);
    let failed = node.api().post(&path, &json!({ "amount": 9999 })).expect(409);
    assert_eq!(failed, json!({ "Error": "no available route" }));
}

fn has_the_original_s_details(detail: &Value) {
    for key in ["ClosedBlock", "SettledBlock"] {
        assert_eq!(detail[key], 0, "{key}");
    }
    for key in [
        "OurUnkownSecretLocks",
        "OurKnownSecretLocks",
        "PartnerUnkownSecretLocks",
        "PartnerKnownSecretLocks",
    ] {
        assert_eq!(detail[key], json!({}), "{key}");
    }
    for key in ["OurLeaves", "PartnerLeaves"] {
        assert_eq!(detail[key], json!([]), "{key}");
    }
    for key in ["OurBalanceProof", "PartnerBalanceProof", "Signature"] {
        assert!(detail.get(key).is_some_and(Value::is_null), "{key}");
    }
}

fn events(api: &Client, token: &str, channel: &str) {
    let network = api.get("/api/1/events/network?from_block=0").expect(200);
    let wanted = ["block_number", "channel_manager_address", "event_type", "token_address"];
    assert_eq!(keys(&network[0]), wanted);
    let openings = api.get(&format!("/api/1/events/tokens/{token}?from_block=0")).expect(200);
    let wanted = [
        "block_number",
        "event_type",
        "netting_channel",
        "participant1",
        "participant2",
        "settle_timeout",
        "token_address",
    ];
    assert_eq!(keys(&openings[0]), wanted);
    assert_eq!(openings[0]["settle_timeout"], 600);
    let path = format!("/api/1/events/channels/{}?from_block=1", channel.to_lowercase());
    let events = api.get(&path).expect(200);
    let types: Vec<&Value> =
        events.as_array().unwrap().iter().map(|event| &event["event_type"]).collect();
    let wanted = ["ChannelNewBalance", "ChannelNewBalance", "EventTransferSentSuccess"];
    assert_eq!(types, wanted);
    assert_eq!(keys(&events[0]), ["balance", "block_number", "event_type", "participant"]);
    let wanted = ["amount", "block_number", "event_type", "identifier", "target"];
    assert_eq!(keys(&events[2]), wanted);
    assert_eq!(events[2]["identifier"], IDENTIFIER);
}

fn chain_and_peers(api: &Client, token: &str) {
    let stranger = format!("0x{}", "77".repeat(20));
    let balance = format!("/api/1/debug/balance/{token}/{stranger}");
    assert_eq!(api.get(&balance).text.trim(), "0");
    let transfer = format!("/api/1/debug/transfer/{token}/{stranger}/45");
    assert_eq!(api.get(&transfer).expect(200), json!("ok"));
    assert_eq!(api.get(&balance).text.trim(), "45");
    let by_post = format!("/api/1/debug/transfer/{token}/{stranger}/0x10");
    assert_eq!(api.send("POST", &by_post, None).unwrap().expect(200), json!("ok"));
    assert_eq!(api.get(&balance).text.trim(), "61");
    let peers =
        json!([{ "address": stranger, "ip_port": "127.0.0.1:40001", "device_type": "mobile" }]);
    api.post("/api/1/updatenodes", &peers).expect_text(200, "ok");
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// An address with its checksum: its letters are in both cases.
fn is_address(value: &Value) {
    let text = value.as_str().unwrap();
    let digits = text.strip_prefix("0x").unwrap();
    assert_eq!(digits.len(), 40, "{text}");
    assert!(digits.chars().all(|digit| digit.is_ascii_hexdigit()), "{text}");
    assert_ne!(digits, digits.to_lowercase(), "{text}");
}
