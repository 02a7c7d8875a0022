//! What the port demands, of every relay.

use crate::{
    esplora::OverEsplora,
    support::{Harness, OverRpc, TIME, raw},
};
use std::sync::{Arc, atomic::Ordering};
use tally_chain::{
    ChainError,
    utxo::{BroadcastError, FeeRate, OutPoint, Rejection, Relay, Watched},
};
use tally_chain_utxo::{
    DevChain, DevRelay, EsploraRelay, Network, NodeRelay, RelayFault, decode_transaction,
};
use tally_primitives::{BlockNumber, Satoshi, Txid};

const NETWORK: Network = Network::BITCOIN_REGTEST;

/// One way into a chain in memory.
trait Way {
    fn chain(&self) -> &DevChain;

    fn relay(&self) -> Arc<dyn Relay>;

    fn set_fee_rate(&self, fee_rate: Option<FeeRate>);

    /// Lets the next calls fail, each in another way. Returns how many.
    fn fail(&self) -> u32;
}

struct Direct {
    chain: DevChain,
    relay: DevRelay,
}

impl Direct {
    fn new(chain: DevChain) -> Self {
        Self { relay: chain.relay(), chain }
    }
}

impl Way for Direct {
    fn chain(&self) -> &DevChain {
        &self.chain
    }

    fn relay(&self) -> Arc<dyn Relay> {
        Arc::new(self.relay.clone())
    }

    fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        self.relay.set_fee_rate(fee_rate);
    }

    fn fail(&self) -> u32 {
        self.relay.fail_next([RelayFault::Unreached; 2]);
        2
    }
}

impl Way for OverRpc {
    fn chain(&self) -> &DevChain {
        Harness::chain(self)
    }

    fn relay(&self) -> Arc<dyn Relay> {
        Arc::new(NodeRelay::new(&self.settings(NETWORK)).unwrap())
    }

    fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        self.node.set_fee_rate(fee_rate);
    }

    fn fail(&self) -> u32 {
        self.node.server.state.failures.store(4, Ordering::SeqCst);
        4
    }
}

impl Way for OverEsplora {
    fn chain(&self) -> &DevChain {
        Harness::chain(self)
    }

    fn relay(&self) -> Arc<dyn Relay> {
        Arc::new(EsploraRelay::new(&self.settings(NETWORK)).unwrap())
    }

    fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        self.set_fee_rate(fee_rate);
    }

    fn fail(&self) -> u32 {
        self.server.state.failures.store(5, Ordering::SeqCst);
        5
    }
}

/// Where the tests' money is.
const MINE: [u8; 2] = [0x51, 0x01];
/// Where it goes.
const THEIRS: [u8; 2] = [0x51, 0x02];
const COIN: u64 = 100_000;

/// Makes an output in a block.
fn coin(chain: &DevChain) -> OutPoint {
    let txid = chain.faucet(MINE.to_vec(), Satoshi(COIN)).unwrap();
    chain.mine_pending(TIME).unwrap();
    OutPoint { txid, vout: 0 }
}

/// A transaction that pays what it spends, less a fee.
fn pay(point: OutPoint, fee: u64) -> Vec<u8> {
    raw(&[point], &[(&THEIRS, COIN - fee)])
}

async fn refused(relay: &dyn Relay, raw: Vec<u8>) -> Rejection {
    match relay.broadcast(raw).await {
        Err(BroadcastError::Rejected { kind, reason }) => {
            assert!(!reason.is_empty());
            kind
        }
        other => panic!("{other:?}"),
    }
}

async fn waiting(relay: &dyn Relay, watched: &Watched) -> Vec<Txid> {
    let found = relay.unconfirmed(watched).await.unwrap();
    let mut ids: Vec<_> = found.into_iter().map(|transaction| transaction.txid).collect();
    ids.sort_unstable();
    ids
}

/// Goal: sending is idempotent. Method: again while it waits, when it is in a block, and when its
/// own output was spent in a later one.
async fn sends_again_and_again(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let sent = pay(coin(chain), 1_000);
    let expected = decode_transaction(&sent).unwrap();
    let txid = expected.txid;
    for _ in 0..2 {
        assert_eq!(relay.broadcast(sent.clone()).await.unwrap(), txid);
        assert_eq!(chain.pending(), std::slice::from_ref(&expected));
    }
    assert_eq!(relay.transaction(txid).await.unwrap(), Some(expected));
    chain.mine_pending(TIME).unwrap();
    assert_eq!(relay.broadcast(sent.clone()).await.unwrap(), txid);
    let next = raw(&[OutPoint { txid, vout: 0 }], &[(&MINE, COIN - 2_000)]);
    relay.broadcast(next).await.unwrap();
    chain.mine_pending(TIME).unwrap();
    assert_eq!(relay.broadcast(sent).await.unwrap(), txid);
    assert_eq!(chain.pending(), []);
}

