//! Settlements that cannot be made, replaced or sent now.

use super::world::{Terms, World};
use tally_chain::utxo::FeeRate;
use tally_chain_utxo::DevBlock;
use tally_deal::{Action, Deal, DealCode, State, settlement::FeeRules};
use tally_deal_store::EventId;
use tally_primitives::Satoshi;

/// Makes a deal and pays it; the payment is in a block, and the server has read it.
async fn paid(world: &mut World, satoshi: u64) -> DealCode {
    let code = world.create(Terms { satoshi, ..Terms::default() }).await.unwrap();
    world.work().await.unwrap();
    let deal = world.deal(code).await;
    world.pay(&deal, satoshi);
    world.mine();
    world.follow().await.unwrap();
    code
}

fn is_planned(deal: &Deal) -> bool {
    deal.pending().iter().any(|action| matches!(action, Action::Settle(_)))
}

/// Blocks without what waits.
async fn quiet(world: &mut World, blocks: u64) {
    for _ in 0..blocks {
        world.clock.advance(700);
        world.chain.mine(DevBlock::empty(world.clock_now())).unwrap();
        world.work().await.unwrap();
    }
}

/// Goal: a replacement that cannot be made does not end what is signed and out. Method: a payout so
/// small that it bears one miner's fee, but not a second one on top, waits for many blocks.
#[tokio::test]
async fn a_replacement_that_cannot_be_made_ends_nothing() {
    let change = |config: &mut crate::Config| {
        config.settling.fee_rules = FeeRules::new(Satoshi(200), Satoshi(100_000)).unwrap();
        config.settling.fee_rate_min = FeeRate::RELAYED_MIN;
    };
    let mut world = World::with(change).await;
    world.estimates.set_fee_rate(Some(FeeRate::RELAYED_MIN));
    let code = paid(&mut world, 1_000).await;
    world.settle().await.unwrap();
    assert_eq!(world.deal(code).await.settlements()[0].versions.len(), 1);
    world.estimates.set_fee_rate(Some(FeeRate::per_kvb(50_000)));
    quiet(&mut world, 24).await;
    let deal = world.deal(code).await;
    let events = world.server.events_of(code, EventId(0), 256).await.unwrap();
    let has_failed = events.iter().any(|event| event.event.kind == "settlement_failed");
    assert!(!has_failed, "{events:?}");
    assert_ne!(deal.state(), State::Failed);
    assert!(deal.settlements()[0].versions.len() < 5, "there were blocks for more");
    assert_eq!(world.chain.pending().len(), 1, "it waits on");
    world.mine();
    world.work().await.unwrap();
    assert_eq!(world.deal(code).await.state(), State::Executed);
}

/// Goal: money that cannot bear the miner's fee of the day waits for another one. Method: a server
/// with a high least rate; its operator lowers it.
#[tokio::test]
async fn little_money_waits_for_another_day() {
    let change = |config: &mut crate::Config| {
        config.settling.fee_rules = FeeRules::new(Satoshi(200), Satoshi(100_000)).unwrap();
        config.settling.fee_rate_min = FeeRate::per_kvb(20_000);
    };
    let mut world = World::with(change).await;
    let code = paid(&mut world, 2_000).await;
    world.settle().await.unwrap();
    let deal = world.deal(code).await;
    assert_ne!(deal.state(), State::Failed);
    assert!(is_planned(&deal));
    world.config.settling.fee_rate_min = FeeRate::RELAYED_MIN;
    world.restart();
    world.estimates.set_fee_rate(Some(FeeRate::RELAYED_MIN));
    world.work().await.unwrap();
    assert_eq!(world.deal(code).await.state(), State::Executed);
}

/// Goal: the miner never gets most of a small deal. Method: a payout at the highest rate.
#[tokio::test]
async fn the_miner_gets_a_quarter_at_most() {
    let mut world = World::new().await;
    world.estimates.set_fee_rate(Some(FeeRate::per_kvb(50_000)));
    let code = paid(&mut world, 20_000).await;
    world.settle().await.unwrap();
    let fee = world.deal(code).await.settlements()[0].newest().unwrap().fee;
    assert!(fee <= Satoshi(5_000), "{fee}");
}

/// Goal: words of a node that nobody knows do not end a good settlement at once, but do in the end.
/// Method: a network that calls it invalid some times, and one that always does.
#[tokio::test]
async fn unknown_words_are_not_the_end() {
    let mut world = World::new().await;
    world.relay.refuse_next(6);
    let code = paid(&mut world, 1_000_000).await;
    world.settle().await.unwrap();
    for left in (0..6).rev() {
        assert_ne!(world.deal(code).await.state(), State::Failed);
        assert_eq!(world.relay.refusals_left(), left, "it is not asked all the time");
        world.clock.advance(601);
        world.settle().await.unwrap();
    }
    assert_eq!(world.deal(code).await.state(), State::Executed);
    assert_eq!(world.chain.pending().len(), 1);

    world.relay.refuse_next(u64::MAX);
    let code = paid(&mut world, 2_000_000).await;
    for _ in 0..8 {
        world.settle().await.unwrap();
        world.clock.advance(601);
    }
    assert_eq!(world.deal(code).await.state(), State::Failed);
}
