//! Honest nodes on a simulated network.

use crate::journal::{Journal, assert_no_fork};
use bytes::Bytes;
use std::{ops::RangeInclusive, sync::Arc, time::Duration};
use tally_consensus::{
    MESSAGE_BYTES_MAX, SendError,
    simulation::{Federation, Link, Setup, run},
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// The seeds to play with: two, or as many as the environment variable `TALLY_SEEDS` says.
pub(crate) fn seeds() -> RangeInclusive<u64> {
    let count = std::env::var("TALLY_SEEDS").map_or(2, |count| count.parse().unwrap());
    1..=count
}

pub(crate) fn journals(count: usize) -> Vec<Journal> {
    (0..count).map(|_| Journal::default()).collect()
}

pub(crate) async fn start_all(federation: &mut Federation, journals: &[Journal]) {
    for (node, journal) in journals.iter().enumerate() {
        federation.start(node, Arc::new(journal.clone())).await;
    }
}

/// Texts that no other node submits.
pub(crate) fn texts(node: usize, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |index| format!("{node}-{index}"))
}

/// Waits until all these journals have `count` entries.
pub(crate) async fn reach(
    federation: &Federation,
    journals: &[Journal],
    count: usize,
    time: Duration,
) {
    let reached =
        federation.until(time, || journals.iter().all(|journal| journal.len() >= count)).await;
    let lengths: Vec<_> = journals.iter().map(Journal::len).collect();
    assert!(reached, "{lengths:?} instead of {count} after {:?}", federation.now());
}

/// Four nodes that all submit agree on one order, although every tenth message is lost and links
/// are slow.
#[test]
fn four_agree_with_loss() {
    for seed in seeds() {
        println!("seed {seed}");
        let journals = journals(4);
        let setup = Setup { link: Link::BAD, ..Setup::new(4, seed) };
        run(setup, async |federation| {
            for (node, journal) in journals.iter().enumerate() {
                journal.submit(texts(node, 5));
            }
            start_all(federation, &journals).await;
            reach(federation, &journals, 20, 10 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (20, 20));
        });
    }
}

/// Federations of one, two and seven with two down agree: every size has its tolerance.
#[test]
fn sizes() {
    for (nodes, down) in [(1, 0), (2, 0), (3, 0), (7, 2)] {
        println!("{down} of {nodes} down");
        let journals = journals(nodes - down);
        run(Setup::new(nodes, 7), async |federation| {
            start_all(federation, &journals).await;
            for (node, journal) in journals.iter().enumerate() {
                journal.submit(texts(node, 2));
            }
            let count = 2 * journals.len();
            reach(federation, &journals, count, 2 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (count, count));
        });
    }
}

/// With one of four down the others go on; with two down nothing becomes final; when one is back
/// everything that was submitted meanwhile does.
#[test]
fn tolerance_of_four() {
    for seed in seeds() {
        println!("seed {seed}");
        let journals = journals(4);
        run(Setup::new(4, seed), async |federation| {
            start_all(federation, &journals).await;
            journals[0].submit(texts(0, 3));
            reach(federation, &journals, 3, MINUTE).await;
            federation.crash(3).await;
            journals[1].submit(texts(1, 3));
            reach(federation, &journals[..3], 6, MINUTE).await;

            federation.crash(2).await;
            journals[0].submit(["alone"]);
            federation.sleep(MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (6, 3));

            federation.start(3, Arc::new(journals[3].clone())).await;
            let living = [journals[0].clone(), journals[1].clone(), journals[3].clone()];
            reach(federation, &living, 7, 2 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (7, 6));
        });
    }
}

/// Two and two that cannot hear each other make nothing final, whoever submits; healed, they agree
/// on everything.
#[test]
fn two_and_two() {
    for seed in seeds() {
        println!("seed {seed}");
        let journals = journals(4);
        run(Setup::new(4, seed), async |federation| {
            start_all(federation, &journals).await;
            journals[0].submit(["before"]);
            reach(federation, &journals, 1, MINUTE).await;
            federation.partition(&[&[0, 1], &[2, 3]]).await;
            // What was on its way arrives.
            federation.sleep(Duration::from_secs(1)).await;
            let (settled, _) = assert_no_fork(&journals);
            for (node, journal) in journals.iter().enumerate() {
                journal.submit(texts(node, 2));
            }
            federation.sleep(2 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals).0, settled);
            federation.heal().await;
            reach(federation, &journals, 9, 2 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (9, 9));
        });
    }
}

