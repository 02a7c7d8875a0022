//! A real node of Bitcoin. Skipped, and says so, where there is none.

use crate::{
    bitcoind_process::Bitcoind,
    support::{Followed, POLL, catch_up, catch_up_to},
};
use serde_json::{Value, json};
use tally_chain::utxo::{
    BroadcastError, OutPoint, Rejection, Relay, Source, Start, Update, Watched,
};
use tally_chain_utxo::{
    Credentials, Network, NodeRelay, NodeSettings, NodeSource, decode_transaction,
};
use tally_primitives::{BlockNumber, Satoshi, Txid};

const NETWORK: Network = Network::BITCOIN_REGTEST;

fn settings(node: &Bitcoind) -> NodeSettings {
    let credentials = Credentials::CookieFile(node.cookie());
    NodeSettings { poll: POLL, ..NodeSettings::new(NETWORK, node.url(), credentials) }
}

/// A transaction of the wallet that nobody has seen yet: pays 1 coin to `script`.
struct Unsent {
    raw: Vec<u8>,
    txid: Txid,
}

fn unsent(node: &Bitcoind, address: &Value, rate_sat_per_vb: u64, inputs: Value) -> Unsent {
    let made =
        node.rpc("createrawtransaction", json!([inputs, [{ address.as_str().unwrap(): 1 }]]));
    let options = json!({ "fee_rate": rate_sat_per_vb, "changePosition": 1 });
    let funded = node.rpc("fundrawtransaction", json!([made, options]));
    let signed = node.rpc("signrawtransactionwithwallet", json!([funded["hex"]]));
    assert_eq!(signed["complete"], true);
    let raw = hex::decode(signed["hex"].as_str().unwrap()).unwrap();
    let txid = decode_transaction(&raw).unwrap().txid;
    Unsent { raw, txid }
}

fn script(node: &Bitcoind, address: &Value) -> Vec<u8> {
    let said = node.rpc("getaddressinfo", json!([address]));
    hex::decode(said["scriptPubKey"].as_str().unwrap()).unwrap()
}

fn kind(refused: Result<Txid, BroadcastError>) -> (Rejection, String) {
    match refused {
        Err(BroadcastError::Rejected { kind, reason }) => (kind, reason),
        other => panic!("{other:?}"),
    }
}

/// Goal: blocks with witnesses are read, and a real reorganisation is followed. Method: pay to
/// addresses of each kind, undo the block, and let another branch win.
#[tokio::test]
async fn blocks_and_reorganisations_of_a_real_node_are_followed() {
    let Some(mut node) = Bitcoind::start() else { return };
    node.fund();
    let mut source = NodeSource::start(settings(&node), Start::Fresh).unwrap();
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut source, BlockNumber(101)).await);
    assert_eq!(followed.ids()[0], NETWORK.genesis);

    let mut paid = Vec::new();
    for kind in ["legacy", "p2sh-segwit", "bech32", "bech32m"] {
        let address = node.rpc("getnewaddress", json!(["", kind]));
        let txid: Txid = node.pay(address.as_str().unwrap(), 123_456).parse().unwrap();
        paid.push((txid, script(&node, &address)));
    }
    let blocks = node.mine(2);
    followed.take(catch_up_to(&mut source, BlockNumber(103)).await);
    let block = &followed.0[102];
    assert_eq!(block.id.to_string(), blocks[0]);
    for (txid, script) in &paid {
        let found = block.transactions.iter().find(|transaction| transaction.txid == *txid);
        let output = found.unwrap().outputs.iter().find(|output| output.script == *script);
        assert_eq!(output.unwrap().value, Satoshi(123_456));
    }

    node.undo(&blocks[0]);
    let empty = node.rpc("getnewaddress", json!([]));
    // Blocks that leave out what waits, so that the payments are undone.
    for _ in 0..3 {
        node.rpc("generateblock", json!([empty, []]));
    }
    let updates = catch_up_to(&mut source, BlockNumber(104)).await;
    let rollbacks = updates.iter().filter(|it| matches!(it, Update::RolledBackTo(_)));
    assert_eq!(rollbacks.collect::<Vec<_>>(), [&Update::RolledBackTo(BlockNumber(101))]);
    followed.take(updates);
    assert!(followed.0[102..].iter().all(|block| block.transactions.len() == 1));

    // The payments wait again, and the node that was stopped and started anew goes on.
    node.stop();
    node.restart();
    node.rpc("loadwallet", json!(["test"]));
    let mut source = NodeSource::start(settings(&node), followed.start(10)).unwrap();
    assert_eq!(catch_up(&mut source).await, [Update::CaughtUp(BlockNumber(104))]);
    node.mine(1);
    followed.take(catch_up_to(&mut source, BlockNumber(105)).await);
    assert_eq!(followed.0[105].transactions.len(), 1 + paid.len());
    assert_eq!(node.height(), 105);
    assert_eq!(source.head(), Some(BlockNumber(105)));
}

