//! What waits for a block of the development chain.

use crate::support::{Followed, Harness, InProcess, TIME, catch_up_to, fid, ids, raw};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tally_chain::utxo::{OutPoint, Start};
use tally_chain_utxo::{
    DevBlock, DevChain, DevError, DevTransaction, Network, decode_block, decode_transaction,
};
use tally_primitives::{BlockNumber, Satoshi, Txid};

const NETWORK: Network = Network::BITCOIN_REGTEST;
const SCRIPT: [u8; 1] = [0x51];

fn first(txid: Txid) -> OutPoint {
    OutPoint { txid, vout: 0 }
}

fn pending(chain: &DevChain) -> Vec<Txid> {
    chain.pending().iter().map(|transaction| transaction.txid).collect()
}

fn faucet(chain: &DevChain, value: u64) -> OutPoint {
    first(chain.faucet(SCRIPT.to_vec(), Satoshi(value)).unwrap())
}

/// Goal: witnesses go into blocks and do not count for ids. Method: the raw block holds the raw
/// transaction, and is read as if it had none.
#[test]
fn blocks_hold_witnesses() {
    let chain = DevChain::new(NETWORK);
    let sent = raw(&[faucet(&chain, 50_000)], &[(&SCRIPT, 49_000)]);
    let txid = chain.broadcast(&sent).unwrap();
    assert_eq!(txid, decode_transaction(&sent).unwrap().txid);
    let block = chain.mine_pending(TIME).unwrap();
    assert_eq!(block.transactions[2].txid, txid);
    let stored = chain.raw_block(block.id).unwrap();
    assert!(stored.windows(sent.len()).any(|part| part == sent), "the witness is missing");
    assert_eq!(decode_block(&stored, BlockNumber(1)).unwrap(), block);
    assert_eq!(chain.raw_transaction(txid), Some(sent));
    assert_eq!((chain.height_of(txid), chain.pending()), (Some(BlockNumber(1)), vec![]));
}

/// Goal: what a reorganisation undoes waits again, parents first, on both kinds of chain; followers
/// see it come back. Method: a row of three in one block, which Freecash sorts by ids.
#[tokio::test]
async fn undone_transactions_wait_again() {
    for network in [NETWORK, Network::FREECASH_REGTEST] {
        let chain = DevChain::new(network);
        let mut point = faucet(&chain, 50_000);
        let mut row = vec![point.txid];
        for step in 1..=6 {
            point = first(
                chain.broadcast(&raw(&[point], &[(&SCRIPT, 50_000 - step * 1_000)])).unwrap(),
            );
            row.push(point.txid);
        }
        assert_eq!(pending(&chain), row);
        let block = chain.mine_pending(TIME).unwrap();
        let held: Vec<_> = block.transactions[1..].iter().map(|it| it.txid).collect();
        if network == NETWORK {
            assert_eq!(held, row);
        } else {
            assert!(held.is_sorted() && held != row, "{held:?}");
        }
        let mut source = InProcess(chain.clone()).source(network, Start::Fresh);
        let mut followed = Followed::default();
        followed.take(catch_up_to(&mut *source, BlockNumber(1)).await);
        chain.reorganise_empty(1).unwrap();
        assert_eq!(pending(&chain), row);
        assert_eq!(chain.height_of(row[0]), None);
        followed.take(catch_up_to(&mut *source, BlockNumber(2)).await);
        chain.mine_pending(TIME).unwrap();
        followed.take(catch_up_to(&mut *source, BlockNumber(3)).await);
        assert_eq!(followed.ids(), ids(&chain));
        assert_eq!(followed.0[3].transactions.len(), 8);
    }
}

