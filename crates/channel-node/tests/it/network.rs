//! Seven nodes, many payments at once.

use crate::world::{Dice, Running, World, units};
use std::sync::Arc;
use tally_channel_node::{NodeConfig, TABLES};
use tally_primitives::{ChannelAddress, TokenAmount};
use tally_storage::MemoryStore;

/// The channels of the seed's network: who, with whom, and what each puts in.
///
/// Source: spec §0, the deposits of the seven nodes, in units that leave room for many payments.
const CHANNELS: [(usize, usize, u64, u64); 8] = [
    (0, 1, 3_000, 3_000),
    (1, 2, 500, 500),
    (1, 3, 900, 900),
    (1, 6, 700, 700),
    (2, 5, 3_000, 500),
    (3, 4, 900, 900),
    (4, 5, 800, 800),
    (5, 6, 1_200, 600),
];

async fn opened(world: &World, nodes: &[Running]) -> Vec<ChannelAddress> {
    let mut channels = vec![];
    for (left, right, own, theirs) in CHANNELS {
        channels.push(nodes[left].open(world, &nodes[right], own, theirs).await);
    }
    for (index, node) in nodes.iter().enumerate() {
        let partners = CHANNELS.iter().filter(|(a, b, ..)| *a == index || *b == index);
        node.connected(partners.count()).await;
    }
    world.knows_channels(nodes, CHANNELS.len()).await;
    channels
}

/// Goal: whatever succeeds and fails, no money is made or lost, both ends of each channel agree,
/// and nothing stays locked. Method: random payments, many at once, in all directions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_payments_keep_the_books_straight() {
    let seed = 20_180_601;
    tracing::info!(seed, "random payments");
    let mut dice = Dice(seed);
    let world = World::new(7).await;
    let nodes = world.start_all(7).await;
    let channels = opened(&world, &nodes).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..120 {
        let from = dice.index(7);
        let to = (from + 1 + dice.index(6)) % 7;
        let order = nodes[from].order(&world, &nodes[to], 1 + dice.below(150), false);
        let handle = nodes[from].handle.clone();
        running.spawn(async move {
            let amount = order.amount;
            handle.pay(order).await.is_ok().then_some((from, to, amount))
        });
    }
    let mut moved = [(TokenAmount::ZERO, TokenAmount::ZERO); 7];
    let mut successes = 0;
    while let Some(done) = running.join_next().await {
        if let Some((from, to, amount)) = done.unwrap() {
            moved[from].0 = moved[from].0.try_add(amount).unwrap();
            moved[to].1 = moved[to].1.try_add(amount).unwrap();
            successes += 1;
        }
    }
    assert!(successes > 60, "only {successes} payments succeeded");
    for node in &nodes {
        node.until("nothing is pending", async |handle| {
            let status = handle.status().await.unwrap();
            (status.pending_transfers, status.outbox) == (0, 0)
        })
        .await;
    }
    for (channel, (left, right, own, theirs)) in channels.into_iter().zip(CHANNELS) {
        let left = nodes[left].handle.channel(channel).await.unwrap();
        let right = nodes[right].handle.channel(channel).await.unwrap();
        assert_eq!(left.balance.try_add(left.partner_balance), Ok(units(own + theirs)));
        assert_eq!((left.balance, left.partner_balance), (right.partner_balance, right.balance));
        assert_eq!((left.locked, right.locked), (TokenAmount::ZERO, TokenAmount::ZERO));
    }
    for (index, node) in nodes.iter().enumerate() {
        let (mut owns, mut owned) = (TokenAmount::ZERO, TokenAmount::ZERO);
        for view in node.handle.channels().await.unwrap() {
            owns = owns.try_add(view.balance).unwrap();
            owned = owned.try_add(view.deposit).unwrap();
        }
        let (sent, received) = moved[index];
        assert_eq!(owns.try_add(sent), owned.try_add(received), "node {index}");
    }
}

/// Goal: nodes find each other by what they publish on the chain. Method: nobody is configured.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_find_each_other_on_the_chain() {
    let world = World::new(2).await;
    let mut nodes = vec![];
    for index in 0..2 {
        // A port that was free a moment ago, because it has to be known beforehand.
        let socket = std::net::UdpSocket::bind(world.anywhere()).unwrap();
        let listen = socket.local_addr().unwrap();
        drop(socket);
        let publish =
            |config| NodeConfig { listen, publish_endpoint: Some(listen.to_string()), ..config };
        let store = Arc::new(MemoryStore::new(TABLES));
        nodes.push(world.try_start_on(index, store, publish).await.unwrap());
    }
    let [a, b] = &nodes[..] else { unreachable!() };
    a.handle.register_token(world.token).await.unwrap();
    b.until("the token is known", async |handle| !handle.tokens().await.unwrap().is_empty()).await;
    let channel = a.open(&world, b, 10, 0).await;
    a.connected(1).await;
    a.pay(&world, b, 10, true).await.unwrap();
    b.sees(channel, |view| view.balance == units(10)).await;
}
