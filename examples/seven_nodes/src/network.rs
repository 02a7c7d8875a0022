use anyhow::{Context, Result};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tally_chain_evm::{
    Deployment, DevChain, DevChainConfig, Endpoint, EvmContracts, EvmSource, Mining,
    SourceSettings, SourceStart, TestToken, TransactionSettings,
};
use tally_channel_node::{Node, NodeConfig, NodeHandle, PeerEndpoint, TABLES, recent_blocks};
use tally_crypto::{SecretKey, keccak256};
use tally_http::{Exposure, Guard, Server, Shutdown};
use tally_primitives::{ChainId, NodeAddress, TokenAddress, TokenAmount, U256, Wei};
use tally_smartraiden_api::SmartRaidenApi;
use tally_storage::MemoryStore;
use tokio::{runtime::Handle, task::JoinHandle};

const NODES: usize = 7;
/// The usual number of a local chain.
const CHAIN: ChainId = ChainId(1337);
const COIN_EACH_WEI: u128 = 100_000_000_000_000_000_000;
const TOKENS_EACH: u64 = 5_000_000;
/// How long a restarted node may take until its partners are back.
const CONNECT_TRIES: u32 = 2_000;
const CONNECT_PAUSE: Duration = Duration::from_millis(5);
const BLOCK_TIME: Duration = Duration::from_secs(1);

/// An embedded chain with the contracts, and seven nodes on it. Nodes count from 1.
#[derive(Debug)]
pub(crate) struct Network {
    runtime: Handle,
    endpoint: Endpoint,
    deployment: Deployment,
    tokens: [TokenAddress; 2],
    members: Vec<Member>,
    chain: DevChain,
}

/// What of a node outlives its restarts.
#[derive(Debug)]
struct Member {
    key: SecretKey,
    store: Arc<MemoryStore>,
    api: SocketAddr,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    node: Node,
    handle: NodeHandle,
    peers_at: SocketAddr,
    shutdown: Shutdown,
    server: JoinHandle<()>,
}

impl Network {
    /// Starts the chain, the contracts and the nodes; APIs listen from `first_port` on.
    pub(crate) async fn start(first_port: u16) -> Result<Self> {
        let keys: Vec<SecretKey> = (1..=NODES).map(demo_key).collect();
        let accounts = keys.iter().map(|key| (key.address(), Wei::new(U256::from(COIN_EACH_WEI))));
        let chain = DevChain::start(&DevChainConfig {
            chain_id: CHAIN,
            accounts: accounts.collect(),
            mining: Mining::Instant,
        });
        let endpoint = Endpoint::in_process(&chain);
        let deployment = Deployment::create(&endpoint, &keys[0]).await?;
        let tokens = [
            create_token(&endpoint, &keys, "Demonstration").await?,
            create_token(&endpoint, &keys, "Second").await?,
        ];
        let mut members = vec![];
        for (index, key) in keys.into_iter().enumerate() {
            let store = Arc::new(MemoryStore::new(TABLES));
            let port = if first_port == 0 { 0 } else { first_port + u16::try_from(index)? };
            let api = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            members.push(Member { key, store, api, running: Mutex::new(None) });
        }
        let runtime = Handle::current();
        let mut network = Self { runtime, endpoint, deployment, tokens, members, chain };
        for index in 0..NODES {
            let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let (running, api) = network.run(index, anywhere).await?;
            network.members[index].api = api;
            *network.members[index].lock() = Some(running);
        }
        network.introduce().await?;
        Ok(network)
    }

