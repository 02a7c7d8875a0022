//! Esplora servers: one over a chain in memory, and what servers get wrong.

use crate::{
    http::{Answer, Request, TestServer},
    node::node_broadcast,
    support::{Followed, Harness, POLL, TIME, catch_up_to, chain_of, failure, grow, ids, next},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex, atomic::Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};
use tally_chain::utxo::{FeeRate, OutPoint, Output, Relay, Source, Start, Transaction, Watched};
use tally_chain_utxo::{
    DevChain, EsploraError, EsploraRelay, EsploraSettings, EsploraSource, Network, Trust,
    TrustError,
};
use tally_crypto::sha256;
use tally_primitives::{BlockNumber, Satoshi};

const NETWORK: Network = Network::BITCOIN_REGTEST;

pub(crate) struct OverEsplora {
    chain: DevChain,
    pub(crate) server: TestServer,
    fee_rate: Arc<Mutex<Option<FeeRate>>>,
}

impl OverEsplora {
    pub(crate) fn new(chain: DevChain) -> Self {
        let fee_rate = Arc::new(Mutex::new(None));
        let (serving, rate) = (chain.clone(), Arc::clone(&fee_rate));
        let server = TestServer::start(move |request, state| {
            state.scripted().or_else(|| match state.failing().map(|left| left % 5) {
                Some(0) => None,
                Some(1) => Some((429, b"Too Many Requests".to_vec())),
                Some(2) => Some((502, b"<html>Bad Gateway</html>".to_vec())),
                Some(3) => Some((200, b"<html>The site is being worked on</html>".to_vec())),
                Some(_) => Some((503, Vec::new())),
                None => Some(reply(request, &serving, *rate.lock().unwrap())),
            })
        });
        Self { chain, server, fee_rate }
    }

    /// With a path below which the API is, as public servers have it.
    pub(crate) fn settings(&self, network: Network) -> EsploraSettings {
        let url = format!("{}/testnet/api/", self.server.url());
        EsploraSettings { poll: POLL, ..EsploraSettings::new(network, url) }
    }

    pub(crate) fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        *self.fee_rate.lock().unwrap() = fee_rate;
    }
}

impl Harness for OverEsplora {
    fn chain(&self) -> &DevChain {
        &self.chain
    }

    fn publish(&self) {}

    fn source(&self, network: Network, start: Start) -> Box<dyn Source> {
        Box::new(EsploraSource::start(self.settings(network), start).unwrap())
    }
}

fn reply(request: &Request, chain: &DevChain, fee_rate: Option<FeeRate>) -> Answer {
    let missing = || (404, b"not found".to_vec());
    let found = |bytes: Option<Vec<u8>>| bytes.map_or_else(missing, |bytes| (200, bytes));
    let path = request.path.strip_prefix("/testnet/api/").unwrap();
    let words: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), &words[..]) {
        ("GET", ["blocks", "tip", "height"]) => (200, chain.height().to_string().into_bytes()),
        ("GET", ["block-height", height]) => {
            let id = chain.id_at(BlockNumber(height.parse().unwrap()));
            found(id.map(|id| id.to_string().into_bytes()))
        }
        ("GET", ["block", id, "raw"]) => found(chain.raw_block(id.parse().unwrap())),
        ("GET", ["tx", txid, "raw"]) => found(chain.raw_transaction(txid.parse().unwrap())),
        ("GET", ["scripthash", hash, "txs", "mempool"]) => {
            let pays = |it: &Transaction| {
                it.outputs.iter().any(|output| hex::encode(sha256(&output.script)) == **hash)
            };
            let spends = |it: &Transaction| {
                it.inputs.iter().any(|input| {
                    let made = chain.transaction(input.txid);
                    made.is_some_and(|made| {
                        let script = &made.outputs[input.vout as usize].script;
                        hex::encode(sha256(script)) == **hash
                    })
                })
            };
            let waiting = chain.pending().into_iter().filter(|it| pays(it) || spends(it));
            let shown: Vec<_> = waiting.map(|transaction| shown(&transaction)).collect();
            (200, json!(shown).to_string().into_bytes())
        }
        ("GET", ["fee-estimates"]) => {
            let rate = fee_rate.map(|rate| rate.sat_per_kvb() as f64 / 1e3);
            let table = rate.map_or_else(|| json!({}), |rate| json!({ "1": rate, "144": 1.0 }));
            (200, table.to_string().into_bytes())
        }
        ("POST", ["tx"]) => {
            let raw = hex::decode(&request.body).unwrap();
            match node_broadcast(chain, &raw) {
                Ok(txid) => (200, txid.to_string().into_bytes()),
                Err((code, message)) => {
                    let error = json!({ "code": code, "message": message });
                    (400, format!("sendrawtransaction RPC error: {error}").into_bytes())
                }
            }
        }
        other => panic!("nobody asks for {other:?}"),
    }
}

