//! What an operator switches, and how the node is connected.

use crate::{
    Reply, RequestError,
    effect::Effect,
    owner::Owner,
    store::{SETTINGS, read, write},
};
use std::{sync::Arc, time::Duration};
use tally_primitives::{BlockNumber, NodeAddress, Wei};
use tally_storage::{Store, StoreError};

/// The key in [`SETTINGS`] of whether only direct transfers are made and taken.
const MESH: &[u8] = b"mesh";

/// How long the chain may take to show that it is there.
const CHAIN_PATIENCE: Duration = Duration::from_secs(5);

/// How the node is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Whether the chain's server answered just now.
    pub chain_answers: bool,
    /// The newest block the node has processed; `None` before the first.
    pub block: Option<BlockNumber>,
    /// When it processed it, in Unix milliseconds of its own clock; `None` if not in this run.
    pub block_time: Option<u64>,
    /// Whether the node has caught up with the chain since it started.
    pub synced: bool,
    /// Peers with a live connection.
    pub peers: usize,
    /// Whether only direct transfers are made and taken.
    pub mesh: bool,
}

/// Reads whether an earlier run was switched to direct transfers only.
pub(crate) fn load(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(read(store, SETTINGS, MESH)?.unwrap_or(false))
}

impl Owner {
    /// A user switches mediated transfers off or on; it stays so after a restart.
    pub(crate) fn switch_mesh(&mut self, mesh: bool, reply: Reply<()>) {
        self.protocol.set_direct_only(mesh);
        write(&mut self.group.batch, SETTINGS, MESH, &mesh);
        self.group.needs_sync = true;
        tracing::info!(mesh, "mediated transfers are switched");
        self.answer(reply, Ok(()));
    }

    /// A user wants to know how the node is connected.
    pub(crate) fn connections(&mut self, reply: Reply<Connections>) {
        let known = Connections {
            chain_answers: false,
            block: self.block.map(|block| block.number),
            block_time: self.block_time,
            synced: self.synced,
            peers: self.connected.len(),
            mesh: self.protocol.is_direct_only(),
        };
        let (contracts, us) = (Arc::clone(&self.contracts), self.key.address());
        self.group.effects.push(Effect::task(async move {
            let asked = tokio::time::timeout(CHAIN_PATIENCE, contracts.coin_balance(us)).await;
            let chain_answers = matches!(asked, Ok(Ok(_)));
            drop(reply.send(Ok(Connections { chain_answers, ..known })));
        }));
    }

    /// A user wants to know how much of the native coin an account has.
    pub(crate) fn coin_balance(&mut self, holder: NodeAddress, reply: Reply<Wei>) {
        let contracts = Arc::clone(&self.contracts);
        self.group.effects.push(Effect::task(async move {
            let balance = contracts.coin_balance(holder).await;
            drop(reply.send(balance.map_err(RequestError::Chain)));
        }));
    }
}
