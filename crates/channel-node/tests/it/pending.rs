//! Requests whose end takes longer than the caller waits.

use crate::world::{World, numbered, units};
use std::{sync::Arc, time::Duration};
use tally_channel_node::{
    NodeConfig, OpenRequest, PaymentRequest, RequestError, StopReason, TABLES,
};
use tally_primitives::BlockSpan;
use tally_storage::MemoryStore;

/// Goal: a payment that nobody claims is pending, then expired, and the money is back. Method: the
/// target's disk fails, so it dies of the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unclaimed_payment_expires() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let channel = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes[0].connected(1).await;
    let (b, a) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    let order = numbered(a.order(&world, &b, 40, false), 3);
    let impatient = PaymentRequest { patience: Duration::ZERO, ..order.clone() };
    b.store.fail_commits(true);
    for _ in 0..2 {
        let error = a.handle.pay(impatient.clone()).await.unwrap_err();
        assert!(matches!(error, RequestError::PaymentPending { .. }), "{error}");
        a.sees(channel, |view| view.locked == units(40)).await;
    }
    let (handle, patient) = (a.handle.clone(), order.clone());
    let outcome = tokio::spawn(async move { handle.pay(patient).await });
    let reason = b.stopped().await;
    assert!(matches!(reason, StopReason::Store(_)), "{reason}");
    let head = world.chain.mine(102).number;
    a.processed(head).await;
    let error = outcome.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::PaymentExpired { .. }), "{error}");
    let error = a.handle.pay(order).await.unwrap_err();
    assert!(matches!(error, RequestError::PaymentExpired { .. }), "the outcome is kept: {error}");
    a.sees(channel, |view| view.balance == units(100) && view.locked.is_zero()).await;
    assert_eq!(a.handle.status().await.unwrap().pending_transfers, 0);
}

/// Goal: a mined transaction whose block is not deep enough is told apart from one that failed.
/// Method: a node that waits for three confirmations, and a chain that makes none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unconfirmed_opening_is_pending() {
    let world = World::new(2).await;
    let cautious = |config| NodeConfig {
        confirmations: BlockSpan(3),
        event_patience: Duration::from_millis(300),
        ..config
    };
    let store = Arc::new(MemoryStore::new(TABLES));
    let a = world.try_start_on(0, store, cautious).await.unwrap();
    a.handle.register_token(world.token).await.unwrap();
    world.chain.mine(3);
    a.until("the token is known", async |handle| !handle.tokens().await.unwrap().is_empty()).await;
    let request = OpenRequest {
        token: world.token,
        partner: world.node_address(1),
        deposit: units(5),
        settle_timeout: None,
    };
    let error = a.handle.open_channel(request.clone()).await.unwrap_err();
    assert!(matches!(error, RequestError::EventPending(_)), "{error}");
    assert_eq!(a.handle.channels().await.unwrap(), []);
    world.chain.mine(3);
    a.until("the channel is there", async |handle| {
        handle.channels().await.unwrap().first().is_some_and(|view| view.deposit == units(5))
    })
    .await;
    let error = a.handle.open_channel(request).await.unwrap_err();
    assert!(matches!(error, RequestError::ChannelExists { .. }), "{error}");
}
