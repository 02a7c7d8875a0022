//! Nodes that stop and come back.

use crate::world::{World, numbered, units};
use std::sync::Arc;
use tally_channel_node::{NodeConfig, RequestError, StartError, StopReason, TABLES};
use tally_primitives::ChainId;
use tally_storage::{MemoryStore, Store};

/// Goal: a node that was stopped goes on where it was. Method: pay, stop both, start both on the
/// same disks with new addresses, pay on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_node_goes_on() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let (b, a) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    let channel = a.open(&world, &b, 100, 0).await;
    a.connected(1).await;
    let first = a.handle.pay(numbered(a.order(&world, &b, 10, true), 5)).await.unwrap();
    let (a_disk, b_disk) = (a.store.disk(), b.store.disk());
    let request = numbered(a.order(&world, &b, 10, true), 5);
    assert!(matches!(a.stop().await, StopReason::Asked));
    assert!(matches!(b.stop().await, StopReason::Asked));

    world.chain.mine(3);
    let a = world.start_on(0, Arc::new(a_disk.open(TABLES)), world.anywhere(), &[]).await;
    let b = world.start_on(1, Arc::new(b_disk.open(TABLES)), world.anywhere(), &[&a]).await;
    a.sees(channel, |view| view.balance == units(90)).await;
    // Nobody waits for the connection: payments do that themselves.
    assert_eq!(a.handle.pay(request).await.unwrap(), first, "the order is known");
    a.pay(&world, &b, 10, true).await.unwrap();
    a.pay(&world, &b, 10, false).await.unwrap();
    b.sees(channel, |view| view.balance == units(30)).await;
    assert_eq!(a.handle.tokens().await.unwrap(), [world.token]);
}

/// Goal: a payment that a restart interrupts is completed. Method: the mediator is gone when the
/// payer's lock reaches it, and the target is gone when the mediator comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_payment_is_completed() {
    let world = World::new(3).await;
    let mut nodes = world.start_all(3).await;
    let ab = nodes[0].open(&world, &nodes[1], 100, 0).await;
    let bc = nodes[1].open(&world, &nodes[2], 100, 0).await;
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    world.knows_channels(&nodes, 2).await;
    let (c, b, a) = (nodes.pop().unwrap(), nodes.pop().unwrap(), nodes.pop().unwrap());
    let (b_disk, b_address) = (b.store.disk(), b.address);
    let (c_disk, c_address) = (c.store.disk(), c.address);
    let order = a.order(&world, &c, 40, false);

    // The disk of the mediator refuses from the first commit on, so it dies of the payer's lock.
    b.store.fail_commits(true);
    let handle = a.handle.clone();
    let payment = tokio::spawn(async move { handle.pay(order).await });
    assert!(matches!(b.stopped().await, StopReason::Store(_)));
    assert!(matches!(c.stop().await, StopReason::Asked));
    a.until("the payer lost its neighbour", async |handle| {
        handle.status().await.unwrap().connected_peers == 0
    })
    .await;
    a.sees(ab, |view| view.locked == units(40)).await;

    let b = world.start_on(1, Arc::new(b_disk.open(TABLES)), b_address, &[&a]).await;
    b.connected(1).await;
    // The mediator waits for the target instead of refusing.
    let c = world.start_on(2, Arc::new(c_disk.open(TABLES)), c_address, &[&a, &b]).await;
    assert_eq!(payment.await.unwrap().unwrap().amount, units(40));
    a.sees(ab, |view| view.balance == units(60) && view.locked.is_zero()).await;
    c.sees(bc, |view| view.balance == units(40) && view.partner_locked.is_zero()).await;
}

/// Goal: data of another node or chain is refused before anything happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_data_is_refused() {
    let world = World::new(2).await;
    let node = world.start(0).await;
    let disk = node.store.disk();
    node.stop().await;
    let store = Arc::new(disk.open(TABLES));
    let error = world.try_start_on(1, Arc::clone(&store), |config| config).await.unwrap_err();
    assert!(matches!(error, StartError::OtherNode { .. }), "{error}");
    let other = |config| NodeConfig { chain: ChainId(1), ..config };
    let error = world.try_start_on(0, Arc::clone(&store), other).await.unwrap_err();
    assert!(matches!(error, StartError::OtherChain { .. }), "{error}");
    let registry = world.token.0;
    let other = |config| NodeConfig { registry, ..config };
    let error = world.try_start_on(0, store, other).await.unwrap_err();
    assert!(matches!(error, StartError::OtherRegistry { .. }), "{error}");

    let store = Arc::new(MemoryStore::new(TABLES));
    let mut batch = tally_storage::Batch::new();
    batch.put(tally_storage::schema::META, *b"schema_version", 9_u32.to_be_bytes());
    batch.put(tally_storage::schema::META, *b"schema_name", *b"smartraiden-node");
    store.commit(batch, tally_storage::Durability::Synced).unwrap();
    let error = world.try_start_on(0, store, |config| config).await.unwrap_err();
    assert!(matches!(error, StartError::Schema(_)), "{error}");
}

/// Goal: a transfer waits for a neighbour that may come back, but not for ever. Method: the target
/// stops for good right before the transfer reaches its neighbour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_that_stays_away_is_given_up() {
    let world = World::new(3).await;
    let mut nodes = world.start_all(3).await;
    let ab = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes[1].open(&world, &nodes[2], 100, 0).await;
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    world.knows_channels(&nodes, 2).await;
    let c = nodes.pop().unwrap();
    let [a, b] = &nodes[..] else { unreachable!() };
    let order = a.order(&world, &c, 40, false);
    let order_of_neighbour = b.order(&world, &c, 40, true);
    c.stop().await;
    b.until("the neighbour is gone", async |handle| {
        handle.status().await.unwrap().connected_peers == 1
    })
    .await;
    let (far, near) = tokio::join!(a.handle.pay(order), b.handle.pay(order_of_neighbour));
    let (far, near) = (far.unwrap_err(), near.unwrap_err());
    assert!(matches!(far, RequestError::RoutesExhausted), "{far}");
    assert!(matches!(near, RequestError::NoRoute), "{near}");
    a.sees(ab, |view| view.balance == units(100) && view.locked.is_zero()).await;
}
