//! Whole deals on a real node: what came in, what went out, and to whom.

use super::{
    party::{Party, Wording, received, satoshi},
    server::{Server, Settings, now},
};
use crate::support::{bitcoind::Bitcoind, eventually};
use serde_json::{Value, json};

/// Satoshi in a coin.
const COIN: u64 = 100_000_000;

/// Returns where a deal is paid.
fn address(deal: &Value) -> &str {
    deal["payment"]["address"].as_str().unwrap()
}

/// Returns the fee of a settlement.
fn fee(deal: &Value, settlement: usize) -> u64 {
    deal["settlements"][settlement]["feeSat"].as_u64().unwrap()
}

/// Requires that a transaction of the wallet is in a block, and spends exactly what it pays out and
/// its fee.
fn is_balanced(node: &Bitcoind, txid: &str, inputs: u64, fee: u64) {
    let shown = node.rpc("gettransaction", json!([txid, true, true]));
    assert!(shown["confirmations"].as_u64() > Some(0), "{shown}");
    let outputs = shown["decoded"]["vout"].as_array().unwrap();
    let paid: u64 = outputs.iter().map(|output| satoshi(&output["value"])).sum();
    assert_eq!(paid + fee, inputs, "{shown}");
}

/// Requires that who should get `share` of `all` got it, but for his part of the miner's fee.
fn bears_his_part(share: u64, got: u64, all: u64, fee: u64) {
    let part = share - share * fee / all;
    assert!(got.abs_diff(part) <= 1, "{got} of {share}, where {fee} of {all} are the miner's");
}

/// Waits until the transaction of a deal's settlement waits for a block, or is in one.
fn is_sent(server: &Server, node: &Bitcoind, address: &str, settlement: usize) -> Value {
    eventually("the settlement at the node", || {
        let deal = server.deal(address);
        let txid = deal["settlements"][settlement]["txid"].clone();
        match node.try_rpc("gettransaction", json!([txid])) {
            Ok(_) => Ok(deal),
            Err(error) => Err(format!("{error}: {deal}")),
        }
    })
}

/// Goal: who sells gets his money, and everybody else exactly his fee. Method: a postpaid deal with
/// fees of the module and of the service on a real node: paid, confirmed, judged by the customer with
/// a signature of his wallet, and paid out; the amounts are read from the chain.
#[test]
fn a_sale_is_paid_out_with_the_stated_fees() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer, module, service] = [(); 4].map(|()| Party::new(&node));
    let server = Settings::new(folder.path(), "server")
        .on(&node)
        .with("--module-address", &module.address)
        .with("--service-fee", "0.5%")
        .with("--service-address", &service.address)
        .start();
    server.tell("/account/new", &json!({ "address": module.address })).expect(200);
    let wording = Wording::new(&seller.address, &customer.address, "0.5", now()).postpaid();
    let deal = server.create(&wording.message());
    let address = address(&deal);
    let txid = node.pay(address, COIN / 2);
    let seen = server.sees(address, "the payment", |deal| deal["unconfirmedSat"] == COIN / 2);
    assert_eq!((&seen["state"], &seen["outputs"][0]["txid"]), (&"Created".into(), &txid.into()));
    node.mine(1);
    server.reaches(address, "Paid");
    assert_eq!(seller.received(&node), 0, "nothing is paid out before the feedback");

    let mut feedback = wording.about(address);
    feedback["feedback"]["status"] = "Positive".into();
    feedback["feedback"]["comments"] = "as described\n- and quick: thanks # really".into();
    feedback["customer"]["signature"] = seller.sign(&node, "another text").into();
    server
        .tell("/deal/feedback", &feedback)
        .refused(400, "The deal is not signed by the customer.");
    let text = format!("{address}\nas described\n- and quick: thanks # really");
    feedback["customer"]["signature"] = customer.sign(&node, &text).into();
    let answer = server.tell("/deal/feedback", &feedback);
    assert!(answer.result().0, "{}", answer.text);
    let deal = server.reaches(address, "Executed");
    assert_eq!(deal["feedback"]["comments"], "as described\n- and quick: thanks # really");
    node.mine(1);
    let deal = server.sees(address, "the payout in a block", |deal| {
        deal["settlements"][0]["isConfirmed"] == true
    });

    let payout = deal["settlements"][0]["txid"].as_str().unwrap();
    is_balanced(&node, payout, COIN / 2, fee(&deal, 0));
    // Everybody bears the miner's fee by the part that he gets.
    for (party, share) in [(&module, 50_000), (&service, 250_000), (&seller, 49_700_000)] {
        bears_his_part(share, party.received(&node), COIN / 2, fee(&deal, 0));
    }
    assert_eq!(customer.received(&node), 0);
    assert!((200..10_000).contains(&fee(&deal, 0)), "{}", fee(&deal, 0));
    assert_eq!(deal["transaction"]["hex"], node.rpc("gettransaction", json!([payout]))["hex"]);
    let history = server.tell("/bc/history", &json!({ "account": address })).expect(200);
    assert_eq!(history["transfers"][0]["spent"]["hash"], payout, "{history}");
    server.stop();
}

