//! Databases that hang, break or are told to end a connection.

use super::{Server, connect};
use std::time::{Duration, Instant};
use tally_deal_postgres::PostgresDeals;
use tally_deal_store::{
    Commit, CommitError, DealStore, DealStoreError, EventId, ReplyKey, StoredReply, contract,
};

/// Goal: a database that does not answer does not hold its callers for ever, nor the connection
/// after them, and what was given up is not carried out later. Method: somebody else locks the
/// row that all who commit lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_not_waited_for() {
    let server = Server::start();
    let url = server.new_database().await;
    let within = Duration::from_secs(2);
    let deals = PostgresDeals::connect_within(&url, 2, within).await.unwrap();
    deals.commit(contract::creation(contract::deal(1))).await.unwrap();
    let lock = server.lock(&url, "deals_numbers").await;
    for number in 2..4 {
        let late = deals.commit(contract::creation(contract::deal(number))).await;
        let is_late = matches!(late, Err(CommitError::Store(DealStoreError::Unavailable(_))));
        assert!(is_late, "{late:?}");
    }
    let late = deals.last_event().await;
    assert!(matches!(late, Err(DealStoreError::Unavailable(_))), "{late:?}");
    drop(lock);
    let other = connect(&url).await;
    let made = other.commit(contract::creation(contract::deal(4))).await.unwrap();
    assert_eq!(made.events, [EventId(2)], "what was given up is not carried out");
    let made = deals.commit(contract::creation(contract::deal(5))).await.unwrap();
    assert_eq!(made.events, [EventId(3)], "it goes on");
}

/// Goal: commits go on after the database was away, and those that failed meanwhile are there or
/// not, whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_go_on_after_a_crash() {
    let mut server = Server::start();
    let url = server.new_database().await;
    let deals = connect(&url).await;
    deals.commit(contract::creation(contract::deal(1))).await.unwrap();
    server.crash();
    let lost = deals.commit(contract::creation(contract::deal(2))).await;
    assert!(matches!(lost, Err(CommitError::Store(_))), "{lost:?}");
    server.restart();
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = deals.commit(contract::creation(contract::deal(3))).await {
        assert!(Instant::now() < deadline, "{error:?}");
    }
    let events = deals.events(EventId(0), 10).await.unwrap();
    let has_second = deals.deal(contract::deal(2).code()).await.unwrap().is_some();
    assert_eq!(events.len(), 2 + usize::from(has_second));
}

/// Goal: a server whose connection is gone has lost the lease and learns it, and another one gets
/// it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lease_ends_with_its_connection() {
    let server = Server::start();
    let url = server.new_database().await;
    let (one, two) = (connect(&url).await, connect(&url).await);
    let lease = one.lead().await.unwrap().unwrap();
    assert!(two.lead().await.unwrap().is_none());
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND granted";
    server.run(&url, end).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let second = loop {
        if let Some(second) = two.lead().await.unwrap() {
            break second;
        }
        assert!(Instant::now() < deadline, "nobody gets the lease");
    };
    tokio::time::timeout(Duration::from_secs(60), lease.lost()).await.unwrap();
    assert!(lease.is_lost() && !second.is_lost());
}

/// Goal: what has expired does not pile up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_cleared_away() {
    let server = Server::start();
    let url = server.new_database().await;
    let deals = connect(&url).await;
    for number in 0..100_u64 {
        let key = ReplyKey { caller: "shop".into(), key: number.to_string() };
        let expires_ms = number + 10;
        let reply = StoredReply { key, request_hash: [0; 32], reply: vec![], expires_ms };
        let commit = Commit { now_ms: number, reply: Some(reply), ..Commit::default() };
        deals.commit(commit).await.unwrap();
    }
    let left = server.number(&url, "SELECT count(*) FROM deals_replies").await;
    assert!((10..=12).contains(&left), "{left} replies are left");
}

/// Goal: who commits at the same time shares transactions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_commits_share_a_transaction() {
    const CALLERS: u64 = 64;
    const ROUNDS: u64 = 5;
    let server = Server::start();
    let url = server.new_database().await;
    let deals = connect(&url).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..CALLERS {
        let deals = std::sync::Arc::clone(&deals);
        callers.spawn(async move {
            for round in 0..ROUNDS {
                let deal = contract::deal(number * ROUNDS + round);
                deals.commit(contract::creation(deal)).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    // Rows of one transaction have its number.
    let count = "SELECT count(DISTINCT xmin::text) FROM deals_events";
    let transactions = server.number(&url, count).await;
    assert!(transactions < i64::try_from(CALLERS * ROUNDS / 4).unwrap(), "{transactions}");
    assert_eq!(server.number(&url, "SELECT count(*) FROM deals_deals").await, 320);
}
