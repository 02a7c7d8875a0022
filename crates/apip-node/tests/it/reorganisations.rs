//! After a reorganisation the directory is one that has never seen the old branch.

use crate::support::*;
use serde_json::json;
use tally_apip_node::TABLES;
use tally_chain::utxo::Start;
use tally_primitives::{Satoshi, Txid};
use tally_storage::{Direction, KeyRange, Store as _};

struct World {
    chain: Chain,
    service: Txid,
}

/// A chain with a service that is published, rated, paid, updated; ready for what the tests do.
fn world() -> World {
    let mut chain = Chain::new();
    chain.fund(&[user(1), user(2), user(3)], 60);
    chain.wait(100);
    let params =
        json!({"account": user(9).as_str(), "minPayment": "0.5", "pricePerRequest": "0.1"});
    let publish = feip(5, json!({"op": "publish", "stdName": "Kept", "params": params}));
    let service = chain.write(&user(1), &publish);
    chain.write(&user(2), &feip(3, json!({"op": "register", "name": "two"})));
    chain.mine_empty(3);
    World { chain, service }
}

impl World {
    fn on_service(&mut self, signer: u8, op: &str) {
        let mut data = json!({"op": op, "sid": self.service.to_string(), "rate": 3});
        if op == "update" {
            data["stdName"] = json!("Changed");
        }
        self.chain.write(&user(signer), &feip(5, data));
    }

    fn publish(&mut self, name: &str) {
        self.chain.write(&user(3), &feip(5, json!({"op": "publish", "stdName": name})));
    }

    fn buy(&mut self) {
        let pay = Some((user(9), Satoshi(Satoshi::COIN.0)));
        self.chain.pay_and_write(&user(2), &buy(&self.service), pay);
    }
}

/// Indexes `before` and what `act` adds, undoes `depth` blocks, and compares with a directory that
/// indexes only what is left.
async fn undone(depth: u64, act: impl Fn(&mut World)) {
    let mut world = world();
    let store = store();
    let directory = open(&store, config());
    let follower = world.chain.follow(&directory, None);
    world.chain.reached_by(&directory).await;
    act(&mut world);
    world.chain.reached_by(&directory).await;
    let old = everything(&directory);
    world.chain.reorganise(depth);
    world.chain.reached_by(&directory).await;
    assert_same(&world, &store, &directory).await;
    assert_ne!(everything(&directory), old, "the test undid something");
    // The new branch lives on.
    world.publish("Later");
    world.on_service(2, "rate");
    world.buy();
    world.chain.reached_by(&directory).await;
    assert_same(&world, &store, &directory).await;
    assert_eq!(directory.status().reorganisations, 1);
    stop(follower).await.unwrap();
    let reopened = open(&store, config());
    assert_eq!(everything(&reopened), everything(&directory), "read again from the store");
}

async fn assert_same(
    world: &World,
    store: &tally_storage::MemoryStore,
    directory: &tally_apip_node::Directory,
) {
    let (fresh, other) = world.chain.fresh(config()).await;
    assert_eq!(everything(directory), everything(&other));
    assert_same_rows(store, &fresh);
}

#[tokio::test]
async fn one_block_with_a_publication() {
    undone(1, |world| world.publish("Undone")).await;
}

#[tokio::test]
async fn one_block_with_a_close() {
    undone(1, |world| world.on_service(1, "close")).await;
}

#[tokio::test]
async fn one_block_with_a_rating() {
    undone(1, |world| world.on_service(3, "rate")).await;
}

#[tokio::test]
async fn one_block_with_a_name() {
    undone(1, |world| {
        world.chain.write(&user(3), &feip(3, json!({"op": "register", "name": "three"})));
    })
    .await;
}

#[tokio::test]
async fn thirty_blocks_with_a_whole_life_and_a_payment() {
    undone(30, |world| {
        world.publish("Undone");
        world.on_service(3, "rate");
        world.on_service(1, "update");
        world.buy();
        world.on_service(1, "stop");
        world.on_service(2, "rate");
        world.on_service(1, "recover");
        world.chain.write(&user(2), &feip(3, json!({"op": "register", "name": "other"})));
        world.chain.mine_empty(20);
        world.on_service(1, "close");
        world.buy();
    })
    .await;
}

/// Goal: reorganisations while the directory is not running, and several in a row.
#[tokio::test]
async fn several_in_a_row_and_one_during_a_stop() {
    let mut world = world();
    let store = store();
    let directory = open(&store, config());
    let follower = world.chain.follow(&directory, None);
    for depth in [2, 5, 1, 9] {
        world.publish("One");
        world.on_service(3, "rate");
        world.chain.mine_empty(depth - 1);
        world.chain.reached_by(&directory).await;
        world.chain.reorganise(depth);
        world.publish("Two");
        world.chain.reached_by(&directory).await;
        assert_same(&world, &store, &directory).await;
    }
    world.on_service(1, "close");
    world.chain.reached_by(&directory).await;
    stop(follower).await.unwrap();
    world.chain.reorganise(4);
    let directory = open(&store, config());
    let follower = world.chain.follow(&directory, None);
    world.chain.reached_by(&directory).await;
    assert_same(&world, &store, &directory).await;
    stop(follower).await.unwrap();
}

/// Goal: a directory that reads a long chain at once keeps what undoing its end needs, and says so if
/// more is asked for.
#[tokio::test]
async fn the_end_of_a_long_chain_can_be_undone() {
    let mut world = world();
    world.chain.mine_empty(400);
    world.publish("Undone");
    world.chain.mine_empty(28);
    let (store, directory) = world.chain.fresh(config()).await;
    let undo = TABLES.iter().find(|table| table.name() == "undo").unwrap();
    let rows = store.scan(*undo, &KeyRange::all(), Direction::Forward, usize::MAX).unwrap();
    assert_eq!(rows.len(), 128, "no more than can be undone");
    let height = world.chain.tip().0.0;
    let Start::After { recent, .. } = directory.start_point().unwrap() else { panic!() };
    let heights: Vec<_> = recent.iter().map(|(height, _)| height.0).collect();
    assert_eq!(heights, (height - 127..=height).rev().collect::<Vec<_>>());
    world.chain.reorganise(30);
    let follower = world.chain.follow(&directory, None);
    world.chain.reached_by(&directory).await;
    assert_same(&world, &store, &directory).await;
    stop(follower).await.unwrap();
}
