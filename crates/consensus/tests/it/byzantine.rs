//! Nodes that break the protocol.

use crate::{
    journal::{Journal, assert_no_fork},
    simulated::{MINUTE, journals, reach, seeds, start_all, texts},
};
use std::sync::Arc;
use tally_consensus::simulation::{Behaviour, Link, Setup, run};

/// A leader that proposes one thing to some and another thing to others, and votes for both, gets
/// at most one of them through at a height; the honest nodes agree and go on.
#[test]
fn double_proposals() {
    for seed in seeds() {
        for liar in [0, 3] {
            println!("seed {seed}, node {liar}");
            let honest = journals(3);
            let twins = journals(2);
            run(Setup::new(4, seed), async |federation| {
                let others = (0..4).filter(|node| *node != liar);
                for (node, journal) in others.zip(&honest) {
                    federation.start(node, Arc::new(journal.clone())).await;
                    journal.submit(texts(node, 4));
                }
                twins[0].submit(texts(100, 50));
                twins[1].submit(texts(200, 50));
                let both = twins.iter().map(|twin| Arc::new(twin.clone()) as Arc<_>).collect();
                federation.start_byzantine(liar, Behaviour::Twins, both).await;
                let is_done = || {
                    honest.iter().all(|journal| {
                        let entries = journal.entries();
                        let own = entries.iter().filter(|text| !text.starts_with(b"100-"));
                        own.filter(|text| !text.starts_with(b"200-")).count() >= 12
                    })
                };
                assert!(federation.until(10 * MINUTE, is_done).await, "no progress");
                let (longest, _) = assert_no_fork(&honest);
                assert!(longest >= 12);
                // Both faces of the liar were seen.
                for start in ["100-", "200-"] {
                    assert!(honest.iter().any(|journal| journal.has_judged(start)), "{start}");
                }
                // What its two engines took for final is what the others have.
                let everyone: Vec<Journal> = honest.iter().chain(&twins).cloned().collect();
                assert_no_fork(&everyone);
            });
        }
    }
}

/// What honest nodes refuse never becomes final, however often a leader proposes it.
#[test]
fn invalid_proposals() {
    for seed in seeds() {
        println!("seed {seed}");
        let honest = journals(3);
        let careless = Journal::careless();
        run(Setup { link: Link::GOOD, ..Setup::new(4, seed) }, async |federation| {
            careless.submit(["bad-1", "bad-2"]);
            start_all(federation, &honest).await;
            federation.start(3, Arc::new(careless.clone())).await;
            for (node, journal) in honest.iter().enumerate() {
                journal.submit(texts(node, 4));
            }
            reach(federation, &honest, 12, 10 * MINUTE).await;
            federation.sleep(MINUTE).await;
            assert_eq!(assert_no_fork(&honest), (12, 12));
            assert!(honest.iter().all(|journal| journal.refused() > 0), "it was not proposed");
            assert_eq!(careless.entries(), honest[0].entries());
        });
    }
}

/// Nodes that vote for things that do not exist, or for and against the same, change nothing.
#[test]
fn lying_votes() {
    for behaviour in [Behaviour::ConflictingVotes, Behaviour::NullifyAndFinalize] {
        for seed in seeds() {
            println!("{behaviour:?}, seed {seed}");
            let honest = journals(3);
            run(Setup::new(4, seed), async |federation| {
                federation.start_byzantine(3, behaviour, Vec::new()).await;
                start_all(federation, &honest).await;
                for (node, journal) in honest.iter().enumerate() {
                    journal.submit(texts(node, 4));
                }
                reach(federation, &honest, 12, 10 * MINUTE).await;
                assert_eq!(assert_no_fork(&honest), (12, 12));
            });
        }
    }
}

/// Two liars of seven, of different kinds, and slow links: the five others agree.
#[test]
fn two_liars_of_seven() {
    let honest = journals(5);
    let twins = journals(2);
    let link = Link { lost_per_thousand: 10, ..Link::GOOD };
    run(Setup { link, ..Setup::new(7, 31) }, async |federation| {
        twins[0].submit(texts(100, 20));
        twins[1].submit(texts(200, 20));
        let both = twins.iter().map(|twin| Arc::new(twin.clone()) as Arc<_>).collect();
        federation.start_byzantine(5, Behaviour::Twins, both).await;
        federation.start_byzantine(6, Behaviour::ConflictingVotes, Vec::new()).await;
        start_all(federation, &honest).await;
        honest[0].submit(texts(0, 5));
        let is_done = || {
            let is_own = |text: &&bytes::Bytes| text.starts_with(b"0-");
            honest.iter().all(|journal| journal.entries().iter().filter(is_own).count() == 5)
        };
        assert!(federation.until(10 * MINUTE, is_done).await, "no progress");
        assert_no_fork(&honest);
    });
}
