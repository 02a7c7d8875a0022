//! Nodes in a line on an embedded chain, each with a channel to the next.

use super::cases::Way;
use crate::web::Web;
use anyhow::{Context, Result, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tally_chain_evm::{
    Deployment, DevChain, DevChainConfig, Endpoint, EvmContracts, EvmSource, Mining,
    SourceSettings, SourceStart, TestToken, TransactionSettings,
};
use tally_channel_node::{
    BlockRange, ChannelView, Node, NodeConfig, NodeHandle, OpenRequest, PaymentRequest,
    PeerEndpoint, TABLES,
};
use tally_crypto::{SecretKey, keccak256};
use tally_primitives::{
    ChainId, ChannelAddress, NodeAddress, TokenAddress, TokenAmount, U256, Wei,
};
use tally_smartraiden_api::SmartRaidenApi;
use tally_storage_rocksdb::{DataFolder, RocksStore};
use tempfile::TempDir;

const CHAIN: ChainId = ChainId(1337);
const COIN_EACH_WEI: u128 = 100_000_000_000_000_000_000;
const TOKENS_EACH: u64 = 1_000_000_000_000_000;
/// More single tokens than any run can pay.
const DEPOSIT: u64 = 1_000_000_000_000;
/// Longer than anything here takes, so that a fault shows as an error and not as a hanging run.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(1);

/// A chain and nodes that work; the first pays the last.
#[derive(Debug)]
pub(crate) struct Line {
    nodes: Vec<Node>,
    handles: Vec<NodeHandle>,
    channels: Vec<ChannelAddress>,
    token: TokenAddress,
    web: Web,
    /// Both live as long as the nodes.
    _chain: DevChain,
    _folder: TempDir,
}

impl Line {
    /// Starts `count` nodes with databases below `folder`, and opens the channels.
    pub(crate) async fn start(count: usize, folder: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(folder).context("no folder for the databases")?;
        let keys: Vec<SecretKey> = (0..count).map(key).collect();
        let coin = Wei::new(U256::from(COIN_EACH_WEI));
        let chain = DevChain::start(&DevChainConfig {
            chain_id: CHAIN,
            accounts: keys.iter().map(|key| (key.address(), coin)).collect(),
            mining: Mining::Instant,
        });
        let endpoint = Endpoint::in_process(&chain);
        let deployment = Deployment::create(&endpoint, &keys[0]).await?;
        let token = create_token(&endpoint, &keys).await?;
        let mut nodes = vec![];
        for (index, key) in keys.iter().enumerate() {
            let database = folder.path().join(index.to_string());
            nodes.push(start_node(&endpoint, deployment, key, &database).await?);
        }
        let handles: Vec<NodeHandle> = nodes.iter().map(Node::handle).collect();
        introduce(&nodes).await?;
        handles[0].register_token(token).await?;
        let api = handles[0].clone();
        let web = Web::start(|shutdown| SmartRaidenApi::new(api, shutdown).into_service()).await?;
        let mut line =
            Self { nodes, handles, channels: vec![], token, web, _chain: chain, _folder: folder };
        line.open_channels().await?;
        Ok(line)
    }

    /// Returns the first node.
    pub(crate) fn payer(&self) -> NodeHandle {
        self.handles[0].clone()
    }

    /// Returns the last node's address.
    pub(crate) fn target(&self) -> NodeAddress {
        self.handles[self.handles.len() - 1].address()
    }

    /// Returns the URL of the first node's API for payments to the last.
    pub(crate) fn payments_url(&self) -> String {
        format!("{}/api/1/transfers/{}/{}", self.web.url(), self.token, self.target())
    }

    /// Returns a payment of one token from the first node to the last.
    pub(crate) fn payment(&self, way: Way) -> PaymentRequest {
        PaymentRequest {
            token: self.token,
            target: self.target(),
            amount: TokenAmount::from_units(1),
            identifier: None,
            fee: TokenAmount::ZERO,
            is_direct: match way {
                Way::Direct | Way::DirectHttp => true,
                Way::Mediated(_) => false,
            },
            patience: PATIENCE,
        }
    }

    /// Waits until nothing is under way, and checks that in every channel exactly `paid` tokens
    /// have moved, as both ends see it.
    pub(crate) async fn verify(&self, paid: u64) -> Result<()> {
        for handle in &self.handles {
            wait("nothing is under way", async || {
                let status = handle.status().await?;
                Ok(status.pending_transfers == 0 && status.outbox == 0)
            })
            .await?;
        }
        for (index, channel) in self.channels.iter().enumerate() {
            let (payer, payee) = (&self.handles[index], &self.handles[index + 1]);
            check(&payer.channel(*channel).await?, DEPOSIT - paid, paid)?;
            check(&payee.channel(*channel).await?, paid, DEPOSIT - paid)?;
        }
        let sent = self.handles[0].status().await?.payments_sent;
        let last = &self.handles[self.handles.len() - 1];
        let received = last.status().await?.payments_received;
        ensure!(sent == paid, "{paid} payments succeeded, but the payer counts {sent}");
        ensure!(received == paid, "{paid} payments succeeded, but the payee counts {received}");
        Ok(())
    }

    /// Stops the nodes in good order.
    pub(crate) async fn stop(self) -> Result<()> {
        self.web.stop().await?;
        for (handle, node) in self.handles.iter().zip(self.nodes) {
            handle.stop().await?;
            node.stopped().await;
        }
        Ok(())
    }

    async fn open_channels(&mut self) -> Result<()> {
        let token = self.token;
        for handle in &self.handles {
            wait("the token is known", async || Ok(handle.tokens().await? == [token])).await?;
        }
        for pair in self.handles.windows(2) {
            let request = OpenRequest {
                token,
                partner: pair[1].address(),
                deposit: TokenAmount::from_units(DEPOSIT),
                settle_timeout: None,
            };
            self.channels.push(pair[0].open_channel(request).await?.channel);
        }
        let count = self.channels.len();
        for (index, handle) in self.handles.iter().enumerate() {
            let own = if index == 0 || index == count { 1 } else { 2 };
            wait("the channels are known", async || {
                let opened = handle.token_events(token, BlockRange::default()).await?.len();
                let views = handle.channels().await?;
                let funded = |view: &&ChannelView| {
                    !view.deposit.is_zero() || !view.partner_deposit.is_zero()
                };
                let connected = handle.status().await?.connected_peers;
                Ok(opened == count
                    && views.iter().filter(funded).count() == own
                    && connected >= own)
            })
            .await?;
        }
        Ok(())
    }
}

/// Checks one end's view of a channel.
fn check(view: &ChannelView, own: u64, partner: u64) -> Result<()> {
    let channel = view.channel;
    ensure!(
        view.balance == TokenAmount::from_units(own)
            && view.partner_balance == TokenAmount::from_units(partner),
        "channel {channel} holds {} and {} instead of {own} and {partner}: money was lost or made",
        view.balance,
        view.partner_balance,
    );
    ensure!(
        view.locks.is_empty() && view.partner_locks.is_empty(),
        "channel {channel} still holds locks"
    );
    Ok(())
}

async fn wait(what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let tries = async {
        while !holds().await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, tries)
        .await
        .unwrap_or_else(|_| Err(anyhow::anyhow!("waited in vain until {what}")))
}

async fn start_node(
    endpoint: &Endpoint,
    deployment: Deployment,
    key: &SecretKey,
    database: &Path,
) -> Result<Node> {
    let settings = TransactionSettings::development();
    let contracts = EvmContracts::connect(endpoint, key.clone(), deployment, settings).await?;
    let source =
        EvmSource::start(endpoint, deployment, SourceStart::Fresh, SourceSettings::development());
    let store = RocksStore::open(DataFolder::lock(database)?, TABLES)?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = NodeConfig::new(CHAIN, deployment.registry, listen);
    Ok(Node::start(config, key.clone(), Arc::new(store), source, Arc::new(contracts))?)
}

/// Tells every node where the others are.
async fn introduce(nodes: &[Node]) -> Result<()> {
    let peer = |node: &Node| PeerEndpoint {
        node: node.handle().address(),
        endpoint: node.address().to_string(),
    };
    let peers: Vec<PeerEndpoint> = nodes.iter().map(peer).collect();
    for node in nodes {
        let handle = node.handle();
        let others = peers.iter().filter(|peer| peer.node != handle.address()).cloned();
        handle.update_nodes(others.collect()).await?;
    }
    Ok(())
}

/// Keys that are the same in every run. Never use them elsewhere.
fn key(index: usize) -> SecretKey {
    SecretKey::generate(keccak256(format!("benchmark: {index}")).0)
}

async fn create_token(endpoint: &Endpoint, keys: &[SecretKey]) -> Result<TokenAddress> {
    let each = TokenAmount::from_units(TOKENS_EACH);
    let balances = keys.iter().map(|key| (key.address(), each)).collect();
    let token =
        TestToken { name: "Benchmark".into(), symbol: "BENCH".into(), decimals: 0, balances };
    Ok(token.create(endpoint, &keys[0]).await?)
}
