//! Ends: wanted ones and sudden ones.

use crate::support::{PATIENCE, config, key, pair};
use tally_net::{Inbound, Net, SendOutcome};
use tokio::{sync::mpsc, time::timeout};

/// Goal: what was queued before a close is written, the peer learns of the end at once, and no
/// task survives.
/// Method: every task holds the sender of the events, so the channel ends when all have.
#[tokio::test]
async fn close_writes_what_is_queued_and_ends_all_tasks() {
    let (mut a, mut b, at_a, _) = pair().await;
    for seq in 1..=100 {
        assert_eq!(a.send(&b, at_a, seq), SendOutcome::Queued);
    }
    a.net.close().await;
    for seq in 1..=100 {
        b.message(seq).await;
    }
    b.disconnected().await;
    assert_eq!(a.disconnected().await, at_a);
    a.net.close().await;
    assert_eq!(a.send(&b, at_a, 101), SendOutcome::NotConnected);
    drop(a.net);
    assert_eq!(timeout(PATIENCE, a.events.recv()).await.unwrap(), None);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let (mut a, mut b, _, _) = pair().await;
    let clone = a.net.clone();
    drop(a.net);
    assert!(clone.is_connected(b.node()));
    drop(clone);
    b.disconnected().await;
    assert!(matches!(a.events.recv().await, Some(Inbound::Disconnected { .. })));
    assert_eq!(timeout(PATIENCE, a.events.recv()).await.unwrap(), None);
}

/// Goal: a node that no longer takes events does not keep the transport from stopping.
#[tokio::test]
async fn close_does_not_wait_for_a_node_that_stopped_reading() {
    let (sender, _events) = mpsc::channel(1);
    let net = Net::bind(config(3), key(3), sender).unwrap();
    let (a, _b, _, _) = pair().await;
    a.net.set_address(net.node(), net.local_addr().into());
    a.net.connect(net.node());
    a.until_status(net.node(), |_| a.net.is_connected(net.node())).await;
    timeout(PATIENCE, net.close()).await.unwrap();
}

/// Goal: a closed node leaves nothing behind on the port, although its last connection lingers.
#[tokio::test]
async fn close_releases_the_socket() {
    let (a, _b, _, _) = pair().await;
    a.net.close().await;
    let again = std::net::UdpSocket::bind(a.socket());
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let (a, _b, _, _) = pair().await;
    let mut same = config(4);
    same.listen = a.socket();
    let (sender, _events) = mpsc::channel(1);
    let error = Net::bind(same, key(4), sender).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on UDP {}", a.socket()));
}
