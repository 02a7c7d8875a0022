//! The bounds on connections.

use crate::{
    raw::Raw,
    support::{Node, config, key},
};
use std::time::Duration;
use tally_net::Inbound;

/// Goal: one IP address gets its share and no more, and gives it back.
#[tokio::test]
async fn connections_per_ip_address_are_bounded() {
    let mut narrow = config(1);
    narrow.limits.accepted_connections_per_ip = 2;
    let mut node = Node::start_with(1, narrow, 16);
    let mut first = Raw::connect(node.socket()).await;
    first.greet(&key(11)).await;
    let mut second = Raw::connect(node.socket()).await;
    second.greet(&key(12)).await;
    assert!(Raw::connect_with(node.socket(), b"tallystick").await.is_err());
    assert_eq!(node.net.counters().refused_ip_limit, 1);
    drop(first);
    while !matches!(node.next().await, Inbound::Disconnected { .. }) {}
    let mut third = Raw::connect(node.socket()).await;
    third.greet(&key(13)).await;
}

#[tokio::test]
async fn connections_are_bounded() {
    let mut narrow = config(1);
    narrow.limits.accepted_connections = 1;
    let node = Node::start_with(1, narrow, 16);
    let mut first = Raw::connect(node.socket()).await;
    first.greet(&key(11)).await;
    assert!(Raw::connect_with(node.socket(), b"tallystick").await.is_err());
    assert_eq!(node.net.counters().refused_total_limit, 1);
}

/// Goal: callers that say nothing cannot keep others out for longer than the handshake timeout,
/// and from half of the bound on they must show where they are.
#[tokio::test]
async fn half_open_connections_are_bounded() {
    let mut narrow = config(1);
    narrow.limits.half_open_connections = 2;
    narrow.limits.handshake_timeout = Duration::from_millis(500);
    let node = Node::start_with(1, narrow, 16);
    let _first = Raw::connect(node.socket()).await;
    assert_eq!(node.net.counters().address_validations, 0);
    let _second = Raw::connect(node.socket()).await;
    assert_eq!(node.net.counters().address_validations, 1);
    assert!(Raw::connect_with(node.socket(), b"tallystick").await.is_err());
    assert_eq!(node.net.counters().refused_half_open_limit, 1);
    node.until_counted(|counters| counters.handshakes_timed_out == 2).await;
    let mut late = Raw::connect(node.socket()).await;
    late.greet(&key(11)).await;
}
