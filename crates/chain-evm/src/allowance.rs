use crate::{abi::Token, rpc::calls::MinedReceipt, transactions::Transactor};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tally_chain::{ChainError, Refusal, TransactionError};
use tally_crypto::{SecretKey, struct_hash, type_hash, typed_data_digest, word_address};
use tally_primitives::{TokenAddress, TokenAmount};
use tokio::sync::Semaphore;

/// How long a permit is valid, in seconds. Longer than a transaction may be stuck, short enough not
/// to matter when forgotten; it is good for one use by one contract in any case.
const PERMIT_SECONDS: u64 = 3600;

const PERMIT_TYPE: &str =
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";

/// A call that takes tokens of the account.
#[derive(Debug)]
pub(crate) struct Spending {
    pub(crate) token: TokenAddress,
    /// Who takes them, and is called.
    pub(crate) spender: Address,
    pub(crate) amount: TokenAmount,
    /// The call when the allowance is there.
    pub(crate) plain: Bytes,
}

/// A signed EIP-2612 permit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permit {
    pub(crate) deadline: U256,
    pub(crate) v: u8,
    pub(crate) r: B256,
    pub(crate) s: B256,
}

/// Arranges the allowances that deposits need.
#[derive(Debug)]
pub(crate) struct Allowances {
    sender: Transactor,
    key: SecretKey,
    /// One call per spender at a time: two would overwrite each other's allowance.
    turns: Mutex<HashMap<Address, Arc<Semaphore>>>,
}

impl Allowances {
    pub(crate) fn new(sender: Transactor, key: SecretKey) -> Self {
        Self { sender, key, turns: Mutex::new(HashMap::new()) }
    }

    /// Carries out a call that takes tokens: at once if they are allowed already, else with a
    /// permit if the token knows permits, else after an approval of exactly the amount.
    pub(crate) async fn spend(
        &self,
        operation: &'static str,
        spending: Spending,
        with_permit: impl Fn(Permit) -> Bytes + Send,
    ) -> Result<MinedReceipt, TransactionError> {
        let turn = self.turn(spending.spender);
        let _turn = turn
            .acquire()
            .await
            .map_err(|closed| ChainError::Permanent { operation, source: Box::new(closed) })?;
        // The contracts check everything else first, so the simulation fails for the allowance only
        // if nothing else is wrong.
        let to = Some(spending.spender);
        match self.sender.execute(operation, to, spending.plain.clone()).await {
            Err(error) if may_lack_allowance(&error) => {}
            result => return result,
        }
        self.require_balance(&spending).await?;
        if let Some(permit) = self.permit(&spending).await {
            match self.sender.execute(operation, to, with_permit(permit)).await {
                Err(error) if may_lack_allowance(&error) => {
                    tracing::debug!(token = %spending.token, "the token refused a permit");
                }
                result => return result,
            }
        }
        self.approve(&spending).await?;
        self.sender.execute(operation, to, spending.plain).await
    }

    fn turn(&self, spender: Address) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds or waits for are made again when needed.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(spender).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }

    async fn require_balance(&self, spending: &Spending) -> Result<(), TransactionError> {
        let account = self.sender.account().0;
        let call = Token::balanceOfCall { account };
        let available = TokenAmount::new(self.read(spending.token, call).await?);
        if available < spending.amount {
            let needed = spending.amount;
            let refusal = Refusal::InsufficientTokens { available, needed };
            return Err(TransactionError::Refused(refusal));
        }
        Ok(())
    }

    async fn approve(&self, spending: &Spending) -> Result<(), TransactionError> {
        let (owner, spender) = (self.sender.account().0, spending.spender);
        let current = self.read(spending.token, Token::allowanceCall { owner, spender }).await?;
        let to = Some(spending.token.0);
        let approve = |value| Bytes::from(Token::approveCall { spender, value }.abi_encode());
        if !current.is_zero() {
            // Some tokens change an allowance only from and to zero.
            self.sender.execute("approving", to, approve(U256::ZERO)).await?;
        }
        self.sender.execute("approving", to, approve(spending.amount.units())).await?;
        Ok(())
    }

    /// Signs a permit; `None` if the token does not know permits.
    ///
    /// The domain is the token's word. A token that gives another's gets a permit for the other,
    /// which is worthless to it: the spender is a contract that takes its own token only.
    async fn permit(&self, spending: &Spending) -> Option<Permit> {
        let (owner, spender) = (self.sender.account().0, spending.spender);
        let nonce = self.read(spending.token, Token::noncesCall { owner }).await.ok()?;
        let separator = self.read(spending.token, Token::DOMAIN_SEPARATORCall {}).await.ok()?;
        let newest = self.sender.endpoint().newest().await.ok()?;
        let deadline = U256::from(newest.timestamp_s().saturating_add(PERMIT_SECONDS));
        let fields = [
            word_address(&owner),
            word_address(&spender),
            spending.amount.to_be_bytes(),
            nonce.to_be_bytes(),
            deadline.to_be_bytes(),
        ];
        let digest = typed_data_digest(&separator, &struct_hash(&type_hash(PERMIT_TYPE), &fields));
        let signature = self.key.sign_digest(&digest);
        let (r, s) = (B256::from_slice(&signature.0[..32]), B256::from_slice(&signature.0[32..64]));
        Some(Permit { deadline, v: signature.0[64], r, s })
    }

    async fn read<C: SolCall>(
        &self,
        token: TokenAddress,
        call: C,
    ) -> Result<C::Return, TransactionError> {
        read(&self.sender, token.0, call).await.map_err(TransactionError::Chain)
    }
}

/// Calls a view function.
pub(crate) async fn read<C: SolCall>(
    sender: &Transactor,
    contract: Address,
    call: C,
) -> Result<C::Return, ChainError> {
    const OPERATION: &str = "reading a contract";
    let data = call.abi_encode().into();
    let returned = sender.endpoint().read(Some(sender.account().0), contract, &data).await;
    let returned = returned.map_err(|failure| failure.during(OPERATION))?;
    C::abi_decode_returns(&returned)
        .map_err(|error| ChainError::Permanent { operation: OPERATION, source: Box::new(error) })
}

/// Says whether a call may have failed for want of an allowance. Old tokens do not say clearly.
fn may_lack_allowance(error: &TransactionError) -> bool {
    matches!(
        error,
        TransactionError::Refused(Refusal::InsufficientTokens { .. } | Refusal::Other(_))
    )
}

#[cfg(test)]
mod tests;
