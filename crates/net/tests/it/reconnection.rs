//! Connections that come and go.

use crate::support::{Mortal, Node, config, connect, pair};
use bytes::Bytes;
use std::{collections::HashMap, time::Duration};
use tally_net::{
    ConnectFailure, ConnectionId, Epoch, NetConfig, PeerStatus, Received, SendOutcome,
};

/// Returns the configuration of a restarted node: same port, and what its database says.
fn restarted(seed: u8, old: &Node, peer: &Node, received: Received) -> NetConfig {
    let mut config = config(seed);
    config.listen = old.socket();
    config.received = HashMap::from([(peer.node(), received)]);
    config
}

/// Goal: a restarted peer is found again and says how far it has our messages.
#[tokio::test]
async fn a_restarted_peer_is_dialled_again_and_says_what_it_has() {
    let (mut a, mut b, at_a, _) = pair().await;
    for seq in 1..=5 {
        assert_eq!(a.send(&b, at_a, seq), SendOutcome::Queued);
        b.message(seq).await;
    }
    let config = restarted(2, &b, &a, Received { epoch: Epoch(1), seq: 3 });
    b.net.close().await;
    assert_eq!(a.disconnected().await, at_a);
    drop(b);
    let mut b = Node::restart_with(2, config, 16).await;
    let (again, received) = a.connected().await;
    assert_eq!(received, 3);
    assert_ne!(again, at_a);
    b.connected().await;
    // By the old connection nothing is sent; by the new one from where the peer is.
    assert_eq!(a.send(&b, at_a, 4), SendOutcome::NotConnected);
    assert_eq!(a.send(&b, again, 5), SendOutcome::Gap { expected: 4 });
    assert_eq!(a.send(&b, again, 4), SendOutcome::Queued);
    b.message(4).await;
}

/// Goal: a peer that died without a word and comes back by itself replaces its dead connection.
/// Method: the old process keeps its socket but is cut off by a peer with the same key.
#[tokio::test]
async fn a_returning_peer_replaces_its_dead_connection() {
    for (seed, other) in [(1, 2), (2, 1)] {
        let (mut a, b, at_a, _) = connect(Node::start(seed), Node::start(other)).await;
        let reborn = Node::start(other);
        reborn.dial(&a);
        assert_eq!(a.disconnected().await, at_a);
        a.connected().await;
        a.until_status(b.node(), |status| {
            matches!(status, PeerStatus::Connected { remote, .. } if *remote == reborn.socket())
        })
        .await;
        b.net.disconnect(a.node());
    }
}

/// Goal: a peer that vanished without a word is noticed after the idle timeout.
/// Method: its whole runtime is dropped, so that it cannot say goodbye.
#[tokio::test]
async fn a_vanished_peer_is_noticed() {
    let mut impatient = config(1);
    impatient.limits.idle_timeout = std::time::Duration::from_millis(300);
    impatient.limits.keep_alive = std::time::Duration::from_millis(50);
    let mut a = Node::start_with(1, impatient, 16);
    let socket = a.socket();
    let vanished = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut raw = runtime.block_on(crate::raw::Raw::connect(socket));
        runtime.block_on(raw.greet(&crate::support::key(7)));
        runtime.shutdown_background();
    });
    let (connection, _) = a.connected().await;
    vanished.join().unwrap();
    assert_eq!(a.disconnected().await, connection);
}

/// Goal: a peer that died without a word and came back without dialling is noticed by the first
/// message to it. Method: nobody drives its runtime any more, so that it cannot say goodbye, and a
/// node with its key takes its port; no idle timeout helps.
#[tokio::test]
async fn a_peer_that_restarted_in_silence_is_noticed() {
    let mut a = Node::start_with(1, patient(1), 16);
    let b = Mortal::start(2, patient(2));
    a.dial(&b.node);
    let (at_a, _) = a.connected().await;
    let b = b.dies_in_silence().await;
    assert_eq!(a.send(&b, at_a, 1), SendOutcome::Queued, "it cannot know yet");
    is_noticed(a, b, at_a).await;
}

/// Goal: so is a peer that had dialled. Method: as above, after some messages: whoever dials proves
/// its resets only with the connection numbers that it gives once the handshake is over.
#[tokio::test]
async fn a_dialler_that_restarted_in_silence_is_noticed() {
    let mut a = Node::start_with(1, patient(1), 16);
    let mut b = Mortal::start(2, patient(2));
    b.node.dial(&a);
    let (at_a, _) = a.connected().await;
    let (at_b, _) = b.node.connected().await;
    for seq in 1..=3 {
        assert_eq!(b.node.send(&a, at_b, seq), SendOutcome::Queued);
        a.message(seq).await;
        assert_eq!(a.send(&b.node, at_a, seq), SendOutcome::Queued);
        b.node.message(seq).await;
    }
    let b = b.dies_in_silence().await;
    assert_eq!(a.send(&b, at_a, 4), SendOutcome::Queued, "it cannot know yet");
    is_noticed(a, b, at_a).await;
}

/// The configuration of a node that does not mind silence.
fn patient(seed: u8) -> NetConfig {
    let mut patient = config(seed);
    patient.limits.idle_timeout = Duration::from_secs(600);
    patient
}

/// Expects that `a` notices that its peer has restarted, and reaches it again.
async fn is_noticed(mut a: Node, mut b: Node, at_a: ConnectionId) {
    assert_eq!(a.disconnected().await, at_a);
    a.net.set_address(b.node(), b.socket().into());
    a.net.connect(b.node());
    let (again, _) = a.connected().await;
    assert_eq!(a.send(&b, again, 5), SendOutcome::Queued);
    b.connected().await;
    b.message(5).await;
}

