//! A whole life: from a token nobody knows to balances on the chain again.

use crate::support::{Daemon, Network, chain::Chain, daemon::SETTLE_TIMEOUT, network};
use serde_json::{Value, json};

/// Goal: everything a user does in the life of a network works, and at its end everybody holds
/// exactly what is his. Method: five nodes in a row register, open, deposit, pay, are refused,
/// read the events, close and settle.
#[test]
fn from_registration_to_settlement() {
    let net = Network::with_unregistered_token(5);
    let nodes = net.daemons::<5>();
    let token = net.token();
    register(&nodes, &token);

    let [first, second, third, fourth, fifth] = &nodes;
    let channels = [
        net.channel((first, 1000), (second, 500)),
        net.channel((second, 800), (third, 400)),
        net.channel((third, 700), (fourth, 300)),
        net.channel((fourth, 600), (fifth, 0)),
    ];
    for (node, peers) in nodes.iter().zip([1, 2, 2, 2, 1]) {
        node.sees_peers(peers);
        node.sees_block(net.chain.height());
    }
    pay(&nodes, &token, &channels[3]);
    // Balances from both ends of each channel: what was paid, and what was only passed on.
    let balances = [(845, 655), (740, 460), (690, 310), (590, 10)];
    for (index, (channel, (left, right))) in channels.iter().zip(balances).enumerate() {
        nodes[index].sees_balances(channel, left, right);
        nodes[index + 1].sees_balances(channel, right, left);
    }
    are_refused(&nodes, &token);
    for (index, (channel, (left, right))) in channels.iter().zip(balances).enumerate() {
        nodes[index].sees_balances(channel, left, right);
        nodes[index + 1].sees_balances(channel, right, left);
    }
    events_of_network(first, &token);
    events_of_token(&nodes, &token, &channels);
    events_of_channel(&net.chain, &nodes, &channels[0]);

    settle_all(&net, &nodes, &channels, balances);
    for (node, expected) in nodes.iter().zip([9845, 10_095, 10_050, 10_000, 10_010]) {
        assert_eq!(first.holdings(&token, &node.address()), expected, "node {}", node.number());
    }
    for channel in &channels {
        assert_eq!(first.holdings(&token, channel), 0, "a settled channel holds nothing");
    }
    let partners = first.api().get(&format!("/api/1/tokens/{token}/partners")).expect(200);
    assert_eq!(partners, json!([]));
}

fn register(nodes: &[Daemon], token: &str) {
    let first = &nodes[0];
    assert_eq!(first.api().get("/api/1/tokens").expect(200), json!([]));
    first.open(token, &nodes[1], 1).refused(409, "token_address");
    let path = format!("/api/1/tokens/{token}");
    let registered = first.api().send("PUT", &path, None).unwrap().expect(201);
    assert!(registered["channel_manager_address"].is_string(), "{registered}");
    first.api().send("PUT", &path, None).unwrap().refused(409, "already registered");
    assert_eq!(first.api().get("/api/1/tokens").expect(200), json!([token]));
}

/// Direct, through one, through three and back; `last` is the channel of the fifth node.
fn pay(nodes: &[Daemon], token: &str, last: &str) {
    let [first, second, third, _, fifth] = nodes else { panic!("five nodes") };
    for (from, to, amount, identifier, is_direct) in [
        (first, second, 100, 1, true),
        (first, third, 50, 2, false),
        (first, fifth, 30, 3, false),
        (fifth, first, 20, 4, false),
        (second, first, 5, 5, false),
    ] {
        if from.number() == fifth.number() {
            // The payer of what it gives back was answered when the money had left.
            fifth.sees_balances(last, 30, 570);
        }
        let body = json!({ "amount": amount, "identifier": identifier, "is_direct": is_direct });
        let receipt = from.pay(token, to, &body).expect(200);
        let expected = json!({
            "initiator_address": from.address(),
            "target_address": to.address(),
            "token_address": token,
            "amount": amount,
            "identifier": identifier,
            "fee": 0,
            "is_direct": is_direct,
        });
        assert_eq!(receipt, expected);
        // The same again is the same payment, not another one.
        assert_eq!(from.pay(token, to, &body).expect(200), expected);
    }
}