/// Nodes crash and restart one after the other, in the middle of work and with lossy links: what
/// was final stays final, and nothing is lost.
#[test]
fn crashes_under_load() {
    for seed in seeds() {
        println!("seed {seed}");
        let journals = journals(4);
        let link = Link { lost_per_thousand: 20, ..Link::GOOD };
        run(Setup { link, ..Setup::new(4, seed) }, async |federation| {
            for (node, journal) in journals.iter().enumerate() {
                journal.submit(texts(node, 8));
            }
            start_all(federation, &journals).await;
            for round in 0..8 {
                let node = round % 4;
                federation.sleep(Duration::from_millis(150 + 60 * round as u64)).await;
                let before = journals[node].entries();
                federation.crash(node).await;
                assert_eq!(assert_no_fork(&journals).1.max(before.len()), before.len());
                federation.sleep(Duration::from_millis(200)).await;
                federation.start(node, Arc::new(journals[node].clone())).await;
            }
            reach(federation, &journals, 32, 10 * MINUTE).await;
            assert_eq!(assert_no_fork(&journals), (32, 32));
        });
    }
}

/// All nodes crash together and start again: the federation goes on where it was.
#[test]
fn all_crash() {
    let journals = journals(4);
    run(Setup::new(4, 11), async |federation| {
        start_all(federation, &journals).await;
        journals[0].submit(texts(0, 5));
        reach(federation, &journals[..1], 3, MINUTE).await;
        for node in 0..4 {
            federation.crash(node).await;
        }
        start_all(federation, &journals).await;
        reach(federation, &journals, 5, 2 * MINUTE).await;
        assert_eq!(assert_no_fork(&journals), (5, 5));
    });
}

/// A node that joins late gets everything from its peers, and then takes part: with another one
/// down, nothing would go on without it.
#[test]
fn late_joiner() {
    let journals = journals(4);
    run(Setup::new(4, 5), async |federation| {
        start_all(federation, &journals[..3]).await;
        journals[0].submit(texts(0, 60));
        reach(federation, &journals[..3], 60, 5 * MINUTE).await;
        federation.start(3, Arc::new(journals[3].clone())).await;
        reach(federation, &journals[3..], 60, MINUTE).await;
        assert_eq!(federation.handle(3).status().behind, 0);
        federation.crash(0).await;
        journals[1].submit(["with the newcomer"]);
        reach(federation, &journals[1..], 61, MINUTE).await;
        assert_no_fork(&journals);
    });
}

/// An application that lost its last entries gets them again from its own engine, without peers;
/// one that is ahead of its engine is spared what it has.
#[test]
fn application_and_engine_disagree() {
    let journals = journals(4);
    run(Setup::new(4, 6), async |federation| {
        start_all(federation, &journals).await;
        journals[0].submit(texts(0, 12));
        reach(federation, &journals, 12, MINUTE).await;
        // Fillers, so that heights and numbers differ.
        federation.sleep(MINUTE).await;
        journals[0].submit(texts(1, 3));
        reach(federation, &journals, 15, MINUTE).await;

        federation.partition(&[]).await;
        federation.crash(1).await;
        for entries in [0, 5, 14] {
            let older = journals[1].restored(entries);
            federation.start(1, Arc::new(older.clone())).await;
            reach(federation, std::slice::from_ref(&older), 15, MINUTE).await;
            assert_eq!(older.entries(), journals[1].entries());
            federation.crash(1).await;
        }

        federation.heal().await;
        // Entries that came while this node's engine was away, from a backup of a peer's database.
        journals[0].submit(["while away"]);
        reach(federation, &[0, 2, 3].map(|node: usize| journals[node].clone()), 16, MINUTE).await;
        let ahead = journals[0].restored(16);
        federation.partition(&[&[0, 2, 3]]).await;
        federation.start(1, Arc::new(ahead.clone())).await;
        federation.sleep(MINUTE).await;
        assert!(federation.handle(1).status().is_ahead, "nobody can give it what it lacks");
        assert!(!federation.handle(0).status().is_ahead);
        federation.heal().await;
        journals[0].submit(["after"]);
        reach(federation, std::slice::from_ref(&ahead), 17, MINUTE).await;
        assert_eq!(ahead.entries(), journals[0].entries());
        assert!(!federation.handle(1).status().is_ahead);
    });
}

