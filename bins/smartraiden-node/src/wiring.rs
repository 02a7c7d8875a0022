//! Which library is plugged into which.

mod data;
mod embedded;
mod key;
mod remote;

pub(crate) use embedded::Embedded;

use crate::config::{Chain, Config};
use std::sync::Arc;
use tally_chain_evm::{
    Deployment, Endpoint, EvmContracts, EvmSource, SourceSettings, SourceStart, TransactionSettings,
};
use tally_channel_node::{Node, NodeConfig, PeerEndpoint, StartError};
use tally_crypto::SecretKey;
use tally_daemon::{Failure, Kind};
use tally_storage::Store;

/// A started node and what it stands on.
pub(crate) struct Wired {
    pub(crate) node: Node,
    pub(crate) deployment: Deployment,
    /// The chain, if it is inside the daemon: it must live as long as the node.
    pub(crate) embedded: Option<Embedded>,
}

/// A chain that answers, and how to treat it.
struct Ground {
    endpoint: Endpoint,
    deployment: Deployment,
    source: SourceSettings,
    transactions: TransactionSettings,
    embedded: Option<Embedded>,
}

/// Starts everything below the API.
pub(crate) async fn wire(config: &Config) -> Result<Wired, Failure> {
    let key = key::load(&config.key)?;
    tracing::info!(node = %key.address(), "key loaded");
    let store = data::open(&config.data, key.address())?;
    let ground = match &config.chain {
        Chain::Embedded { block_time, rpc_address, funded } => {
            embedded::start(&key, *block_time, *rpc_address, funded).await?
        }
        Chain::Remote { url, registry, endpoint_registry, first_block, confirmations } => {
            let found = remote::Contracts {
                registry: *registry,
                endpoint_registry: *endpoint_registry,
                first_block: *first_block,
            };
            remote::connect(url, found, *confirmations).await?
        }
    };
    start_node(config, key, store, ground).await
}

async fn start_node(
    config: &Config,
    key: SecretKey,
    store: Arc<dyn Store>,
    ground: Ground,
) -> Result<Wired, Failure> {
    let Ground { endpoint, deployment, source, transactions, embedded } = ground;
    let contracts = EvmContracts::connect(&endpoint, key.clone(), deployment, transactions).await;
    let contracts = contracts.map_err(Failure::of(Kind::Chain))?;
    let mut recent = tally_channel_node::recent_blocks(store.as_ref()).map_err(not_started)?;
    let start = match recent.pop() {
        Some(block) => SourceStart::After { block, recent, known: None },
        None => SourceStart::Fresh,
    };
    let follower = EvmSource::start(&endpoint, deployment, start, source);
    // Not knowing only means that the node is ready a block later.
    let head = endpoint.head().await.ok();
    let node_config = NodeConfig { head, ..node_config(config, &deployment, source) };
    let node = Node::start(node_config, key, store, follower, Arc::new(contracts));
    Ok(Wired { node: node.map_err(not_started)?, deployment, embedded })
}

fn node_config(config: &Config, deployment: &Deployment, source: SourceSettings) -> NodeConfig {
    let node = &config.node;
    let peer = |peer: &crate::config::PeerArgument| PeerEndpoint {
        node: peer.node,
        endpoint: peer.endpoint.clone(),
    };
    NodeConfig {
        confirmations: source.confirmations,
        reveal_timeout: node.reveal_timeout,
        settle_timeout: node.settle_timeout,
        mediates: node.mediates,
        mediation_fee: node.mediation_fee,
        peers: node.peers.iter().map(peer).collect(),
        publish_endpoint: node.publish_address.clone(),
        ..NodeConfig::new(deployment.chain_id, deployment.registry, node.listen)
    }
}

fn not_started(error: StartError) -> Failure {
    let kind = match &error {
        StartError::Schema(_)
        | StartError::Store(_)
        | StartError::OtherNode { .. }
        | StartError::OtherChain { .. }
        | StartError::OtherRegistry { .. } => Kind::Data,
        StartError::Net(_) => Kind::Listen,
        StartError::Thread(_) | StartError::Randomness(_) => Kind::Unexpected,
    };
    Failure::new(kind, error)
}