/// Goal: a refusal says what can be done about it, and changes nothing.
async fn tells_refusals_apart(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let point = coin(chain);
    let nowhere = OutPoint { txid: Txid::from_shown([9; 32]), vout: 0 };
    relay.broadcast(pay(point, 1_000)).await.unwrap();
    let before = chain.pending();
    let other = coin_beside(chain);
    for (raw, kind) in [
        (pay(nowhere, 1_000), Rejection::InputsMissing),
        (pay(OutPoint { vout: 1, ..point }, 1_000), Rejection::InputsMissing),
        (pay(point, 1_001), Rejection::Conflict),
        (pay(other, 10), Rejection::FeeTooLow),
        (raw(&[other], &[(&THEIRS, COIN + 1)]), Rejection::Invalid),
        (raw(&[other], &[(&THEIRS, 200)]), Rejection::Invalid),
        (pay(other, 1_000)[1..].to_vec(), Rejection::Invalid),
        (Vec::new(), Rejection::Invalid),
    ] {
        assert_eq!(refused(&*relay, raw).await, kind);
    }
    assert_eq!(chain.pending()[..1], before);
    assert_eq!(chain.pending().len(), 2);
}

/// An output that waits.
fn coin_beside(chain: &DevChain) -> OutPoint {
    let txid = chain.faucet(MINE.to_vec(), Satoshi(COIN)).unwrap();
    OutPoint { txid, vout: 0 }
}

/// Goal: what waits is told as long as it waits. Method: pay, replace, put into a block, undo the
/// block, drop.
async fn tells_what_waits(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let watched = Watched { scripts: [THEIRS.to_vec()].into(), ..Watched::default() };
    let point = coin(chain);
    assert_eq!(waiting(&*relay, &watched).await, []);
    let first = relay.broadcast(pay(point, 1_000)).await.unwrap();
    assert_eq!(waiting(&*relay, &watched).await, [first]);
    let second = relay.broadcast(pay(point, 3_000)).await.unwrap();
    assert_eq!(waiting(&*relay, &watched).await, [second]);
    assert_eq!(relay.transaction(first).await.unwrap(), None);
    chain.mine_pending(TIME).unwrap();
    assert_eq!(waiting(&*relay, &watched).await, []);
    chain.reorganise(1, Vec::new()).unwrap();
    assert_eq!(waiting(&*relay, &watched).await, [second]);
    assert!(chain.evict(second));
    assert_eq!(waiting(&*relay, &watched).await, []);
}

/// Goal: only what is watched is told, whole and once; also if it is watched later.
async fn tells_only_what_is_watched(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let spent = coin(chain);
    for _ in 0..3 {
        chain.faucet(vec![0x51, 0x07], Satoshi(COIN)).unwrap();
    }
    let both = raw(&[spent], &[(&THEIRS, 40_000), (&THEIRS, 40_000), (&MINE, 10_000)]);
    let txid = relay.broadcast(both.clone()).await.unwrap();
    assert_eq!(waiting(&*relay, &Watched::default()).await, []);
    let scripts = [MINE.to_vec(), THEIRS.to_vec()].into();
    let by_script = Watched { scripts, ..Watched::default() };
    let found = relay.unconfirmed(&by_script).await.unwrap();
    assert_eq!(found, [decode_transaction(&both).unwrap()]);
    // Its outputs are not watched, but what it spends is.
    let spending = relay.broadcast(raw(&[OutPoint { txid, vout: 0 }], &[(&[0x52], 39_000)]));
    let spending = spending.await.unwrap();
    let outputs = [OutPoint { txid, vout: 0 }].into();
    let watched = Watched { scripts: [THEIRS.to_vec()].into(), outputs };
    let mut expected = [txid, spending];
    expected.sort_unstable();
    assert_eq!(waiting(&*relay, &watched).await, expected);
}

async fn estimates_if_it_can(way: &dyn Way) {
    let relay = way.relay();
    way.set_fee_rate(None);
    assert_eq!(relay.fee_rate(6).await.unwrap(), None);
    way.set_fee_rate(Some(FeeRate::per_kvb(12_345)));
    for blocks in [0, 1, 6, 100] {
        assert_eq!(relay.fee_rate(blocks).await.unwrap(), Some(FeeRate::per_kvb(12_345)));
    }
}

async fn names_the_newest_blocks(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    assert_eq!(relay.recent(5).await.unwrap(), [(BlockNumber(0), NETWORK.genesis)]);
    for time in 1..=4 {
        chain.mine_pending(TIME + time).unwrap();
    }
    let id = |height| (BlockNumber(height), chain.id_at(BlockNumber(height)).unwrap());
    assert_eq!(relay.recent(3).await.unwrap(), [id(4), id(3), id(2)]);
    assert_eq!(relay.recent(0).await.unwrap(), []);
    assert_eq!(relay.recent(u16::MAX).await.unwrap().len(), 5);
}

