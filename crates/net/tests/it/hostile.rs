//! Peers that break the protocol: bounded, counted, never fatal.

use crate::{
    raw::{Raw, acknowledge, message},
    support::{Node, PATIENCE, config, connect, key},
};
use std::time::Duration;
use tally_net::{CloseCode, Counters, Inbound};
use tokio::time::timeout;

const PROTOCOL: u64 = CloseCode::Protocol as u64;

/// Checks that a node still does its work.
async fn assert_alive(node: Node) {
    let (a, mut b, at_a, _) = connect(Node::start(101), node).await;
    let _ = a.send(&b, at_a, 1);
    b.message(1).await;
}

/// Goal: datagrams that are not QUIC change nothing.
#[tokio::test]
async fn garbage_datagrams_are_ignored() {
    let node = Node::start(1);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut seed = tally_crypto::keccak256("garbage datagrams");
    for length in 0..1200 {
        seed = tally_crypto::keccak256(seed);
        let mut bytes: Vec<u8> = seed.iter().copied().cycle().take(length).collect();
        if length % 3 == 0 && length > 6 {
            // Looks like the first packet of a QUIC version 1 connection.
            bytes[..5].copy_from_slice(&[0xc3, 0, 0, 0, 1]);
        }
        socket.send_to(&bytes, node.socket()).unwrap();
        // One at a time: the kernel drops what does not fit its buffer.
        node.until_counted(|counters| counters.datagrams_received > length as u64).await;
    }
    assert!(node.net.counters().datagrams_malformed > 300);
    assert_alive(node).await;
}

/// Goal: a caller that says nothing is cut off in time, whatever it leaves out.
#[tokio::test]
async fn half_open_connections_are_cut_off() {
    let mut impatient = config(1);
    impatient.limits.handshake_timeout = Duration::from_millis(200);
    let node = Node::start_with(1, impatient, 16);
    let silent = Raw::connect(node.socket()).await;
    let mut partial = Raw::connect(node.socket()).await;
    partial.write(&[0, 0, 0, 128, 1, 0, 1]).await;
    assert_eq!(silent.close_code().await, CloseCode::Busy as u64);
    assert_eq!(partial.close_code().await, CloseCode::Busy as u64);
    node.until_counted(|counters| counters.handshakes_timed_out == 2).await;
    assert_alive(node).await;
}

/// Goal: a caller that does not speak the protocol is refused during TLS.
#[tokio::test]
async fn another_application_protocol_is_refused() {
    let node = Node::start(1);
    assert!(Raw::connect_with(node.socket(), b"h3").await.is_err());
    node.until_counted(|counters| counters.handshakes_failed == 1).await;
    assert_alive(node).await;
}

/// Goal: whatever comes instead of a greeting is refused as soon as it shows.
#[tokio::test]
async fn anything_but_a_greeting_is_refused() {
    let node = Node::start(1);
    let oversized = u32::MAX.to_be_bytes().to_vec();
    let openings = [
        message(1, b"hello?"),
        acknowledge(1),
        oversized,
        vec![0, 0, 0, 0],
        vec![0, 0, 0, 127, 1],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ];
    for opening in &openings {
        let mut raw = Raw::connect(node.socket()).await;
        raw.write(opening).await;
        assert_eq!(raw.close_code().await, PROTOCOL, "{opening:?}");
    }
    assert_eq!(node.net.counters().refused_greeting, openings.len() as u64);
    assert_alive(node).await;
}

/// Goal: a peer that proved who it is and then breaks the protocol is disconnected and counted.
#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_disconnected() {
    type Count = fn(&Counters) -> u64;
    let malformed: Count = |counters| counters.frames_malformed;
    let oversized: Count = |counters| counters.frames_oversized;
    let sequence: Count = |counters| counters.sequence_violations;
    let twice = [message(4, b""), message(4, b"")].concat();
    let gap = [message(4, b""), message(6, b"")].concat();
    let cases: [(Vec<u8>, Count); 8] = [
        (vec![0, 0, 0, 1, 0], malformed),
        (vec![0, 0, 0, 8, 3], malformed),
        (vec![0xff; 100], oversized),
        (65_537_u32.to_be_bytes().to_vec(), oversized),
        (twice, sequence),
        (gap, sequence),
        (message(0, b""), sequence),
        (acknowledge(1), sequence),
    ];
    let mut node = Node::start(1);
    for (bytes, count) in cases {
        let before = count(&node.net.counters());
        let mut raw = Raw::connect(node.socket()).await;
        raw.greet(&key(7)).await;
        raw.write(&bytes).await;
        assert_eq!(raw.close_code().await, PROTOCOL, "{bytes:?}");
        assert_eq!(count(&node.net.counters()), before + 1, "{bytes:?}");
        node.connected().await;
        while !matches!(node.next().await, Inbound::Disconnected { .. }) {}
    }
    // A second greeting is as malformed as anything else.
    let mut raw = Raw::connect(node.socket()).await;
    let again = crate::raw::Greeting::default().signed(&key(7), 1, &raw.binding());
    raw.greet(&key(7)).await;
    raw.write(&again).await;
    assert_eq!(raw.close_code().await, PROTOCOL);
    node.connected().await;
    node.disconnected().await;
    assert_alive(node).await;
}

/// Goal: a peer that floods a node which does not keep up is held up by flow control, and the
/// flood fills neither the memory nor anybody else's way.
#[tokio::test]
async fn a_flood_is_held_up() {
    const FLOOD_BYTES: usize = 64 << 20;
    let node = Node::start_with(1, config(1), 4);
    let mut raw = Raw::connect(node.socket()).await;
    raw.greet(&key(7)).await;
    let mut written = 0;
    let mut seq = 0;
    // The writer stands still when the windows are full.
    while written < FLOOD_BYTES {
        seq += 1;
        let frame = message(seq, &[seq as u8; 16 * 1024]);
        match timeout(Duration::from_millis(500), raw.send.write_all(&frame)).await {
            Ok(done) => done.unwrap(),
            Err(_) => break,
        }
        written += frame.len();
    }
    // What the sender's own QUIC keeps for sending is part of this.
    assert!(written < FLOOD_BYTES, "nothing held the flood up");
    assert!(node.net.counters().messages_received < 100);
    // The events that were taken are in order, and another peer gets its turn.
    let mut node = node;
    node.connected().await;
    let (mut seen, other) = (0, Node::start(102));
    other.dial(&node);
    let other_connected = async {
        loop {
            match node.next().await {
                Inbound::Message { seq, .. } => {
                    assert_eq!(seq, seen + 1);
                    seen = seq;
                }
                Inbound::Connected { peer, .. } if peer == other.node() => return,
                unexpected => panic!("{unexpected:?}"),
            }
        }
    };
    timeout(PATIENCE, other_connected).await.unwrap();
}