/// Goal: what was paid in vain comes back, whenever it comes. Method: a deal of which a part is paid;
/// the clock goes past its end, by starting the server again at another time; the part comes back,
/// and so does what is paid later still.
#[test]
fn what_was_paid_in_vain_comes_back() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let start = now();
    let server = Settings::new(folder.path(), "server").on(&node).at(start).start();
    let deal =
        server.create(&Wording::new(&seller.address, &customer.address, "0.5", start).message());
    let address = address(&deal);
    node.pay(address, COIN / 5);
    node.mine(1);
    let part = server.sees(address, "a part", |deal| deal["receivedSat"] == COIN / 5);
    assert_eq!(part["state"], "Created");
    // A minute after the end it may still be in a block that is on its way.
    let server = server.stop().at(start + 3600 + 60).start();
    server.is_caught_up();
    assert_eq!(server.deal(address)["state"], "Created");
    let server = server.stop().at(start + 3600 + 300).start();
    server.reaches(address, "Canceled");
    let refunded = is_sent(&server, &node, address, 0);
    node.mine(1);
    let paid = COIN / 5 - fee(&refunded, 0);
    assert_eq!((customer.received(&node), seller.received(&node)), (paid, 0));
    is_balanced(
        &node,
        refunded["settlements"][0]["txid"].as_str().unwrap(),
        COIN / 5,
        fee(&refunded, 0),
    );

    node.pay(address, COIN);
    node.mine(1);
    let late = is_sent(&server, &node, address, 1);
    assert_eq!(late["state"], "Canceled");
    node.mine(1);
    let both = paid + COIN - fee(&late, 1);
    assert_eq!((customer.received(&node), seller.received(&node)), (both, 0));
    server.stop();
}

/// Goal: a sum may come in parts, and what is too much goes back. Method: two payments that make more
/// than the sum together, in two blocks.
#[test]
fn parts_add_up_and_the_excess_goes_back() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let server = Settings::new(folder.path(), "server").on(&node).start();
    let deal =
        server.create(&Wording::new(&seller.address, &customer.address, "0.5", now()).message());
    let address = address(&deal);
    node.pay(address, 30_000_000);
    node.mine(1);
    let part = server.sees(address, "a part", |deal| deal["receivedSat"] == 30_000_000);
    assert_eq!((&part["state"], &part["settlements"]), (&"Created".into(), &json!([])));
    node.pay(address, 40_000_000);
    node.mine(1);
    let deal = server.reaches(address, "Executed");
    node.mine(1);
    let payout = deal["settlements"][0]["txid"].as_str().unwrap();
    is_balanced(&node, payout, 70_000_000, fee(&deal, 0));
    let [paid, back] = [seller.received(&node), customer.received(&node)];
    assert_eq!(paid + back + fee(&deal, 0), 70_000_000);
    bears_his_part(20_000_000, back, 70_000_000, fee(&deal, 0));
    bears_his_part(50_000_000, paid, 70_000_000, fee(&deal, 0));
    server.stop();
}

/// Goal: a seller gives money back, and an arbiter divides it; nobody else does. Method: one deal that
/// is cancelled with the seller's signature, and one with a dispute that an arbiter ends with another
/// wallet's signature.
#[test]
fn sellers_cancel_and_arbiters_divide() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let [seller, customer, arbiter] = [(); 3].map(|()| Party::new(&node));
    let settings = Settings::new(folder.path(), "server").on(&node);
    let server = settings.with("--arbiter", &arbiter.address).start();
    let wording = Wording::new(&seller.address, &customer.address, "0.5", now()).postpaid();
    let other = Wording { sum: "0.25", ..wording.clone() };
    let deals = [&wording, &other].map(|wording| server.create(&wording.message()));
    let [cancelled, disputed] = deals.each_ref().map(address);
    node.pay(cancelled, COIN / 2);
    node.pay(disputed, COIN / 4);
    node.mine(1);
    server.reaches(cancelled, "Paid");
    server.reaches(disputed, "Paid");

    let mut cancel = wording.about(cancelled);
    cancel["seller"]["signature"] = customer.sign(&node, cancelled).into();
    let stranger = server.tell("/deal/cancel", &cancel);
    stranger.refused(400, "The deal is not signed by the seller.");
    let mut moved = other.about(cancelled);
    moved["seller"]["signature"] = seller.sign(&node, cancelled).into();
    assert_eq!(server.tell("/deal/cancel", &moved).status, 400, "the address is of another deal");
    cancel["seller"]["signature"] = seller.sign(&node, cancelled).into();
    assert!(server.tell("/deal/cancel", &cancel).result().0);
    server.reaches(cancelled, "Canceled");

    let at = |action: &str| format!("/deal/{disputed}/{action}");
    let reason = "it is another colour";
    let signature = customer.sign(&node, &format!("dispute {disputed}\n{reason}"));
    let dispute = json!({ "by": "customer", "reason": reason, "signature": signature });
    server.tell(&at("dispute"), &dispute).expect(200);
    let resolve = |party: &Party, refund: &str, signed: &str| {
        let signature = party.sign(&node, &format!("resolution {disputed}\n{signed}"));
        let body = json!({ "refund": refund, "arbiter": party.address, "signature": signature });
        server.tell(&at("resolve"), &body)
    };
    assert_eq!(resolve(&seller, "40%", "40%").status, 403, "a party is no arbiter");
    assert_eq!(resolve(&arbiter, "90%", "40%").status, 403, "another part than was signed");
    resolve(&arbiter, "40%", "40%").expect(200);
    let divided = server.reaches(disputed, "Executed");
    let refunded = is_sent(&server, &node, cancelled, 0);
    node.mine(1);
    let [all, part] = [fee(&refunded, 0), fee(&divided, 0)];
    is_balanced(&node, divided["settlements"][0]["txid"].as_str().unwrap(), COIN / 4, part);
    let [paid, back] = [seller.received(&node), customer.received(&node)];
    assert_eq!(paid + back + all + part, COIN * 3 / 4);
    let share = back + all - COIN / 2;
    assert!((9_990_000..=10_000_000).contains(&share), "40 % of 0.25 is 0.1, not {share}");
    assert_eq!(received(&node, &arbiter.address), 0);
    server.stop();
}