fn are_refused(nodes: &[Daemon], token: &str) {
    let [first, second, third, _, fifth] = nodes else { panic!("five nodes") };
    let amount = |amount: u64| json!({ "amount": amount });
    // More than the payer has, more than somebody on the way has, and towards nobody.
    first.pay(token, second, &amount(846)).refused(409, "no available route");
    first.pay(token, fifth, &amount(741)).refused(409, "route");
    fifth.pay(token, third, &amount(11)).refused(409, "no available route");
    let stranger = format!("/api/1/transfers/{token}/0x{}", "12".repeat(20));
    first.api().post(&stranger, &amount(1)).refused(409, "no available route");
    let directly = json!({ "amount": 1, "is_direct": true });
    first.pay(token, third, &directly).refused(409, "no direct channel");
    let other_terms = json!({ "amount": 99, "identifier": 1, "is_direct": true });
    first.pay(token, second, &other_terms).refused(409, "identifier 1");
}

fn events_of_network(node: &Daemon, token: &str) {
    let events = node.api().get("/api/1/events/network").expect(200);
    let [event] = events.as_array().unwrap().as_slice() else { panic!("one event: {events}") };
    assert_eq!(event["event_type"], "TokenAdded");
    assert_eq!(event["token_address"], token);
    assert!(event["channel_manager_address"].is_string());
    let block = event["block_number"].as_u64().unwrap();
    for (range, count) in [
        (format!("from_block={block}&to_block={block}"), 1),
        (format!("from_block={}", block + 1), 0),
        (format!("to_block={}", block - 1), 0),
    ] {
        let events = node.api().get(&format!("/api/1/events/network?{range}")).expect(200);
        assert_eq!(events.as_array().unwrap().len(), count, "{range}");
    }
}

fn events_of_token(nodes: &[Daemon], token: &str, channels: &[String]) {
    // The last node sees the channels of others, too.
    let api = nodes[4].api();
    let path = format!("/api/1/events/tokens/{token}");
    let events = api.get(&path).expect(200);
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), channels.len());
    for (index, event) in events.iter().enumerate() {
        let expected = json!({
            "event_type": "ChannelNew",
            "token_address": token,
            "netting_channel": channels[index],
            "participant1": nodes[index].address(),
            "participant2": nodes[index + 1].address(),
            "settle_timeout": SETTLE_TIMEOUT,
            "block_number": event["block_number"],
        });
        assert_eq!(event, &expected);
    }
    let block = |index: usize| events[index]["block_number"].as_u64().unwrap();
    let middle = api.get(&format!("{path}?from_block={}&to_block={}", block(1), block(2)));
    assert_eq!(middle.expect(200), json!(events[1..3]));
}

