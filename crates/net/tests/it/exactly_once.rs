//! The rules for the node, followed to the letter, deliver everything once and in order.

use crate::support::{Node, PATIENCE, config};
use bytes::Bytes;
use std::{collections::HashMap, time::Duration};
use tally_net::{ConnectionId, Epoch, Inbound, NetConfig, Received, SendOutcome};
use tally_primitives::NodeAddress;

/// A node that does its part and nothing else; its fields are what a database would keep.
struct Follower {
    node: Node,
    peer: NodeAddress,
    connection: Option<ConnectionId>,
    peer_epoch: Epoch,
    outbox: Vec<u64>,
    received: u64,
}

impl Follower {
    fn new(node: Node, peer: NodeAddress, messages: u64) -> Self {
        let outbox = (1..=messages).collect();
        Self { node, peer, connection: None, peer_epoch: Epoch(0), outbox, received: 0 }
    }

    /// Starts a new process on the same port with the same data; what was under way is lost.
    async fn restart(&mut self, seed: u8, peer_socket: std::net::SocketAddr) {
        let listen = self.node.socket();
        let received = Received { epoch: self.peer_epoch, seq: self.received };
        self.node.net.close().await;
        let config = NetConfig {
            listen,
            received: HashMap::from([(self.peer, received)]),
            ..config_of(seed)
        };
        self.node = Node::restart_with(seed, config, 8).await;
        self.connection = None;
        self.node.net.set_address(self.peer, peer_socket.into());
        self.node.net.connect(self.peer);
    }

    fn send_all(&self) {
        for seq in &self.outbox {
            let payload = Bytes::copy_from_slice(&seq.to_be_bytes());
            if self.node.net.send(self.peer, self.connection, *seq, payload)
                == SendOutcome::QueueFull
            {
                return;
            }
        }
    }

    async fn turn(&mut self) {
        match self.node.next().await {
            Inbound::Connected { connection, peer_epoch, received, .. } => {
                (self.connection, self.peer_epoch) = (Some(connection), peer_epoch);
                self.outbox.retain(|seq| *seq > received);
                self.send_all();
            }
            Inbound::Writable { .. } => self.send_all(),
            Inbound::Disconnected { .. } => self.connection = None,
            Inbound::Acknowledged { seq, .. } => self.outbox.retain(|kept| *kept > seq),
            Inbound::Message { seq, payload, peer, .. } => {
                assert_eq!(payload[..], seq.to_be_bytes());
                assert!(seq <= self.received + 1, "a gap before {seq}");
                if seq > self.received {
                    self.received = seq;
                    self.node.net.acknowledge(peer, self.peer_epoch, seq);
                }
            }
        }
    }
}

fn config_of(seed: u8) -> NetConfig {
    let mut config = config(seed);
    config.limits.send_queue_messages = 32;
    config.limits.handshake_timeout = Duration::from_millis(500);
    config
}

/// Goal: whatever happens to connections and processes, every message arrives once, in order.
/// Method: two nodes with small queues send each other thousands of messages while connections
/// are cut and processes restarted at moments drawn from a fixed seed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_once_through_cuts_and_restarts() {
    const MESSAGES: u64 = 3_000;
    let (a, b) = (Node::start_with(1, config_of(1), 8), Node::start_with(2, config_of(2), 8));
    let (a_node, b_node) = (a.node(), b.node());
    let (a_socket, b_socket) = (a.socket(), b.socket());
    a.net.set_address(b_node, b_socket.into());
    b.net.set_address(a_node, a_socket.into());
    a.net.connect(b_node);
    b.net.connect(a_node);
    let (mut a, mut b) = (Follower::new(a, b_node, MESSAGES), Follower::new(b, a_node, MESSAGES));

    let mut random = tally_crypto::keccak256("seed 1");
    let (mut turns, mut cuts) = (0_u32, 0_u32);
    let exchange = async {
        while !(a.outbox.is_empty() && b.outbox.is_empty()) {
            tokio::select! {
                () = a.turn() => {}
                () = b.turn() => {}
            }
            turns += 1;
            if turns.is_multiple_of(500) && cuts < 20 {
                cuts += 1;
                random = tally_crypto::keccak256(random);
                match random[0] % 4 {
                    0 => a.restart(1, b_socket).await,
                    1 => b.restart(2, a_socket).await,
                    2 => a.node.net.disconnect(b_node),
                    _ => b.node.net.disconnect(a_node),
                }
                a.node.net.connect(b_node);
                b.node.net.connect(a_node);
            }
        }
    };
    tokio::time::timeout(PATIENCE * 5, exchange).await.expect("everything arrives");
    assert_eq!((a.received, b.received), (MESSAGES, MESSAGES));
    assert!(cuts >= 10, "only {cuts} cuts");
}
