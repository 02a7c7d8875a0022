//! Two servers on one PostgreSQL.

use super::{
    party::{Party, Wording},
    server::{Settings, now},
};
use crate::support::{bitcoind::Bitcoind, eventually};
use serde_json::{Value, json};
use std::thread;
use tally_testing_postgres::Server as Postgres;

const COIN: u64 = 100_000_000;

/// Goal: behind one address several servers are one. Method: two servers share a database and a node;
/// they have the same keys; a deal that both are asked to make at once is made once; one of them
/// follows the chain, and when it is killed the other one does, which pays out once what was paid
/// meanwhile; events have one order and are the same at both.
#[test]
fn two_servers_are_one() {
    let Some(node) = Bitcoind::start() else { return };
    node.fund();
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start();
    let [seller, customer] = [(); 2].map(|()| Party::new(&node));
    let settings = |name| {
        let settings = Settings::new(folder.path(), name).on(&node);
        settings.with_variable("DEAL_POSTGRES_URL", &postgres.url("postgres"))
    };
    let (one, two) = (settings("one").start(), settings("two").start());
    for name in ["key1", "key2", "pgp"] {
        assert_eq!(one.announced(name), two.announced(name), "{name}");
    }
    let leads = |server: &super::server::Server| {
        let metrics = server.send("GET", "/metrics", &[], b"").text;
        metrics.lines().any(|line| line == "tally_deal_leading 1")
    };
    eventually("one that leads", || match (leads(&one), leads(&two)) {
        (true, false) | (false, true) => Ok(()),
        both => Err(format!("{both:?}")),
    });

    let wording = Wording::new(&seller.address, &customer.address, "0.5", now());
    let message = wording.message();
    let answers: Vec<(bool, String)> = thread::scope(|scope| {
        let servers = [&one, &two, &one, &two];
        let ask =
            servers.map(|server| scope.spawn(|| server.tell("/deal/create", &message).result()));
        ask.map(|thread| thread.join().unwrap()).into()
    });
    assert!(answers.iter().any(|(success, _)| *success), "{answers:?}");
    let listed = |server: &super::server::Server| server.get("/deal/list").expect(200);
    assert_eq!(listed(&one).as_array().unwrap().len(), 1, "{answers:?}");
    assert_eq!(listed(&one), listed(&two));
    let made = events(&one).iter().filter(|event| event["type"] == "created").count();
    assert_eq!(made, 1);

    let (leader, other) = if leads(&one) { (one, two) } else { (two, one) };
    let address = listed(&other)[0]["payment_address"].as_str().unwrap().to_owned();
    let killed = leader.kill();
    node.pay(&address, COIN / 2);
    node.mine(1);
    let deal = other.reaches(&address, "Executed");
    assert!(leads(&other));
    let back = killed.start();
    node.mine(1);
    let confirmed =
        back.sees(&address, "the payout", |deal| deal["settlements"][0]["isConfirmed"] == true);
    assert_eq!(confirmed["settlements"][0]["txid"], deal["settlements"][0]["txid"]);
    let fee = confirmed["settlements"][0]["feeSat"].as_u64().unwrap();
    assert_eq!(seller.received(&node), COIN / 2 - fee);
    assert_eq!(events(&back), events(&other));
    let numbers: Vec<u64> =
        events(&back).iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    for server in [back, other] {
        server.stop();
    }
}

fn events(server: &super::server::Server) -> Vec<Value> {
    server.get("/events?limit=1000").expect(200).as_array().unwrap().clone()
}

/// Goal: servers that share a database with another passphrase do not start, and say why. Method: the
/// second one's differs.
#[test]
fn another_passphrase_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start();
    let settings = |name| {
        Settings::new(folder.path(), name)
            .with("--network", "regtest")
            .with("--node-url", "http://127.0.0.1:1")
            .with("--node-user", "user")
            .with_variable("DEAL_NODE_PASSWORD", "password")
            .with_variable("DEAL_POSTGRES_URL", &postgres.url("postgres"))
    };
    let one = settings("one").start();
    let refused = settings("two").with_variable("DEAL_KEY_PASSPHRASE", "another one");
    refused.refuses(3, "the passphrase is another one");
    assert_eq!(one.tell("/deal/list", &json!({})).status, 405);
    one.stop();
}
