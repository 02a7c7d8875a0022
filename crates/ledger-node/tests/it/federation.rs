//! A federation of four processes' worth of nodes, over loopback.

use crate::support::{ALICE, BOB, code, create, key, post, status, transfer};
use bytes::Bytes;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{Block, Status};
use tally_ledger_node::{
    FederationConfig, LedgerNode, Mode, NodeConfig, NodeHandle, Peer, StartError, TABLES, Timing,
    TransactionStatus, make_genesis,
};
use tally_ledger_store::LedgerStore;
use tally_storage::MemoryDisk;
use tempfile::TempDir;

const NODES: usize = 4;

struct Federation {
    keys: Vec<SigningKey>,
    addresses: Vec<SocketAddr>,
    disks: Vec<MemoryDisk>,
    nodes: Vec<Option<LedgerNode>>,
    genesis: Block,
    /// Last, so that it outlives what runs in it.
    folder: TempDir,
}

impl Federation {
    /// Starts all nodes on free ports. A port can be taken by somebody between the time it was found
    /// free and its use: then others are tried.
    fn start() -> Self {
        for _ in 0..10 {
            let sockets: Vec<_> =
                (0..NODES).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
            let addresses = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
            drop(sockets);
            let keys: Vec<_> = (100..100 + NODES as u8).map(key).collect();
            let members: Vec<_> = keys.iter().map(SigningKey::public_key).collect();
            let mut federation = Self {
                genesis: make_genesis(&keys[0], &members, 1_700_000_000).unwrap(),
                keys,
                addresses,
                disks: (0..NODES).map(|_| MemoryDisk::default()).collect(),
                nodes: (0..NODES).map(|_| None).collect(),
                folder: tempfile::tempdir().unwrap(),
            };
            if (0..NODES).all(|node| federation.start_one(node).is_ok()) {
                return federation;
            }
        }
        panic!("there are no free ports");
    }

    fn start_one(&mut self, node: usize) -> Result<(), StartError> {
        let store = Arc::new(self.disks[node].open(TABLES));
        let started = LedgerNode::start(self.config(node), self.keys[node].clone(), store)?;
        assert_eq!(started.peer_address(), Some(self.addresses[node]));
        self.nodes[node] = Some(started);
        Ok(())
    }

    fn config(&self, node: usize) -> NodeConfig {
        let others = (0..NODES).filter(|other| *other != node);
        let peers = others.map(|other| Peer {
            key: self.keys[other].public_key(),
            address: self.addresses[other].into(),
        });
        NodeConfig {
            keyring: self.keys.iter().map(SigningKey::public_key).collect(),
            genesis: Some(self.genesis.clone()),
            federation: Some(FederationConfig {
                listen: self.addresses[node],
                peers: peers.collect(),
                data_dir: self.folder.path().join(node.to_string()),
                timing: Timing { leader_ms: 300, agreement_ms: 600, retry_ms: 600, fetch_ms: 600 },
            }),
            commit_patience: Duration::from_secs(60),
            checkers: 1,
            ..NodeConfig::default()
        }
    }

    fn handle(&self, node: usize) -> NodeHandle {
        self.nodes[node].as_ref().unwrap().handle()
    }

    async fn stop(&mut self, node: usize) {
        let running = self.nodes[node].take().unwrap();
        running.handle().stop();
        running.stopped().await;
    }
}

async fn commit(node: &NodeHandle, number: u64) {
    let text = Bytes::copy_from_slice(create(number).to_json().as_bytes());
    let posted = node.post(text, Mode::Commit).await.unwrap();
    assert!(posted.is_valid);
}

/// Waits until a node says what is expected of it.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !condition().await {
            ticks.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "{what}");
}

