use crate::{
    abi::{self, Deployable, Token},
    rpc::Endpoint,
    transactions::{TransactionSettings, Transactor},
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolConstructor};
use tally_chain::{ChainError, Refusal, TransactionError};
use tally_crypto::SecretKey;
use tally_primitives::{BlockNumber, ChainId, NodeAddress, TokenAddress, TokenAmount};

/// Where the project's contracts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// The chain they are on.
    pub chain_id: ChainId,
    /// The registry of tokens.
    pub registry: Address,
    /// The registry of secrets that the channels trust.
    pub secret_registry: Address,
    /// The registry of nodes' endpoints.
    pub endpoint_registry: Address,
    /// A block at or before the registry's creation; nothing is looked for before it.
    pub first_block: BlockNumber,
}

/// A token for development chains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestToken {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// Digits after the point in displays.
    pub decimals: u8,
    /// Who gets how much of it.
    pub balances: Vec<(NodeAddress, TokenAmount)>,
}

impl Deployment {
    /// Finds the deployment around a registry and checks that it is one.
    ///
    /// # Errors
    ///
    /// [`ChainError::Permanent`] if there is no such registry, [`ChainError::Transient`] if the
    /// server cannot say.
    pub async fn find(
        endpoint: &Endpoint,
        registry: Address,
        endpoint_registry: Address,
        first_block: BlockNumber,
    ) -> Result<Self, ChainError> {
        const OPERATION: &str = "finding the contracts";
        let chain_id = endpoint.chain_id().await?;
        for contract in [registry, endpoint_registry] {
            require_code(endpoint, contract, OPERATION).await?;
        }
        let call = Bytes::from(abi::Registry::secretRegistryCall {}.abi_encode());
        let returned = endpoint.read(None, registry, &call).await;
        let returned = returned.map_err(|failure| failure.during(OPERATION))?;
        let secret_registry = abi::Registry::secretRegistryCall::abi_decode_returns(&returned)
            .map_err(|error| permanent(OPERATION, error))?;
        Ok(Self { chain_id, registry, secret_registry, endpoint_registry, first_block })
    }

    /// Deploys the contracts with the coin of `key`'s account.
    ///
    /// # Errors
    ///
    /// As sending transactions fails; what was deployed until then stays, unused.
    pub async fn create(endpoint: &Endpoint, key: &SecretKey) -> Result<Self, TransactionError> {
        let chain_id = endpoint.chain_id().await?;
        let newest = endpoint.newest().await.map_err(|failure| failure.during("deploying"))?;
        let settings = TransactionSettings::default();
        let sender = Transactor::start(endpoint, key.clone(), chain_id, settings);
        let secret_registry = create(&sender, Deployable::SecretRegistry, &[]).await?;
        let arguments = abi::Registry::constructorCall { secretRegistry: secret_registry };
        let registry = create(&sender, Deployable::Registry, &arguments.abi_encode()).await?;
        let endpoint_registry = create(&sender, Deployable::EndpointRegistry, &[]).await?;
        let first_block = newest.at().number;
        Ok(Self { chain_id, registry, secret_registry, endpoint_registry, first_block })
    }
}

impl TestToken {
    /// Deploys the token with the coin of `key`'s account and hands out the balances.
    ///
    /// # Errors
    ///
    /// As sending transactions fails.
    pub async fn create(
        &self,
        endpoint: &Endpoint,
        key: &SecretKey,
    ) -> Result<TokenAddress, TransactionError> {
        let chain_id = endpoint.chain_id().await?;
        let settings = TransactionSettings::default();
        let sender = Transactor::start(endpoint, key.clone(), chain_id, settings);
        let arguments = Token::constructorCall {
            name: self.name.clone(),
            symbol: self.symbol.clone(),
            decimals: self.decimals,
        };
        let token = create(&sender, Deployable::TestToken, &arguments.abi_encode()).await?;
        for (holder, amount) in &self.balances {
            let mint = Token::mintCall { to: holder.0, amount: amount.units() };
            sender.execute("minting", Some(token), mint.abi_encode().into()).await?;
        }
        Ok(TokenAddress(token))
    }
}

impl Endpoint {
    /// Returns the number of the chain behind the endpoint.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if the server does not say.
    pub async fn chain_id(&self) -> Result<ChainId, ChainError> {
        let number = self.chain_number().await;
        number.map(ChainId).map_err(|failure| failure.during("asking for the chain's number"))
    }

    /// Returns the number of the newest block.
    ///
    /// # Errors
    ///
    /// [`ChainError`] if the server does not say.
    pub async fn head(&self) -> Result<BlockNumber, ChainError> {
        let newest = self.newest().await;
        newest.map(|head| head.at().number).map_err(|failure| failure.during("asking for the head"))
    }
}

/// Refuses an address without code.
pub(crate) async fn require_code(
    endpoint: &Endpoint,
    contract: Address,
    operation: &'static str,
) -> Result<(), ChainError> {
    if endpoint.has_code(contract).await.map_err(|failure| failure.during(operation))? {
        return Ok(());
    }
    Err(permanent(operation, format!("there is no contract at {contract}")))
}

fn permanent(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ChainError {
    ChainError::Permanent { operation, source: source.into() }
}

async fn create(
    sender: &Transactor,
    contract: Deployable,
    arguments: &[u8],
) -> Result<Address, TransactionError> {
    let mut code = contract.creation_code().to_vec();
    code.extend_from_slice(arguments);
    let receipt = sender.execute("deploying", None, code.into()).await?;
    receipt.contract_address.ok_or_else(|| {
        TransactionError::Refused(Refusal::Other("the receipt names no contract".to_owned()))
    })
}
