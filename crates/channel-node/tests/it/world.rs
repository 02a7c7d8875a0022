//! A development chain with a token, and nodes on it.

use std::{net::SocketAddr, sync::Arc, time::Duration};
use tally_chain_evm::{
    Deployment, DevChain, DevChainConfig, Endpoint, EvmContracts, EvmSource, Mining,
    SourceSettings, SourceStart, TestToken, TransactionSettings,
};
use tally_channel_node::{
    BlockRange, ChannelView, Node, NodeConfig, NodeHandle, OpenRequest, PaymentReceipt,
    PaymentRequest, PeerEndpoint, RequestError, StartError, StopReason, TABLES, recent_blocks,
};
use tally_crypto::SecretKey;
use tally_primitives::{
    BlockNumber, BlockSpan, ChainId, ChannelAddress, NodeAddress, PaymentId, TokenAddress,
    TokenAmount, Wei,
};
use tally_storage::{MemoryStore, Store};

/// Longer than any test needs, so that a fault shows as a failure and not as a hanging run.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at; what is waited for takes about as long.
const POLL: Duration = Duration::from_millis(2);
const CHAIN: ChainId = ChainId(1337);
const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
/// What each account holds of the token.
pub(crate) const FUNDS: u64 = 1_000_000;

/// A chain, its contracts and the keys of the nodes to be.
pub(crate) struct World {
    pub(crate) chain: DevChain,
    pub(crate) token: TokenAddress,
    endpoint: Endpoint,
    deployment: Deployment,
    keys: Vec<SecretKey>,
}

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) handle: NodeHandle,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) address: SocketAddr,
    node: Node,
    index: usize,
}

pub(crate) fn units(amount: u64) -> TokenAmount {
    TokenAmount::from_units(amount)
}

impl World {
    /// Makes a chain for `nodes` nodes with a funded token that is not registered.
    pub(crate) async fn new(nodes: u8) -> Self {
        // RUST_LOG shows what happens in a test that fails.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer();
        drop(logs.try_init());
        let keys: Vec<SecretKey> =
            (1..=nodes + 1).map(|seed| SecretKey::generate([seed; 32])).collect();
        let coin = Wei::new(tally_primitives::U256::from(10).pow(20_u64.try_into().unwrap()));
        let chain = DevChain::start(&DevChainConfig {
            chain_id: CHAIN,
            accounts: keys.iter().map(|key| (key.address(), coin)).collect(),
            mining: Mining::Instant,
        });
        let endpoint = Endpoint::in_process(&chain);
        let deployer = keys.last().unwrap();
        let deployment = Deployment::create(&endpoint, deployer).await.unwrap();
        let balances = keys.iter().map(|key| (key.address(), units(FUNDS))).collect();
        let token = TestToken { name: "Test".into(), symbol: "TST".into(), decimals: 0, balances };
        let token = token.create(&endpoint, deployer).await.unwrap();
        Self { chain, token, endpoint, deployment, keys }
    }

    pub(crate) fn key(&self, index: usize) -> SecretKey {
        self.keys[index].clone()
    }

    pub(crate) fn node_address(&self, index: usize) -> NodeAddress {
        self.keys[index].address()
    }

    /// Starts a new node.
    pub(crate) async fn start(&self, index: usize) -> Running {
        self.start_on(index, Arc::new(MemoryStore::new(TABLES)), LOOPBACK, &[]).await
    }

    /// Starts `count` nodes that know each other's addresses, with the token registered.
    pub(crate) async fn start_all(&self, count: usize) -> Vec<Running> {
        let mut nodes: Vec<Running> = vec![];
        for index in 0..count {
            nodes.push(self.start(index).await);
        }
        self.introduce(&nodes).await;
        nodes
    }

    /// Tells the nodes where each other are, and registers the token.
    pub(crate) async fn introduce(&self, nodes: &[Running]) {
        nodes[0].handle.register_token(self.token).await.unwrap();
        let peers: Vec<PeerEndpoint> = nodes.iter().map(|node| node.as_peer(self)).collect();
        for node in nodes {
            node.handle.update_nodes(peers.clone()).await.unwrap();
            node.until("the token is registered", async |handle| {
                handle.tokens().await.unwrap() == [self.token]
            })
            .await;
        }
    }

    /// Waits until every node has seen this many openings of channels.
    pub(crate) async fn knows_channels(&self, nodes: &[Running], count: usize) {
        for node in nodes {
            node.until("the channels are known", async |handle| {
                let events = handle.token_events(self.token, BlockRange::default()).await;
                events.is_ok_and(|events| events.len() == count)
            })
            .await;
        }
    }

    /// Starts a node on what `store` holds.
    pub(crate) async fn start_on(
        &self,
        index: usize,
        store: Arc<MemoryStore>,
        listen: SocketAddr,
        peers: &[&Running],
    ) -> Running {
        let peers = peers.iter().map(|peer| peer.as_peer(self)).collect();
        let adjust = |config| NodeConfig { peers, listen, ..config };
        self.try_start_on(index, store, adjust).await.unwrap()
    }

