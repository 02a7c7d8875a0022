//! Sending transactions of one account: nonces, fees, replacement, receipts.

mod fees;
mod owner;
mod submission;

use crate::{
    refusal,
    rpc::{Endpoint, RpcFailure, calls::MinedReceipt},
};
use alloy_primitives::{Address, Bytes};
use owner::{Job, Owner};
use std::time::Duration;
use tally_chain::{ChainError, Refusal, TransactionError};
use tally_crypto::SecretKey;
use tally_primitives::{ChainId, NodeAddress, Wei};
use tokio::sync::{mpsc, oneshot};

/// Transactions that may wait for their nonce. Callers wait for room beyond that.
const JOBS_BOUND: usize = 64;

/// How transactions are looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionSettings {
    /// How often to look for receipts where the server does not tell of new blocks.
    pub poll: Duration,
    /// How long a transaction may wait before it is replaced by one that pays more.
    pub stuck_after: Duration,
    /// How long a caller waits in all before it is told that the transaction was not mined in time.
    pub give_up_after: Duration,
}

impl Default for TransactionSettings {
    /// For public chains with blocks every few seconds.
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            stuck_after: Duration::from_secs(45),
            give_up_after: Duration::from_secs(600),
        }
    }
}

impl TransactionSettings {
    /// For development chains.
    pub fn development() -> Self {
        Self {
            poll: Duration::from_millis(250),
            stuck_after: Duration::from_secs(10),
            give_up_after: Duration::from_secs(120),
        }
    }
}

/// A transaction before it has a nonce and fees.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The contract to call; `None` creates one.
    pub(crate) to: Option<Address>,
    pub(crate) data: Bytes,
    pub(crate) gas_limit: u64,
}

/// Sends the transactions of one account, however many callers there are.
///
/// One task owns the nonces. It ends when the last handle is dropped; what was sent stays sent.
#[derive(Debug, Clone)]
pub(crate) struct Transactor {
    endpoint: Endpoint,
    account: NodeAddress,
    jobs: mpsc::Sender<Job>,
}

impl Transactor {
    pub(crate) fn start(
        endpoint: &Endpoint,
        key: SecretKey,
        chain_id: ChainId,
        settings: TransactionSettings,
    ) -> Self {
        let (jobs, incoming) = mpsc::channel(JOBS_BOUND);
        let account = key.address();
        let owner = Owner::new(endpoint.clone(), key, chain_id, settings, incoming);
        tokio::spawn(owner.run());
        Self { endpoint: endpoint.clone(), account, jobs }
    }

    pub(crate) fn account(&self) -> NodeAddress {
        self.account
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Simulates a transaction, sends it and waits until it is mined successfully.
    pub(crate) async fn execute(
        &self,
        operation: &'static str,
        to: Option<Address>,
        data: Bytes,
    ) -> Result<MinedReceipt, TransactionError> {
        let gas = self.estimate(operation, to, &data).await?;
        // Others' transactions may come first and make this one dearer; what is left is returned.
        let gas_limit = gas.saturating_add(gas / 4).saturating_add(10_000);
        let order = Order { to, data, gas_limit };
        let (reply, answer) = oneshot::channel();
        let job = Job { order: order.clone(), reply };
        self.jobs.send(job).await.map_err(|_| stopped(operation))?;
        let receipt = answer.await.map_err(|_| stopped(operation))??;
        if receipt.is_success() {
            return Ok(receipt);
        }
        Err(self.reason(operation, &order).await)
    }

    /// Returns the gas the transaction needs.
    async fn estimate(
        &self,
        operation: &'static str,
        to: Option<Address>,
        data: &Bytes,
    ) -> Result<u64, TransactionError> {
        match self.endpoint.estimate_gas(self.account.0, to, data).await {
            Ok(gas) => Ok(gas),
            Err(failure) => Err(self.interpret(operation, failure).await),
        }
    }

    /// Turns a failed simulation into the port's error.
    async fn interpret(&self, operation: &'static str, failure: RpcFailure) -> TransactionError {
        if let Some(refusal) = refusal::of(&failure) {
            return TransactionError::Refused(refusal);
        }
        let words = failure.message().unwrap_or_default().to_lowercase();
        if words.contains("insufficient funds") || words.contains("exceeds allowance") {
            return insufficient_gas(&self.endpoint, self.account).await;
        }
        TransactionError::Chain(failure.during(operation))
    }

    /// Finds out why a mined transaction failed, by simulating it again.
    async fn reason(&self, operation: &'static str, order: &Order) -> TransactionError {
        match self.estimate(operation, order.to, &order.data).await {
            Err(error) => error,
            Ok(_) => {
                TransactionError::Refused(Refusal::Other("reverted when it was mined".to_owned()))
            }
        }
    }
}

/// The error of an account that cannot pay for gas.
pub(crate) async fn insufficient_gas(
    endpoint: &Endpoint,
    account: NodeAddress,
) -> TransactionError {
    match endpoint.balance(account.0).await {
        Ok(balance) => TransactionError::InsufficientGas { balance: Wei::new(balance) },
        Err(failure) => TransactionError::Chain(failure.during("asking for the balance")),
    }
}

/// The error of a call whose transactions nobody sends any more.
fn stopped(operation: &'static str) -> TransactionError {
    let source = "the sender of transactions has stopped".into();
    TransactionError::Chain(ChainError::Permanent { operation, source })
}
