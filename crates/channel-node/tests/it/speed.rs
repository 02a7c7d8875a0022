//! Payments do not stall. The benchmarks measure how fast they are; this finds lost wake-ups.

use crate::world::{Running, World};
use std::time::{Duration, Instant};

/// A stall costs a tick (100 ms) or more each time, work some milliseconds even on a busy machine.
const EACH_MAX: Duration = Duration::from_millis(50);

async fn pay_many(world: &World, nodes: &[Running], is_direct: bool, in_flight: usize) {
    const COUNT: u32 = 200;
    let start = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..COUNT {
        if running.len() >= in_flight {
            running.join_next().await.unwrap().unwrap();
        }
        let order = nodes[0].order(world, nodes.last().unwrap(), 1, is_direct);
        let handle = nodes[0].handle.clone();
        running.spawn(async move {
            handle.pay(order).await.unwrap();
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    let each = start.elapsed() / COUNT;
    let hops = nodes.len() - 1;
    tracing::info!(hops, is_direct, in_flight, ?each, "paid");
    assert!(each < EACH_MAX, "{hops} hops, {in_flight} in flight: {each:?} each");
}

/// Goal: payments flow, one after the other and many at once. Method: three nodes in a line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_flow() {
    let world = World::new(3).await;
    let nodes = world.start_all(3).await;
    nodes[0].open(&world, &nodes[1], 10_000, 0).await;
    nodes[1].open(&world, &nodes[2], 10_000, 0).await;
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    world.knows_channels(&nodes, 2).await;
    for in_flight in [1, 8, 64] {
        pay_many(&world, &nodes[..2], true, in_flight).await;
        pay_many(&world, &nodes, false, in_flight).await;
    }
}
