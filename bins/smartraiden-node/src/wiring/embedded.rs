use super::Ground;
use anyhow::Context;
use std::{net::SocketAddr, time::Duration};
use tally_chain::{ChannelContracts, TransactionError};
use tally_chain_evm::{
    Deployment, DevChain, DevChainConfig, DevServer, Endpoint, EvmContracts, Mining,
    SourceSettings, TestToken, TransactionSettings,
};
use tally_crypto::SecretKey;
use tally_daemon::{Failure, Kind};
use tally_primitives::{ChainId, NodeAddress, TokenAddress, TokenAmount, U256, Wei};

/// The number that development chains have by custom.
const CHAIN: ChainId = ChainId(1337);
/// The key of the account that deploys the contracts. Everybody knows it: it owns nothing of worth,
/// and makes the contracts' addresses the same at every start.
const DEPLOYER: [u8; 32] = [0xde; 32];
/// Test tokens of each funded account, as the accounts of the users' document have.
const TOKENS: u64 = 5_000_000;
/// Coin of each funded account, in whole coins of 10^18 wei.
const COINS: u64 = 1_000;

/// The chain inside the daemon, as long as this lives.
pub(crate) struct Embedded {
    pub(crate) token: TokenAddress,
    pub(crate) server: Option<DevServer>,
    _chain: DevChain,
}

/// Starts a chain with the contracts and a registered token, of which the accounts have plenty.
pub(super) async fn start(
    key: &SecretKey,
    block_time: Duration,
    rpc_address: Option<SocketAddr>,
    funded: &[NodeAddress],
) -> Result<Ground, Failure> {
    let deployer = SecretKey::generate(DEPLOYER);
    let holders: Vec<NodeAddress> =
        [key.address()].into_iter().chain(funded.iter().copied()).collect();
    let coins = Wei::new(U256::from(COINS) * U256::from(10).pow(U256::from(18)));
    let accounts = holders.iter().chain([&deployer.address()]).map(|node| (*node, coins)).collect();
    // Setting up needs no pauses; from then on blocks pass, or no window would ever end.
    let chain =
        DevChain::start(&DevChainConfig { chain_id: CHAIN, accounts, mining: Mining::Instant });
    let endpoint = Endpoint::in_process(&chain);
    let prepared = Box::pin(prepare(&endpoint, &deployer, &holders)).await;
    let (deployment, token) =
        prepared.context("cannot prepare the embedded chain").map_err(Failure::of(Kind::Chain))?;
    chain.set_mining(Mining::Interval(block_time));
    let server = match rpc_address {
        Some(address) => {
            let served = chain.serve(address).await;
            let served = served.with_context(|| format!("cannot serve the chain on {address}"));
            Some(served.map_err(Failure::of(Kind::Listen))?)
        }
        None => None,
    };
    tracing::info!(%token, registry = %deployment.registry, "embedded chain started");
    Ok(Ground {
        endpoint,
        deployment,
        source: SourceSettings::development(),
        transactions: TransactionSettings::development(),
        embedded: Some(Embedded { token, server, _chain: chain }),
    })
}

async fn prepare(
    endpoint: &Endpoint,
    deployer: &SecretKey,
    holders: &[NodeAddress],
) -> Result<(Deployment, TokenAddress), TransactionError> {
    let deployment = Deployment::create(endpoint, deployer).await?;
    let amount = TokenAmount::from_units(TOKENS);
    let token = TestToken {
        name: "Tally Test Token".to_owned(),
        symbol: "TTT".to_owned(),
        decimals: 0,
        balances: holders.iter().map(|holder| (*holder, amount)).collect(),
    };
    let token = token.create(endpoint, deployer).await?;
    let settings = TransactionSettings::development();
    let contracts = EvmContracts::connect(endpoint, deployer.clone(), deployment, settings).await?;
    contracts.register_token(token).await?;
    Ok((deployment, token))
}
