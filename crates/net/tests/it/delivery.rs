//! Messages and acknowledgements between two nodes that behave.

use crate::support::{Node, config, connect, pair};
use bytes::Bytes;
use tally_net::{Epoch, Inbound, MESSAGE_BYTES_MAX, SendOutcome};

/// Goal: everything arrives once and in order, more than the queues hold.
#[tokio::test]
async fn messages_arrive_in_order() {
    const COUNT: u64 = 20_000;
    let (mut a, mut b, at_a, _) = pair().await;
    let receiving = tokio::spawn(async move {
        for seq in 1..=COUNT {
            assert_eq!(b.message(seq).await[..], seq.to_be_bytes());
        }
    });
    let mut seq = 1;
    while seq <= COUNT {
        match a.net.send(a_peer(), Some(at_a), seq, Bytes::copy_from_slice(&seq.to_be_bytes())) {
            SendOutcome::Queued => seq += 1,
            SendOutcome::QueueFull => {
                let event = a.next().await;
                assert_eq!(event, Inbound::Writable { peer: a_peer(), connection: at_a });
            }
            other => panic!("{other:?}"),
        }
    }
    receiving.await.unwrap();
    assert_eq!(a.net.counters().messages_sent, COUNT);
}

fn a_peer() -> tally_primitives::NodeAddress {
    crate::support::key(2).address()
}

/// Goal: an acknowledgement is the node's word, never the transport's.
/// Method: the receiver answers with a message instead; on the ordered stream an acknowledgement
/// would have come first.
#[tokio::test]
async fn nothing_is_acknowledged_before_the_node_says_so() {
    let (mut a, mut b, at_a, at_b) = pair().await;
    for seq in 1..=3 {
        assert_eq!(a.send(&b, at_a, seq), SendOutcome::Queued);
        b.message(seq).await;
    }
    assert_eq!(b.send(&a, at_b, 1), SendOutcome::Queued);
    a.message(1).await;

    b.net.acknowledge(a.node(), Epoch(1), 2);
    let acknowledged = |seq| Inbound::Acknowledged { peer: b.net.node(), connection: at_a, seq };
    assert_eq!(a.next().await, acknowledged(2));
    // Repeated and older ones say nothing new and are not sent.
    b.net.acknowledge(a.node(), Epoch(1), 2);
    b.net.acknowledge(a.node(), Epoch(1), 1);
    b.net.acknowledge(a.node(), Epoch(1), 3);
    assert_eq!(a.next().await, acknowledged(3));
    assert_eq!(b.net.counters().acknowledgements_sent, 2);
}

/// Goal: what was committed for a peer's former data does not acknowledge its present messages.
#[tokio::test]
async fn an_acknowledgement_of_another_epoch_is_not_sent() {
    let (mut a, mut b, at_a, at_b) = pair().await;
    assert_eq!(a.send(&b, at_a, 1), SendOutcome::Queued);
    b.message(1).await;
    b.net.acknowledge(a.node(), Epoch(77), 1);
    assert_eq!(b.send(&a, at_b, 1), SendOutcome::Queued);
    a.message(1).await;
    assert_eq!(b.net.counters().acknowledgements_sent, 0);
}

#[tokio::test]
async fn sending_to_an_unconnected_peer_drops_the_message_and_dials() {
    let (a, mut b) = (Node::start(1), Node::start(2));
    a.net.set_address(b.node(), b.socket().into());
    let outcome = a.net.send(b.node(), None, 1, Bytes::from_static(b"lost"));
    assert_eq!(outcome, SendOutcome::NotConnected);
    let (_, received) = b.connected().await;
    assert_eq!(received, 0);
    a.until_status(b.node(), |_| a.net.is_connected(b.node())).await;
    // Knowing nothing of the new connection, the node cannot send by it out of turn.
    let outcome = a.net.send(b.node(), None, 1, Bytes::from_static(b"lost"));
    assert_eq!(outcome, SendOutcome::NotConnected);
}

#[tokio::test]
async fn messages_out_of_turn_and_too_long_are_not_taken() {
    let (a, mut b, at_a, _) = pair().await;
    assert_eq!(a.send(&b, at_a, 1), SendOutcome::Queued);
    assert_eq!(a.send(&b, at_a, 1), SendOutcome::AlreadySent);
    assert_eq!(a.send(&b, at_a, 3), SendOutcome::Gap { expected: 2 });
    let longest = Bytes::from(vec![7; MESSAGE_BYTES_MAX]);
    let longer = Bytes::from(vec![7; MESSAGE_BYTES_MAX + 1]);
    assert_eq!(a.net.send(b.node(), Some(at_a), 2, longer), SendOutcome::TooLong);
    assert_eq!(a.net.send(b.node(), Some(at_a), 2, longest.clone()), SendOutcome::Queued);
    b.message(1).await;
    assert_eq!(b.message(2).await, longest);
}

/// Goal: a node that does not read holds up its peer, in bounded memory, and loses nothing.
#[tokio::test]
async fn a_slow_node_stops_its_peer_and_nothing_is_lost() {
    let mut small = config(1);
    small.limits.send_queue_messages = 8;
    let a = Node::start_with(1, small, 16);
    let (mut a, mut b, at_a, _) = connect(a, Node::start_with(2, config(2), 2)).await;

    let payload = Bytes::from(vec![5; 32 * 1024]);
    let mut seq = 0;
    // The queue is full for good when it refuses and has not become writable since.
    loop {
        match a.net.send(b.node(), Some(at_a), seq + 1, payload.clone()) {
            SendOutcome::Queued => seq += 1,
            SendOutcome::QueueFull => {
                let quiet = std::time::Duration::from_millis(300);
                match tokio::time::timeout(quiet, a.events.recv()).await {
                    Ok(event) => assert!(matches!(event, Some(Inbound::Writable { .. }))),
                    Err(_) => break,
                }
            }
            other => panic!("{other:?}"),
        }
        // Two megabytes of windows, and the queues on either side.
        assert!(seq < 200, "the peer is not held up");
    }
    assert_eq!(a.send(&b, at_a, seq + 2), SendOutcome::Gap { expected: seq + 1 });
    for expected in 1..=seq {
        b.message(expected).await;
    }
    assert!(matches!(a.next().await, Inbound::Writable { .. }));
    assert_eq!(a.send(&b, at_a, seq + 1), SendOutcome::Queued);
    b.message(seq + 1).await;
}
