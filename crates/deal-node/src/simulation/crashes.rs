//! A sale and a refund, with the power going at every commit and the network at every call.

use super::{
    money::{Flow, flow, transactions},
    world::{Broken, Terms, World},
};
use tally_chain_utxo::RelayFault;
use tally_deal::{DealCode, Order, State};

/// Where the money of the two deals is at the end.
#[derive(Debug, PartialEq)]
struct End {
    sale: (State, Flow),
    refund: (State, Flow),
}

/// Retries a step until nothing breaks.
async fn done(world: &mut World) {
    world.persist().await;
}

async fn make(world: &mut World, terms: Terms) -> DealCode {
    loop {
        // The same deal at the same moment is the same deal.
        match world.create(terms).await {
            Some(code) => return code,
            None => world.restart(),
        }
    }
}

/// One deal is paid and completed; another one is paid too little and expires.
async fn story(world: &mut World) -> End {
    let sale = make(world, Terms { is_prepaid: false, ..Terms::default() }).await;
    let refund = make(world, Terms { satoshi: 500_000, ..Terms::default() }).await;
    done(world).await;
    let deals = [deal(world, sale).await, deal(world, refund).await];
    world.pay(&deals[0], 1_250_000);
    world.pay(&deals[1], 499_999);
    done(world).await;
    world.mine();
    done(world).await;
    let paid = deal(world, sale).await;
    assert_eq!(paid.state(), State::Paid);
    loop {
        let words = [("feedback_status", "Positive")];
        match world.order(Order::Feedback, &paid, &words).await {
            Some(outcome) => {
                assert!(outcome.success, "{}", outcome.message);
                break;
            }
            None => world.restart(),
        }
    }
    done(world).await;
    world.mine();
    done(world).await;
    world.clock.advance(4_000);
    done(world).await;
    world.clock.advance(700);
    done(world).await;
    for _ in 0..3 {
        world.mine();
        world.clock.advance(700);
        done(world).await;
    }
    let all = transactions(world, false);
    let sale = deal(world, sale).await;
    let refund = deal(world, refund).await;
    End { sale: (sale.state(), flow(&sale, &all)), refund: (refund.state(), flow(&refund, &all)) }
}

async fn deal(world: &mut World, code: DealCode) -> tally_deal::Deal {
    loop {
        match world.server.find_deal(code).await {
            Ok(Some(deal)) => return deal,
            Ok(None) => panic!("deal {code} is lost"),
            Err(_) => world.restart(),
        }
    }
}

fn check(end: &End) {
    let (state, flow) = &end.sale;
    assert_eq!(*state, State::Executed);
    assert_eq!((flow.received, flow.unspent, flow.settlements), (1_250_000, 0, 1));
    assert!(flow.seller > 900_000 && flow.customer > 200_000, "{flow:?}");
    let (state, flow) = &end.refund;
    assert_eq!(*state, State::Canceled);
    assert_eq!((flow.seller, flow.fees, flow.unspent, flow.settlements), (0, 0, 0, 1));
    assert!(flow.customer > 490_000, "{flow:?}");
}

/// Without trouble both deals end as they should.
#[tokio::test]
async fn a_sale_and_a_refund() {
    let end = story(&mut World::new().await).await;
    check(&end);
}

/// Goal: whichever commit the power goes at, the money ends where it does without that. Method: the
/// same story with the first, second, … commit failing, until none does.
#[tokio::test]
async fn power_goes_at_every_commit() {
    let undisturbed = story(&mut World::new().await).await;
    for commits in 0.. {
        let mut world = World::new().await;
        let memory = std::sync::Arc::clone(&world.memory);
        memory.fail_commit_after(commits);
        let end = story(&mut world).await;
        assert_eq!(end, undisturbed, "commit {commits}");
        if std::sync::Arc::ptr_eq(&memory, &world.memory) {
            assert!(commits > 10, "the story has commits");
            return;
        }
    }
}

/// Goal: nothing that the network does not answer is done twice. Method: the same story with each
/// call to the network, and each pair of calls, lost before or after it was carried out.
#[tokio::test]
async fn the_network_goes_at_every_call() {
    let undisturbed = story(&mut World::new().await).await;
    for lost in 0..60 {
        for fault in [RelayFault::Unreached, RelayFault::Unanswered] {
            let mut world = World::new().await;
            world.relay.fail_at(vec![(lost, fault), (lost + 1, fault)]);
            let end = story(&mut world).await;
            check(&end);
            assert_eq!(end.sale.0, undisturbed.sale.0);
        }
    }
}

/// Goal: a kill between storing a signed settlement and sending it pays once. Method: the sending
/// fails, the server is killed, another one starts.
#[tokio::test]
async fn a_kill_between_signing_and_sending() {
    let mut world = World::new().await;
    let code = world.create(Terms::default()).await.unwrap();
    let made = world.deal(code).await;
    world.work().await.unwrap();
    world.pay(&made, 1_000_000);
    world.mine();
    world.follow().await.unwrap();
    // The estimate is asked for, then the transaction is sent.
    world.estimates.fail_next([RelayFault::Unreached, RelayFault::Unreached]);
    world.settle().await.unwrap();
    let signed = world.deal(code).await;
    let version = signed.settlements()[0].newest().unwrap();
    assert_eq!(signed.state(), State::Completed);
    assert!(world.chain.pending().is_empty());
    world.restart();
    assert!(!matches!(world.work().await, Err(Broken::Store)));
    let waiting = world.chain.pending();
    assert_eq!(waiting.iter().map(|waiting| waiting.txid).collect::<Vec<_>>(), [version.txid]);
    world.restart();
    world.work().await.unwrap();
    world.mine();
    world.work().await.unwrap();
    let end = world.deal(code).await;
    assert_eq!(end.state(), State::Executed);
    assert_eq!(flow(&end, &transactions(&world, true)).settlements, 1);
}
