//! Chains that change their mind.

use crate::world::{World, units};
use std::sync::Arc;
use tally_chain_evm::Undone;
use tally_channel_node::{BlockRange, RequestError, TABLES};

/// Goal: a deposit and an opening that a reorganisation undoes are gone from everywhere, and come
/// back with the transactions. Method: the embedded chain drops, then replays, its last blocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_undone_is_forgotten() {
    let world = World::new(3).await;
    let nodes = world.start_all(3).await;
    let [a, b, c] = &nodes[..] else { unreachable!() };
    let kept = a.open(&world, b, 100, 0).await;
    let before = world.chain.head().number;
    let undone = b.open(&world, c, 50, 0).await;
    b.handle
        .deposit(tally_channel_node::DepositRequest { channel: kept, amount: units(7) })
        .await
        .unwrap();
    a.sees(kept, |view| view.partner_deposit == units(7)).await;

    let depth = world.chain.head().number.since(before).0;
    world.chain.reorg(depth, Undone::Dropped).unwrap();
    let head = world.chain.mine(1).number;
    for node in &nodes {
        node.processed(head).await;
    }
    a.sees(kept, |view| view.partner_deposit.is_zero() && view.deposit == units(100)).await;
    for node in [b, c] {
        let error = node.handle.channel(undone).await.unwrap_err();
        assert!(matches!(error, RequestError::UnknownChannel(_)), "{error}");
    }
    let openings = a.handle.token_events(world.token, BlockRange::default()).await.unwrap();
    assert_eq!(openings.len(), 1);
    let facts = a.handle.channel_events(kept, BlockRange::default()).await.unwrap();
    assert_eq!(facts.len(), 1, "only the first deposit: {facts:?}");

    let again = b.open(&world, c, 60, 0).await;
    a.connected(1).await;
    b.connected(2).await;
    world.knows_channels(&nodes, 2).await;
    a.pay(&world, c, 5, false).await.unwrap();
    c.sees(again, |view| view.balance == units(5)).await;
}

/// Goal: a reorganisation while the node was down is noticed when it is back. Method: stop, replace
/// the block of an opening, start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_undone_meanwhile_is_forgotten() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let before = world.chain.head().number;
    let channel = nodes[0].open(&world, &nodes[1], 100, 0).await;
    let a = nodes.remove(0);
    let disk = a.store.disk();
    a.stop().await;
    let depth = world.chain.head().number.since(before).0;
    world.chain.reorg(depth, Undone::Dropped).unwrap();
    let head = world.chain.mine(2).number;
    let a = world.start_on(0, Arc::new(disk.open(TABLES)), world.anywhere(), &[]).await;
    a.processed(head).await;
    let error = a.handle.channel(channel).await.unwrap_err();
    assert!(matches!(error, RequestError::UnknownChannel(_)), "{error}");
    assert_eq!(a.handle.token_events(world.token, BlockRange::default()).await.unwrap(), []);
    assert_eq!(a.handle.tokens().await.unwrap(), [world.token]);
    let again = a.open(&world, &nodes[0], 60, 0).await;
    a.sees(again, |view| view.deposit == units(60)).await;
}
