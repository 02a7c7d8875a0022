//! Nobody passes for another node, or for a node of another network.

use crate::{
    raw::{Greeting, Raw},
    support::{Node, config, key},
};
use tally_net::{CloseCode, ConnectFailure, PeerStatus};
use tally_primitives::{ChainId, NodeAddress};

async fn until_failed(node: &Node, peer: NodeAddress, failure: ConnectFailure) {
    node.until_status(peer, |status| {
        matches!(status, PeerStatus::Waiting { last_failure: Some(last), .. } if *last == failure)
    })
    .await;
}

/// Goal: another node at the address that was dialled is refused.
#[tokio::test]
async fn another_node_than_the_one_dialled_is_refused() {
    let (a, b, wanted) = (Node::start(1), Node::start(2), key(9).address());
    a.net.set_address(wanted, b.socket().into());
    a.net.connect(wanted);
    until_failed(&a, wanted, ConnectFailure::Identity(b.node())).await;
    assert!(a.net.counters().refused_identity >= 1);
    assert!(!a.net.is_connected(wanted) && !a.net.is_connected(b.node()));
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused_and_both_know_why() {
    let mut other = config(2);
    other.chain_id = ChainId(1);
    let (a, b) = (Node::start(1), Node::start_with(2, other, 16));
    a.dial(&b);
    until_failed(&a, b.node(), ConnectFailure::RefusedByPeer(CloseCode::Chain)).await;
    assert!(b.net.counters().refused_chain >= 1);
}

#[tokio::test]
async fn a_node_of_another_version_is_refused_and_both_know_why() {
    let mut other = config(2);
    other.protocol_version = 2;
    let (a, b) = (Node::start(1), Node::start_with(2, other, 16));
    a.dial(&b);
    until_failed(&a, b.node(), ConnectFailure::RefusedByPeer(CloseCode::Version)).await;
    assert!(b.net.counters().refused_version >= 1);
}

#[tokio::test]
async fn a_node_does_not_talk_to_itself() {
    let (a, wanted) = (Node::start(1), key(9).address());
    a.net.set_address(wanted, a.socket().into());
    a.net.connect(wanted);
    until_failed(&a, wanted, ConnectFailure::RefusedByPeer(CloseCode::Identity)).await;
    assert!(a.net.counters().refused_self >= 1);
    a.net.connect(a.node());
    assert_eq!(a.net.peer_status(a.node()), PeerStatus::Unknown);
}

/// Goal: the raw peer of these tests is accepted when it does everything right, so that its
/// refusals below mean something, and the answer is signed for the same session.
#[tokio::test]
async fn a_proper_greeting_is_answered_with_one() {
    let (mut a, raw_key) = (Node::start(1), key(7));
    let mut raw = Raw::connect(a.socket()).await;
    let answer = raw.greet(&raw_key).await;
    a.connected().await;
    assert_eq!(answer[..7], [0, 0, 0, 128, 1, 0, 1]);
    assert_eq!(answer[15..35], *a.node().as_bytes());
    let tag = b"tallystick transport hello\0";
    let parts: [&[u8]; 4] = [tag, &[2], &raw.binding(), &answer[5..67]];
    let signature = tally_primitives::Signature(answer[67..].try_into().unwrap());
    let digest = tally_crypto::keccak256_parts(&parts);
    assert_eq!(tally_crypto::recover(&digest, &signature), Ok(a.node()));
}

/// Goal: a greeting is worth nothing on another connection, in the other role, or by another key.
#[tokio::test]
async fn replayed_reflected_and_forged_greetings_are_refused() {
    let (mut a, raw_key) = (Node::start(1), key(7));
    let mut first = Raw::connect(a.socket()).await;
    let seen = Greeting::default().signed(&raw_key, 1, &first.binding());
    let reflected = first.greet(&raw_key).await;
    a.connected().await;

    let mut second = Raw::connect(a.socket()).await;
    second.write(&seen).await;
    assert_eq!(second.close_code().await, CloseCode::Identity as u64);

    let mut third = Raw::connect(a.socket()).await;
    let wrong_role = Greeting::default().signed(&raw_key, 2, &third.binding());
    third.write(&wrong_role).await;
    assert_eq!(third.close_code().await, CloseCode::Identity as u64);

    let mut fourth = Raw::connect(a.socket()).await;
    let mut forged = Greeting::default().signed(&raw_key, 1, &fourth.binding());
    forged[15..35].copy_from_slice(key(8).address().as_bytes());
    fourth.write(&forged).await;
    assert_eq!(fourth.close_code().await, CloseCode::Identity as u64);
    assert_eq!(a.net.counters().refused_signature, 3);

    // Our own greeting comes back: it names us.
    let mut fifth = Raw::connect(a.socket()).await;
    fifth.write(&reflected).await;
    assert_eq!(fifth.close_code().await, CloseCode::Identity as u64);
    assert_eq!(a.net.counters().refused_self, 1);
    // The honest connection is untouched.
    assert!(a.net.is_connected(raw_key.address()));
}
