//! A deal whose money two of seller, customer and arbiter move, on a real node.

use super::{
    party::{Wording, satoshi},
    server::{Settings, now},
};
use crate::support::{bitcoind::Bitcoind, eventually};
use serde_json::{Value, json};

/// The keys of the numbers 1 and 2, and the addresses that they are of.
const SELLER: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
const SELLER_KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const SELLER_SECRET: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
const CUSTOMER: &str = "mg8Jz5776UdyiYcBb9Z873NTozEiADRW5H";
const CUSTOMER_KEY: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";

/// Signs a PSBT as the seller's wallet does: the node's own signer, which is told the script's keys
/// and the seller's secret.
fn signed_by_seller(node: &Bitcoind, psbt: &str) -> String {
    let shown = node.rpc("decodepsbt", json!([psbt]));
    let script = shown["inputs"][0]["witness_script"]["asm"].as_str().expect("a script").to_owned();
    let words: Vec<&str> = script.split(' ').collect();
    let [two, keys @ .., three, "OP_CHECKMULTISIG"] = words.as_slice() else { panic!("{script}") };
    assert_eq!((*two, *three, keys.len()), ("2", "3", 3), "{script}");
    assert!(keys.contains(&SELLER_KEY) && keys.contains(&CUSTOMER_KEY), "{script}");
    let keys: Vec<&str> =
        keys.iter().map(|key| if *key == SELLER_KEY { SELLER_SECRET } else { key }).collect();
    let descriptor = format!("wsh(multi(2,{}))", keys.join(","));
    let signed = node.rpc("descriptorprocesspsbt", json!([psbt, [descriptor], "ALL", true, false]));
    signed["psbt"].as_str().expect("a PSBT").to_owned()
}

/// Goal: neither the server nor the seller alone moves the money of such a deal, both together do,
/// and what they sign is mined. Method: the seller signs with a program of others.
#[test]
fn the_seller_signs_with_the_arbiter() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let server = Settings::new(folder.path(), "server").on(&node).start();
    for (address, key) in [(SELLER, SELLER_KEY), (CUSTOMER, CUSTOMER_KEY)] {
        let answer = server.tell("/account/new", &json!({ "address": address, "key": key }));
        assert!(answer.result().0, "{}", answer.text);
    }
    let mut message = Wording::new(SELLER, CUSTOMER, "0.5", now()).message();
    message["payment"]["scheme"] = "escrow".into();
    let deal = server.create(&message);
    let address = deal["payment"]["address"].as_str().unwrap();
    assert!(address.starts_with("bcrt1q"), "the script is paid as it is: {address}");
    node.pay(address, 50_000_000);
    node.mine(1);
    server.reaches(address, "Completed");
    let path = format!("/deal/{address}/psbt");
    let open = eventually("the payout to sign", || {
        let list = server.get(&path).json();
        if list[0]["psbt"].is_string() { Ok(list[0].clone()) } else { Err(list.to_string()) }
    });
    assert_eq!(open["signers"].as_array().map(Vec::len), Some(1), "the arbiter alone: {open}");
    // What the server gave out comes back without anything new.
    server.tell(&path, &json!({ "psbt": open["psbt"] }));
    assert_eq!(server.get(&path).json()[0]["signers"], open["signers"], "it still waits");
    assert_eq!(server.deal(address)["state"], "Completed");
    let another = node.rpc("createpsbt", json!([[], [{ SELLER: 0.1 }]]));
    assert_eq!(server.tell(&path, &json!({ "psbt": another })).status, 400, "another payment");

    let psbt = signed_by_seller(&node, open["psbt"].as_str().unwrap());
    server.tell(&path, &json!({ "psbt": psbt })).expect(200);
    let deal = server.reaches(address, "Executed");
    node.mine(1);
    server.sees(address, "the payout in a block", |deal: &Value| {
        deal["settlements"][0]["isConfirmed"] == true
    });
    let fee = deal["settlements"][0]["feeSat"].as_u64().unwrap();
    assert_eq!(deal["settlements"][0]["txid"], open["txid"], "what was shown is what was sent");
    let paid = node.rpc("getrawtransaction", json!([open["txid"], true, block_of(&node)]));
    let output = &paid["vout"][0];
    assert_eq!(output["scriptPubKey"]["address"], SELLER, "{paid}");
    assert_eq!(paid["vout"].as_array().map(Vec::len), Some(1), "nobody else is paid: {paid}");
    assert_eq!(satoshi(&output["value"]) + fee, 50_000_000, "{paid}");
}

fn block_of(node: &Bitcoind) -> Value {
    node.rpc("getbestblockhash", json!([]))
}
