use crate::{
    abi::{ChannelManager, EndpointRegistry, NettingChannel, Registry, SecretRegistry, Token},
    allowance::{Allowances, Permit, Spending, read},
    deployment::{Deployment, require_code},
    rpc::{
        Endpoint, RpcFailure,
        calls::{At, MinedReceipt},
    },
    transactions::{TransactionSettings, Transactor},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use tally_chain::{
    BoxFuture, ChainError, ChannelContracts, Claim, OpenChannel, OpenedChannel, Proof, Receipt,
    Refusal, TransactionError, Unmined,
};
use tally_crypto::SecretKey;
use tally_primitives::{
    ChannelAddress, LocksRoot, ManagerAddress, NodeAddress, Secret, TokenAddress, TokenAmount,
    TransactionHash, Wei,
};

/// The contracts of one deployment, called by one account.
#[derive(Debug)]
pub struct EvmContracts {
    deployment: Deployment,
    sender: Transactor,
    allowances: Allowances,
}

impl EvmContracts {
    /// Checks that the deployment is on the chain behind `endpoint`, and starts the task that sends
    /// the transactions of `key`'s account.
    ///
    /// Only one process may send transactions of an account at a time.
    ///
    /// # Errors
    ///
    /// [`ChainError::Permanent`] if the chain is another one or lacks the contracts.
    pub async fn connect(
        endpoint: &Endpoint,
        key: SecretKey,
        deployment: Deployment,
        settings: TransactionSettings,
    ) -> Result<Self, ChainError> {
        const OPERATION: &str = "connecting to the contracts";
        let chain_id = endpoint.chain_id().await?;
        if chain_id != deployment.chain_id {
            let source = format!("the server is on chain {chain_id}").into();
            return Err(ChainError::Permanent { operation: OPERATION, source });
        }
        for contract in
            [deployment.registry, deployment.secret_registry, deployment.endpoint_registry]
        {
            require_code(endpoint, contract, OPERATION).await?;
        }
        let sender = Transactor::start(endpoint, key.clone(), chain_id, settings);
        let allowances = Allowances::new(sender.clone(), key);
        Ok(Self { deployment, sender, allowances })
    }

    /// Returns where the contracts are.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    async fn send(
        &self,
        operation: &'static str,
        to: Address,
        call: impl SolCall + Send,
    ) -> Result<MinedReceipt, TransactionError> {
        let data = call.abi_encode().into();
        self.sender.execute(operation, Some(to), data).await
    }

    async fn manager_of(&self, token: TokenAddress) -> Result<Address, TransactionError> {
        let call = Registry::channelManagerByTokenCall { token: token.0 };
        let manager = read(&self.sender, self.deployment.registry, call).await?;
        if manager.is_zero() {
            return Err(TransactionError::Refused(Refusal::UnknownToken));
        }
        Ok(manager)
    }

    async fn open(&self, order: OpenChannel) -> Result<MinedReceipt, TransactionError> {
        const OPERATION: &str = "opening a channel";
        let manager = self.manager_of(order.token).await?;
        let (partner, settle_timeout) = (order.partner.0, U256::from(order.settle_timeout.0));
        if order.deposit.is_zero() {
            let call = ChannelManager::newChannelCall { partner, settleTimeout: settle_timeout };
            return self.send(OPERATION, manager, call).await;
        }
        let deposit = order.deposit.units();
        let plain = ChannelManager::newChannelWithDepositCall {
            partner,
            settleTimeout: settle_timeout,
            deposit,
        };
        let with_permit = move |permit: Permit| {
            let call = ChannelManager::newChannelWithPermitCall {
                partner,
                settleTimeout: settle_timeout,
                deposit,
                deadline: permit.deadline,
                v: permit.v,
                r: permit.r,
                s: permit.s,
            };
            Bytes::from(call.abi_encode())
        };
        let spending = Spending {
            token: order.token,
            spender: manager,
            amount: order.deposit,
            plain: plain.abi_encode().into(),
        };
        self.allowances.spend(OPERATION, spending, with_permit).await
    }

    async fn add_deposit(
        &self,
        token: TokenAddress,
        channel: ChannelAddress,
        amount: TokenAmount,
    ) -> Result<MinedReceipt, TransactionError> {
        let units = amount.units();
        let with_permit = move |permit: Permit| {
            let call = NettingChannel::depositWithPermitCall {
                amount: units,
                deadline: permit.deadline,
                v: permit.v,
                r: permit.r,
                s: permit.s,
            };
            Bytes::from(call.abi_encode())
        };
        let plain = NettingChannel::depositCall { amount: units }.abi_encode().into();
        let spending = Spending { token, spender: channel.0, amount, plain };
        self.allowances.spend("depositing", spending, with_permit).await
    }
}

