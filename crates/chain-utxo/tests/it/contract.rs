//! What the port demands, of every source of blocks.

use crate::{
    esplora::OverEsplora,
    support::{
        Followed, Harness, InFiles, InProcess, OverRpc, catch_up, catch_up_to, failure, grow, ids,
        next,
    },
};
use tally_chain::utxo::{Start, Update, script::op_return};
use tally_chain_utxo::{DevChain, Network};
use tally_primitives::{BlockId, BlockNumber};

const NETWORK: Network = Network::FREECASH_REGTEST;

/// Goal: the chain comes whole and in order, and goes on. Method: 60 blocks, then three more.
async fn delivers_all(harness: &dyn Harness) {
    grow(harness.chain(), 60);
    harness.publish();
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(60)).await);
    assert_eq!(followed.ids(), ids(harness.chain()));
    let records = followed.0.iter().flat_map(|block| &block.transactions).flat_map(|transaction| {
        transaction.outputs.iter().filter_map(|output| op_return(&output.script))
    });
    assert_eq!(records.count(), 59);
    for height in 61..=63 {
        grow(harness.chain(), 1);
        harness.publish();
        followed.take(catch_up_to(&mut *source, BlockNumber(height)).await);
    }
    assert_eq!(followed.ids(), ids(harness.chain()));
    assert_eq!(source.head(), Some(BlockNumber(63)));
}

/// Goal: reorganisations of 1 and of 30 blocks are one rollback and the new branch; one of 31 ends
/// the source, because no node of the network would follow it.
async fn follows_reorganisations(harness: &dyn Harness) {
    grow(harness.chain(), 40);
    harness.publish();
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(40)).await);
    for (depth, before) in [(1, 40), (30, 41)] {
        harness.chain().reorganise_empty(depth).unwrap();
        harness.publish();
        let updates = catch_up_to(&mut *source, BlockNumber(before + 1)).await;
        let rolled_back = |update: &&Update| matches!(update, Update::RolledBackTo(_));
        let rollbacks: Vec<_> = updates.iter().filter(rolled_back).cloned().collect();
        assert_eq!(rollbacks, [Update::RolledBackTo(BlockNumber(before - depth))]);
        followed.take(updates);
        assert_eq!(followed.ids(), ids(harness.chain()));
    }
    harness.chain().reorganise_empty(31).unwrap();
    harness.publish();
    let text = failure(&mut *source).await;
    assert!(text.contains("31 blocks known from 12 to 42"), "{text}");
    assert!(next(&mut *source).await.is_err(), "a source that ended stays so");
    // Whoever remembers more blocks may not follow it either.
    let text = failure(&mut *harness.source(NETWORK, followed.start(100))).await;
    assert!(text.contains("31 blocks up to 42 were undone, more than the 30"), "{text}");
}

/// Goal: who comes back gets exactly what is missing. Method: stop in the middle, start again with
/// the newest ids; then the same when the chain changed meanwhile.
async fn continues_after_a_stop(harness: &dyn Harness) {
    grow(harness.chain(), 20);
    harness.publish();
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    for _ in 0..=12 {
        followed.take(vec![next(&mut *source).await.unwrap()]);
    }
    drop(source);
    let middle = followed.clone();
    let mut source = harness.source(NETWORK, followed.start(1));
    let updates = catch_up(&mut *source).await;
    assert!(!updates.iter().any(|update| matches!(update, Update::RolledBackTo(_))));
    followed.take(updates);
    assert_eq!(followed.ids(), ids(harness.chain()));

    // With nothing new the first thing told is that nothing is new.
    let mut source = harness.source(NETWORK, followed.start(5));
    assert_eq!(next(&mut *source).await.unwrap(), Update::CaughtUp(BlockNumber(20)));

    harness.chain().reorganise_empty(15).unwrap();
    harness.publish();
    // The follower's own chain was left 15 blocks ago, the one that stopped in the middle 7.
    for (mut follower, fork) in [(followed, 5), (middle, 5)] {
        let mut source = harness.source(NETWORK, follower.start(100));
        let first = next(&mut *source).await.unwrap();
        assert_eq!(first, Update::RolledBackTo(BlockNumber(fork)));
        follower.take(vec![first]);
        follower.take(catch_up(&mut *source).await);
        assert_eq!(follower.ids(), ids(harness.chain()));
    }
}

