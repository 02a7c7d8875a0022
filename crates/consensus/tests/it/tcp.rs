//! Nodes that speak over loopback.

use crate::journal::{Journal, assert_no_fork};
use bytes::Bytes;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};
use tally_consensus::{Config, Consensus, PAYLOAD_BYTES_MAX, Peer, StartError, Timing};
use tally_crypto::ed25519::SigningKey;
use tempfile::TempDir;

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Short turns, as the nodes are close to each other.
const QUICK: Timing = Timing { leader_ms: 200, agreement_ms: 400, retry_ms: 400, fetch_ms: 400 };

struct Nodes {
    timing: Timing,
    keys: Vec<SigningKey>,
    addresses: Vec<SocketAddr>,
    journals: Vec<Journal>,
    running: Vec<Option<Consensus>>,
    /// Last, so that it outlives what runs in it.
    folder: TempDir,
}

impl Nodes {
    /// Starts `count` nodes on free ports. A port can be taken by somebody between the time it was
    /// found free and its use: then others are tried.
    fn start(count: usize, timing: Timing) -> Self {
        for _ in 0..10 {
            let sockets: Vec<_> =
                (0..count).map(|_| TcpListener::bind((LOOPBACK, 0)).unwrap()).collect();
            let addresses = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
            drop(sockets);
            let mut nodes = Self {
                timing,
                folder: tempfile::tempdir().unwrap(),
                keys: (1..=count).map(|node| SigningKey::from_seed(&[node as u8; 32])).collect(),
                addresses,
                journals: (0..count).map(|_| Journal::default()).collect(),
                running: (0..count).map(|_| None).collect(),
            };
            if (0..count).all(|node| nodes.start_one(node).is_ok()) {
                return nodes;
            }
        }
        panic!("there are no free ports");
    }

    fn start_one(&mut self, node: usize) -> Result<(), StartError> {
        let config = self.config(node, &self.folder.path().join(node.to_string()));
        let running = Consensus::start(config, Arc::new(self.journals[node].clone()))?;
        assert_eq!(running.local_address(), self.addresses[node]);
        self.running[node] = Some(running);
        Ok(())
    }

    fn config(&self, node: usize, folder: &Path) -> Config {
        let participants = self.keys.iter().map(SigningKey::public_key).collect();
        let key = self.keys[node].clone();
        let mut config =
            Config::new(key, participants, [9; 32], self.addresses[node], folder.to_owned());
        let others = (0..self.keys.len()).filter(|other| *other != node);
        config.peers = others
            .map(|other| Peer {
                key: self.keys[other].public_key(),
                address: self.addresses[other].into(),
            })
            .collect();
        config.timing = self.timing;
        config
    }

    fn stop(&mut self, node: usize) {
        self.running[node].take().unwrap().stop();
    }
}

/// Four nodes agree; without one of them the others go on; it comes back and catches up; its
/// application is not called after it was stopped and its port is free. Messages reach those they
/// are sent to. A second engine on the same folder is refused.
#[test]
fn four_over_loopback() {
    let mut nodes = Nodes::start(4, QUICK);
    let all = nodes.journals.clone();
    for (node, journal) in all.iter().enumerate() {
        journal.submit((0..5).map(|index| format!("{node}-{index}")));
    }
    for journal in &all {
        journal.wait("all are up", |journal| journal.len() == 20);
    }
    let keys: Vec<_> = nodes.keys.iter().map(SigningKey::public_key).collect();
    all[0].wait("all are connected", |journal| {
        let status = journal.handle().unwrap().status();
        let mut others = keys[1..].to_vec();
        others.sort();
        status.is_running && status.finalized_height == 20 && status.connected == others
    });
    nodes.running[0].as_ref().unwrap().send(keys[3], Bytes::from_static(b"hello")).unwrap();
    let hello = (keys[0], Bytes::from_static(b"hello"));
    all[3].wait("a message", |journal| journal.received() == [hello.clone()]);
    nodes.stop(3);
    drop(TcpListener::bind(nodes.addresses[3]).unwrap());
    let handle = all[3].handle().unwrap();
    assert!(!handle.status().is_running);
    for journal in &all[..3] {
        journal.submit((0..5).map(|index| format!("without-{index}")));
    }
    for journal in &all[..3] {
        journal.wait("one is down", |journal| journal.len() == 25);
    }
    assert_eq!(all[3].len(), 20);

    let second = nodes.config(0, &nodes.folder.path().join("0"));
    let refused = Consensus::start(second, Arc::new(Journal::default()));
    assert!(matches!(refused, Err(StartError::InUse { .. })), "{refused:?}");

    nodes.start_one(3).unwrap();
    all[3].wait("it is back", |journal| journal.len() == 25);
    nodes.stop(2);
    for node in [0, 1, 3] {
        all[node].submit(["with it"]);
    }
    for node in [0, 1, 3] {
        all[node].wait("it takes part", |journal| journal.len() == 26);
    }
    assert_eq!(assert_no_fork(&all), (26, 25));
}

