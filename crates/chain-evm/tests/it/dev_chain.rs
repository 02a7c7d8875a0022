//! The development chain as other clients see it.

use crate::{common::accounts, connections::client, suite::Dev};
use serde_json::{Value, json};
use std::time::Duration;
use tally_chain_evm::{DevChain, DevServer, Mining};
use tally_primitives::BlockNumber;

struct Served {
    chain: DevChain,
    server: DevServer,
    client: reqwest::Client,
}

impl Served {
    async fn start() -> Self {
        let chain = Dev::start();
        let server = chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self { chain, server, client: client() }
    }

    async fn send(&self, body: String) -> Value {
        let response = self.client.post(self.server.http_url()).body(body).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(call.to_string()).await
    }
}

/// Goal: curl and wallets get what go-ethereum would answer. Method: one call of each kind that
/// needs no signature.
#[tokio::test]
async fn plain_calls_answer_like_a_real_server() {
    let served = Served::start().await;
    let (rich, coin) = accounts()[0];
    served.chain.mine(3);
    let head = served.call("eth_getBlockByNumber", json!(["latest", true])).await;
    let hash = &head["result"]["hash"];
    for (method, params, wanted) in [
        ("eth_chainId", json!([]), json!("0x539")),
        ("net_version", json!([]), json!("1337")),
        ("eth_blockNumber", json!([]), json!("0x3")),
        ("eth_getBalance", json!([rich, "latest"]), json!(format!("{:#x}", coin.units()))),
        ("eth_getTransactionCount", json!([rich, "pending"]), json!("0x0")),
        ("eth_getCode", json!([rich, "latest"]), json!("0x")),
        ("eth_getStorageAt", json!([rich, "0x0", "latest"]), json!(format!("0x{:064x}", 0))),
        ("eth_getLogs", json!([{ "blockHash": hash }]), json!([])),
        ("eth_getLogs", json!([{ "fromBlock": "0x0", "address": [rich] }]), json!([])),
        ("eth_getBlockByNumber", json!(["0x63", false]), Value::Null),
        ("eth_getTransactionReceipt", json!([hash]), Value::Null),
        ("eth_getTransactionByHash", json!([hash]), Value::Null),
        ("eth_call", json!([{ "to": rich, "data": "0x" }, "latest"]), json!("0x")),
        ("eth_estimateGas", json!([{ "from": rich, "to": rich }]), json!("0x5208")),
    ] {
        assert_eq!(served.call(method, params).await["result"], wanted, "{method}");
    }
    assert_eq!(head["result"]["number"], "0x3");
    let history = served.call("eth_feeHistory", json!(["0x2", "latest", [50]])).await;
    assert_eq!(history["result"]["baseFeePerGas"].as_array().unwrap().len(), 3, "{history}");
}

/// Goal: bad requests are refused with go-ethereum's codes and words, and bounded.
#[tokio::test]
async fn bad_requests_are_refused() {
    let served = Served::start().await;
    for (method, params, code, words) in [
        ("eth_nothing", json!([]), -32601, "the method eth_nothing does not exist"),
        ("eth_getBalance", json!([]), -32602, "missing value for required argument 0"),
        ("eth_getBalance", json!(["0x12"]), -32602, "invalid argument 0"),
        ("eth_sendRawTransaction", json!(["0x02c0"]), -32000, "rlp"),
        ("eth_getLogs", json!([{ "blockHash": format!("0x{:064x}", 9) }]), -32000, "unknown block"),
        ("eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x1" }]), -32602, "invalid block"),
        ("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0xffff" }]), -32000, "exceed"),
        ("eth_subscribe", json!(["newHeads"]), -32000, "notifications not supported"),
        ("anvil_reorg", json!([1, []]), -32000, "not that deep"),
        ("anvil_mine", json!(["0xffffff"]), -32602, "too many"),
    ] {
        let error = served.call(method, params).await["error"].clone();
        let message = error["message"].as_str().unwrap_or_default();
        assert!(error["code"] == code && message.contains(words), "{method}: {error}");
    }
    for (body, code) in [
        ("{".to_owned(), -32700),
        ("[]".to_owned(), -32600),
        ("17".to_owned(), -32600),
        (json!(vec![json!({ "id": 1, "method": "eth_chainId" }); 1001]).to_string(), -32600),
    ] {
        assert_eq!(served.send(body).await["error"]["code"], code);
    }
    let huge = " ".repeat(6 * 1024 * 1024);
    let response = served.client.post(served.server.http_url()).body(huge).send().await.unwrap();
    assert_eq!(response.status(), 413);
}

/// Goal: a batch is answered in order, each part by itself, notifications not at all.
#[tokio::test]
async fn batches_are_answered_in_parts() {
    let served = Served::start().await;
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "eth_chainId" },
        { "jsonrpc": "2.0", "method": "evm_mine" },
        { "jsonrpc": "2.0", "id": 7, "method": "eth_nothing" },
        { "jsonrpc": "2.0", "id": 8, "method": "eth_blockNumber", "params": [] },
    ]);
    let answers = served.send(batch.to_string()).await;
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!("a"), &json!("0x539")));
    assert_eq!(answers[1]["error"]["code"], -32601);
    assert_eq!(answers[2]["result"], "0x1");
}

/// Goal: a snapshot brings back everything, and only once.
#[tokio::test]
async fn snapshots_bring_the_past_back() {
    let served = Served::start().await;
    let (rich, _) = accounts()[0];
    served.chain.mine(2);
    let before = served.call("eth_getBlockByNumber", json!(["latest", false])).await;
    let id = served.call("evm_snapshot", json!([])).await["result"].clone();
    served.chain.mine(5);
    served.call("anvil_setBalance", json!([rich, "0x1"])).await;

    assert_eq!(served.call("evm_revert", json!([id])).await["result"], true);
    let after = served.call("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(before, after);
    assert_ne!(served.call("eth_getBalance", json!([rich, "latest"])).await["result"], "0x1");
    assert_eq!(served.call("evm_revert", json!([id])).await["result"], false);
}

/// Goal: blocks come by themselves when told to. Method: wait for the third.
#[tokio::test]
async fn blocks_come_at_intervals() {
    let chain = Dev::start();
    chain.set_mining(Mining::Interval(Duration::from_millis(10)));
    let third = async {
        while chain.head().number < BlockNumber(3) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), third).await.expect("blocks come");
    chain.set_mining(Mining::OnDemand);
    let head = chain.mine(1);
    assert_eq!(chain.head(), head);
}