/// After four minutes of idleness a text is final within a few round trips, wherever it was submitted
/// first, and no application has seen anything of that time.
#[test]
fn idle_then_prompt() {
    let journals = journals(4);
    run(Setup::new(4, 9), async |federation| {
        start_all(federation, &journals).await;
        journals[0].submit(["first"]);
        reach(federation, &journals, 1, MINUTE).await;
        federation.sleep(4 * MINUTE).await;
        let status = federation.handle(2).status();
        assert!(status.view > 200, "{status:?}");
        assert_eq!((status.is_running, status.finalized_height, status.behind), (true, 1, 0));
        assert_eq!(assert_no_fork(&journals), (1, 1));
        let mut times = Vec::new();
        for round in 1..=7 {
            federation.sleep(Duration::from_millis(3_700)).await;
            let begin = federation.now();
            for journal in &journals {
                journal.submit([format!("text {round}")]);
            }
            reach(federation, &journals, 1 + round, MINUTE).await;
            times.push(federation.now() - begin);
        }
        times.sort();
        // Three messages of ten milliseconds each. At worst the turn of a leader was just over,
        // and others had given it up: then the next leader proposes.
        assert!(times[3] < Duration::from_millis(80), "{times:?}");
        assert!(times[6] < Duration::from_millis(700), "{times:?}");
    });
}

/// The same seed plays the same history to the last message, another seed another one.
#[test]
fn histories_repeat() {
    let play = |seed| {
        let journals = journals(4);
        let setup = Setup { link: Link::BAD, ..Setup::new(4, seed) };
        let outcome = run(setup, async |federation| {
            for (node, journal) in journals.iter().enumerate() {
                journal.submit(texts(node, 2));
            }
            start_all(federation, &journals).await;
            federation.sleep(Duration::from_secs(5)).await;
            federation.crash(1).await;
            federation.start(1, Arc::new(journals[1].clone())).await;
            reach(federation, &journals, 8, 10 * MINUTE).await;
            federation.now()
        });
        (outcome.history, outcome.value, journals[0].entries())
    };
    let first = play(21);
    assert_eq!(first, play(21));
    assert_ne!(first.0, play(22).0);
}

/// The side channel brings messages to all or to one, says whom they are from, and takes none
/// that is too long.
#[test]
fn side_channel() {
    let journals = journals(4);
    run(Setup::new(4, 3), async |federation| {
        start_all(federation, &journals).await;
        federation.sleep(Duration::from_secs(1)).await;
        let keys = federation.keys();
        assert_eq!(federation.handle(0).status().connected, keys[1..]);
        let largest = Bytes::from(vec![7; MESSAGE_BYTES_MAX]);
        let longer = Bytes::from(vec![7; MESSAGE_BYTES_MAX + 1]);
        federation.handle(0).broadcast(Bytes::from_static(b"to all")).unwrap();
        federation.handle(1).send(keys[2], largest.clone()).unwrap();
        let refused = federation.handle(1).broadcast(longer);
        assert_eq!(refused, Err(SendError::TooLong { bytes: MESSAGE_BYTES_MAX + 1 }));
        federation.sleep(Duration::from_secs(1)).await;
        let lengths = |node: usize| -> Vec<_> {
            let received = journals[node].received().into_iter();
            let mut lengths: Vec<_> = received.map(|(from, text)| (from, text.len())).collect();
            lengths.sort_by_key(|(_, length)| *length);
            lengths
        };
        assert_eq!(lengths(0), []);
        assert_eq!(lengths(1), [(keys[0], 6)]);
        assert_eq!(lengths(2), [(keys[0], 6), (keys[1], MESSAGE_BYTES_MAX)]);
        assert_eq!(journals[3].received(), [(keys[0], Bytes::from_static(b"to all"))]);

        let handle = federation.handle(3).clone();
        federation.crash(3).await;
        assert_eq!(handle.broadcast(Bytes::new()), Err(SendError::Stopped));
        assert!(!handle.status().is_running);
    });
}

/// A payload longer than the bound is never proposed, and does not stop what comes after it.
#[test]
fn payload_bound() {
    let journals = journals(4);
    run(Setup { payload_bytes_max: 100, ..Setup::new(4, 4) }, async |federation| {
        start_all(federation, &journals).await;
        journals[0].submit(["x".repeat(101)]);
        journals[1].submit(["x".repeat(100)]);
        reach(federation, &journals, 1, MINUTE).await;
        federation.sleep(MINUTE).await;
        assert_eq!(assert_no_fork(&journals), (1, 1));
    });
}
