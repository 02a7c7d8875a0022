//! Honest nodes on a simulated network.

use crate::journal::{Journal, assert_no_fork};
use std::{sync::Arc, time::Duration};
use tally_consensus::simulation::{Federation, Link, Setup, run};

const MINUTE: Duration = Duration::from_secs(60);
const SEEDS: [u64; 3] = [1, 2, 3];

fn journals(count: usize) -> Vec<Journal> {
    (0..count).map(|_| Journal::default()).collect()
}

async fn start_all(federation: &mut Federation, journals: &[Journal]) {
    for (node, journal) in journals.iter().enumerate() {
        federation.start(node, Arc::new(journal.clone())).await;
    }
}

/// Texts that no other node submits.
fn texts(node: usize, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |index| format!("{node}-{index}"))
}

/// Waits until all these journals have `count` entries.
async fn reach(federation: &Federation, journals: &[Journal], count: usize, time: Duration) {
    let reached =
        federation.until(time, || journals.iter().all(|journal| journal.len() >= count)).await;
    let lengths: Vec<_> = journals.iter().map(Journal::len).collect();
    assert!(reached, "{lengths:?} instead of {count} after {:?}", federation.now());
}

/// Four nodes that all submit agree on one order although every tenth message is lost and links are
/// slow. Then nothing is lost any more, and one more text takes a few round trips.
#[test]
fn four_agree_with_loss() {
    for seed in SEEDS {
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
