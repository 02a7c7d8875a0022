use super::{FakeChain, Fate, channel::FakeChannel, ordered_failure, world::State};
use crate::{
    BoxFuture, ChainError, ChainEvent, ChannelContracts, Claim, OpenChannel, OpenedChannel, Proof,
    Receipt, Refusal, TransactionError, Unmined,
};
use tally_primitives::{
    BlockNumber, ChannelAddress, LocksRoot, ManagerAddress, NodeAddress, Secret, TokenAddress,
    TokenAmount, Wei,
};

/// Gas of every fake transaction.
const GAS: u64 = 50_000;

/// The contracts of a [`FakeChain`], as one account calls them.
#[derive(Debug)]
pub struct FakeContracts {
    chain: FakeChain,
    account: NodeAddress,
    coin: Wei,
}

impl FakeContracts {
    pub(super) fn new(chain: FakeChain, account: NodeAddress, coin: Wei) -> Self {
        Self { chain, account, coin }
    }

    /// Carries out a transaction: all of it in a block of its own, or nothing.
    fn transact(
        &self,
        apply: impl FnOnce(&mut State, BlockNumber) -> Result<Vec<ChainEvent>, Refusal>,
    ) -> Result<Receipt, TransactionError> {
        let fate = self.chain.next_fate();
        if fate == Fate::Unreached {
            return Err(ordered_failure().into());
        }
        let receipt = self.chain.change(|world| {
            let block = world.next_number();
            let mut state = world.state().clone();
            let events = apply(&mut state, block)?;
            let transaction = world.mine_with(events, state);
            Ok(Receipt { transaction, block, gas_used: GAS })
        });
        let receipt = receipt.map_err(TransactionError::Refused)?;
        if fate == Fate::Unanswered { Err(ordered_failure().into()) } else { Ok(receipt) }
    }

    fn on_channel(
        &self,
        channel: ChannelAddress,
        apply: impl FnOnce(&mut FakeChannel, BlockNumber) -> Result<ChainEvent, Refusal>,
    ) -> Result<Receipt, TransactionError> {
        self.transact(|state, now| Ok(vec![apply(state.channel(channel)?, now)?]))
    }
}

/// Wraps what is known at once.
fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl ChannelContracts for FakeContracts {
    fn account(&self) -> NodeAddress {
        self.account
    }

    fn register_token(
        &self,
        token: TokenAddress,
    ) -> BoxFuture<'_, Result<ManagerAddress, TransactionError>> {
        let manager = ManagerAddress(self.chain.lock().address());
        let result = self.transact(|state, _| {
            if state.managers.contains_key(&token) {
                return Err(Refusal::TokenAlreadyRegistered);
            }
            if !state.balances.contains_key(&token) {
                return Err(Refusal::NotAToken);
            }
            state.managers.insert(token, manager);
            Ok(vec![ChainEvent::TokenAdded { token, manager }])
        });
        ready(result.map(|_| manager))
    }

    fn open_channel(
        &self,
        order: OpenChannel,
    ) -> BoxFuture<'_, Result<OpenedChannel, TransactionError>> {
        let channel = ChannelAddress(self.chain.lock().address());
        let result = self.transact(|state, _| state.open(self.account, &order, channel));
        ready(result.map(|receipt| OpenedChannel { channel, receipt }))
    }

    fn deposit(
        &self,
        _token: TokenAddress,
        channel: ChannelAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let account = self.account;
        ready(self.transact(|state, _| Ok(vec![state.deposit(account, channel, amount)?])))
    }

    fn close(
        &self,
        channel: ChannelAddress,
        partner_proof: Option<Proof>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.on_channel(channel, |target, now| {
            target.close(channel, self.account, partner_proof.as_ref(), now)
        }))
    }

    fn update_transfer(
        &self,
        channel: ChannelAddress,
        partner_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.on_channel(channel, |target, now| {
            target.update(channel, self.account, &partner_proof, false, now)
        }))
    }

    fn supersede_transfer(
        &self,
        channel: ChannelAddress,
        own_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.on_channel(channel, |target, now| {
            target.update(channel, self.account, &own_proof, true, now)
        }))
    }

    fn unlock(
        &self,
        channel: ChannelAddress,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: Vec<Claim>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let values = (transferred, locksroot);
        ready(self.transact(|state, now| {
            FakeChannel::unlock(state, channel, payer, values, &claims, now)
        }))
    }

    fn settle(
        &self,
        channel: ChannelAddress,
        stored: [(TokenAmount, LocksRoot); 2],
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.transact(|state, now| Ok(vec![state.settle(channel, &stored, now)?])))
    }

    fn register_secret(&self, secret: Secret) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.transact(|state, now| Ok(state.reveal(&secret, now).into_iter().collect())))
    }

    fn register_endpoint(
        &self,
        endpoint: String,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        let node = self.account;
        ready(self.transact(|_, _| Ok(vec![ChainEvent::EndpointRegistered { node, endpoint }])))
    }

    fn transfer_tokens(
        &self,
        token: TokenAddress,
        recipient: NodeAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>> {
        ready(self.transact(|state, _| {
            state.take(token, self.account, amount)?;
            state.give(token, recipient, amount);
            Ok(Vec::new())
        }))
    }

    fn token_balance(
        &self,
        token: TokenAddress,
        holder: NodeAddress,
    ) -> BoxFuture<'_, Result<TokenAmount, ChainError>> {
        if self.chain.next_fate() != Fate::Fine {
            return ready(Err(ordered_failure()));
        }
        let world = self.chain.lock();
        let balances = world.state().balances.get(&token);
        let balance = balances.and_then(|balances| balances.get(&holder)).copied();
        ready(Ok(balance.unwrap_or_default()))
    }

    fn unmined(&self) -> BoxFuture<'_, Result<Unmined, ChainError>> {
        if self.chain.next_fate() != Fate::Fine {
            return ready(Err(ordered_failure()));
        }
        ready(Ok(Unmined { count: 0, newest: self.chain.head().number }))
    }

    fn coin_balance(&self, _holder: NodeAddress) -> BoxFuture<'_, Result<Wei, ChainError>> {
        if self.chain.next_fate() != Fate::Fine {
            return ready(Err(ordered_failure()));
        }
        ready(Ok(self.coin))
    }
}