/// A federation of one works, on a port that the system picks, and goes on after a restart; a
/// port that is taken is an error. All of that in a program that is asynchronous itself.
#[tokio::test]
async fn one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::from_seed(&[1; 32]);
    let config = |port| {
        let listen = SocketAddr::from((LOOPBACK, port));
        let participants = vec![key.public_key()];
        Config::new(key.clone(), participants, [1; 32], listen, folder.path().to_owned())
    };
    let journal = Journal::default();
    let node = Consensus::start(config(0), Arc::new(journal.clone())).unwrap();
    assert_ne!(node.local_address().port(), 0);
    journal.submit(["one", "two"]);
    journal.wait("alone", |journal| journal.len() == 2);
    drop(node);

    let taken = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = Consensus::start(config(port), Arc::new(journal.clone()));
    assert!(matches!(refused, Err(StartError::Listen { .. })), "{refused:?}");

    let node = Consensus::start(config(0), Arc::new(journal.clone())).unwrap();
    journal.submit(["three"]);
    journal.wait("alone again", |journal| journal.len() == 3);
    node.stop();
    assert_eq!(journal.entries(), ["one", "two", "three"]);
}

/// An application that panics ends its engine, and the handle says so.
#[test]
fn panic_of_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::from_seed(&[1; 32]);
    let listen = SocketAddr::from((LOOPBACK, 0));
    let config =
        Config::new(key.clone(), vec![key.public_key()], [1; 32], listen, folder.path().to_owned());
    let journal = Journal::default();
    let node = Consensus::start(config, Arc::new(journal.clone())).unwrap();
    journal.submit(["panic"]);
    journal.wait("the end", |journal| !journal.handle().unwrap().status().is_running);
    assert_eq!(journal.len(), 0);
    node.stop();
}

/// Somebody whom the members do not know reaches none of them, although it knows them and lists
/// itself as a member.
#[test]
fn stranger() {
    let nodes = Nodes::start(2, QUICK);
    let key = SigningKey::from_seed(&[99; 32]);
    let folder = tempfile::tempdir().unwrap();
    let mut config = nodes.config(0, folder.path());
    config.peers.push(Peer { key: nodes.keys[0].public_key(), address: nodes.addresses[0].into() });
    config.participants.push(key.public_key());
    config.key = key;
    config.listen = SocketAddr::from((LOOPBACK, 0));
    let lonely = Journal::default();
    let stranger = Consensus::start(config, Arc::new(lonely.clone())).unwrap();

    // Its dials and handshakes take less time than the agreement of the others on all of this.
    for journal in &nodes.journals {
        journal.submit((0..20).map(|index| index.to_string()));
    }
    for (node, journal) in nodes.journals.iter().enumerate() {
        stranger.broadcast(Bytes::from_static(b"let me in")).unwrap();
        journal.wait("agreement", |journal| journal.len() == 20);
        // The status may lag behind a connection; the stranger is in it at no time.
        let other = nodes.keys[1 - node].public_key();
        journal.wait("the other is connected", |journal| {
            let connected = journal.handle().unwrap().status().connected;
            assert!(connected.iter().all(|peer| *peer == other), "{connected:?}");
            connected == [other]
        });
        assert_eq!(journal.received(), []);
    }
    assert_eq!(stranger.status().connected, []);
    assert_eq!(lonely.len(), 0);
}

/// The largest payloads pass: to those who hear the proposal, and to one who fetches them later.
#[test]
fn largest_payload() {
    let mut nodes = Nodes::start(4, Timing { leader_ms: 500, ..Timing::default() });
    let all = nodes.journals.clone();
    all[0].submit(["small"]);
    all[3].wait("all are up", |journal| journal.len() == 1);
    nodes.stop(3);
    for journal in &all[..3] {
        journal.submit(["a", "b"].map(|text| text.repeat(PAYLOAD_BYTES_MAX)));
    }
    for journal in &all[..3] {
        journal.wait("large payloads", |journal| journal.len() == 3);
    }
    nodes.start_one(3).unwrap();
    all[3].wait("large old payloads", |journal| journal.len() == 3);
    assert!(all.iter().all(|journal| {
        journal.entries().iter().filter(|entry| entry.len() == PAYLOAD_BYTES_MAX).count() == 2
    }));
    assert_no_fork(&all);
}
