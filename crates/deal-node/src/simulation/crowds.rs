//! What one deal does must not keep the others waiting, and what one server does not another.

use super::world::{Broken, Terms, World};
use std::sync::atomic::Ordering;
use tally_chain::utxo::OutPoint;
use tally_chain_utxo::DevTransaction;
use tally_deal::{Deal, DealCode, Order, State};
use tally_primitives::Satoshi;

/// Outputs that a stranger sends to each of his deals, more in all than a commit may have changes.
const DEALS: usize = 42;
const OUTPUTS: usize = 250;
const EACH: u64 = 3_500;

/// Sends many small outputs to a deal in one transaction.
fn flood(world: &World, deal: &Deal) {
    let all = EACH * u64::try_from(OUTPUTS).unwrap();
    let from = world.chain.faucet(vec![0x51], Satoshi(all)).unwrap();
    let mut transaction = DevTransaction::new().spend(OutPoint { txid: from, vout: 0 });
    for _ in 0..OUTPUTS {
        transaction = transaction.output(deal.address().script(), Satoshi(EACH));
    }
    world.chain.submit(&transaction).unwrap();
}

async fn make(world: &mut World, count: usize) -> Vec<DealCode> {
    let mut codes = vec![];
    for at in 0..count {
        // Deals of the same terms are the same deal.
        let satoshi = 1_000_000 + u64::try_from(at).unwrap();
        codes.push(world.create(Terms { satoshi, ..Terms::default() }).await.unwrap());
    }
    codes
}

/// Goal: a block, or a mempool, with more payments than a commit may have changes stops nobody.
/// Method: a stranger's deals get 250 outputs each, another one is paid, first seen, then in a block.
#[tokio::test]
async fn a_block_of_many_payments_stops_nobody() {
    let mut world = World::new().await;
    let codes = make(&mut world, DEALS).await;
    let honest = world.create(Terms::default()).await;
    let honest = world.deal(honest.unwrap()).await;
    world.work().await.unwrap();
    for code in &codes {
        let deal = world.deal(*code).await;
        flood(&world, &deal);
    }
    world.pay(&honest, honest.terms().sum.satoshi().0);
    world.work().await.unwrap();
    assert!(!world.deal(honest.code()).await.outputs().is_empty(), "the payment is seen");
    world.mine();
    world.work().await.unwrap();
    assert_eq!(world.deal(honest.code()).await.state(), State::Executed, "paid out");
    for code in codes {
        assert_eq!(world.deal(code).await.outputs().len(), OUTPUTS);
    }
}

/// Goal: a deal that cannot be stored keeps nobody waiting, and what happened to it is not
/// forgotten. Method: the store refuses one of two deals that the same block pays; then it takes it.
#[tokio::test]
async fn a_deal_that_cannot_be_stored_stops_nobody() {
    let mut world = World::new().await;
    let codes = make(&mut world, 3).await;
    world.work().await.unwrap();
    for code in &codes {
        let deal = world.deal(*code).await;
        world.pay(&deal, deal.terms().sum.satoshi().0);
    }
    world.refused.deals.lock().unwrap().insert(codes[1]);
    world.work().await.unwrap();
    world.mine();
    world.work().await.unwrap();
    assert_eq!(world.deal(codes[0]).await.state(), State::Executed);
    assert_eq!(world.deal(codes[1]).await.state(), State::Created);
    assert_eq!(world.deal(codes[2]).await.state(), State::Executed);
    // Its time runs out, and it cannot be told that either.
    world.clock.advance(4_000);
    world.work().await.unwrap();
    world.server.core().tell_put_off().await.unwrap();
    world.refused.deals.lock().unwrap().clear();
    world.server.core().tell_put_off().await.unwrap();
    world.settle().await.unwrap();
    assert_eq!(world.deal(codes[1]).await.state(), State::Executed);
}

