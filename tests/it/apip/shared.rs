//! Two servers on one PostgreSQL.

use super::{
    directory::{Settings, ask, refusal},
    node::Node,
    raw::{Signed, body},
    story::{PRICE, Story, key},
};
use crate::support::eventually;
use std::{collections::BTreeSet, thread};
use tally_apip_client::{Client, Code, SignIn};
use tally_testing_postgres::Server;

/// How many requests the payment is good for, sign-in aside.
const REQUESTS: i64 = 40;

/// Threads at each server.
const THREADS: usize = 3;

/// Goal: behind one address several servers are one. Method: two servers follow one node and share
/// a database; a session of one works at the other; a request that one has answered is a replay at
/// the other; then many users of that session ask both at once until nothing is left: as many
/// answers as were paid for, each with another balance.
#[test]
fn two_servers_share_sessions_nonces_and_balances() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    let paid = u64::try_from((REQUESTS + 1) * PRICE).unwrap();
    story.buy(2, sid, paid);
    let node = Node::start(&story.chain);
    let postgres = Server::start();
    let start = |name| {
        let settings = Settings::new(folder.path(), name).on(&node);
        let settings = settings.with("--sid", &sid.to_string());
        settings.with_variable("APIP_POSTGRES_URL", &postgres.url("postgres")).start()
    };
    let (one, two) = (start("one"), start("two"));
    for server in [&one, &two] {
        server.follows(&story.chain);
    }
    let signed_in = eventually("the payment", || {
        let signed_in = one.directory().sign_in(&key(2), SignIn::EncryptedKey);
        signed_in.map_err(|error| error.to_string())
    });
    assert_eq!(signed_in.balance, REQUESTS * PRICE, "credited once, though both saw the payment");
    let at_one = Client::new(one.directory().clone(), signed_in.session);
    let at_two = two.with_session_of(&at_one);
    let answer = ask(&at_two, "serviceSearch", "{}").unwrap();
    assert_eq!(answer.balance, (REQUESTS - 1) * PRICE);

    let request = Signed::new(at_one.session(), &body("apip6/v1/serviceSearch", "{}"));
    assert_eq!(request.post(&one).code(), 0);
    for server in [&two, &one] {
        assert_eq!(request.post(server).code(), 1007);
    }

    let balances: Vec<i64> = thread::scope(|scope| {
        let ask_all = |client: &Client| -> Vec<i64> {
            let answers = std::iter::from_fn(|| ask(client, "serviceSearch", "{}").ok());
            answers.map(|answer| answer.balance).collect()
        };
        let threads: Vec<_> = [&at_one, &at_two]
            .into_iter()
            .flat_map(|client| (0..THREADS).map(move |_| client.clone()))
            .map(|client| scope.spawn(move || ask_all(&client)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let expected: BTreeSet<i64> = (0..REQUESTS - 2).map(|left| left * PRICE).collect();
    assert_eq!(balances.len(), expected.len(), "{balances:?}");
    assert_eq!(balances.into_iter().collect::<BTreeSet<_>>(), expected);
    let gone = refusal(ask(&at_two, "serviceSearch", "{}")).code;
    assert!([Code::InsufficientBalance, Code::SessionUnknown].contains(&gone), "{gone:?}");
    let again = refusal(two.directory().sign_in(&key(2), SignIn::EncryptedKey));
    assert_eq!(again.code, Code::InsufficientBalance);
    for server in [one, two] {
        server.stop();
    }
}

/// Goal: a reorganisation that both servers see is taken back once, and what came instead is credited
/// once. Method: a payment that is undone, and another one in the block that replaces it.
#[test]
fn a_reorganisation_is_taken_back_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, sid) = Story::with_service();
    story.buy(3, sid, 1_000_000);
    let node = Node::start(&story.chain);
    let postgres = Server::start();
    let [one, two] = ["one", "two"].map(|name| {
        let settings = Settings::new(folder.path(), name).on(&node);
        let settings = settings.with("--sid", &sid.to_string());
        settings.with_variable("APIP_POSTGRES_URL", &postgres.url("postgres")).start()
    });
    let follow = |story: &Story| {
        one.follows(&story.chain);
        two.follows(&story.chain);
    };
    follow(&story);
    let signed_in = eventually("the payment", || {
        let signed_in = one.directory().sign_in(&key(3), SignIn::EncryptedKey);
        signed_in.map_err(|error| error.to_string())
    });
    let at_one = Client::new(one.directory().clone(), signed_in.session);
    let at_two = two.with_session_of(&at_one);
    story.buy(3, sid, 700_000);
    follow(&story);
    two.credits(&at_two, 1_700_000 - PRICE);
    story.reorganise(1);
    story.buy(3, sid, 300_000);
    follow(&story);
    for (server, client, paid) in [(&one, &at_one, 1), (&two, &at_two, 2)] {
        server.credits(client, 1_300_000 - PRICE * paid);
        let answer = ask(client, "serviceSearch", "{}").unwrap();
        assert_eq!(answer.balance, 1_300_000 - PRICE * (paid + 1));
    }
    let settings = two.stop();
    let two = settings.start();
    two.follows(&story.chain);
    let at_two = two.with_session_of(&at_one);
    assert_eq!(at_two.ping().unwrap().balance, 1_300_000 - 3 * PRICE, "after a restart");
    for server in [one, two] {
        server.stop();
    }
}