    /// Returns the APIs' addresses.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.members.iter().map(|member| format!("http://{}", member.api)).collect()
    }

    /// Returns the two tokens' addresses.
    pub(crate) fn tokens(&self) -> [String; 2] {
        self.tokens.map(|token| token.to_string())
    }

    /// Stops a node; its state stays.
    pub(crate) fn stop(&self, number: usize) -> Result<()> {
        let running = self.members[number - 1].lock().take().context("the node is not running")?;
        self.runtime.block_on(running.stop())
    }

    /// Starts a stopped node again, on the same ports and with the state it had.
    pub(crate) fn restart(&self, number: usize) -> Result<()> {
        let index = number - 1;
        self.runtime.block_on(async {
            let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let (running, _) = self.run(index, anywhere).await?;
            *self.members[index].lock() = Some(running);
            self.introduce().await
        })
    }

    /// Waits until every node has a live connection to all its partners.
    pub(crate) fn wait_all_connected(&self) -> Result<()> {
        (1..=NODES).try_for_each(|number| self.wait_connected(number))
    }

    /// Waits until a node has a live connection to all its partners.
    pub(crate) fn wait_connected(&self, number: usize) -> Result<()> {
        let member = &self.members[number - 1];
        let handle = member.lock().as_ref().context("the node is not running")?.handle.clone();
        self.runtime.block_on(async {
            for _ in 0..CONNECT_TRIES {
                let status = handle.status().await?;
                if status.connected_peers >= status.channels {
                    return Ok(());
                }
                tokio::time::sleep(CONNECT_PAUSE).await;
            }
            anyhow::bail!("node {number} did not reach its partners")
        })
    }

    /// From now on the chain makes a block a second, so that settlement windows pass.
    pub(crate) fn let_time_pass(&self) {
        self.chain.set_mining(Mining::Interval(BLOCK_TIME));
    }

    /// Stops every node.
    pub(crate) async fn shut_down(&self) -> Result<()> {
        for member in &self.members {
            let running = member.lock().take();
            if let Some(running) = running {
                running.stop().await?;
            }
        }
        Ok(())
    }

    async fn run(&self, index: usize, peers_at: SocketAddr) -> Result<(Running, SocketAddr)> {
        let member = &self.members[index];
        let (key, deployment) = (member.key.clone(), self.deployment);
        let settings = TransactionSettings::development();
        let contracts =
            EvmContracts::connect(&self.endpoint, key.clone(), deployment, settings).await?;
        let mut recent = recent_blocks(member.store.as_ref())?;
        let start = recent.pop().map_or(SourceStart::Fresh, |block| SourceStart::After {
            block,
            recent,
            known: None,
        });
        let source =
            EvmSource::start(&self.endpoint, deployment, start, SourceSettings::development());
        let config = NodeConfig::new(CHAIN, deployment.registry, peers_at);
        let store = Arc::clone(&member.store);
        let node = Node::start(config, key, store, source, Arc::new(contracts))?;
        let (handle, peers_at) = (node.handle(), node.address());

        let server = Server::bind(member.api, None).await?;
        let api = server.local_address();
        let shutdown = Shutdown::default();
        let exposure = Exposure {
            address: api,
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        };
        let guard = Guard::new(&exposure, None, &[])?;
        let router = SmartRaidenApi::new(handle.clone(), shutdown.clone())
            .into_service()
            .guarded_by(guard)
            .into_router();
        let until = shutdown.clone();
        let server = tokio::spawn(async move {
            server.serve(router, until).await;
        });
        Ok((Running { node, handle, peers_at, shutdown, server }, api))
    }

    /// Tells every running node where the others are.
    async fn introduce(&self) -> Result<()> {
        let mut peers = vec![];
        let mut handles = vec![];
        for member in &self.members {
            if let Some(running) = member.lock().as_ref() {
                let endpoint = running.peers_at.to_string();
                peers.push(PeerEndpoint { node: member.key.address(), endpoint });
                handles.push((member.key.address(), running.handle.clone()));
            }
        }
        for (own, handle) in handles {
            let others = peers.iter().filter(|peer| peer.node != own).cloned();
            handle.update_nodes(others.collect()).await?;
        }
        Ok(())
    }
}

impl Member {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    async fn stop(self) -> Result<()> {
        self.handle.stop().await?;
        self.shutdown.trigger();
        self.server.await?;
        self.node.stopped().await;
        Ok(())
    }
}

/// Keys that are the same in every run, so that addresses are too. Never use them elsewhere.
fn demo_key(number: usize) -> SecretKey {
    SecretKey::generate(keccak256(format!("seven nodes: {number}")).0)
}

async fn create_token(endpoint: &Endpoint, keys: &[SecretKey], name: &str) -> Result<TokenAddress> {
    let each = TokenAmount::from_units(TOKENS_EACH);
    let balances: Vec<(NodeAddress, TokenAmount)> =
        keys.iter().map(|key| (key.address(), each)).collect();
    let token = TestToken { name: name.into(), symbol: "DEMO".into(), decimals: 0, balances };
    Ok(token.create(endpoint, &keys[0]).await?)
}