    /// Starts a node on what `store` holds, with a configuration of its own.
    pub(crate) async fn try_start_on(
        &self,
        index: usize,
        store: Arc<MemoryStore>,
        adjust: impl FnOnce(NodeConfig) -> NodeConfig,
    ) -> Result<Running, StartError> {
        let config = adjust(NodeConfig {
            reveal_timeout: BlockSpan(5),
            settle_timeout: BlockSpan(100),
            event_patience: PATIENCE,
            ..NodeConfig::new(CHAIN, self.deployment.registry, LOOPBACK)
        });
        let key = self.keys[index].clone();
        let contracts = Arc::new(self.contracts(index).await);
        let source = self.source(store.as_ref(), config.confirmations);
        let disk: Arc<dyn Store> = Arc::clone(&store) as _;
        let node = Node::start(config, key, disk, source, contracts)?;
        Ok(Running { handle: node.handle(), store, address: node.address(), node, index })
    }

    /// An address on which nothing listens yet.
    pub(crate) const fn anywhere(&self) -> SocketAddr {
        LOOPBACK
    }

    pub(crate) async fn contracts(&self, index: usize) -> EvmContracts {
        let settings = TransactionSettings::development();
        let key = self.keys[index].clone();
        EvmContracts::connect(&self.endpoint, key, self.deployment, settings).await.unwrap()
    }

    fn source(&self, store: &dyn Store, confirmations: BlockSpan) -> EvmSource {
        let mut recent = recent_blocks(store).unwrap();
        let start = match recent.pop() {
            None => SourceStart::Fresh,
            Some(block) => SourceStart::After { block, recent, known: None },
        };
        let settings = SourceSettings { confirmations, ..SourceSettings::development() };
        EvmSource::start(&self.endpoint, self.deployment, start, settings)
    }
}

impl Running {
    /// Opens a channel, and waits until both ends see both deposits and are connected.
    pub(crate) async fn open(
        &self,
        world: &World,
        partner: &Self,
        own: u64,
        theirs: u64,
    ) -> ChannelAddress {
        let request = OpenRequest {
            token: world.token,
            partner: partner.handle.address(),
            deposit: units(own),
            settle_timeout: None,
        };
        let channel = self.handle.open_channel(request).await.unwrap().channel;
        partner.sees(channel, |view| view.partner_deposit == units(own)).await;
        if theirs > 0 {
            let amount = units(theirs);
            let request = tally_channel_node::DepositRequest { channel, amount };
            partner.handle.deposit(request).await.unwrap();
            self.sees(channel, |view| view.partner_deposit == amount).await;
        }
        channel
    }

    /// Waits until the node has this many connections.
    pub(crate) async fn connected(&self, peers: usize) {
        self.until("the peers are connected", async |handle| {
            handle.status().await.unwrap().connected_peers >= peers
        })
        .await;
    }

    /// Waits until the node sees its channel like this.
    pub(crate) async fn sees(
        &self,
        channel: ChannelAddress,
        wanted: impl Fn(&ChannelView) -> bool,
    ) {
        self.until("the channel is as wanted", async |handle| {
            handle.channel(channel).await.is_ok_and(|view| wanted(&view))
        })
        .await;
    }

    /// Waits until the node has taken in this block.
    pub(crate) async fn processed(&self, block: BlockNumber) {
        self.until("the block is processed", async |handle| {
            handle.status().await.unwrap().block.is_some_and(|newest| newest >= block)
        })
        .await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn(&NodeHandle) -> bool) {
        let wait = async {
            while !holds(&self.handle).await {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("node {} waited in vain until {what}", self.index);
        }
    }

    /// Asks for a payment.
    pub(crate) async fn pay(
        &self,
        world: &World,
        target: &Self,
        amount: u64,
        is_direct: bool,
    ) -> Result<PaymentReceipt, RequestError> {
        self.handle.pay(self.order(world, target, amount, is_direct)).await
    }

    pub(crate) fn order(
        &self,
        world: &World,
        target: &Self,
        amount: u64,
        is_direct: bool,
    ) -> PaymentRequest {
        PaymentRequest {
            token: world.token,
            target: target.handle.address(),
            amount: units(amount),
            identifier: None,
            fee: TokenAmount::ZERO,
            is_direct,
            patience: PATIENCE,
        }
    }

    /// Stops the node in good order.
    pub(crate) async fn stop(self) -> StopReason {
        drop(self.handle.stop().await);
        self.node.stopped().await
    }

    /// Waits until the node has stopped by itself.
    pub(crate) async fn stopped(self) -> StopReason {
        tokio::time::timeout(PATIENCE, self.node.stopped()).await.expect("the node stops")
    }

    fn as_peer(&self, world: &World) -> PeerEndpoint {
        PeerEndpoint { node: world.node_address(self.index), endpoint: self.address.to_string() }
    }
}

/// Numbers a payment.
pub(crate) fn numbered(request: PaymentRequest, identifier: u64) -> PaymentRequest {
    PaymentRequest { identifier: Some(PaymentId(identifier)), ..request }
}

/// A generator of small numbers that gives the same ones for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub(crate) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }
}
