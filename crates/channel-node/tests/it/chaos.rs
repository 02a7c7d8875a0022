//! Nodes that die again and again while payments run.

use crate::world::{Dice, Running, World, units};
use std::{sync::Arc, time::Duration};
use tally_channel_node::{StopReason, TABLES};
use tally_primitives::{ChannelAddress, TokenAmount};

const NODES: usize = 4;
const DEPOSIT: u64 = 1_000;
const ROUNDS: usize = 8;
const PAYMENTS_A_ROUND: usize = 12;

/// Waits until the node's disk has failed, with blocks to make it write.
async fn died(world: &World, node: Running) -> StopReason {
    let mut stopped = std::pin::pin!(node.stopped());
    loop {
        world.chain.mine(1);
        let a_while = tokio::time::sleep(Duration::from_millis(100));
        tokio::select! {
            reason = &mut stopped => return reason,
            () = a_while => {}
        }
    }
}

/// Starts random payments, whose outcomes nobody waits for.
fn pay_at_random(world: &World, nodes: &[Running], dice: &mut Dice) {
    for _ in 0..PAYMENTS_A_ROUND {
        let from = dice.index(NODES);
        let to = (from + 1 + dice.index(NODES - 1)) % NODES;
        let order = nodes[from].order(world, &nodes[to], 1 + dice.below(100), dice.below(4) == 0);
        let handle = nodes[from].handle.clone();
        tokio::spawn(async move { handle.pay(order).await });
    }
}

async fn books_are_straight(nodes: &[Running], channels: &[(usize, usize, ChannelAddress)]) {
    for node in nodes {
        node.until("nothing is pending", async |handle| {
            let status = handle.status().await.unwrap();
            (status.pending_transfers, status.outbox) == (0, 0)
        })
        .await;
    }
    for (left, right, channel) in channels {
        let left = nodes[*left].handle.channel(*channel).await.unwrap();
        let right = nodes[*right].handle.channel(*channel).await.unwrap();
        assert_eq!(left.balance.try_add(left.partner_balance), Ok(units(2 * DEPOSIT)));
        assert_eq!((left.balance, left.partner_balance), (right.partner_balance, right.balance));
        assert_eq!((left.locked, right.locked), (TokenAmount::ZERO, TokenAmount::ZERO));
    }
}

/// Goal: whatever dies at whatever commit, every payment ends, both ends of each channel agree, no
/// money is made or lost. Method: a ring of nodes, random payments, and in each round one node
/// whose disk fails at a random commit and which comes back on what the disk holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dying_nodes_keep_the_books_straight() {
    let seed = std::env::var("CHAOS_SEED").map_or(4, |seed| seed.parse().unwrap());
    let mut dice = Dice(seed);
    let world = World::new(4).await;
    let mut nodes = world.start_all(NODES).await;
    let mut channels = vec![];
    for left in 0..NODES {
        let right = (left + 1) % NODES;
        let channel = nodes[left].open(&world, &nodes[right], DEPOSIT, DEPOSIT).await;
        channels.push((left, right, channel));
    }
    for node in &nodes {
        node.connected(2).await;
    }
    world.knows_channels(&nodes, NODES).await;
    for round in 0..ROUNDS {
        let victim = dice.index(NODES);
        nodes[victim].store.fail_commit_after(dice.below(30));
        pay_at_random(&world, &nodes, &mut dice);
        let dead = nodes.remove(victim);
        let (disk, address) = (dead.store.disk(), dead.address);
        let reason = died(&world, dead).await;
        assert!(matches!(reason, StopReason::Store(_)), "seed {seed}, round {round}: {reason}");
        let peers: Vec<&Running> = nodes.iter().collect();
        let store = Arc::new(disk.open(TABLES));
        let reborn = world.start_on(victim, store, address, &peers).await;
        nodes.insert(victim, reborn);
        tracing::info!(seed, round, victim, "a node came back");
    }
    books_are_straight(&nodes, &channels).await;
}
