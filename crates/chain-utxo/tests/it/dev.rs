//! The development chain.

use crate::support::{Followed, Harness, InProcess, TIME, catch_up_to, fid, grow, ids};
use proptest::prelude::*;
use tally_chain::utxo::script::op_return;
use tally_chain::utxo::{Block, OutPoint, Start};
use tally_chain_utxo::{DevBlock, DevChain, DevError, DevTransaction, Entry, Network, Story};
use tally_primitives::{BlockNumber, Satoshi, Txid};

const NETWORK: Network = Network::FREECASH;

/// Goal: no clock and no chance. Method: the same calls make the same chain, and another branch has
/// other blocks even if it says the same.
#[test]
fn the_same_calls_make_the_same_blocks() {
    let make = || {
        let chain = DevChain::new(NETWORK);
        grow(&chain, 8);
        let before = ids(&chain);
        let empty = |time| DevBlock::empty(time);
        chain.reorganise(1, vec![empty(TIME), empty(TIME)]).unwrap();
        chain.reorganise(2, vec![empty(TIME), empty(TIME)]).unwrap();
        assert_eq!(ids(&chain)[..8], before[..8]);
        ids(&chain)
    };
    let made = make();
    assert_eq!(made, make());
    assert_eq!(made.len(), 10);
    let mut distinct = made.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 10);
}

/// Goal: money is neither made nor spent twice; a refused block changes nothing.
#[test]
fn what_cannot_be_spent_is_refused() {
    let chain = DevChain::new(NETWORK);
    let [one, two] = [1, 2].map(|number| fid(&NETWORK, number));
    let funded = vec![(one.clone(), Satoshi(100))];
    chain.mine(DevBlock { time: TIME, funded, transactions: vec![] }).unwrap();
    let [coin] = <[_; 1]>::try_from(chain.coins(&one)).unwrap();
    assert_eq!((coin.value, coin.time), (Satoshi(100), TIME));
    let before = (ids(&chain), chain.coins(&one));
    let mine =
        |transactions| chain.mine(DevBlock { time: TIME, transactions, ..DevBlock::default() });
    let spend = DevTransaction::new().spend(coin.point);
    let nowhere = OutPoint { txid: Txid::from_shown([9; 32]), vout: 3 };
    let foreign = fid(&Network::BITCOIN, 1);
    let refused = [
        mine(vec![spend.clone().pay(two.clone(), Satoshi(101))]),
        mine(vec![spend.clone().spend(coin.point).pay(two.clone(), Satoshi(100))]),
        mine(vec![DevTransaction::new().spend(nowhere)]),
        mine(vec![spend.clone().pay(foreign.clone(), Satoshi(1))]),
        chain.mine(DevBlock::empty(1 << 32)),
    ];
    let expected = |error: &DevError, number| match number {
        0 => matches!(error, DevError::Overspent { paid: Satoshi(101), spent: Satoshi(100), .. }),
        1 => *error == DevError::Unspendable { txid: coin.point.txid, vout: 0 },
        2 => *error == DevError::Unspendable { txid: nowhere.txid, vout: 3 },
        3 => *error == DevError::Address(foreign.clone()),
        _ => *error == DevError::Time(1 << 32),
    };
    for (number, outcome) in refused.into_iter().enumerate() {
        let error = outcome.unwrap_err();
        assert!(expected(&error, number), "{number}: {error}");
    }
    let error = chain.reorganise(1, vec![DevBlock::empty(TIME), DevBlock::empty(1 << 32)]);
    assert_eq!(error, Err(DevError::Time(1 << 32)));
    let height = BlockNumber(1);
    assert_eq!(chain.reorganise(2, vec![]), Err(DevError::TooDeep { depth: 2, height }));
    assert_eq!((ids(&chain), chain.coins(&one)), before);

    let block = mine(vec![spend.pay(two.clone(), Satoshi(60)).record("hello")]).unwrap();
    assert_eq!(chain.coins(&one), []);
    assert_eq!(chain.coins(&two)[0].value, Satoshi(60));
    assert_eq!(op_return(&block.transactions[1].outputs[1].script), Some(b"hello".to_vec()));
    chain.reorganise_empty(1).unwrap();
    assert_eq!((chain.coins(&one), chain.coins(&two)), (vec![coin], vec![]));
}

