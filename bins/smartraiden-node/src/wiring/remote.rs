use super::Ground;
use anyhow::Context;
use std::time::Duration;
use tally_chain::ChainError;
use tally_chain_evm::{Deployment, Endpoint, SourceSettings, TransactionSettings};
use tally_daemon::{Failure, Kind};
use tally_primitives::{Address, BlockNumber, BlockSpan};
use tokio::time::Instant;

/// How long a chain that does not answer is waited for at the start, and how often it is asked.
/// Long enough for a server that starts at the same time, short enough to notice a wrong URL.
const CONNECT_PATIENCE: Duration = Duration::from_secs(60);
const CONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Where the contracts are said to be.
#[derive(Clone, Copy)]
pub(super) struct Contracts {
    pub(super) registry: Address,
    pub(super) endpoint_registry: Option<Address>,
    pub(super) first_block: BlockNumber,
}

/// Finds the contracts on the chain behind `url`.
pub(super) async fn connect(
    url: &str,
    contracts: Contracts,
    confirmations: BlockSpan,
) -> Result<Ground, Failure> {
    let endpoint = Endpoint::from_url(url);
    let endpoint = endpoint.context("--eth-rpc-endpoint").map_err(Failure::of(Kind::Settings))?;
    let deployment = find(&endpoint, contracts)
        .await
        .context("no contracts at --eth-rpc-endpoint")
        .map_err(Failure::of(Kind::Chain))?;
    // Only a development chain is believed at once, and it is fast.
    let is_development = confirmations == BlockSpan(0);
    let (source, transactions) = if is_development {
        (SourceSettings::development(), TransactionSettings::development())
    } else {
        (SourceSettings::default(), TransactionSettings::default())
    };
    let source = SourceSettings { confirmations, ..source };
    Ok(Ground { endpoint, deployment, source, transactions, embedded: None })
}

async fn find(endpoint: &Endpoint, contracts: Contracts) -> Result<Deployment, ChainError> {
    let Contracts { registry, endpoint_registry, first_block } = contracts;
    // Without a registry of addresses the token registry stands in: it logs no addresses, and
    // nothing is published.
    let addresses = endpoint_registry.unwrap_or(registry);
    let deadline = Instant::now() + CONNECT_PATIENCE;
    loop {
        match Deployment::find(endpoint, registry, addresses, first_block).await {
            Err(ChainError::Transient { .. }) if Instant::now() < deadline => {
                tracing::warn!("the chain does not answer; trying again");
                tokio::time::sleep(CONNECT_PAUSE).await;
            }
            found => return found,
        }
    }
}
