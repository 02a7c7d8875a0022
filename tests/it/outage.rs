//! The chain's server goes away, or stands still, and comes back.

use crate::support::{Network, eventually, network::introduce, proxy::Proxy};
use serde_json::json;
use std::thread;

/// Goal: a node that loses its chain's server misses nothing and counts nothing twice. Method: the
/// second node reaches anvil through a connection that is cut while the first opens and deposits.
#[test]
fn a_lost_connection_costs_only_time() {
    let net = Network::start(2);
    let proxy = Proxy::start(net.chain.anvil().address());
    let first = net.daemon(1);
    let url = format!("ws://{}", proxy.address());
    let second = net.settings(2).with("--eth-rpc-endpoint", &url).start();
    introduce(&[&first, &second]);
    let token = net.token();
    let early = net.channel((&first, 100), (&second, 50));
    first.sees_peers(1);
    second.sees_peers(1);

    proxy.cut();
    let seen_before = net.chain.height();
    first.deposit(&early, 30).expect(200);
    first.deposit(&early, 20).expect(200);
    net.chain.mine(5);
    // Payments need no chain.
    first.pay(&token, &second, &json!({ "amount": 10 })).expect(200);
    let unseen = second.sees_channel(&early, |seen| seen["balance"] == 60);
    assert_eq!(unseen["partner_deposit"], 100, "the new deposits are not known yet");
    let balance = format!("/api/1/debug/balance/{token}/{}", second.address());
    let reply = second.api().get(&balance);
    assert!(matches!(reply.status, 502 | 503), "{reply:?}");

    proxy.restore();
    second.sees_block(net.chain.height());
    second.sees_balances(&early, 60, 140);
    let range = format!("from_block={}", seen_before + 1);
    let totals: Vec<_> = second
        .channel_events(&early, &range)
        .into_iter()
        .filter(|event| event["event_type"] == "ChannelNewBalance")
        .map(|event| event["balance"].clone())
        .collect();
    assert_eq!(totals, [json!(130), json!(150)]);
    // The connection is a whole one again: transactions and news pass.
    second.deposit(&early, 7).expect(200);
    first.sees_balances(&early, 140, 67);
    let all = second.channel_events(&early, "");
    assert_eq!(all, unique(&all), "nothing is listed twice");
}

/// Goal: what was asked for while the server stood still is done once, when it goes on. Method:
/// anvil is stopped and continued by signals while a deposit waits.
#[test]
fn a_server_that_stands_still_is_waited_for() {
    let net = Network::start(2);
    let [first, second] = net.daemons::<2>();
    let token = net.token();
    let channel = net.channel((&first, 100), (&second, 50));
    first.sees_peers(1);
    second.sees_peers(1);

    net.chain.anvil().freeze();
    thread::scope(|scope| {
        let deposit = scope.spawn(|| second.deposit(&channel, 25));
        for identifier in 1..=3 {
            let body = json!({ "amount": 1, "identifier": identifier });
            first.pay(&token, &second, &body).expect(200);
        }
        second.sees_channel(&channel, |seen| seen["balance"] == 53);
        assert!(!deposit.is_finished(), "there is nobody to mine it");
        net.chain.anvil().thaw();
        assert_eq!(deposit.join().unwrap().expect(200)["balance"], 78);
    });
    first.sees_balances(&channel, 97, 78);
    assert_eq!(first.holdings(&token, &second.address()), 10_000 - 75);
    net.chain.mine(3);
    first.sees_block(net.chain.height());
    second.sees_block(net.chain.height());
}

/// Goal: a node that starts before its chain's server does waits for it. Method: it starts with the
/// connection cut, on the data of an earlier run.
#[test]
fn a_node_waits_for_its_server_at_the_start() {
    let net = Network::start(2);
    let proxy = Proxy::start(net.chain.anvil().address());
    let url = format!("ws://{}", proxy.address());
    let mut node = net.settings(1).with("--eth-rpc-endpoint", &url).start();
    let partner = format!("0x{}", "77".repeat(20));
    let opened = node.open_with(&net.token(), &partner, 10).expect(201);
    assert!(node.terminate().success());

    proxy.cut();
    net.chain.mine(5);
    let log = net.folder.path().join("daemon-1.log");
    let settings = node.settings().clone();
    drop(node);
    std::fs::remove_file(&log).unwrap();
    let node = thread::scope(|scope| {
        let starting = scope.spawn(|| settings.start());
        eventually("a warning", || {
            let written = std::fs::read_to_string(&log).unwrap_or_default();
            if written.contains("does not answer") { Ok(()) } else { Err(written) }
        });
        proxy.restore();
        starting.join().unwrap()
    });
    node.sees_block(net.chain.height());
    let channel = opened["channel_address"].as_str().unwrap();
    node.sees_balances(channel, 10, 0);
}

fn unique(events: &[serde_json::Value]) -> Vec<serde_json::Value> {
    let mut found: Vec<serde_json::Value> = vec![];
    for event in events {
        if !found.contains(event) {
            found.push(event.clone());
        }
    }
    found
}