/// Goal: within a block a transaction may spend what a later one makes, and followers get the
/// blocks sorted as Freecash sorts them.
#[tokio::test]
async fn spending_within_a_block_works_in_any_order() {
    let chain = DevChain::new(NETWORK);
    let owner = fid(&NETWORK, 1);
    let funded = vec![(owner.clone(), Satoshi(1_000))];
    chain.mine(DevBlock { time: TIME, funded, transactions: vec![] }).unwrap();
    let mut point = chain.coins(&owner)[0].point;
    let mut is_backwards = false;
    for step in 0..20 {
        let first = DevTransaction::new().spend(point).pay(owner.clone(), Satoshi(1_000 - step));
        // The id is found by making the block, and undoing it.
        let alone =
            DevBlock { time: TIME, transactions: vec![first.clone()], ..DevBlock::default() };
        let txid = chain.mine(alone).unwrap().transactions[1].txid;
        chain.reorganise(1, vec![]).unwrap();
        let second = DevTransaction::new()
            .spend(OutPoint { txid, vout: 0 })
            .pay(owner.clone(), Satoshi(999 - step));
        let transactions = vec![second, first];
        let block =
            chain.mine(DevBlock { time: TIME, transactions, ..DevBlock::default() }).unwrap();
        let listed: Vec<_> = block.transactions[1..].iter().map(|listed| listed.txid).collect();
        assert!(listed.is_sorted());
        is_backwards |= listed[1] == txid;
        let last = if listed[0] == txid { listed[1] } else { listed[0] };
        point = OutPoint { txid: last, vout: 0 };
    }
    assert!(is_backwards, "chance never put the spending one first");
    let mut followed = Followed::default();
    let mut source = InProcess(chain.clone()).source(NETWORK, Start::Fresh);
    followed.take(catch_up_to(&mut *source, BlockNumber(21)).await);
    assert_eq!(followed.ids(), ids(&chain));
}

/// Reads a transaction as indexers do: whose output the first input spends, and the coin-days.
fn signer_and_cdd(blocks: &[Block], height: usize, index: usize) -> (Vec<u8>, u64) {
    let block = &blocks[height];
    let find = |point: &OutPoint| {
        let holder = blocks.iter().find_map(|block| {
            let made = block.transactions.iter().find(|made| made.txid == point.txid)?;
            Some((block.time, &made.outputs[point.vout as usize]))
        });
        holder.unwrap()
    };
    let inputs = &block.transactions[index].inputs;
    let cdd = inputs.iter().map(|point| {
        let (time, output) = find(point);
        let days = u128::from((block.time - time) / 86_400);
        (u128::from(output.value.0) * days / 100_000_000) as u64
    });
    (find(&inputs[0]).1.script.clone(), cdd.sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Goal: a story's records destroy exactly the coin-days they should, are signed by whom they
    /// should be, and pay what they should. Method: compute it anew from the blocks.
    #[test]
    fn stories_destroy_the_coin_days_they_name(
        entries in prop::collection::vec((0..400_u64, 1..5_u8, 0..5_000_000_u64, any::<bool>()), 1..12),
    ) {
        let chain = DevChain::new(NETWORK);
        let mut story = Story::new();
        let mut time = TIME;
        let mut expected = Vec::new();
        for (number, (hours, signer, cdd, pays)) in entries.into_iter().enumerate() {
            time += hours * 3_600;
            let pay = pays.then(|| (fid(&NETWORK, 9), Satoshi(number as u64 + 1)));
            let text = format!("entry {number}").into_bytes();
            let signer = fid(&NETWORK, signer);
            story.add(Entry { time, signer, cdd, text, pay });
            expected.push((time, cdd));
        }
        let made = story.tell(&chain).unwrap();
        let mut blocks = vec![];
        let first = tally_chain_utxo::decode_block(&chain.raw_blocks()[0], BlockNumber(0)).unwrap();
        blocks.push(first);
        blocks.extend(made);
        let mut told = 0;
        for (height, block) in blocks.iter().enumerate().skip(1) {
            for (index, transaction) in block.transactions.iter().enumerate().skip(1) {
                let text = transaction.outputs.iter().find_map(|output| op_return(&output.script));
                let text = String::from_utf8(text.unwrap()).unwrap();
                let number: usize = text.strip_prefix("entry ").unwrap().parse().unwrap();
                let (signer, cdd) = signer_and_cdd(&blocks, height, index);
                prop_assert_eq!((block.time, cdd), expected[number]);
                prop_assert!(NETWORK.address(&signer).is_some());
                told += 1;
            }
        }
        prop_assert_eq!(told, expected.len());
    }
}
