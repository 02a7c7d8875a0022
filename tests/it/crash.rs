//! `kill -9` in the middle of payments.

use crate::support::{Client, Daemon, Network, Reply, eventually};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Payments that must be answered before each kill, and after the last.
const PAYMENTS: u64 = 6;

/// Who is killed, one after the other: the payer, the mediator, the target.
const VICTIMS: [usize; 3] = [0, 1, 2];

/// Goal: a payment that was answered 200 is on its receiver's books exactly once, one that was
/// refused never, and whatever was under way when a node died comes to its end. Method: one payment
/// after the other goes through a mediator; each of the three nodes is killed in turn and started
/// again, while the user of the payer asks again for every payment that got no answer.
#[test]
fn no_payment_is_lost_or_doubled() {
    let net = Network::start(3);
    let nodes = net.daemons::<3>();
    let near = net.channel((&nodes[0], 1000), (&nodes[1], 0));
    let far = net.channel((&nodes[1], 1000), (&nodes[2], 0));
    for (node, peers) in nodes.iter().zip([1, 2, 1]) {
        node.sees_peers(peers);
        node.sees_block(net.chain.height());
    }
    let path = format!("/api/1/transfers/{}/{}", net.token(), nodes[2].address());
    let mut nodes: Vec<Option<Daemon>> = nodes.into_iter().map(Some).collect();
    let payer = nodes[0].as_ref().unwrap().api().clone();
    let answered = AtomicU64::new(0);
    let last = AtomicU64::new(u64::MAX);

    let outcomes = thread::scope(|scope| {
        let user = scope.spawn(|| pay(&payer, &path, &answered, &last));
        for victim in VICTIMS {
            wait_for_answers(&answered, PAYMENTS);
            let mut node = nodes[victim].take().unwrap();
            node.kill();
            let others: Vec<&Daemon> = nodes.iter().flatten().collect();
            nodes[victim] = Some(node.start_again_knowing(&others));
        }
        wait_for_answers(&answered, PAYMENTS);
        last.store(0, Ordering::SeqCst);
        user.join().unwrap()
    });

    let paid = outcomes.values().filter(|status| **status == 200).count() as u64;
    assert!(paid >= PAYMENTS, "{outcomes:?}");
    let [first, second, third] = [0, 1, 2].map(|index: usize| nodes[index].as_ref().unwrap());
    first.sees_balances(&near, 1000 - paid, paid);
    second.sees_balances(&near, paid, 1000 - paid);
    second.sees_balances(&far, 1000 - paid, paid);
    third.sees_balances(&far, paid, 1000 - paid);
    let received = count_by_identifier(third, &far, "EventTransferReceivedSuccess");
    let sent = count_by_identifier(first, &near, "EventTransferSentSuccess");
    for (identifier, status) in &outcomes {
        let expected = usize::from(*status == 200);
        let times = |of: &BTreeMap<u64, usize>| of.get(identifier).copied().unwrap_or(0);
        assert_eq!(times(&received), expected, "payment {identifier}, answered {status}");
        assert_eq!(times(&sent), expected, "payment {identifier}, answered {status}");
    }
    assert_eq!(received.len() as u64, paid, "nobody ordered more: {received:?}");
}

/// Pays one unit after the other until told to stop; returns the final answer to each payment.
fn pay(payer: &Client, path: &str, answered: &AtomicU64, last: &AtomicU64) -> BTreeMap<u64, u16> {
    let mut outcomes = BTreeMap::new();
    for identifier in 1.. {
        if identifier > last.load(Ordering::SeqCst) {
            break;
        }
        let body = json!({ "amount": 1, "identifier": identifier }).to_string();
        let status = eventually("a final answer", || match payer.send("POST", path, Some(&body)) {
            Ok(Reply { status: status @ (200 | 409), .. }) => Ok(status),
            Ok(reply) => Err(reply.text),
            Err(error) => Err(error),
        });
        outcomes.insert(identifier, status);
        if status == 200 {
            answered.fetch_add(1, Ordering::SeqCst);
        }
    }
    outcomes
}

fn wait_for_answers(answered: &AtomicU64, count: u64) {
    let start = answered.load(Ordering::SeqCst);
    eventually("payments", || {
        let now = answered.load(Ordering::SeqCst);
        if now >= start + count { Ok(()) } else { Err(format!("{} of {count}", now - start)) }
    });
}

fn count_by_identifier(node: &Daemon, channel: &str, event_type: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for event in node.channel_events(channel, "") {
        if event["event_type"] == event_type {
            *counts.entry(event["identifier"].as_u64().unwrap()).or_default() += 1;
        }
    }
    counts
}