/// Goal: a chain of its own that spends the same in a block drops what waits, and what depends on
/// it; if that block is undone, what it held waits and the dropped does not come back.
#[test]
fn a_block_that_spends_the_same_drops_what_waits() {
    let chain = DevChain::new(NETWORK);
    let point = faucet(&chain, 50_000);
    chain.mine_pending(TIME).unwrap();
    let parent = chain.broadcast(&raw(&[point], &[(&SCRIPT, 49_000)])).unwrap();
    chain.broadcast(&raw(&[first(parent)], &[(&SCRIPT, 48_000)])).unwrap();
    let beside = faucet(&chain, 7_000).txid;
    let other = DevTransaction::new().spend(point).pay(fid(&NETWORK, 1), Satoshi(40_000));
    let block = DevBlock { time: TIME, transactions: vec![other], ..DevBlock::default() };
    let held = chain.mine(block).unwrap().transactions[1].txid;
    assert_eq!(pending(&chain), [beside]);
    chain.reorganise(1, Vec::new()).unwrap();
    assert_eq!(pending(&chain), [held, beside]);
}

/// Goal: a transaction that spends what an undone block made out of nothing is gone with it.
#[test]
fn what_spends_undone_coins_is_dropped() {
    let chain = DevChain::new(NETWORK);
    let owner = fid(&NETWORK, 1);
    let funded = vec![(owner.clone(), Satoshi(50_000))];
    chain.mine(DevBlock { time: TIME, funded, transactions: vec![] }).unwrap();
    let point = chain.coins(&owner)[0].point;
    chain.broadcast(&raw(&[point], &[(&SCRIPT, 49_000)])).unwrap();
    chain.reorganise_empty(1).unwrap();
    assert_eq!(chain.pending(), []);
}

/// Goal: replacing costs more than everything that is dropped for it. Source: BIP 125.
#[test]
fn replacing_is_paid_for() {
    let chain = DevChain::new(NETWORK);
    let point = faucet(&chain, 100_000);
    let pay = |fee: u64| raw(&[point], &[(&SCRIPT, 100_000 - fee)]);
    let parent = chain.broadcast(&pay(1_000)).unwrap();
    let child = chain.broadcast(&raw(&[first(parent)], &[(&SCRIPT, 95_000)])).unwrap();
    let before = pending(&chain);
    // More than the parent, but not more than both and the passing on.
    for fee in [1_000, 1_500, 5_000, 5_050] {
        let refused = chain.broadcast(&pay(fee));
        if fee == 1_000 {
            assert_eq!(refused, Ok(parent));
        } else {
            let Err(DevError::Conflict { with, .. }) = refused else { panic!("{refused:?}") };
            assert_eq!(with, parent);
        }
    }
    // Nor may it stand on what it drops.
    let on_itself = raw(&[point, first(child)], &[(&SCRIPT, 100_000)]);
    assert!(matches!(chain.broadcast(&on_itself), Err(DevError::Conflict { .. })));
    assert_eq!(pending(&chain), before);
    let winner = chain.broadcast(&pay(6_000)).unwrap();
    assert_eq!(pending(&chain), [point.txid, winner]);
    assert_eq!(chain.transaction(child), None);
}

/// Goal: tests can replace and drop as they like, and a replacement that cannot be changes nothing.
#[test]
fn tests_may_replace_and_drop() {
    let chain = DevChain::new(NETWORK);
    let paid = faucet(&chain, 100_000).txid;
    let source = chain.transaction(paid).unwrap().inputs[0];
    let child = chain.broadcast(&raw(&[first(paid)], &[(&SCRIPT, 90_000)])).unwrap();
    let too_much = DevTransaction::new().spend(source).output(SCRIPT.to_vec(), Satoshi(u64::MAX));
    assert!(matches!(chain.replace(paid, &too_much), Err(DevError::Overspent { .. })));
    assert_eq!(pending(&chain), [paid, child]);
    let less = DevTransaction::new().spend(source).output(SCRIPT.to_vec(), Satoshi(1));
    let replacement = chain.replace(paid, &less).unwrap();
    assert_eq!(pending(&chain), [replacement]);
    assert!(chain.evict(replacement) && !chain.evict(replacement));
    assert_eq!(chain.submit(&less), Ok(replacement));
    let empty = DevTransaction::new().output(SCRIPT.to_vec(), Satoshi(0));
    assert!(matches!(chain.submit(&empty), Err(DevError::NoInputs(_) | DevError::Malformed(_))));
}

