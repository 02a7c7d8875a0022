//! Nodes: a JSON-RPC server over a chain in memory, and what servers get wrong.

use crate::{
    http::TestServer,
    support::{Followed, Harness, OverRpc, POLL, catch_up_to, failure, grow, ids},
};
use std::sync::{Arc, Mutex, atomic::Ordering};
use tally_chain::utxo::{FeeRate, Start, Update};
use tally_chain_utxo::{
    Credentials, DevChain, DevError, Network, NodeError, NodeSettings, NodeSource,
    decode_transaction,
};
use tally_primitives::{BlockNumber, Txid};

const NETWORK: Network = Network::FREECASH_REGTEST;

/// A node as far as sources and relays ask it. Keeps an index of transactions.
pub(crate) struct TestNode {
    pub(crate) server: TestServer,
    shared: Arc<Shared>,
}

struct Shared {
    /// `Authorization` that is accepted.
    accepted: Mutex<String>,
    fee_rate: Mutex<Option<FeeRate>>,
}

/// `user:password` in Base64.
const PASSWORD: &str = "Basic dXNlcjpwYXNzd29yZA==";
/// `__cookie__:1` and `__cookie__:2`.
const COOKIES: [&str; 2] = ["Basic X19jb29raWVfXzox", "Basic X19jb29raWVfXzoy"];

impl TestNode {
    pub(crate) fn start(chain: DevChain) -> Self {
        let accepted = Mutex::new(PASSWORD.to_owned());
        let shared = Arc::new(Shared { accepted, fee_rate: Mutex::default() });
        let serving = Arc::clone(&shared);
        let server = TestServer::start(move |request, state| {
            if request.authorization != *serving.accepted.lock().unwrap() {
                return Some((401, Vec::new()));
            }
            state.scripted().or_else(|| match state.failing().map(|left| left % 4) {
                Some(0) => None,
                Some(1) => Some((503, b"Work queue depth exceeded".to_vec())),
                Some(2) => Some((200, b"{\"resu".to_vec())),
                Some(_) => {
                    let text = br#"{"result":null,"error":{"code":-28,"message":"Loading"}}"#;
                    Some((500, text.to_vec()))
                }
                None => Some(reply(&request.body, &chain, &serving)),
            })
        });
        Self { server, shared }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        *self.shared.fee_rate.lock().unwrap() = fee_rate;
    }
}

fn reply(body: &[u8], chain: &DevChain, shared: &Shared) -> (u16, Vec<u8>) {
    let request: serde_json::Value = serde_json::from_slice(body).unwrap();
    let refused = |code, message: &str| {
        let error = serde_json::json!({ "code": code, "message": message });
        (500, serde_json::json!({ "result": null, "error": error }))
    };
    let (status, reply) = match (request["method"].as_str().unwrap(), &request["params"]) {
        ("getblockcount", _) => {
            (200, serde_json::json!({ "result": chain.height(), "error": null }))
        }
        ("getblockhash", parameters) => {
            let height = BlockNumber(parameters[0].as_u64().unwrap());
            match chain.id_at(height) {
                Some(id) => (200, serde_json::json!({ "result": id.to_string(), "error": null })),
                None => refused(-8, "Block height out of range"),
            }
        }
        ("getblock", parameters) => {
            assert_eq!(parameters[1], 0, "the block is wanted as the node stores it");
            match chain.raw_block(parameters[0].as_str().unwrap().parse().unwrap()) {
                Some(raw) => {
                    (200, serde_json::json!({ "result": hex::encode(raw), "error": null }))
                }
                None => refused(-5, "Block not found"),
            }
        }
        ("sendrawtransaction", parameters) => {
            let raw = hex::decode(parameters[0].as_str().unwrap()).unwrap();
            match node_broadcast(chain, &raw) {
                Ok(txid) => (200, serde_json::json!({ "result": txid.to_string(), "error": null })),
                Err((code, words)) => refused(code, &words),
            }
        }
        ("getrawmempool", _) => {
            let ids: Vec<_> = chain.pending().iter().map(|it| it.txid.to_string()).collect();
            (200, serde_json::json!({ "result": ids, "error": null }))
        }
        ("getrawtransaction", parameters) => {
            match chain.raw_transaction(parameters[0].as_str().unwrap().parse().unwrap()) {
                Some(raw) => {
                    (200, serde_json::json!({ "result": hex::encode(raw), "error": null }))
                }
                None => refused(-5, "No such mempool or blockchain transaction."),
            }
        }
        ("estimatesmartfee", parameters) => {
            let blocks = parameters[0].as_u64().unwrap();
            let result = match *shared.fee_rate.lock().unwrap() {
                Some(rate) => {
                    let feerate = rate.sat_per_kvb() as f64 / 1e8;
                    serde_json::json!({ "feerate": feerate, "blocks": blocks })
                }
                None => serde_json::json!({ "errors": ["Insufficient data"], "blocks": blocks }),
            };
            (200, serde_json::json!({ "result": result, "error": null }))
        }
        _ => refused(-32_601, "Method not found"),
    };
    (status, reply.to_string().into_bytes())
}

