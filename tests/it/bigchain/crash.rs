//! `kill -9` of a node that is alone.

use super::ledger::{Node, create, transfer};
use crate::{bigchain::ledger::Settings, support::eventually};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};
use tally_ledger::{Transaction, Version};

/// Users who post at the same time.
const USERS: u64 = 4;

/// Transactions that must be accepted before each kill, and after the last.
const ACCEPTED: u64 = 60;

/// How often the node is killed.
const KILLS: usize = 3;

/// Goal: nothing that was accepted is lost or twice in the chain, whenever the node dies. Method:
/// users create an asset and pass it on, again and again, and ask again when there is no answer,
/// while the node is killed and started; in the end every accepted transaction is valid, each is in
/// exactly one block, and the node's own verification finds nothing.
#[test]
fn nothing_accepted_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let url = node.url().to_owned();
    let (accepted, is_over) = (AtomicU64::new(0), AtomicU64::new(0));
    let (node, posted) = thread::scope(|scope| {
        let users: Vec<_> = (0..USERS)
            .map(|user| {
                let (url, accepted, is_over) = (&url, &accepted, &is_over);
                scope.spawn(move || use_ledger(url, user, accepted, is_over))
            })
            .collect();
        let mut node = node;
        for _ in 0..KILLS {
            wait_for(&accepted);
            node = node.kill().start();
        }
        wait_for(&accepted);
        is_over.store(1, Ordering::SeqCst);
        let posted = users.into_iter().flat_map(|user| user.join().unwrap());
        (node, posted.collect::<Vec<Transaction>>())
    });
    assert!(posted.len() as u64 >= ACCEPTED * (KILLS as u64 + 1));
    for transaction in &posted {
        node.sees_valid(&transaction.id().to_string());
    }
    is_once_in_chain(&node, &posted);
    let settings = node.stop();
    let said = settings.runs(&["verify"]);
    assert!(said.lines().any(|line| line == "findings      0"), "{said}");
}

/// Creates and passes on until it is over; returns what was accepted.
pub(super) fn use_ledger(
    url: &str,
    user: u64,
    accepted: &AtomicU64,
    is_over: &AtomicU64,
) -> Vec<Transaction> {
    let api = crate::support::Client::new(url);
    let mut posted = vec![];
    for serial in 0.. {
        let creation = create(Version::Flat2_0, user, serial);
        let passed_on = transfer(&creation, user, user + 100);
        for transaction in [creation, passed_on] {
            // A transfer is refused until its asset is valid; no answer means that the node died.
            eventually("a transaction to be accepted", || {
                let path = "/api/v1/transactions";
                match api.send("POST", path, Some(transaction.to_json())) {
                    Ok(reply) if reply.status == 202 => Ok(()),
                    Ok(reply) => Err(reply.text),
                    Err(error) => Err(error),
                }
            });
            accepted.fetch_add(1, Ordering::SeqCst);
            posted.push(transaction);
        }
        if is_over.load(Ordering::SeqCst) == 1 {
            break;
        }
    }
    posted
}

pub(super) fn wait_for(accepted: &AtomicU64) {
    let start = accepted.load(Ordering::SeqCst);
    eventually("transactions", || {
        let count = accepted.load(Ordering::SeqCst) - start;
        if count >= ACCEPTED { Ok(()) } else { Err(format!("{count} of {ACCEPTED}")) }
    });
}

/// Requires that each transaction is in exactly one block.
pub(super) fn is_once_in_chain(node: &Node, posted: &[Transaction]) {
    let chain = node.chain();
    let members = chain.iter().flat_map(|block| block["transactions"].as_array().unwrap());
    let mut ids: Vec<&str> = members.map(|member| member["id"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "a transaction is twice in the chain");
    for transaction in posted {
        let id = transaction.id().to_string();
        assert!(ids.binary_search(&id.as_str()).is_ok(), "{id} is not in the chain");
    }
}