fn events_of_channel(chain: &Chain, nodes: &[Daemon], channel: &str) {
    let [first, second, _, _, fifth] = nodes else { panic!("five nodes") };
    let deposits = [(first, 1000), (second, 500)];
    let paid = ["amount", "block_number", "event_type", "identifier", "target"];
    let received = ["amount", "block_number", "event_type", "identifier", "initiator"];
    for (node, sent, got) in [
        (
            first,
            vec![(1, 100, second), (2, 50, &nodes[2]), (3, 30, fifth)],
            vec![(4, 20, fifth), (5, 5, second)],
        ),
        (second, vec![(5, 5, first)], vec![(1, 100, first)]),
    ] {
        let all = node.channel_events(channel, "");
        let balances = of_type(&all, "ChannelNewBalance");
        for (event, (participant, balance)) in balances.iter().zip(deposits) {
            assert_eq!(event["participant"], participant.address());
            assert_eq!(event["balance"], balance);
        }
        assert_eq!(balances.len(), deposits.len());
        let sent = sent
            .into_iter()
            .map(|(identifier, amount, target)| json!([identifier, amount, target.address()]));
        let got = got.into_iter().map(|(identifier, amount, initiator)| {
            json!([identifier, amount, initiator.address()])
        });
        let short =
            |event: &Value, who: &str| json!([event["identifier"], event["amount"], event[who]]);
        let successes = of_type(&all, "EventTransferSentSuccess");
        assert!(successes.iter().all(|event| keys(event) == paid), "{successes:?}");
        let found: Vec<Value> = successes.iter().map(|event| short(event, "target")).collect();
        assert_eq!(found, sent.collect::<Vec<_>>());
        let arrivals = of_type(&all, "EventTransferReceivedSuccess");
        assert!(arrivals.iter().all(|event| keys(event) == received), "{arrivals:?}");
        let found: Vec<Value> = arrivals.iter().map(|event| short(event, "initiator")).collect();
        assert_eq!(found, got.collect::<Vec<_>>());

        let block = balances[1]["block_number"].as_u64().unwrap();
        let until_second = node.channel_events(channel, &format!("to_block={}", block - 1));
        assert_eq!(until_second, all[..1]);
        let from_second = node.channel_events(channel, &format!("from_block={block}"));
        assert_eq!(from_second, all[1..]);
        let beyond = format!("from_block={}", chain.height() + 1);
        assert!(node.channel_events(channel, &beyond).is_empty());
    }
}

fn of_type<'a>(events: &'a [Value], event_type: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event_type"] == event_type).collect()
}

fn keys(event: &Value) -> Vec<&str> {
    event.as_object().unwrap().keys().map(String::as_str).collect()
}

fn settle_all(net: &Network, nodes: &[Daemon], channels: &[String], balances: [(u64, u64); 4]) {
    // Each channel is closed from its left end and settled from its right end.
    for (node, channel) in nodes.iter().zip(channels) {
        let closed = node.close(channel).expect(200);
        assert_eq!(closed["state"], "closed");
    }
    let closer = nodes[0].channel(&channels[0]);
    let closed_at = closer["ClosedBlock"].as_u64().unwrap();
    nodes[1].sees_channel(&channels[0], |seen| seen["state"] == "closed");
    nodes[0].pay(&net.token(), &nodes[1], &json!({ "amount": 1 })).refused(409, "route");
    nodes[0].settle(&channels[0]).refused(409, "can be settled after block");

    for (node, channel) in nodes[1..].iter().zip(channels) {
        node.sees_update(channel);
    }
    // The last channel was closed last, and its window ends last.
    let last = nodes[3].channel(&channels[3]);
    net.chain.mine_to(last["ClosedBlock"].as_u64().unwrap() + SETTLE_TIMEOUT);
    for (index, (channel, (left, right))) in channels.iter().zip(balances).enumerate() {
        let node = &nodes[index + 1];
        node.sees_block(net.chain.height());
        let settled = node.settle(channel).expect(200);
        assert_eq!(settled["state"], "settled");
        assert_eq!(settled["balance"], 0);
        assert_eq!((&settled["payout"], &settled["partner_payout"]), (&json!(right), &json!(left)));
        nodes[index].sees_channel(channel, |seen| seen["state"] == "settled");
    }
    let events = nodes[0].channel_events(&channels[0], &format!("from_block={closed_at}"));
    let [closed] = of_type(&events, "ChannelClosed")[..] else { panic!("one: {events:?}") };
    assert_eq!(closed["closing_address"], nodes[0].address());
    assert_eq!(closed["netting_channel_address"], channels[0]);
    assert_eq!(closed["block_number"], closed_at);
    assert_eq!(of_type(&events, "ChannelSettled").len(), 1);
    assert_eq!(network::TOKENS_EACH, 10_000, "the expected balances begin with this");
}
