//! The disk fails, the power is lost: nothing acknowledged is lost, nothing is there twice.

use crate::support::{BOB, Solo, create, post, status, transfer, verified};
use tally_ledger_node::{PostError, StopReason, TransactionStatus};
use tally_storage::MemoryDisk;

/// Goal: whichever commit is the last one, what was answered before is valid afterwards.
///
/// Method: a crowd posts creates and transfers while commit number `point` fails, so that the node
/// stops; then, for even points, the power is lost. For each point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_every_commit_point() {
    for point in 0..12 {
        let disk = MemoryDisk::default();
        let solo = Solo::start(&disk);
        solo.store.fail_commit_after(point);
        let posts: Vec<_> = (0..24)
            .map(|number| {
                let handle = solo.handle.clone();
                tokio::spawn(async move {
                    let created = create(number);
                    let mut acknowledged = vec![];
                    if post(&handle, &created).await.is_ok() {
                        acknowledged.push(created.id());
                        let given = transfer(&created, BOB);
                        match post(&handle, &given).await {
                            Ok(_) => acknowledged.push(given.id()),
                            Err(error) => assert!(matches!(error, PostError::Stopping)),
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        let mut acknowledged = vec![];
        for posts in posts {
            acknowledged.extend(posts.await.unwrap());
        }
        if acknowledged.len() == 48 {
            solo.stop().await;
        } else {
            assert!(matches!(solo.node.stopped().await, StopReason::Store(_)), "point {point}");
        }
        if point % 2 == 0 {
            disk.lose_power();
        }
        let ledger = verified(&disk);
        assert!(ledger.counts().transactions > acknowledged.len() as u64);
        drop(ledger);

        let solo = Solo::start(&disk);
        for id in acknowledged {
            let found = status(&solo.handle, id).await;
            assert!(matches!(found, Some(TransactionStatus::Valid(_))), "point {point}: {found:?}");
        }
        // Whoever does not know what became of a post, posts again.
        for number in 0..24 {
            let created = create(number);
            solo.post(&created).await.unwrap();
            solo.post(&transfer(&created, BOB)).await.unwrap();
        }
        assert_eq!(solo.handle.status().transactions, 49);
        solo.stop().await;
        verified(&disk);
    }
}
