//! The contract of accounts, on a real PostgreSQL that each test starts and ends.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod server;

use server::Server;
use std::{sync::Arc, time::Duration};
use tally_accounts::{Accounts, AccountsError, Balance, Charged, contract};
use tally_accounts_postgres::{ConnectError, PostgresAccounts};
use tally_primitives::BlockNumber;

/// Connections of each server in these tests.
const CONNECTIONS: u32 = 6;

async fn connect(url: &str) -> Arc<dyn Accounts> {
    Arc::new(PostgresAccounts::connect(url, CONNECTIONS).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let server = Server::start();
    let open = async || connect(&server.new_database().await).await;
    contract::check(open).await.unwrap();
}

/// Goal: two servers that share a database, under contention.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_never_spend_or_accept_twice() {
    let server = Server::start();
    let url = server.new_database().await;
    for _ in 0..3 {
        let url = server.new_database().await;
        contract::check_shared([connect(&url).await, connect(&url).await]).await.unwrap();
    }
    let starting = [connect(&url), connect(&url), connect(&url)];
    let [a, b, c] = starting;
    let (first, second, _third) = tokio::join!(a, b, c);
    contract::check_shared([first, second]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_outlast_the_servers() {
    let server = Server::start();
    let url = server.new_database().await;
    contract::check_reopen(async || connect(&url).await).await.unwrap();
}

/// Goal: what was acknowledged survives the database's sudden end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_crash_of_the_database() {
    let mut server = Server::start();
    let url = server.new_database().await;
    let user = contract::fid("FUser");
    let accounts = connect(&url).await;
    accounts.credit(contract::order(&user, 1, 1, 100)).await.unwrap();
    accounts.charge(contract::charge(&user, 1, 1, 30), 0).await.unwrap();
    server.crash();
    let lost = accounts.charge(contract::charge(&user, 1, 2, 30), 0).await;
    assert!(matches!(lost, Err(AccountsError::Unavailable(_))), "{lost:?}");
    server.restart();
    let charged = accounts.charge(contract::charge(&user, 1, 1, 30), 0).await.unwrap();
    assert_eq!(charged, Charged::Replayed(Balance(70)), "the same pool finds its way back");
    assert_eq!(accounts.revoke_above(BlockNumber(0)).await.unwrap(), 1);
    assert_eq!(accounts.balance(&user).await.unwrap(), Balance(-30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_work_is_refused() {
    let malformed = PostgresAccounts::connect("mysql//here", 1).await;
    assert!(matches!(malformed, Err(ConnectError::Address(_))), "{malformed:?}");
    let server = Server::start();
    let absent = PostgresAccounts::connect(&server.url("absent"), 1).await;
    assert!(matches!(absent, Err(ConnectError::Database(_))), "{absent:?}");
    let url = server.new_database().await;
    drop(connect(&url).await);
    server.run(&url, "UPDATE accounts_schema SET version = 99").await;
    let newer = PostgresAccounts::connect(&url, 1).await;
    assert!(matches!(newer, Err(ConnectError::Newer { found: 99, supported: 1 })), "{newer:?}");
}

/// Goal: expired nonces and sessions leave the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_cleared_away() {
    let server = Server::start();
    let url = server.new_database().await;
    let accounts = connect(&url).await;
    let user = contract::fid("FUser");
    let now = 1_677_673_821_267;
    accounts.open_session(contract::session(&user, 1), now).await.unwrap();
    accounts.charge(contract::charge(&user, 1, 1, 0), now).await.unwrap();
    let count = "SELECT (SELECT count(*) FROM accounts_nonces) + \
        (SELECT count(*) FROM accounts_sessions)";
    assert_eq!(server.number(&url, count).await, 2);
    accounts.charge(contract::charge(&user, 1, 2, 0), now + 40_000).await.unwrap();
    assert_eq!(server.number(&url, count).await, 1, "the newest nonce is left");
}

/// Goal: a database that does not answer does not hold its callers for ever, nor the connection
/// after them. Method: somebody else locks the table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_not_waited_for() {
    let server = Server::start();
    let url = server.new_database().await;
    let accounts = PostgresAccounts::connect(&url, 1).await.unwrap();
    let user = contract::fid("FUser");
    accounts.credit(contract::order(&user, 1, 1, 100)).await.unwrap();
    let accounts = accounts.with_call_timeout(Duration::from_millis(300));
    let lock = server.lock(&url, "accounts_users").await;
    for nonce in 1..3 {
        let late = accounts.charge(contract::charge(&user, 1, nonce, 30), 0).await;
        assert!(matches!(late, Err(AccountsError::Unavailable(_))), "{late:?}");
    }
    drop(lock);
    let accounts = accounts.with_call_timeout(Duration::from_secs(60));
    let charged = accounts.charge(contract::charge(&user, 1, 3, 30), 0).await.unwrap();
    let Charged::Paid(Balance(left)) = charged else { panic!("{charged:?}") };
    // What was given up may still be carried out, whole.
    assert!([70, 40, 10].contains(&left), "{left}");
}
