//! A power loss at every commit.

use crate::support::*;
use serde_json::json;
use std::sync::Arc;
use tally_apip_node::{FollowError, TABLES};
use tally_primitives::Satoshi;
use tally_storage::MemoryStore;

/// Goal: wherever the power is lost, the directory goes on and ends where one without a loss does,
/// through a reorganisation that undoes a publication, a rating, a close and a payment. Method: a
/// commit for each block; the store fails at the n-th commit and loses what was not synced, for all
/// n.
#[tokio::test]
async fn the_state_is_the_same_wherever_power_is_lost() {
    let mut config = config();
    config.step_bytes = 1;
    for crash_at in 0.. {
        let mut chain = Chain::new();
        let store = store();
        let disk = store.disk();
        let mut store = Arc::new(reopened(&disk, crash_at));
        let mut crashes = 0;
        let mut settle = async |chain: &Chain| {
            loop {
                let opened =
                    tally_apip_node::Directory::open(Arc::<MemoryStore>::clone(&store), config);
                let ended = match opened {
                    Ok(directory) => {
                        let directory = Arc::new(directory);
                        let mut follower = chain.follow(&directory, None);
                        tokio::select! {
                            result = follower.ended() => result.err(),
                            () = chain.reached_by(&directory) => {
                                let stopped = stop(follower).await;
                                stopped.err()
                            }
                        }
                    }
                    Err(_) => Some(FollowError::Panicked),
                };
                if ended.is_none() {
                    return;
                }
                crashes += 1;
                disk.lose_power();
                store = Arc::new(disk.open(TABLES));
            }
        };
        chain.fund(&[user(1), user(2)], 8);
        chain.wait(3);
        let params = json!({"account": user(9).as_str()});
        let publish = json!({"op": "publish", "stdName": "S", "params": params});
        let sid = chain.write(&user(1), &feip(5, publish));
        settle(&chain).await;
        let rate = feip(5, json!({"op": "rate", "sid": sid.to_string(), "rate": 2}));
        chain.write(&user(2), &rate);
        chain.pay_and_write(&user(2), &buy(&sid), Some((user(9), Satoshi(7))));
        chain.write(&user(1), &feip(5, json!({"op": "close", "sid": sid.to_string()})));
        settle(&chain).await;
        chain.reorganise(3);
        chain.write(&user(2), &rate);
        settle(&chain).await;
        let _ = settle;
        let (fresh, other) = chain.fresh(config).await;
        assert_same_rows(&store, &fresh);
        let directory = open(&store, config);
        assert_eq!(everything(&directory), everything(&other), "lost at commit {crash_at}");
        if crashes == 0 {
            assert!(crash_at > 8, "the test reached commits: {crash_at}");
            return;
        }
        assert_eq!(crashes, 1, "lost at commit {crash_at}");
    }
}

fn reopened(disk: &tally_storage::MemoryDisk, crash_at: u64) -> MemoryStore {
    let store = disk.open(TABLES);
    store.fail_commit_after(crash_at);
    store
}