/// Goal: a deal that cannot be settled does not stop the settling of others. Method: the store takes
/// both payments, and refuses one of the signed settlements.
#[tokio::test]
async fn a_deal_that_cannot_be_settled_stops_nobody() {
    let mut world = World::new().await;
    let codes = make(&mut world, 2).await;
    world.work().await.unwrap();
    for code in &codes {
        let deal = world.deal(*code).await;
        world.pay(&deal, deal.terms().sum.satoshi().0);
    }
    world.mine();
    world.follow().await.unwrap();
    world.refused.deals.lock().unwrap().insert(codes[0].min(codes[1]));
    world.settle().await.unwrap();
    assert_eq!(world.chain.pending().len(), 1, "one is paid out");
    world.refused.deals.lock().unwrap().clear();
    world.clock.advance(700);
    world.settle().await.unwrap();
    assert_eq!(world.chain.pending().len(), 2, "and the other one later");
}

/// Goal: a deal that others change all the time is told what a block says all the same. Method:
/// more conflicts than one change is tried for.
#[tokio::test]
async fn a_deal_that_is_changed_all_the_time_is_told() {
    let mut world = World::new().await;
    let codes = make(&mut world, 2).await;
    world.work().await.unwrap();
    for code in &codes {
        let deal = world.deal(*code).await;
        world.pay(&deal, deal.terms().sum.satoshi().0);
    }
    world.mine();
    world.refused.conflicts.store(40, Ordering::Relaxed);
    world.follow().await.unwrap();
    for code in codes {
        assert_eq!(world.deal(code).await.state(), State::Completed);
    }
}

/// Pays a deal that another server has made, which this one was not told.
async fn paid_elsewhere(world: &mut World) -> DealCode {
    let mut other = world.another_server();
    std::mem::swap(&mut world.server, &mut other);
    let code = world.create(Terms::default()).await.unwrap();
    std::mem::swap(&mut world.server, &mut other);
    let deal = world.deal(code).await;
    world.pay(&deal, 1_000_000);
    code
}

/// Goal: a payment to a deal that another server made is not missed, however busy the one is that
/// follows the chain. Method: it reads the block before it has done anything else since.
#[tokio::test]
async fn deals_of_other_servers_are_watched_before_a_block_is_read() {
    let mut world = World::new().await;
    world.work().await.unwrap();
    let code = paid_elsewhere(&mut world).await;
    world.mine();
    world.follow().await.unwrap();
    assert_eq!(world.deal(code).await.state(), State::Completed);
}

/// The same for what waits for a block.
#[tokio::test]
async fn deals_of_other_servers_are_watched_before_a_look() {
    let mut world = World::new().await;
    world.work().await.unwrap();
    let code = paid_elsewhere(&mut world).await;
    let looked: Result<(), Broken> = world.look().await;
    looked.unwrap();
    assert_eq!(world.deal(code).await.outputs().len(), 1);
}

/// Goal: whoever asks whether a deal is paid is looked at next, however many others wait for their
/// turn; a deal that is paid is not looked at. Method: a server that looks at one deal at a time.
#[tokio::test]
async fn a_deal_that_is_asked_for_is_looked_at_next() {
    let mut world = World::with(|config| config.mempool.deals = 1).await;
    let codes = make(&mut world, 5).await;
    world.work().await.unwrap();
    let last = world.deal(*codes.iter().max().unwrap()).await;
    let first = world.deal(*codes.iter().min().unwrap()).await;
    // Whichever of the two would be next, it is not both.
    for deal in [&last, &first] {
        world.pay(deal, 1_000);
        world.pay(deal, 4_000);
        world.order(Order::Pay, deal, &[]).await.unwrap();
    }
    world.look().await.unwrap();
    assert_eq!(world.deal(last.code()).await.outputs().len(), 1);
    assert_eq!(world.deal(first.code()).await.outputs().len(), 1);
    assert!(world.server.core().take_asked().is_empty());
    world.pay(&first, 1_000_000 + u64::try_from(codes.len()).unwrap());
    world.mine();
    world.work().await.unwrap();
    world.order(Order::Pay, &first, &[]).await.unwrap();
    assert!(world.server.core().take_asked().is_empty(), "it is paid");
}