fn shown(transaction: &Transaction) -> serde_json::Value {
    let input = |point: &OutPoint| {
        json!({ "txid": point.txid.to_string(), "vout": point.vout, "is_coinbase": false,
            "prevout": { "value": 1 }, "sequence": 0xffff_ffff_u32 })
    };
    let output = |output: &Output| {
        json!({ "scriptpubkey": hex::encode(&output.script), "value": output.value.0,
            "scriptpubkey_type": "unknown" })
    };
    json!({
        "txid": transaction.txid.to_string(), "version": 2, "locktime": 0, "fee": 1_000,
        "vin": transaction.inputs.iter().map(input).collect::<Vec<_>>(),
        "vout": transaction.outputs.iter().map(output).collect::<Vec<_>>(),
        "status": { "confirmed": false },
    })
}

/// Goal: whatever goes wrong on the way is tried again, and nothing is lost or told twice.
/// Method: cut connections, a limit on requests, a proxy's errors and a page for people, before and
/// between.
#[tokio::test]
async fn failures_on_the_way_delay_blocks_only() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    grow(harness.chain(), 20);
    harness.server.state.failures.store(5, Ordering::SeqCst);
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(20)).await);
    harness.server.state.failures.store(3, Ordering::SeqCst);
    grow(harness.chain(), 3);
    followed.take(catch_up_to(&mut *source, BlockNumber(23)).await);
    harness.chain().reorganise_empty(2).unwrap();
    harness.server.state.failures.store(2, Ordering::SeqCst);
    followed.take(catch_up_to(&mut *source, BlockNumber(24)).await);
    assert_eq!(followed.ids(), ids(harness.chain()));
    assert_eq!(harness.server.state.failures.load(Ordering::SeqCst), 0);
}

/// Goal: a block that is not the one that was asked for is not delivered; once the right one comes
/// it is. Method: a cache that answers everything with an old block, and with a cut one.
#[tokio::test]
async fn a_wrong_block_is_asked_for_again() {
    let chain = DevChain::new(NETWORK);
    grow(&chain, 3);
    let stale = chain.raw_block(chain.id_at(BlockNumber(2)).unwrap()).unwrap();
    let serving = chain.clone();
    let server = TestServer::start(move |request, state| {
        let request = Request {
            method: request.method.clone(),
            path: format!("/testnet/api{}", request.path),
            authorization: String::new(),
            body: Vec::new(),
        };
        let (status, body) = reply(&request, &serving, None);
        let is_block = request.path.ends_with("/raw");
        match state.failing().filter(|_| is_block) {
            Some(left) if left % 2 == 0 => Some((status, stale.clone())),
            Some(_) => Some((status, body[..body.len() - 7].to_vec())),
            None => Some((status, body)),
        }
    });
    server.state.failures.store(9, Ordering::SeqCst);
    let settings = EsploraSettings { poll: POLL, ..EsploraSettings::new(NETWORK, server.url()) };
    let mut source = EsploraSource::start(settings, Start::Fresh).unwrap();
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut source, BlockNumber(3)).await);
    assert_eq!(followed.ids(), ids(&chain));
}

/// Goal: an answer without end is not read to its end, and ends the source.
#[tokio::test]
async fn an_answer_without_end_is_final() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    *harness.server.state.scripted.lock().unwrap() = Some((200, vec![b' '; 100_000]));
    let text = failure(&mut *harness.source(NETWORK, Start::Fresh)).await;
    assert!(text.contains("limit"), "{text}");
}

/// Goal: what is no Esplora server is named, and waited for. Method: a server that has nothing.
#[tokio::test]
async fn another_kind_of_server_is_named() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    *harness.server.state.scripted.lock().unwrap() = Some((404, b"nothing here".to_vec()));
    let relay = EsploraRelay::new(&harness.settings(NETWORK)).unwrap();
    let text = chain_of(&relay.recent(1).await.unwrap_err());
    assert!(text.contains("knows no /blocks/tip/height: is it an Esplora server?"), "{text}");
    *harness.server.state.scripted.lock().unwrap() = Some((418, Vec::new()));
    let text = chain_of(&relay.recent(1).await.unwrap_err());
    assert!(text.contains("answered to /blocks/tip/height with HTTP status 418"), "{text}");
    *harness.server.state.scripted.lock().unwrap() = None;
    assert_eq!(relay.recent(1).await.unwrap(), [(BlockNumber(0), NETWORK.genesis)]);
}