/// What a node says to a transaction, with its codes and words.
pub(crate) fn node_broadcast(chain: &DevChain, raw: &[u8]) -> Result<Txid, (i64, String)> {
    let txid = decode_transaction(raw).map_err(|_| (-22, "TX decode failed".to_owned()))?.txid;
    // As if all of its outputs were spent since: the case that nodes themselves do not recognise.
    if chain.height_of(txid).is_some() {
        return Err((-25, "bad-txns-inputs-missingorspent".to_owned()));
    }
    chain.broadcast(raw).map_err(|error| {
        let (code, words) = match error {
            DevError::Unspendable { .. } => (-25, "bad-txns-inputs-missingorspent"),
            DevError::Conflict { .. } => (-26, "insufficient fee, rejecting replacement"),
            DevError::FeeTooLow { .. } => (-26, "min relay fee not met"),
            DevError::Overspent { .. } => (-26, "bad-txns-in-belowout"),
            DevError::Dust { .. } => (-26, "dust"),
            DevError::Malformed(_)
            | DevError::NoInputs(_)
            | DevError::Full(_)
            | DevError::Address(_)
            | DevError::Time(_)
            | DevError::TooDeep { .. } => panic!("{error}"),
        };
        (code, words.to_owned())
    })
}

/// Goal: whatever goes wrong on the way is tried again, and nothing is lost or told twice.
/// Method: cut connections, a full queue, cut answers and a node that starts, before and between.
#[tokio::test]
async fn failures_on_the_way_delay_blocks_only() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    grow(harness.chain(), 20);
    harness.node.server.state.failures.store(4, Ordering::SeqCst);
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(20)).await);
    harness.node.server.state.failures.store(3, Ordering::SeqCst);
    grow(harness.chain(), 3);
    followed.take(catch_up_to(&mut *source, BlockNumber(23)).await);
    assert_eq!(followed.ids(), ids(harness.chain()));
    assert_eq!(harness.node.server.state.failures.load(Ordering::SeqCst), 0);
}

/// Goal: a node that starts again is followed on with its new cookie.
#[tokio::test]
async fn a_new_cookie_is_read() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let folder = tempfile::tempdir().unwrap();
    let cookie = folder.path().join(".cookie");
    let accept = |number: usize| {
        std::fs::write(&cookie, format!("__cookie__:{}\n", number + 1)).unwrap();
        COOKIES[number].clone_into(&mut harness.node.shared.accepted.lock().unwrap());
    };
    accept(0);
    let credentials = Credentials::CookieFile(cookie.clone());
    let settings = NodeSettings { credentials, ..harness.settings(NETWORK) };
    let mut source = NodeSource::start(settings, Start::Fresh).unwrap();
    catch_up_to(&mut source, BlockNumber(0)).await;
    accept(1);
    grow(harness.chain(), 1);
    let updates = catch_up_to(&mut source, BlockNumber(1)).await;
    assert!(matches!(updates[..], [Update::Block(_), Update::CaughtUp(_)]), "{updates:?}");
}

/// Goal: what asking again cannot cure ends the source and says why, without the password.
#[tokio::test]
async fn what_will_not_get_better_is_told() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let (user, password) = ("user".to_owned(), "hunter2".to_owned());
    let credentials = Credentials::Password { user, password };
    let settings = NodeSettings { credentials, ..harness.settings(NETWORK) };
    assert!(!format!("{settings:?}").contains("hunter2"));
    let mut source = NodeSource::start(settings, Start::Fresh).unwrap();
    let text = failure(&mut source).await;
    assert!(text.contains("refused the credentials (HTTP status 401)"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let pruned =
        br#"{"result":null,"error":{"code":-1,"message":"Block not available (pruned data)"}}"#;
    let absent = br#"{"result":null,"error":{"code":-32601,"message":"Method not found"}}"#;
    let endless = vec![b' '; 9_000_000];
    let cases: [(u16, &[u8], &str); 3] = [
        (500, pruned, "code -1: Block not available (pruned data)"),
        (404, absent, "getblockcount failed with code -32601"),
        (200, &endless, "limit"),
    ];
    for (status, body, expected) in cases {
        *harness.node.server.state.scripted.lock().unwrap() = Some((status, body.to_vec()));
        let text = failure(&mut *harness.source(NETWORK, Start::Fresh)).await;
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn only_plain_addresses_are_taken() {
    let credentials = Credentials::CookieFile("/nowhere".into());
    for url in ["https://127.0.0.1:8332", "127.0.0.1:8332", "http://u:p@127.0.0.1", "http://", ""] {
        let settings = NodeSettings::new(NETWORK, url, credentials.clone());
        let outcome = NodeSource::start(settings, Start::Fresh);
        assert!(matches!(outcome, Err(NodeError::Url(_))), "{url}");
    }
}

/// Goal: while nothing happens the node is asked for little: a height and an id.
#[tokio::test]
async fn an_idle_chain_costs_two_requests_a_poll() {
    let harness = OverRpc::new(DevChain::new(NETWORK));
    let mut source = harness.source(NETWORK, Start::Fresh);
    catch_up_to(&mut *source, BlockNumber(0)).await;
    let before = harness.node.server.state.requests.load(Ordering::SeqCst);
    let began = std::time::Instant::now();
    tokio::time::timeout(POLL * 20, source.next()).await.unwrap_err();
    let polls = began.elapsed().as_millis() / POLL.as_millis();
    let requests = harness.node.server.state.requests.load(Ordering::SeqCst) - before;
    assert!(u128::from(requests) <= 2 * (polls + 2), "{requests} requests in {polls} polls");
}
