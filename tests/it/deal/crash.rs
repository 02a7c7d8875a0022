//! Reorganisations, and `kill -9` at the moments that count.

use super::{
    party::{Party, Wording},
    server::{Server, Settings, now},
};
use crate::support::{bitcoind::Bitcoind, eventually, launch::host_of, proxy::Proxy};
use serde_json::{Value, json};

const COIN: u64 = 100_000_000;

fn address(deal: &Value) -> String {
    deal["payment"]["address"].as_str().unwrap().to_owned()
}

/// Adds blocks without transactions.
fn mine_empty(node: &Bitcoind, count: usize) {
    for _ in 0..count {
        let to = node.rpc("getnewaddress", json!([]));
        node.rpc("generateblock", json!([to, []]));
    }
}

/// Says that the site is content.
fn complete(server: &Server, wording: &Wording, address: &str) {
    let mut message = wording.about(address);
    message["feedback"]["status"] = "Positive".into();
    let answer = server.tell("/deal/complete", &message);
    assert!(answer.result().0, "{}", answer.text);
}

/// Goal: a payment that a reorganisation undoes does not count until it is in a block again, and a
/// payout that is undone is paid again and not twice. Method: the block of the payment is undone and
/// two empty ones take its place; later the same with the block of the payout.
#[test]
fn a_reorganisation_takes_the_payment_back() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let server = Settings::new(folder.path(), "server").on(&node).start();
    let wording = Wording::new(&seller.address, &customer.address, "0.5", now()).postpaid();
    let address = address(&server.create(&wording.message()));
    node.pay(&address, COIN / 2);
    let block = node.mine(1);
    server.reaches(&address, "Paid");
    node.undo(&block[0]);
    mine_empty(&node, 2);
    let undone = server.reaches(&address, "Created");
    assert_eq!(undone["receivedSat"], 0, "{undone}");
    node.mine(1);
    server.reaches(&address, "Paid");
    complete(&server, &wording, &address);
    let deal = server.reaches(&address, "Executed");
    let block = node.mine(1);
    let is_confirmed = |deal: &Value| deal["settlements"][0]["isConfirmed"] == true;
    server.sees(&address, "the payout", is_confirmed);
    node.undo(&block[0]);
    mine_empty(&node, 2);
    server.sees(&address, "the payout undone", |deal| !is_confirmed(deal));
    node.mine(1);
    let again = server.sees(&address, "the payout again", is_confirmed);
    assert_eq!(again["settlements"], server.deal(&address)["settlements"]);
    assert_eq!(again["settlements"][0]["txid"], deal["settlements"][0]["txid"]);
    assert_eq!(again["settlements"].as_array().unwrap().len(), 1);
    let fee = again["settlements"][0]["feeSat"].as_u64().unwrap();
    assert_eq!(seller.received(&node), COIN / 2 - fee);
    server.stop();
}

/// Goal: what was signed before a crash is sent after it, and nothing else. Method: the way to the node
/// is cut before the site is content, so that the payout is signed and cannot be sent; the server is
/// killed, twice; the way is free again; the transaction that was signed is the one that is in the
/// node's mempool and in the next block, and the only one.
#[test]
fn a_payout_that_was_signed_before_a_crash_is_the_one_that_is_sent() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let proxy = Proxy::start(host_of(&node.url()));
    let settings = Settings::new(folder.path(), "server");
    let settings = settings.on_url(&format!("http://{}", proxy.address()), &node);
    let server = settings.start();
    let wording = Wording::new(&seller.address, &customer.address, "0.5", now()).postpaid();
    let address = address(&server.create(&wording.message()));
    node.pay(&address, COIN / 2);
    node.mine(1);
    server.reaches(&address, "Paid");
    proxy.cut();
    complete(&server, &wording, &address);
    let is_signed = |deal: &Value| deal["settlements"][0]["txid"].is_string();
    let signed = server.sees(&address, "a signed payout", is_signed);
    let txid = signed["settlements"][0]["txid"].as_str().unwrap().to_owned();
    let server = server.kill().start();
    assert_eq!(server.deal(&address)["settlements"][0]["txid"], txid, "it was stored");
    assert_eq!(node.rpc("getrawmempool", json!([])), json!([]), "it was sent");
    let settings = server.kill();
    proxy.restore();
    let server = settings.start();
    eventually("the payout in the mempool", || {
        let waiting = node.rpc("getrawmempool", json!([]));
        if waiting == json!([txid]) { Ok(()) } else { Err(waiting.to_string()) }
    });
    // Once more between sending and hearing of the block.
    let server = server.kill().start();
    node.mine(1);
    let deal = server.sees(&address, "the payout in a block", |deal| {
        deal["settlements"][0]["isConfirmed"] == true
    });
    assert_eq!(deal["state"], "Executed");
    assert_eq!(deal["settlements"].as_array().unwrap().len(), 1, "{deal}");
    assert_eq!(deal["settlements"][0]["txid"], txid);
    node.mine(1);
    let fee = deal["settlements"][0]["feeSat"].as_u64().unwrap();
    assert_eq!(seller.received(&node), COIN / 2 - fee);
    let paid = node.rpc("listreceivedbyaddress", json!([0, true, false, seller.address]));
    assert_eq!(paid[0]["txids"], json!([txid]), "{paid}");
    server.stop();
}

/// Goal: deals, accounts and keys survive `kill -9` of a server that is busy. Method: deals are made one
/// after the other until the server is killed; after the start there is every deal that was answered,
/// payable at the same address, and the keys are the same.
#[test]
fn what_was_answered_is_there_after_a_kill() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let server = Settings::new(folder.path(), "server").on(&node).start();
    let (key, start) = (server.announced("key1").to_owned(), now());
    let made: Vec<String> = (0..20)
        .map(|number| {
            let wording = Wording::new(&seller.address, &customer.address, "0.5", start);
            let wording = Wording { until: start + 3600 + number, ..wording };
            address(&server.create(&wording.message()))
        })
        .collect();
    let server = server.kill().start();
    assert_eq!(server.announced("key1"), key);
    for address in &made {
        assert_eq!(server.deal(address)["state"], "Created");
    }
    node.pay(&made[7], COIN / 2);
    node.mine(1);
    server.reaches(&made[7], "Executed");
    server.stop();
}