/// Finds an event that a contract logged in a transaction.
fn logged<E: SolEvent>(
    receipt: &MinedReceipt,
    contract: Address,
    operation: &'static str,
) -> Result<E, TransactionError> {
    let mut logs = receipt.logs.iter().filter(|log| log.address() == contract);
    logs.find_map(|log| E::decode_log(&log.inner).ok()).map(|log| log.data).ok_or_else(|| {
        let source = "the receipt lacks the event".into();
        ChainError::Permanent { operation, source }.into()
    })
}

fn receipt(mined: &MinedReceipt) -> Receipt {
    Receipt {
        transaction: TransactionHash(mined.transaction_hash),
        block: mined.block(),
        gas_used: mined.gas_used(),
    }
}

fn word(bytes: [u8; 32]) -> B256 {
    B256::new(bytes)
}

impl ChannelContracts for EvmContracts {
    fn account(&self) -> NodeAddress {
        self.sender.account()
    }

    fn register_token(
        &self,
        token: TokenAddress,
    ) -> BoxFuture<'_, Result<ManagerAddress, TransactionError>> {
        const OPERATION: &str = "registering a token";
        Box::pin(async move {
            let registry = self.deployment.registry;
            let call = Registry::addTokenCall { token: token.0 };
            let mined = self.send(OPERATION, registry, call).await?;
            let added: Registry::TokenAdded = logged(&mined, registry, OPERATION)?;
            Ok(ManagerAddress(added.channelManager))
        })
    }

    fn open_channel(
        &self,
        order: OpenChannel,
    ) -> BoxFuture<'_, Result<OpenedChannel, TransactionError>> {
        Box::pin(async move {
            let mined = self.open(order).await?;
            let manager = self.manager_of(order.token).await?;
            let opened: ChannelManager::ChannelNew = logged(&mined, manager, "opening a channel")?;
            let channel = ChannelAddress(opened.nettingChannel);
            Ok(OpenedChannel { channel, receipt: receipt(&mined) })
        })
    }

    fn deposit(
        &self,
        token: TokenAddress,
        channel: ChannelAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        Box::pin(async move { Ok(receipt(&self.add_deposit(token, channel, amount).await?)) })
    }

    fn close(
        &self,
        channel: ChannelAddress,
        partner_proof: Option<Proof>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = match partner_proof {
            Some(proof) => NettingChannel::closeCall {
                nonce: proof.nonce.0,
                transferredAmount: proof.transferred.units(),
                locksroot: proof.locksroot.0,
                messageHash: proof.message_hash.0,
                signature: Bytes::copy_from_slice(&proof.signature.0),
            },
            None => NettingChannel::closeCall {
                nonce: 0,
                transferredAmount: U256::ZERO,
                locksroot: B256::ZERO,
                messageHash: B256::ZERO,
                signature: Bytes::new(),
            },
        };
        Box::pin(async move { Ok(receipt(&self.send("closing", channel.0, call).await?)) })
    }

    fn update_transfer(
        &self,
        channel: ChannelAddress,
        partner_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = NettingChannel::updateTransferCall {
            nonce: partner_proof.nonce.0,
            transferredAmount: partner_proof.transferred.units(),
            locksroot: partner_proof.locksroot.0,
            messageHash: partner_proof.message_hash.0,
            signature: Bytes::copy_from_slice(&partner_proof.signature.0),
        };
        Box::pin(async move { Ok(receipt(&self.send("updating", channel.0, call).await?)) })
    }

    fn supersede_transfer(
        &self,
        channel: ChannelAddress,
        own_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = NettingChannel::supersedeTransferCall {
            nonce: own_proof.nonce.0,
            transferredAmount: own_proof.transferred.units(),
            locksroot: own_proof.locksroot.0,
            messageHash: own_proof.message_hash.0,
            acknowledgement: Bytes::copy_from_slice(&own_proof.signature.0),
        };
        Box::pin(async move { Ok(receipt(&self.send("superseding", channel.0, call).await?)) })
    }

    fn unlock(
        &self,
        channel: ChannelAddress,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: Vec<Claim>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let claims = claims.into_iter().map(|claim| crate::abi::Claim {
            lock: Bytes::copy_from_slice(&claim.lock),
            secret: word(*claim.secret.expose()),
            proof: claim.proof.into_iter().map(word).collect(),
        });
        let call = NettingChannel::unlockCall {
            payer: payer.0,
            transferredAmount: transferred.units(),
            locksroot: locksroot.0,
            claims: claims.collect(),
        };
        Box::pin(async move { Ok(receipt(&self.send("unlocking", channel.0, call).await?)) })
    }

    fn settle(
        &self,
        channel: ChannelAddress,
        stored: [(TokenAmount, LocksRoot); 2],
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let [(transferred1, locksroot1), (transferred2, locksroot2)] = stored;
        let call = NettingChannel::settleCall {
            transferredAmount1: transferred1.units(),
            locksroot1: locksroot1.0,
            transferredAmount2: transferred2.units(),
            locksroot2: locksroot2.0,
        };
        Box::pin(async move { Ok(receipt(&self.send("settling", channel.0, call).await?)) })
    }

    fn register_secret(&self, secret: Secret) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = SecretRegistry::registerSecretCall { secret: word(*secret.expose()) };
        let registry = self.deployment.secret_registry;
        Box::pin(
            async move { Ok(receipt(&self.send("registering a secret", registry, call).await?)) },
        )
    }

    fn register_endpoint(
        &self,
        endpoint: String,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = EndpointRegistry::registerEndpointCall { endpoint };
        let registry = self.deployment.endpoint_registry;
        Box::pin(async move {
            Ok(receipt(&self.send("registering an endpoint", registry, call).await?))
        })
    }

    fn transfer_tokens(
        &self,
        token: TokenAddress,
        recipient: NodeAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let call = Token::transferCall { to: recipient.0, value: amount.units() };
        Box::pin(
            async move { Ok(receipt(&self.send("transferring tokens", token.0, call).await?)) },
        )
    }

    fn token_balance(
        &self,
        token: TokenAddress,
        holder: NodeAddress,
    ) -> BoxFuture<'_, Result<TokenAmount, ChainError>> {
        let call = Token::balanceOfCall { account: holder.0 };
        Box::pin(async move { Ok(TokenAmount::new(read(&self.sender, token.0, call).await?)) })
    }

    fn unmined(&self) -> BoxFuture<'_, Result<Unmined, ChainError>> {
        let (endpoint, account) = (self.sender.endpoint(), self.account().0);
        Box::pin(async move {
            let during = |failure: RpcFailure| failure.during("looking for transactions");
            let count = async |at| endpoint.transaction_count(account, at).await.map_err(during);
            let (mined, pending) = (count(At::Latest).await?, count(At::Pending).await?);
            let newest = endpoint.newest().await.map_err(during)?.at().number;
            Ok(Unmined { count: pending.saturating_sub(mined), newest })
        })
    }

    fn coin_balance(&self, holder: NodeAddress) -> BoxFuture<'_, Result<Wei, ChainError>> {
        Box::pin(async move {
            let balance = self.sender.endpoint().balance(holder.0).await;
            balance.map(Wei::new).map_err(|failure| failure.during("asking for a balance"))
        })
    }
}