/// Goal: who comes back to a chain that shares nothing with theirs, or does not say where they
/// were, is told so.
async fn refuses_a_foreign_start(harness: &dyn Harness) {
    grow(harness.chain(), 5);
    harness.publish();
    let recent = vec![(BlockNumber(4), BlockId::from_shown([7; 32]))];
    let mut source = harness.source(NETWORK, Start::After { height: BlockNumber(4), recent });
    let text = failure(&mut *source).await;
    assert!(text.contains("none of the 1 blocks known from 4 to 4"), "{text}");
    let start = Start::After { height: BlockNumber(4), recent: Vec::new() };
    let text = failure(&mut *harness.source(NETWORK, start)).await;
    assert!(text.contains("the id of that block is needed"), "{text}");
}

/// Goal: a wait that is given up loses nothing. Method: give up again and again while blocks come.
async fn survives_cancelled_waits(harness: &dyn Harness) {
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    let mut given_up = 0;
    for height in 0..=30 {
        if height > 0 {
            grow(harness.chain(), 1);
            harness.publish();
        }
        while followed.0.len() <= height {
            tokio::select! {
                biased;
                update = source.next() => followed.take(vec![update.unwrap()]),
                () = tokio::task::yield_now() => given_up += 1,
            }
        }
    }
    assert!(given_up > 0, "the reader never waited");
    assert_eq!(followed.ids(), ids(harness.chain()));
}

/// Goal: more work counts, not more blocks; a node that merely knows less is waited for.
async fn waits_for_who_is_late(harness: &dyn Harness) {
    grow(harness.chain(), 10);
    harness.publish();
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(10)).await);
    let newest: Vec<_> = ids(harness.chain());
    harness.chain().reorganise(4, Vec::new()).unwrap();
    let mut late = harness.source(NETWORK, followed.start(20));
    // It asks, and keeps still: nothing was undone.
    while late.head().is_none() {
        tokio::task::yield_now().await;
    }
    harness.chain().reorganise_empty(0).unwrap();
    let first = next(&mut *late).await.unwrap();
    assert_eq!(first, Update::RolledBackTo(BlockNumber(6)));
    followed.take(vec![first]);
    followed.take(catch_up_to(&mut *late, BlockNumber(7)).await);
    assert_eq!(followed.ids()[..7], newest[..7]);
    assert_eq!(followed.ids(), ids(harness.chain()));
}

macro_rules! contract {
    ($($name:ident: $harness:expr, [$($test:ident),*];)*) => {
        $(mod $name {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                super::$test(&$harness(DevChain::new(NETWORK))).await;
            })*
        })*
    };
}

contract! {
    in_process: InProcess, [
        delivers_all, follows_reorganisations, continues_after_a_stop, refuses_a_foreign_start,
        survives_cancelled_waits, waits_for_who_is_late
    ];
    over_rpc: OverRpc::new, [
        delivers_all, follows_reorganisations, continues_after_a_stop, refuses_a_foreign_start,
        survives_cancelled_waits, waits_for_who_is_late
    ];
    over_esplora: OverEsplora::new, [
        delivers_all, follows_reorganisations, continues_after_a_stop, refuses_a_foreign_start,
        survives_cancelled_waits, waits_for_who_is_late
    ];
    in_files: InFiles::new, [
        delivers_all, follows_reorganisations, continues_after_a_stop, refuses_a_foreign_start,
        survives_cancelled_waits
    ];
}

/// Goal: who reads the wrong chain is told which it is. Method: expect another network of the same
/// magic.
#[tokio::test]
async fn another_network_is_named() {
    let chain = DevChain::new(NETWORK);
    let harnesses: [Box<dyn Harness>; 3] = [
        Box::new(OverRpc::new(chain.clone())),
        Box::new(OverEsplora::new(chain.clone())),
        Box::new(InFiles::new(chain)),
    ];
    for harness in harnesses {
        let text = failure(&mut *harness.source(Network::BITCOIN_REGTEST, Start::Fresh)).await;
        assert!(text.contains("this is freecash-regtest"), "{text}");
        assert!(text.contains("bitcoin-regtest begins with 0f9188f1"), "{text}");
    }
}