/// Goal: what is posted to any node is valid on all, with votes; with one node away the others go
/// on, and it catches up; chains are equal; a transfer needs what it spends to be final.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_agree_without_one_of_them_too() {
    let mut federation = tokio::task::spawn_blocking(Federation::start).await.unwrap();
    let mut events = federation.handle(1).subscribe();
    for node in 0..NODES {
        commit(&federation.handle(node), node as u64).await;
    }
    let asset = create(0);
    until("the transfer's input is everywhere", async || {
        post(&federation.handle(2), &transfer(&asset, BOB)).await.is_ok()
    })
    .await;
    let second = post(&federation.handle(2), &transfer(&asset, 7)).await;
    assert_eq!(code(second), "double_spend");
    assert_eq!(events.recv().await.unwrap().height, 1);
    assert_eq!(events.recv().await.unwrap().height, 2);

    federation.stop(3).await;
    for number in 10..14 {
        commit(&federation.handle((number % 3) as usize), number).await;
    }
    federation = tokio::task::spawn_blocking(move || {
        federation.start_one(3).unwrap();
        federation
    })
    .await
    .unwrap();
    let late = federation.handle(3);
    for number in [0, 1, 2, 3, 10, 11, 12, 13] {
        until("the node that was away has all blocks and votes", async || {
            let found = status(&late, create(number).id()).await;
            matches!(found, Some(TransactionStatus::Valid(_)))
        })
        .await;
    }
    until("it has caught up", async || late.status().is_ready).await;
    let heights = late.status().decided_height.min(federation.handle(0).status().decided_height);
    let chain = async |node: usize| {
        let handle = federation.handle(node);
        let read = handle.read(move |reader| {
            let blocks = (0..=heights).map(|height| {
                let id = reader.store().head(height)?.map(|head| head.id);
                Ok((id, reader.status_at(height)?))
            });
            blocks.collect::<Result<Vec<_>, tally_ledger_node::ReadError>>()
        });
        read.await.unwrap()
    };
    let blocks = chain(3).await;
    assert_eq!(blocks, chain(0).await);
    assert!(blocks.iter().all(|(_, status)| *status == Some(Status::Valid)), "{blocks:?}");
    assert_eq!(federation.handle(0).info().keyring.len(), NODES - 1);
    for node in 0..NODES {
        federation.stop(node).await;
    }
}

/// Goal: a member whose engine does not know the ledger's blocks is not ready, instead of waiting
/// for ever and saying that all is well. Method: all stop, and one starts without its engine's
/// folder: nobody can tell it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_ahead_of_its_engine_is_not_ready() {
    let mut federation = tokio::task::spawn_blocking(Federation::start).await.unwrap();
    commit(&federation.handle(0), 1).await;
    for node in 0..NODES {
        federation.stop(node).await;
    }
    std::fs::remove_dir_all(federation.folder.path().join("0")).unwrap();
    for (node, is_ready) in [(0, false), (1, true)] {
        federation = tokio::task::spawn_blocking(move || {
            federation.start_one(node).unwrap();
            federation
        })
        .await
        .unwrap();
        let handle = federation.handle(node);
        until("it says how it is", async || handle.status().is_ready == is_ready).await;
        federation.stop(node).await;
    }
}

/// Goal: a member does not begin a chain on its own, nor one that others began for other members.
#[tokio::test]
async fn a_member_needs_the_federations_genesis() {
    let disk = MemoryDisk::default();
    let member = key(ALICE);
    let federation = FederationConfig {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        peers: vec![],
        data_dir: "unused".into(),
        timing: Timing::default(),
    };
    let config = NodeConfig {
        keyring: vec![key(BOB).public_key()],
        federation: Some(federation),
        ..NodeConfig::default()
    };
    let start = |config: &NodeConfig| {
        LedgerNode::start(config.clone(), member.clone(), Arc::new(disk.open(TABLES))).map(drop)
    };
    assert!(matches!(start(&config), Err(StartError::NoGenesis)));
    let genesis = make_genesis(&member, &[member.public_key()], 1_700_000_000).unwrap();
    let other = NodeConfig { genesis: Some(genesis), ..config };
    assert!(matches!(start(&other), Err(StartError::InvalidGenesis(_))));
}

/// Goal: no chain begins for members that the ordering engine cannot have. Method: a federation that
/// is too large for it, and one with a key that is no point of the curve.
#[test]
fn a_federation_that_cannot_run_does_not_begin() {
    let member = key(ALICE);
    let many = (0..=100).map(key).map(|key| key.public_key()).collect();
    let mut bytes = [0; 32];
    bytes[0] = 2;
    for keyring in [many, vec![PublicKey::from_bytes(bytes)]] {
        let members = [keyring.as_slice(), &[member.public_key()]].concat();
        let federation = FederationConfig {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            peers: vec![],
            data_dir: "unused".into(),
            timing: Timing::default(),
        };
        let config = NodeConfig {
            genesis: Some(make_genesis(&member, &members, 1_700_000_000).unwrap()),
            keyring,
            federation: Some(federation),
            ..NodeConfig::default()
        };
        let disk = MemoryDisk::default();
        let started = LedgerNode::start(config, member.clone(), Arc::new(disk.open(TABLES)));
        assert!(matches!(started.map(drop), Err(StartError::Consensus(_))));
        let ledger = LedgerStore::open(Arc::new(disk.open(TABLES))).unwrap();
        assert_eq!(ledger.height(), None, "a chain was begun");
    }
}
