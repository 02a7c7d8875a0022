//! Payments between nodes that all run.

use crate::world::{World, units};

/// Goal: a direct payment moves money on both sides. Method: two nodes, one channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_payment_arrives() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let channel = a.open(&world, b, 100, 50).await;
    a.connected(1).await;
    b.connected(1).await;
    let receipt = a.pay(&world, b, 30, true).await.unwrap();
    assert_eq!(receipt.amount, units(30));
    a.sees(channel, |view| view.balance == units(70) && view.partner_balance == units(80)).await;
    b.sees(channel, |view| view.balance == units(80) && view.partner_balance == units(70)).await;
}