#[test]
fn only_addresses_of_http_are_taken() {
    for url in ["ftp://127.0.0.1", "127.0.0.1:8332", "https://u:p@127.0.0.1", "http://a/?b=c", ""] {
        let outcome = EsploraRelay::new(&EsploraSettings::new(NETWORK, url));
        assert!(matches!(outcome, Err(EsploraError::Url(_))), "{url}");
    }
    for url in ["https://blockstream.info/testnet/api", "http://[::1]:3000/"] {
        EsploraRelay::new(&EsploraSettings::new(NETWORK, url)).unwrap();
    }
}

/// Goal: HTTPS is spoken, and what does not speak it is only unreachable. Method: ask a server of
/// plain HTTP.
#[tokio::test]
async fn a_server_without_a_certificate_is_unreachable() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    let url = harness.server.url().replace("http://", "https://");
    let timeout = Duration::from_secs(2);
    let settings = EsploraSettings { timeout, ..EsploraSettings::new(NETWORK, url) };
    let error = EsploraRelay::new(&settings).unwrap().recent(1).await.unwrap_err();
    assert!(matches!(error, tally_chain::ChainError::Transient { .. }), "{error:?}");
    // Nothing was asked in plain text.
    assert_eq!(harness.server.state.requests.load(Ordering::SeqCst), 0);
}

/// Serves one connection under a certificate of its own, and says a height; returns the address, the
/// certificate, and how many bytes it got to read.
fn tls_server() -> (String, String, JoinHandle<usize>) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let der = BASE64_STANDARD.encode(certified.cert.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
    let listener = TcpListener::bind("localhost:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let thread = thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let mut request = [0; 4_096];
        let read = stream.read(&mut request).unwrap_or(0);
        if read > 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n77").unwrap();
        }
        read
    });
    (url, pem, thread)
}

/// Goal: a server is asked only if its certificate is trusted.
#[tokio::test]
async fn a_certificate_has_to_be_trusted() {
    let (url, own, thread) = tls_server();
    let trust = Trust::only(own.as_bytes()).unwrap();
    let settings = EsploraSettings { trust, ..EsploraSettings::new(NETWORK, url) };
    let answer = EsploraRelay::new(&settings).unwrap().recent(0).await;
    assert_eq!(answer.unwrap(), []);
    assert!(thread.join().unwrap() > 0);
    for trust in [Trust::default(), Trust::only(own.as_bytes()).unwrap()] {
        let (url, _, thread) = tls_server();
        let settings = EsploraSettings { trust, ..EsploraSettings::new(NETWORK, url) };
        let error = EsploraRelay::new(&settings).unwrap().recent(0).await.unwrap_err();
        assert!(matches!(error, tally_chain::ChainError::Transient { .. }), "{error:?}");
        assert_eq!(thread.join().unwrap(), 0, "a stranger was asked");
    }
    let cut = "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
    assert!(matches!(Trust::only(cut.as_bytes()), Err(TrustError::Malformed(_))));
    assert!(matches!(Trust::only(b"certificate"), Err(TrustError::Missing)));
}

/// Goal: many scripts are asked for bit by bit, and what was told stays told until its script's
/// next turn. Method: 5 scripts, 2 a look, a payment to each.
#[tokio::test]
async fn scripts_have_their_turns() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    let chain = harness.chain();
    let script = |number: u8| vec![0x51, number];
    let mut watched = Watched { scripts: (0..5).map(script).collect(), ..Watched::default() };
    for number in 0..5 {
        chain.faucet(script(number), Satoshi(10_000)).unwrap();
    }
    let settings = EsploraSettings { scripts_per_look: 2, ..harness.settings(NETWORK) };
    let relay = EsploraRelay::new(&settings).unwrap();
    for count in [2, 4, 5] {
        let before = harness.server.state.requests.load(Ordering::SeqCst);
        assert_eq!(relay.unconfirmed(&watched).await.unwrap().len(), count);
        assert_eq!(harness.server.state.requests.load(Ordering::SeqCst), before + 2);
    }
    chain.mine_pending(TIME).unwrap();
    // The third look asked for the last script and the first one again.
    for count in [3, 1, 0] {
        assert_eq!(relay.unconfirmed(&watched).await.unwrap().len(), count);
    }
    watched.scripts.clear();
    assert_eq!(relay.unconfirmed(&watched).await.unwrap(), []);
}

/// Goal: a source that waits is told of the next block.
#[tokio::test]
async fn a_new_block_is_noticed() {
    let harness = OverEsplora::new(DevChain::new(NETWORK));
    let mut source = harness.source(NETWORK, Start::Fresh);
    catch_up_to(&mut *source, BlockNumber(0)).await;
    let made = harness.chain().mine_pending(TIME).unwrap();
    let update = next(&mut *source).await.unwrap();
    assert_eq!(update, tally_chain::utxo::Update::Block(Box::new(made)));
}