/// Goal: trouble on the way is not taken for a refusal, nor for an empty answer, and passes.
async fn trouble_is_no_answer(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let sent = pay(coin(chain), 1_000);
    for _ in 0..way.fail() {
        let outcome = relay.broadcast(sent.clone()).await;
        let Err(BroadcastError::Unavailable(ChainError::Transient { .. })) = outcome else {
            panic!("{outcome:?}");
        };
    }
    assert_eq!(chain.pending(), []);
    let txid = relay.broadcast(sent).await.unwrap();
    let watched = Watched { scripts: [THEIRS.to_vec()].into(), ..Watched::default() };
    for _ in 0..way.fail() {
        assert!(relay.unconfirmed(&watched).await.is_err());
    }
    assert_eq!(waiting(&*relay, &watched).await, [txid]);
    for _ in 0..way.fail() {
        assert!(relay.transaction(txid).await.is_err());
    }
    assert!(relay.transaction(txid).await.unwrap().is_some());
}

/// Goal: many calls at once all get their own answers.
async fn serves_many_at_once(way: &dyn Way) {
    let (chain, relay) = (way.chain(), way.relay());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let sent = pay(coin_beside(chain), 1_000);
        let relay = Arc::clone(&relay);
        calls.spawn(async move {
            let txid = decode_transaction(&sent).unwrap().txid;
            assert_eq!(relay.broadcast(sent).await.unwrap(), txid);
            assert_eq!(relay.transaction(txid).await.unwrap().unwrap().txid, txid);
        });
    }
    calls.join_all().await;
    assert_eq!(chain.pending().len(), 60);
}

macro_rules! contract {
    ($($name:ident: $way:expr, [$($test:ident),*];)*) => {
        $(mod $name {
            use super::*;
            contract!(@ $way, [$($test),*]);
        })*
    };
    (@ $way:expr, [$($test:ident),*]) => {
        $(#[tokio::test]
        async fn $test() {
            super::$test(&$way(DevChain::new(NETWORK))).await;
        })*
    };
}

contract! {
    direct: Direct::new, [
        sends_again_and_again, tells_refusals_apart, tells_what_waits, tells_only_what_is_watched,
        estimates_if_it_can, names_the_newest_blocks, trouble_is_no_answer, serves_many_at_once
    ];
    over_rpc: OverRpc::new, [
        sends_again_and_again, tells_refusals_apart, tells_what_waits, tells_only_what_is_watched,
        estimates_if_it_can, names_the_newest_blocks, trouble_is_no_answer, serves_many_at_once
    ];
    over_esplora: OverEsplora::new, [
        sends_again_and_again, tells_refusals_apart, tells_what_waits, tells_only_what_is_watched,
        estimates_if_it_can, names_the_newest_blocks, trouble_is_no_answer, serves_many_at_once
    ];
}

/// Goal: a lost answer leaves the sender in doubt, and sending again ends the doubt.
#[tokio::test]
async fn a_lost_answer_may_mean_that_it_was_taken() {
    let chain = DevChain::new(NETWORK);
    let relay = chain.relay();
    let sent = pay(coin(&chain), 1_000);
    relay.fail_next([RelayFault::Unanswered]);
    let outcome = relay.broadcast(sent.clone()).await;
    assert!(matches!(outcome, Err(BroadcastError::Unavailable(_))), "{outcome:?}");
    assert_eq!(chain.pending().len(), 1);
    relay.broadcast(sent).await.unwrap();
    assert_eq!(chain.pending().len(), 1);
}

/// Goal: what a node answers wrong is not believed. Method: another transaction's id, digits that
/// are none.
#[tokio::test]
async fn nonsense_of_a_node_is_not_believed() {
    let way = OverRpc::new(DevChain::new(NETWORK));
    let relay = Way::relay(&way);
    let sent = pay(coin(Way::chain(&way)), 1_000);
    let other = format!(r#"{{"result":"{}","error":null}}"#, "ab".repeat(32));
    *way.node.server.state.scripted.lock().unwrap() = Some((200, other.into_bytes()));
    let outcome = relay.broadcast(sent).await;
    assert!(matches!(outcome, Err(BroadcastError::Unavailable(_))), "{outcome:?}");
    for result in [r#""zz""#, r#""00""#, "7", "null"] {
        let text = format!(r#"{{"result":{result},"error":null}}"#);
        *way.node.server.state.scripted.lock().unwrap() = Some((200, text.into_bytes()));
        relay.transaction(Txid::from_shown([1; 32])).await.unwrap_err();
        relay.unconfirmed(&Watched::default()).await.unwrap_err();
    }
}
