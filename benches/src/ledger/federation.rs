//! Four nodes that order blocks together, over real TCP on loopback, each with its own database.

use super::{cases::Size, history::key, load::Clients, solo::MEMORY, target::Target};
use crate::ledger::cases::Work;
use anyhow::{Context, Result};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::Block;
use tally_ledger_node::{
    FederationConfig, LedgerNode, NodeConfig, NodeHandle, Peer, TABLES, Timing, make_genesis,
};
use tally_storage_rocksdb::{DataFolder, RocksStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const NODES: u32 = 4;
/// Longer than any post takes, so that a fault shows as an error and not as a hanging run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Four nodes on new ledgers.
#[derive(Debug)]
pub(crate) struct Federation {
    nodes: Vec<LedgerNode>,
    pub(crate) handles: Vec<NodeHandle>,
    /// Removed last.
    _folder: TempDir,
}

/// What all members know.
struct Members {
    keys: Vec<SigningKey>,
    addresses: Vec<SocketAddr>,
    genesis: Block,
}

impl Federation {
    /// Starts the nodes and posts a thousand transactions.
    pub(crate) fn start(runtime: &Runtime, folder: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let members = Members::new()?;
        let mut nodes = vec![];
        for index in 0..members.keys.len() {
            let node = members.start(index, folder.path());
            nodes.push(node.context("a node of the federation does not start")?);
        }
        let handles: Vec<NodeHandle> = nodes.iter().map(LedgerNode::handle).collect();
        let target = Target::Nodes(handles.clone());
        let count = usize::try_from(Size::Thousand.transactions())?;
        let mut clients = Clients::start(runtime, &target, Work::Create, count, "stored before")?;
        clients.run(runtime, &target, 1)?;
        Ok(Self { nodes, handles, _folder: folder })
    }

    /// Stops the nodes in good order.
    pub(crate) fn stop(self, runtime: &Runtime) {
        self.handles.iter().for_each(NodeHandle::stop);
        drop(self.handles);
        for node in self.nodes {
            runtime.block_on(node.stopped());
        }
    }
}

impl Members {
    fn new() -> Result<Self> {
        let keys: Vec<SigningKey> = (0..NODES).map(|index| key("node", index.into())).collect();
        // All at once, so that no port is found free twice.
        let sockets = keys
            .iter()
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .collect::<Result<Vec<_>, _>>()?;
        let addresses = sockets.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
        let public: Vec<PublicKey> = keys.iter().map(SigningKey::public_key).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let genesis = make_genesis(&keys[0], &public, now)?;
        Ok(Self { keys, addresses, genesis })
    }

    fn start(&self, index: usize, folder: &Path) -> Result<LedgerNode> {
        let path = folder.join(index.to_string());
        let others = (0..self.keys.len()).filter(|other| *other != index);
        let peers = others.map(|other| Peer {
            key: self.keys[other].public_key(),
            address: self.addresses[other].into(),
        });
        let federation = FederationConfig {
            listen: self.addresses[index],
            peers: peers.collect(),
            data_dir: path.join("consensus"),
            timing: Timing::default(),
        };
        let config = NodeConfig {
            keyring: self.keys.iter().map(SigningKey::public_key).collect(),
            genesis: Some(self.genesis.clone()),
            federation: Some(federation),
            commit_patience: PATIENCE,
            search_dir: Some(path.join("search")),
            ..NodeConfig::default()
        };
        let store = RocksStore::open_with(DataFolder::lock(&path)?, TABLES, MEMORY)?;
        Ok(LedgerNode::start(config, self.keys[index].clone(), Arc::new(store))?)
    }
}
