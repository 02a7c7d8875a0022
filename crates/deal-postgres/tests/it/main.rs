//! The contract of deals, on a real PostgreSQL that each test starts and ends.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod failures;

use std::sync::Arc;
use tally_deal_postgres::{ConnectError, PostgresDeals};
use tally_deal_store::{DealStore, contract};
use tally_testing_postgres::Server;

/// Connections of each server in these tests.
const CONNECTIONS: u32 = 6;

async fn connect(url: &str) -> Arc<dyn DealStore> {
    Arc::new(PostgresDeals::connect(url, CONNECTIONS).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let server = Server::start();
    let open = async || connect(&server.new_database().await).await;
    contract::check(open).await.unwrap();
}

/// Goal: two servers that share a database keep the promises together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_deals() {
    let server = Server::start();
    let url = server.new_database().await;
    let (one, two) = tokio::join!(connect(&url), connect(&url));
    contract::check_shared([one, two]).await.unwrap();
}

/// Goal: what was acknowledged outlasts a crash of the database. Method: it is ended without a
/// checkpoint, as far as it can tell by a loss of power, before each time it is opened again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deals_outlast_a_crash_of_the_database() {
    let mut server = Server::start();
    let url = server.new_database().await;
    let mut is_first = true;
    contract::check_reopen(async || {
        if !is_first {
            server.crash();
            server.restart();
        }
        is_first = false;
        connect(&url).await
    })
    .await
    .unwrap();
}

/// Goal: an address that is none, a server that is not there, and a database of a newer program
/// are told apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_databases_are_refused() {
    let malformed = PostgresDeals::connect("mysql//here", 1).await;
    assert!(matches!(malformed, Err(ConnectError::Address(_))), "{malformed:?}");
    let absent = PostgresDeals::connect("postgres://nobody@127.0.0.1:1/none", 1).await;
    assert!(matches!(absent, Err(ConnectError::Database(_))), "{absent:?}");
    let server = Server::start();
    let url = server.new_database().await;
    drop(connect(&url).await);
    drop(connect(&url).await);
    server.run(&url, "UPDATE deals_schema SET version = 99").await;
    let newer = PostgresDeals::connect(&url, 1).await;
    assert!(matches!(newer, Err(ConnectError::Newer { found: 99, supported: 1, .. })), "{newer:?}");
}