/// Goal: what waits at a real node is seen, found when it is watched later, and gone when it is
/// replaced, mined or undone.
#[tokio::test]
async fn waiting_transactions_of_a_real_node_are_found() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let relay = NodeRelay::new(&settings(&node)).unwrap();
    let [mine, others] = [0, 1].map(|_| node.rpc("getnewaddress", json!([])));
    let watched = Watched { scripts: [script(&node, &mine)].into(), ..Watched::default() };
    assert_eq!(relay.unconfirmed(&watched).await.unwrap(), []);

    // The later one may spend the other's change: only that one can be replaced.
    let other: Txid = node.pay(others.as_str().unwrap(), 6_000_000).parse().unwrap();
    let payment: Txid = node.pay(mine.as_str().unwrap(), 5_000_000).parse().unwrap();
    let found = relay.unconfirmed(&watched).await.unwrap();
    assert_eq!(found.iter().map(|it| it.txid).collect::<Vec<_>>(), [payment]);
    let shown = relay.transaction(payment).await.unwrap().unwrap();
    assert_eq!(shown, found[0]);
    assert!(shown.outputs.iter().any(|output| output.value == Satoshi(5_000_000)));
    // What was passed over before is found once somebody watches it: by what it spends, too.
    let spent = relay.transaction(other).await.unwrap().unwrap().inputs[0];
    let by_spending = Watched { outputs: [spent].into(), ..Watched::default() };
    let found = relay.unconfirmed(&by_spending).await.unwrap();
    assert!(found.iter().any(|it| it.txid == other), "{found:?}");

    let bumped = node.rpc("bumpfee", json!([payment.to_string()]));
    let replacement: Txid = bumped["txid"].as_str().unwrap().parse().unwrap();
    let found = relay.unconfirmed(&watched).await.unwrap();
    assert_eq!(found.iter().map(|it| it.txid).collect::<Vec<_>>(), [replacement]);
    assert_eq!(relay.transaction(payment).await.unwrap(), None);

    let blocks = node.mine(1);
    assert_eq!(relay.unconfirmed(&watched).await.unwrap(), []);
    node.undo(&blocks[0]);
    let found = relay.unconfirmed(&watched).await.unwrap();
    assert_eq!(found.iter().map(|it| it.txid).collect::<Vec<_>>(), [replacement]);
    let recent = relay.recent(3).await.unwrap();
    let heights: Vec<_> = recent.iter().map(|(height, _)| height.0).collect();
    assert_eq!(heights, [101, 100, 99]);
    let newest = node.rpc("getbestblockhash", json!([]));
    assert_eq!(recent[0].1.to_string(), newest.as_str().unwrap());
    // The network of one's own is too young for estimates.
    assert_eq!(relay.fee_rate(6).await.unwrap(), None);
}

/// Goal: sending twice, or after the block, is fine; what a real node refuses is told apart.
#[tokio::test]
async fn a_real_node_takes_transactions_or_says_why_not() {
    let Some(mut node) = Bitcoind::start() else { return };
    node.fund();
    node.mine(5);
    let (user, password) = node.user();
    let (user, password) = (user.to_owned(), password.to_owned());
    let credentials = Credentials::Password { user, password };
    let relay = NodeRelay::new(&NodeSettings { credentials, ..settings(&node) }).unwrap();
    let address = node.rpc("getnewaddress", json!([]));

    let sent = unsent(&node, &address, 5, json!([]));
    for _ in 0..2 {
        assert_eq!(relay.broadcast(sent.raw.clone()).await.unwrap(), sent.txid);
    }
    assert_eq!(node.rpc("getrawmempool", json!([])), json!([sent.txid.to_string()]));

    // The same coin for somebody else: refused for the same fee, taken for more.
    let shown = relay.transaction(sent.txid).await.unwrap().unwrap();
    let OutPoint { txid, vout } = shown.inputs[0];
    let same = json!([{ "txid": txid.to_string(), "vout": vout }]);
    let elsewhere = node.rpc("getnewaddress", json!([]));
    let poorer = unsent(&node, &elsewhere, 5, same.clone());
    let (conflict, reason) = kind(relay.broadcast(poorer.raw).await);
    assert_eq!(conflict, Rejection::Conflict, "{reason}");
    let richer = unsent(&node, &elsewhere, 50, same);
    relay.broadcast(richer.raw.clone()).await.unwrap();
    assert_eq!(relay.transaction(sent.txid).await.unwrap(), None);

    // In a block it is fine as well; the one that it replaced spends what is gone.
    node.mine(1);
    assert_eq!(relay.broadcast(richer.raw.clone()).await.unwrap(), richer.txid);
    let (missing, reason) = kind(relay.broadcast(sent.raw).await);
    assert_eq!(missing, Rejection::InputsMissing, "{reason}");

    // Less than anybody passes on, a signature over something else, no transaction at all.
    let coins = node.rpc("listunspent", json!([1]));
    let coin = &coins.as_array().unwrap()[0];
    let input = json!([{ "txid": coin["txid"], "vout": coin["vout"] }]);
    let all = json!([{ address.as_str().unwrap(): coin["amount"] }]);
    let made = node.rpc("createrawtransaction", json!([input, all]));
    let free = node.rpc("signrawtransactionwithwallet", json!([made]));
    let raw = hex::decode(free["hex"].as_str().unwrap()).unwrap();
    let (fee, reason) = kind(relay.broadcast(raw).await);
    assert_eq!(fee, Rejection::FeeTooLow, "{reason}");
    let mut forged = unsent(&node, &address, 5, json!([])).raw;
    // The version, which the signature covers.
    forged[0] ^= 3;
    let (invalid, reason) = kind(relay.broadcast(forged).await);
    assert_eq!(invalid, Rejection::Invalid, "{reason}");
    let (invalid, reason) = kind(relay.broadcast(vec![1, 2, 3]).await);
    assert_eq!(invalid, Rejection::Invalid);
    assert!(reason.starts_with("the bytes are not a transaction"), "{reason}");

    // Nobody there: not refused. Back again, with another cookie.
    let late = unsent(&node, &address, 5, json!([]));
    node.stop();
    let outcome = relay.broadcast(late.raw.clone()).await;
    assert!(matches!(outcome, Err(BroadcastError::Unavailable(_))), "{outcome:?}");
    assert!(relay.fee_rate(1).await.is_err());
    node.restart();
    let relay = NodeRelay::new(&settings(&node)).unwrap();
    assert_eq!(relay.broadcast(late.raw).await.unwrap(), late.txid);
}
