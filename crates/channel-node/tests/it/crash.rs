//! Disks that fail.

use crate::world::{World, numbered, units};
use std::sync::Arc;
use tally_channel_node::{RequestError, StopReason, TABLES};
use tally_primitives::TokenAmount;

/// Goal: nothing that is not on disk happens, at whatever commit the disk fails, and a restart
/// completes what was begun. Method: for each n, the payer's n-th commit from the payment on
/// fails; then the same for the payee.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_stops_the_node_and_a_restart_recovers() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let channel = nodes[0].open(&world, &nodes[1], 1_000, 0).await;
    for victim in [0, 1] {
        for commits in 0..4 {
            nodes[0].connected(1).await;
            nodes[1].connected(1).await;
            let order = nodes[0].order(&world, &nodes[1], 10, false);
            nodes[victim].store.fail_commit_after(commits);
            let handle = nodes[0].handle.clone();
            let payment = tokio::spawn(async move { handle.pay(order).await });
            let dead = nodes.remove(victim);
            let (disk, address) = (dead.store.disk(), dead.address);
            // The payment alone may not make that many commits; blocks make the rest.
            let survivor = &nodes[0];
            for _ in 0..20 {
                let head = world.chain.mine(1).number;
                survivor.processed(head).await;
            }
            let reason = dead.stopped().await;
            assert!(matches!(reason, StopReason::Store(_)), "{reason}");
            let store = Arc::new(disk.open(TABLES));
            let reborn = world.start_on(victim, store, address, &[survivor]).await;
            nodes.insert(victim, reborn);
            match payment.await.unwrap() {
                Ok(_) => {}
                Err(RequestError::Stopping) => assert_eq!(victim, 0, "the payer was alive"),
                Err(error) => panic!("{error}"),
            }
            let [a, b] = &nodes[..] else { unreachable!() };
            for node in [a, b] {
                node.until("nothing is pending", async |handle| {
                    let status = handle.status().await.unwrap();
                    (status.pending_transfers, status.outbox) == (0, 0)
                })
                .await;
            }
            let ours = a.handle.channel(channel).await.unwrap();
            let theirs = b.handle.channel(channel).await.unwrap();
            assert_eq!(
                (ours.balance, ours.partner_balance),
                (theirs.partner_balance, theirs.balance)
            );
            assert_eq!(
                (ours.locked, theirs.partner_locked),
                (TokenAmount::ZERO, TokenAmount::ZERO)
            );
        }
    }
}

/// Goal: a loss of power undoes at most what may happen twice. Method: the payer loses power right
/// after a payment whose end did not wait for the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_loss_repeats_only_what_is_harmless() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let channel = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes[0].connected(1).await;
    let order = numbered(nodes[0].order(&world, &nodes[1], 10, true), 4);
    let receipt = nodes[0].handle.pay(order.clone()).await.unwrap();
    let dead = nodes.remove(0);
    let (disk, address) = (dead.store.disk(), dead.address);
    disk.lose_power();
    world.chain.mine(1);
    let reason = dead.stopped().await;
    assert!(matches!(reason, StopReason::Store(_)), "{reason}");
    let b = &nodes[0];
    let a = world.start_on(0, Arc::new(disk.open(TABLES)), address, &[b]).await;
    assert_eq!(a.handle.pay(order).await.unwrap(), receipt);
    a.until("nothing is pending", async |handle| {
        let status = handle.status().await.unwrap();
        (status.pending_transfers, status.outbox) == (0, 0)
    })
    .await;
    a.pay(&world, b, 5, true).await.unwrap();
    b.sees(channel, |view| view.balance == units(15)).await;
    assert_eq!(a.handle.channel(channel).await.unwrap().balance, units(85));
}
