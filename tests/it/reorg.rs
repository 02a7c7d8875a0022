//! The chain takes back what it said.

use crate::support::{Daemon, Network, eventually};
use serde_json::json;

/// Goal: an opening that a reorganisation undoes is undone in the nodes, and nothing can be paid
/// with it; mined again it is the same channel with the same balances. Method: anvil replaces the
/// block of the opening by an empty one, and later gets the transaction again.
#[test]
fn an_undone_opening_comes_back() {
    let net = Network::start(2);
    let [first, second] = net.daemons::<2>();
    let token = net.token();
    // A block of its own, so that the opening's block holds nothing else.
    net.chain.mine(1);
    let channel = net.channel((&first, 500), (&second, 0));
    first.sees_peers(1);
    second.sees_peers(1);
    first.pay(&token, &second, &json!({ "amount": 100 })).expect(200);
    second.sees_balances(&channel, 100, 400);
    let opened_at = first.channel(&channel)["opened_block"].as_u64().unwrap();
    let transactions = net.chain.transactions_of(opened_at);

    net.chain.undo_from(opened_at);
    // The nodes look when there is something new; and here the chain goes on.
    net.chain.mine(1);
    for node in [&first, &second] {
        forgets(node, &channel);
        let events = node.api().get(&format!("/api/1/events/tokens/{token}")).expect(200);
        assert_eq!(events, json!([]));
        let partners = node.api().get(&format!("/api/1/tokens/{token}/partners")).expect(200);
        assert_eq!(partners, json!([]));
    }
    first.pay(&token, &second, &json!({ "amount": 1 })).refused(409, "no available route");
    second.pay(&token, &first, &json!({ "amount": 1 })).refused(409, "no available route");
    first.deposit(&channel, 1).refused(409, "channel_address");
    first.close(&channel).refused(409, "channel_address");
    assert_eq!(first.holdings(&token, &first.address()), 10_000, "the deposit is back");

    net.chain.mine(2);
    for transaction in &transactions {
        net.chain.send_again(transaction);
    }
    let again = first.sees_channel(&channel, |seen| seen["deposit"] == 500);
    let reopened_at = again["opened_block"].as_u64().unwrap();
    assert!(reopened_at > opened_at, "{again}");
    first.sees_balances(&channel, 400, 100);
    second.sees_balances(&channel, 100, 400);
    let events = first.channel_events(&channel, "");
    let deposits: Vec<_> =
        events.iter().filter(|event| event["event_type"] == "ChannelNewBalance").collect();
    assert_eq!(deposits.len(), 1, "{events:?}");
    assert_eq!(deposits[0]["block_number"], reopened_at);

    second.pay(&token, &first, &json!({ "amount": 100 })).expect(200);
    first.sees_balances(&channel, 500, 0);
    first.pay(&token, &second, &json!({ "amount": 500 })).expect(200);
    second.sees_balances(&channel, 500, 0);
}

/// Goal: a deposit that a reorganisation undoes can not be spent, and what was spent of it before is
/// neither lost nor a fault when it comes back. Method: as above, with a payment in between.
#[test]
fn an_undone_deposit_comes_back() {
    let net = Network::start(2);
    let [first, second] = net.daemons::<2>();
    let token = net.token();
    let channel = net.channel((&first, 100), (&second, 0));
    first.sees_peers(1);
    second.sees_peers(1);
    let before = net.chain.height();
    second.deposit(&channel, 300).expect(200);
    first.sees_channel(&channel, |seen| seen["partner_deposit"] == 300);
    let deposited_at = net.chain.height();
    // The allowance and the deposit may be two transactions.
    let transactions: Vec<String> =
        (before + 1..=deposited_at).flat_map(|block| net.chain.transactions_of(block)).collect();
    second.pay(&token, &first, &json!({ "amount": 120 })).expect(200);
    first.sees_balances(&channel, 220, 180);

    net.chain.undo_from(before + 1);
    net.chain.mine(1);
    first.sees_channel(&channel, |seen| seen["partner_deposit"] == 0);
    second.sees_channel(&channel, |seen| seen["deposit"] == 0);
    for node in [&first, &second] {
        let events = node.channel_events(&channel, "");
        let deposits = events.iter().filter(|event| event["event_type"] == "ChannelNewBalance");
        assert_eq!(deposits.count(), 1, "{events:?}");
    }
    second.pay(&token, &first, &json!({ "amount": 1 })).refused(409, "no available route");
    // The first node may still give back to the second what it got of it, but no more.
    first.pay(&token, &second, &json!({ "amount": 221 })).refused(409, "no available route");

    for transaction in &transactions {
        net.chain.send_again(transaction);
    }
    first.sees_balances(&channel, 220, 180);
    second.sees_balances(&channel, 180, 220);
    second.pay(&token, &first, &json!({ "amount": 180 })).expect(200);
    first.sees_balances(&channel, 400, 0);
    first.pay(&token, &second, &json!({ "amount": 400 })).expect(200);
    second.sees_balances(&channel, 400, 0);
}

/// Goal: with confirmations, a reorganisation above them is not even noticed. Method: an opening is
/// undone and mined again before its block is deep enough.
#[test]
fn what_is_not_confirmed_is_not_believed() {
    let net = Network::start(2);
    // Deep enough for the token's registration to be believed.
    net.chain.mine(3);
    let node = net.settings(1).with("--confirmations", "3").with("--reveal-timeout", "6").start();
    let before = net.chain.height();
    let (token, partner) = (net.token(), format!("0x{}", "77".repeat(20)));
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| node.open_with(&token, &partner, 10));
        eventually("the opening's block", || {
            let height = net.chain.height();
            if height > before { Ok(()) } else { Err(format!("block {height}")) }
        });
        let channels = || node.api().get("/api/1/channels").expect(200);
        assert_eq!(channels(), json!([]), "nothing lies above the block yet");
        let transactions = net.chain.transactions_of(before + 1);
        net.chain.undo_from(before + 1);
        net.chain.mine(1);
        node.sees_block(net.chain.height());
        assert_eq!(channels(), json!([]));
        for transaction in &transactions {
            net.chain.send_again(transaction);
        }
        net.chain.mine(3);
        let opened = opening.join().unwrap().expect(201);
        assert_eq!(opened["balance"], 10);
    });
    let channels = node.api().get("/api/1/channels").expect(200);
    assert_eq!(channels.as_array().unwrap().len(), 1);
}

fn forgets(node: &Daemon, channel: &str) {
    eventually("the channel to be gone", || {
        let reply = node.api().get(&format!("/api/1/channels/{channel}"));
        if reply.status == 404 { Ok(()) } else { Err(reply.text) }
    });
    let channels = node.api().get("/api/1/channels").expect(200);
    assert_eq!(channels, json!([]));
}