/// Goal: a refused reorganisation leaves what waits as it was.
#[test]
fn a_refused_reorganisation_changes_nothing() {
    let chain = DevChain::new(NETWORK);
    faucet(&chain, 10_000);
    chain.mine_pending(TIME).unwrap();
    faucet(&chain, 20_000);
    let before = (pending(&chain), ids(&chain));
    let wrong = chain.reorganise(1, vec![DevBlock::empty(TIME), DevBlock::empty(1 << 32)]);
    assert_eq!(wrong, Err(DevError::Time(1 << 32)));
    assert_eq!(chain.mine_pending(1 << 32), Err(DevError::Time(1 << 32)));
    assert_eq!((pending(&chain), ids(&chain)), before);
}

#[derive(Debug, Clone)]
enum Step {
    Faucet(u64),
    /// Spends one of the outputs there are, with this fee.
    Spend(prop::sample::Index, u64),
    Mine,
    Reorganise(u64),
    Evict(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1_000..100_000_u64).prop_map(Step::Faucet),
        4 => (any::<prop::sample::Index>(), 0..5_000_u64).prop_map(|(at, fee)| Step::Spend(at, fee)),
        2 => Just(Step::Mine),
        1 => (1..4_u64).prop_map(Step::Reorganise),
        1 => any::<prop::sample::Index>().prop_map(Step::Evict),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Goal: whatever happens, money is spent once, and what waits can be put into a block.
    /// Method: random steps; after each, every spent output is there, once, in the order told.
    #[test]
    fn money_is_spent_once(steps in prop::collection::vec(step(), 1..40)) {
        let chain = DevChain::new(NETWORK);
        let mut outputs: Vec<(OutPoint, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Faucet(value) => outputs.push((faucet(&chain, value), value)),
                Step::Spend(at, fee) => {
                    if outputs.is_empty() { continue }
                    let (point, value) = outputs[at.index(outputs.len())];
                    let left = value.saturating_sub(fee);
                    let before = chain.pending();
                    match chain.broadcast(&raw(&[point], &[(&SCRIPT, left)])) {
                        Ok(txid) => outputs.push((first(txid), left)),
                        Err(_) => prop_assert_eq!(chain.pending(), before),
                    }
                }
                Step::Mine => {
                    let count = chain.pending().len();
                    let block = chain.mine_pending(TIME).unwrap();
                    prop_assert_eq!(block.transactions.len(), count + 1);
                    prop_assert_eq!(chain.pending(), vec![]);
                }
                Step::Reorganise(depth) => {
                    let depth = depth.min(chain.height().0);
                    chain.reorganise_empty(depth).unwrap();
                }
                Step::Evict(at) => {
                    let waiting = pending(&chain);
                    if !waiting.is_empty() { chain.evict(waiting[at.index(waiting.len())]); }
                }
            }
            check(&chain)?;
        }
    }
}

/// Replays the chain and what waits.
fn check(chain: &DevChain) -> Result<(), TestCaseError> {
    let mut values: BTreeMap<OutPoint, u64> = BTreeMap::new();
    let mut spent = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let blocks = chain.raw_blocks();
    let blocks = (0..).map(BlockNumber).zip(&blocks);
    let held = blocks.flat_map(|(height, raw)| decode_block(raw, height).unwrap().transactions);
    for transaction in held.chain(chain.pending()) {
        prop_assert!(seen.insert(transaction.txid), "{} is there twice", transaction.txid);
        let mut worth = 0;
        for input in &transaction.inputs {
            prop_assert!(spent.insert(*input), "{input:?} is spent twice");
            // The faucet's own coins come from nowhere.
            let is_faucet = input.txid == Txid::from_shown([0xfa; 32]);
            prop_assert!(is_faucet || values.contains_key(input), "{input:?} is not there");
            worth += values.get(input).copied().unwrap_or(u64::from(u32::MAX));
        }
        let paid: u64 = transaction.outputs.iter().map(|output| output.value.0).sum();
        prop_assert!(transaction.inputs.is_empty() || paid <= worth);
        let made = (0..).zip(&transaction.outputs);
        values.extend(
            made.map(|(vout, output)| (OutPoint { txid: transaction.txid, vout }, output.value.0)),
        );
    }
    Ok(())
}