/// Goal: what a peer had of data that was lost does not count for the new data.
#[tokio::test]
async fn what_a_peer_has_of_another_epoch_does_not_count() {
    let mut knows = config(2);
    let a = Node::start(1);
    knows.received = HashMap::from([(a.node(), Received { epoch: Epoch(99), seq: 7 })]);
    let b = Node::start_with(2, knows, 16);
    let (mut a, mut b) = (a, b);
    a.dial(&b);
    let (at_a, received) = a.connected().await;
    assert_eq!(received, 0);
    b.connected().await;
    // The old numbers are gone for good, so any first number will do.
    assert_eq!(a.send(&b, at_a, 4), SendOutcome::Queued);
    b.message(4).await;
}

/// Goal: what becomes durable while the peer is away is told when it returns.
#[tokio::test]
async fn acknowledgements_wait_for_the_next_connection() {
    let (mut a, mut b, at_a, _) = pair().await;
    assert_eq!(a.send(&b, at_a, 1), SendOutcome::Queued);
    b.message(1).await;
    a.net.disconnect(b.node());
    a.disconnected().await;
    b.disconnected().await;
    b.net.acknowledge(a.node(), Epoch(1), 1);
    a.net.connect(b.node());
    let (_, received) = a.connected().await;
    assert_eq!(received, 1);
}

#[tokio::test]
async fn an_unwanted_peer_is_forgotten() {
    let (mut a, mut b, _, _) = pair().await;
    a.net.disconnect(b.node());
    a.disconnected().await;
    b.disconnected().await;
    a.until_status(b.node(), |status| *status == PeerStatus::Unknown).await;
    b.until_status(a.node(), |status| *status == PeerStatus::Unknown).await;
    assert!(a.net.peers().is_empty());
}

/// Goal: a peer without an address, and one that does not answer, are reported, and dialled as
/// soon as a new address is known.
#[tokio::test]
async fn a_new_address_is_dialled_at_once() {
    let mut patient = config(1);
    patient.limits.reconnect_min = std::time::Duration::from_secs(3600);
    patient.limits.reconnect_max = std::time::Duration::from_secs(3600);
    patient.limits.handshake_timeout = std::time::Duration::from_millis(100);
    let (mut a, b) = (Node::start_with(1, patient, 16), Node::start(2));
    a.net.connect(b.node());
    a.until_status(b.node(), |status| failed_with(status, &ConnectFailure::NoAddress)).await;
    // A socket that never answers.
    let deaf = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    a.net.set_address(b.node(), deaf.local_addr().unwrap().into());
    a.until_status(b.node(), |status| failed_with(status, &ConnectFailure::TimedOut)).await;
    assert_eq!(a.net.counters().dials_failed, 1);
    let named = format!("localhost:{}", b.socket().port());
    a.net.set_address(b.node(), named.parse().unwrap());
    a.connected().await;
    assert!(a.net.is_connected(b.node()));
}

fn failed_with(status: &PeerStatus, failure: &ConnectFailure) -> bool {
    matches!(status, PeerStatus::Waiting { last_failure: Some(last), .. } if last == failure)
}

/// Goal: an unreachable peer is dialled again and again, with growing numbers of failures.
#[tokio::test]
async fn an_unreachable_peer_is_dialled_until_it_answers() {
    let mut hasty = config(1);
    hasty.limits.handshake_timeout = std::time::Duration::from_millis(30);
    let mut a = Node::start_with(1, hasty, 16);
    let b = Node::start(2);
    let (config, node) = (NetConfig { listen: b.socket(), ..config(2) }, b.node());
    b.net.close().await;
    drop(b);
    a.net.set_address(node, config.listen.into());
    a.net.connect(node);
    a.until_status(
        node,
        |status| matches!(status, PeerStatus::Waiting { failures, .. } if *failures >= 3),
    )
    .await;
    let _b = Node::restart_with(2, config, 16).await;
    a.connected().await;
}

/// Goal: two nodes that dial each other at the same moment end with one connection, and the same
/// one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_dials_end_in_one_connection() {
    for round in 0..20_u8 {
        let (a, b) = (Node::start(10 + round), Node::start(100 + round));
        a.net.set_address(b.node(), b.socket().into());
        b.net.set_address(a.node(), a.socket().into());
        a.net.connect(b.node());
        b.net.connect(a.node());
        let one = |counters: &tally_net::Counters| {
            counters.connections_established == counters.connections_closed + 1
        };
        // Both agree when a message passes each way and each has one connection.
        let (mut a, mut b) = (Latest::of(a), Latest::of(b));
        let exchange = async {
            loop {
                tokio::select! {
                    () = a.turn() => {}
                    () = b.turn() => {}
                }
                if a.has_message && b.has_message {
                    return;
                }
            }
        };
        tokio::time::timeout(crate::support::PATIENCE, exchange).await.unwrap();
        a.node.until_counted(one).await;
        b.node.until_counted(one).await;
    }
}

/// A node that greets every new connection and remembers whether its last one was answered.
struct Latest {
    node: Node,
    has_message: bool,
}

impl Latest {
    const fn of(node: Node) -> Self {
        Self { node, has_message: false }
    }

    async fn turn(&mut self) {
        use tally_net::Inbound;
        match self.node.next().await {
            Inbound::Connected { peer, connection, .. } => {
                self.has_message = false;
                let _ = self.node.net.send(peer, Some(connection), 1, Bytes::from_static(b"hi"));
            }
            Inbound::Message { .. } => self.has_message = true,
            Inbound::Disconnected { .. } => self.has_message = false,
            Inbound::Acknowledged { .. } | Inbound::Writable { .. } => {}
        }
    }
}
