//! How nodes find each other, and what a mediator asks for.

use crate::support::{Network, network::introduce};
use serde_json::json;

/// Goal: nodes that publish where they listen find each other by the chain alone. Method: nobody is
/// told anything; and one of them changes its address, which the other learns while it runs.
#[test]
fn published_addresses_are_found() {
    let net = Network::start(2);
    // A first start finds free ports.
    let publish = |number: u8| {
        let mut node = net.daemon(number);
        node.terminate();
        let address = node.peers_at().to_owned();
        node.reconfigured(|settings| settings.with("--publish-address", &address))
    };
    let [first, mut second] = [1, 2].map(publish);
    let (first, token) = (first.start_again(), net.token());
    second = second.start_again();
    let channel = net.channel((&first, 100), (&second, 0));
    first.sees_peers(1);
    second.sees_peers(1);
    first.pay(&token, &second, &json!({ "amount": 1 })).expect(200);

    second.terminate();
    let moved = second.reconfigured(|settings| {
        let settings = settings.with("--listen-address", "127.0.0.1:0");
        settings.without("--publish-address")
    });
    let mut moved = moved.start_again();
    let address = moved.peers_at().to_owned();
    moved.terminate();
    let moved = moved.reconfigured(|settings| settings.with("--publish-address", &address));
    let moved = moved.start_again();
    moved.sees_peers(1);
    first.sees_peers(1);
    first.pay(&token, &moved, &json!({ "amount": 2 })).expect(200);
    moved.sees_balances(&channel, 3, 97);
}

/// Goal: a mediator gets its fee, and no transfer that does not offer it. Method: one mediator that
/// charges, and payments with and without a fee.
#[test]
fn a_mediator_s_fee_is_paid() {
    let net = Network::start(3);
    let nodes = [
        net.daemon(1),
        net.settings(2).with("--mediation-fee", "4").start(),
        net.settings(3).with("--ignore-mediatednode-request", "").start(),
    ];
    introduce(&nodes.each_ref());
    let [payer, mediator, target] = &nodes;
    let near = net.channel((payer, 100), (mediator, 0));
    let far = net.channel((mediator, 100), (target, 0));
    for (node, peers) in nodes.iter().zip([1, 2, 1]) {
        node.sees_peers(peers);
        node.sees_block(net.chain.height());
    }
    let token = net.token();
    payer.pay(&token, target, &json!({ "amount": 10 })).refused(409, "route");
    payer.pay(&token, target, &json!({ "amount": 10, "fee": 3 })).refused(409, "route");
    payer.sees_balances(&near, 100, 0);
    let receipt = payer.pay(&token, target, &json!({ "amount": 10, "fee": 4 })).expect(200);
    assert_eq!((&receipt["amount"], &receipt["fee"]), (&json!(10), &json!(4)));
    payer.sees_balances(&near, 86, 14);
    mediator.sees_balances(&near, 14, 86);
    mediator.sees_balances(&far, 90, 10);
    target.sees_balances(&far, 10, 90);
}
