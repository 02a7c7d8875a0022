//! The contract of accounts, on a real PostgreSQL that each test starts and ends.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tally_accounts::{Accounts, AccountsError, Balance, Charged, UNPAID_SESSIONS_MAX, contract};
use tally_accounts_postgres::{ConnectError, PostgresAccounts};
use tally_testing_postgres::Server;

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
    let undone = vec![contract::order(&user, 1, 1, 100).place()];
    assert_eq!(accounts.revoke(undone).await.unwrap(), 1);
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
    assert!(matches!(newer, Err(ConnectError::Newer { found: 99, supported: 1, .. })), "{newer:?}");
}

/// Goal: expired nonces and sessions leave the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_cleared_away() {
    let server = Server::start();
    let url = server.new_database().await;
    let accounts = connect(&url).await;
    let user = contract::fid("FUser");
    let now = 1_677_673_821_267;
    contract::open_session(&*accounts, contract::session(&user, 1), now).await.unwrap();
    let count = "SELECT (SELECT count(*) FROM accounts_nonces) + \
        (SELECT count(*) FROM accounts_sessions)";
    assert_eq!(server.number(&url, count).await, 2);
    let mut last = contract::charge(&user, 1, 2, 0);
    last.nonce.expires_ms = now + 50_000;
    accounts.charge(last, now + 40_000).await.unwrap();
    falls_to(&server, &url, count, 1).await;
    let left = "SELECT nonce FROM accounts_nonces";
    assert_eq!(server.number(&url, left).await, 2, "the newest nonce is left");
    assert_eq!(server.number(&url, "SELECT count(*) FROM accounts_users").await, 0, "no money");
}

/// Looks until a number is what it is to become.
async fn falls_to(server: &Server, url: &str, query: &str, expected: i64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = server.number(url, query).await;
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found} stays of {query}");
    }
}

/// Goal: more than a batch of expired rows goes, what others have locked does not stop it, and of
/// the sessions of users who never paid the newest stay, besides those of users who paid since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_cleared_away() {
    let server = Server::start();
    let url = server.new_database().await;
    let accounts = connect(&url).await;
    let now = 1_677_673_821_267;
    let most = UNPAID_SESSIONS_MAX;
    let crowd = format!(
        "INSERT INTO accounts_nonces SELECT 'F' || n, n, {now} - n FROM generate_series(0, 25000) n;
         INSERT INTO accounts_sessions SELECT decode(lpad(to_hex(n), 12, '0'), 'hex'),
            decode(repeat('00', 32), 'hex'), 'F' || n, {now} + n, true
            FROM generate_series(1, {most} + 20) n;
         INSERT INTO accounts_users VALUES ('F1', 5, 0)"
    );
    server.run(&url, &crowd).await;
    let lock = server.hold(&url, "SELECT 1 FROM accounts_nonces WHERE nonce = 7 FOR UPDATE").await;
    let user = contract::fid("FUser");
    accounts.charge(contract::charge(&user, 1, 30_000, 0), now).await.unwrap();
    falls_to(&server, &url, "SELECT count(*) FROM accounts_nonces", 2).await;
    let sessions = "SELECT count(*) FROM accounts_sessions";
    falls_to(&server, &url, sessions, i64::try_from(most).unwrap() + 1).await;
    let kept = "SELECT count(*) FROM accounts_sessions WHERE fid = 'F1' OR expires_ms > ";
    let kept = format!("{kept} {now} + 20");
    assert_eq!(server.number(&url, &kept).await, i64::try_from(most).unwrap() + 1);
    drop(lock);
}

/// Goal: a database that does not answer does not hold its callers for ever, nor the connection
/// after them. Method: somebody else locks the table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_not_waited_for() {
    let server = Server::start();
    let url = server.new_database().await;
    let within = Duration::from_secs(2);
    let accounts = PostgresAccounts::connect_within(&url, 1, within).await.unwrap();
    let user = contract::fid("FUser");
    accounts.credit(contract::order(&user, 1, 1, 100)).await.unwrap();
    let lock = server.lock(&url, "accounts_users").await;
    for nonce in 1..3 {
        let late = accounts.charge(contract::charge(&user, 1, nonce, 30), 0).await;
        assert!(matches!(late, Err(AccountsError::Unavailable(_))), "{late:?}");
    }
    drop(lock);
    let accounts = connect(&url).await;
    let charged = accounts.charge(contract::charge(&user, 1, 3, 30), 0).await.unwrap();
    assert_eq!(charged, Charged::Paid(Balance(70)), "what was given up is not carried out");
}
