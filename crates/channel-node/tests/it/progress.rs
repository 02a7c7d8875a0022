//! Payments that nobody waits for, transfers under way, and nodes that only pay directly.

use crate::world::{World, numbered, units};
use std::{sync::Arc, time::Duration};
use tally_channel::PaymentKey;
use tally_channel_node::{PaymentRequest, PaymentRole, PendingStage, RequestError, TABLES};
use tally_primitives::PaymentId;

/// Goal: who does not wait is answered once the payment is on disk, finds its outcome, and each node
/// on the way shows what it holds for it. Method: the target is stopped while the lock is under
/// way, and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_nobody_waits_for_can_be_watched() {
    let world = World::new(3).await;
    let mut nodes = world.start_all(3).await;
    let ab = nodes[0].open(&world, &nodes[1], 100, 0).await;
    let bc = nodes[1].open(&world, &nodes[2], 100, 0).await;
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    world.knows_channels(&nodes, 2).await;
    let c = nodes.pop().unwrap();
    let [a, b] = &nodes[..] else { unreachable!() };
    // The target's disk refuses from its first commit on, so it never answers.
    c.store.fail_commits(true);
    let order = numbered(a.order(&world, &c, 40, false), 7);
    let order = PaymentRequest { patience: Duration::ZERO, ..order };
    let key = PaymentKey { token: world.token, target: order.target, identifier: PaymentId(7) };
    let unknown = a.handle.payment(key).await.unwrap_err();
    assert!(matches!(unknown, RequestError::UnknownPayment(PaymentId(7))), "{unknown}");
    let pending = a.handle.pay(order.clone()).await.unwrap_err();
    assert!(matches!(pending, RequestError::PaymentPending { .. }), "{pending}");
    let progress = a.handle.payment(key).await.unwrap();
    assert!(progress.is_pending && progress.failure.is_none());
    assert_eq!(progress.receipt.amount, units(40));

    let (disk, address) = (c.store.disk(), c.address);
    drop(c.stopped().await);
    let initiated = a.handle.pending_transfers().await.unwrap();
    assert_eq!(
        (initiated[0].role, initiated[0].stage),
        (PaymentRole::Initiator, PendingStage::Locked)
    );
    assert_eq!(initiated[0].locks[0].channel, ab);
    b.until("both locks are there", async |handle| {
        let pending = handle.pending_transfers().await.unwrap();
        pending.first().is_some_and(|transfer| transfer.locks.len() == 2)
    })
    .await;
    let mediated = b.handle.pending_transfers().await.unwrap().remove(0);
    assert_eq!((mediated.role, mediated.amount), (PaymentRole::Mediator, units(40)));
    assert_eq!([mediated.locks[0].channel, mediated.locks[1].channel], [ab, bc]);
    assert!(!mediated.locks[0].is_outgoing && mediated.locks[1].is_outgoing);
    assert!(mediated.locks[0].expiration > mediated.locks[1].expiration);

    let store = Arc::new(disk.open(TABLES));
    let _c = world.start_on(2, store, address, &[a, b]).await;
    a.until("the payment arrived", async |handle| {
        let progress = handle.payment(key).await.unwrap();
        !progress.is_pending && progress.failure.is_none()
    })
    .await;
    assert_eq!(a.handle.pay(order).await.unwrap().amount, units(40), "it is finished by now");
    assert!(a.handle.pending_transfers().await.unwrap().is_empty());
}

/// Goal: a node that was switched to direct transfers gives every lock back at once, whether it is
/// to pass it on or is the target, and makes none; over a restart, until it is switched back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mesh_node_takes_no_locks() {
    let world = World::new(3).await;
    let mut nodes = world.start_all(3).await;
    let ab = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes[1].open(&world, &nodes[2], 100, 0).await;
    world.knows_channels(&nodes, 2).await;
    nodes[1].handle.switch_mesh(true).await.unwrap();
    let b = nodes.remove(1);
    let (disk, address) = (b.store.disk(), b.address);
    b.stop().await;
    let [a, c] = &nodes[..] else { unreachable!() };
    let b = world.start_on(1, Arc::new(disk.open(TABLES)), address, &[a, c]).await;
    b.connected(2).await;
    a.connected(1).await;
    c.connected(1).await;
    let connections = b.handle.connections().await.unwrap();
    assert!(connections.mesh && connections.chain_answers && connections.peers == 2);
    for target in [c, &b] {
        let refused = a.pay(&world, target, 10, false).await.unwrap_err();
        assert!(matches!(refused, RequestError::RoutesExhausted), "{refused}");
    }
    let refused = b.pay(&world, c, 10, false).await.unwrap_err();
    assert!(matches!(refused, RequestError::MeshOnly), "{refused}");
    a.sees(ab, |view| view.locked.is_zero() && view.balance == units(100)).await;
    a.pay(&world, &b, 10, true).await.unwrap();
    b.pay(&world, c, 10, true).await.unwrap();
    b.handle.switch_mesh(false).await.unwrap();
    a.pay(&world, c, 10, false).await.unwrap();
}
