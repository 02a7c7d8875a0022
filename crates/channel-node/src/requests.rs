//! Requests that a transaction answers, up to the transaction; `answers` has the rest.

use crate::{
    ChannelView, DepositRequest, OpenRequest, Reply, RequestError, answers::Waiting,
    effect::Effect, input::Input, owner::Owner, refusals,
};
use std::{sync::Arc, time::Instant};
use tally_chain::{OpenChannel, Receipt, TransactionError};
use tally_channel::{Action, Channel, Event, Phase};
use tally_primitives::{
    BlockSpan, ChannelAddress, ManagerAddress, NodeAddress, TokenAddress, TokenAmount,
};

/// The contract's bounds on the settlement window.
///
/// Source: docs/contracts.md, `ChannelManager`.
const SETTLE_TIMEOUT_MIN: BlockSpan = BlockSpan(6);
const SETTLE_TIMEOUT_MAX: BlockSpan = BlockSpan(2_700_000);

impl Owner {
    /// A user wants to register a token.
    pub(crate) fn register_token(&mut self, token: TokenAddress, reply: Reply<ManagerAddress>) {
        if self.chain.manager(token).is_some() {
            return self.answer(reply, Err(RequestError::TokenAlreadyRegistered(token)));
        }
        let (contracts, owner) = (Arc::clone(&self.contracts), self.mailbox.clone());
        self.group.effects.push(Effect::task(async move {
            match contracts.register_token(token).await {
                Ok(manager) => {
                    let waiting = Waiting::Token { token, manager, reply };
                    drop(owner.send(Input::Mined(waiting)).await);
                }
                Err(error) => {
                    drop(reply.send(Err(refusals::Subject::token(token).explain(error))));
                }
            }
        }));
    }

    /// A user wants to open a channel.
    pub(crate) fn open_channel(&mut self, request: &OpenRequest, reply: Reply<ChannelView>) {
        let settle_timeout = request.settle_timeout.unwrap_or(self.config.settle_timeout);
        if let Err(error) = self.check_open(request, settle_timeout) {
            return self.answer(reply, Err(error));
        }
        let OpenRequest { token, partner, deposit, .. } = *request;
        let (contracts, owner) = (Arc::clone(&self.contracts), self.mailbox.clone());
        self.group.effects.push(Effect::task(async move {
            let order = OpenChannel { token, partner, settle_timeout, deposit };
            match contracts.open_channel(order).await {
                Ok(opened) => {
                    let (channel, receipt) = (opened.channel, opened.receipt);
                    let waiting = Waiting::Channel { channel, receipt, reply };
                    drop(owner.send(Input::Mined(waiting)).await);
                }
                Err(error) => {
                    let about = refusals::Subject {
                        token: Some(token),
                        partner: Some(partner),
                        settle_timeout,
                        channel: None,
                    };
                    drop(reply.send(Err(about.explain(error))));
                }
            }
        }));
    }

    /// A user wants to add to the deposit.
    pub(crate) fn deposit(&mut self, request: &DepositRequest, reply: Reply<ChannelView>) {
        let DepositRequest { channel, amount } = *request;
        let token = match self.open_channel_of_ours(channel) {
            Ok(own) => own.token(),
            Err(error) => return self.answer(reply, Err(error)),
        };
        if amount.is_zero() {
            let error = RequestError::AmountOutOfRange { field: "balance" };
            return self.answer(reply, Err(error));
        }
        let contracts = Arc::clone(&self.contracts);
        self.transact(
            channel,
            reply,
            async move { contracts.deposit(token, channel, amount).await },
        );
    }

    /// A user wants to close a channel.
    pub(crate) fn close(&mut self, channel: ChannelAddress, reply: Reply<ChannelView>) {
        if let Err(error) = self.open_channel_of_ours(channel) {
            return self.answer(reply, Err(error));
        }
        let deadline = Instant::now() + self.config.event_patience;
        self.requests.closing.insert(channel, (deadline, reply));
        self.group.needs_sync = true;
        if let Err(error) = self.apply(Event::CloseRequested(channel)) {
            tracing::debug!(%channel, %error, "a channel cannot be closed");
            if let Some((_, reply)) = self.requests.closing.remove(&channel) {
                self.answer(reply, Err(RequestError::AlreadyClosed(channel)));
            }
        }
    }

    /// A user wants to settle a channel.
    pub(crate) fn settle(&mut self, channel: ChannelAddress, reply: Reply<ChannelView>) {
        let stored = match self.check_settle(channel) {
            Ok(stored) => stored,
            Err(error) => return self.answer(reply, Err(error)),
        };
        let contracts = Arc::clone(&self.contracts);
        self.transact(channel, reply, async move { contracts.settle(channel, stored).await });
    }

    /// A user wants to transfer tokens on the chain.
    pub(crate) fn transfer_tokens(
        &mut self,
        token: TokenAddress,
        recipient: NodeAddress,
        amount: TokenAmount,
        reply: Reply<()>,
    ) {
        if recipient.is_zero() {
            return self.answer(reply, Err(RequestError::ZeroAddress { role: "target" }));
        }
        let contracts = Arc::clone(&self.contracts);
        self.group.effects.push(Effect::task(async move {
            let result = contracts.transfer_tokens(token, recipient, amount).await;
            let about = refusals::Subject::token(token);
            drop(reply.send(result.map(drop).map_err(|error| about.explain(error))));
        }));
    }

    /// A user wants to know a token balance on the chain.
    pub(crate) fn token_balance(
        &mut self,
        token: TokenAddress,
        holder: NodeAddress,
        reply: Reply<TokenAmount>,
    ) {
        let contracts = Arc::clone(&self.contracts);
        self.group.effects.push(Effect::task(async move {
            let balance = contracts.token_balance(token, holder).await;
            drop(reply.send(balance.map_err(RequestError::Chain)));
        }));
    }

    /// Checks that `node` can be the other side of a request.
    pub(crate) fn check_other(
        &self,
        node: NodeAddress,
        role: &'static str,
    ) -> Result<(), RequestError> {
        if node.is_zero() {
            return Err(RequestError::ZeroAddress { role });
        }
        if node == self.key.address() {
            return Err(RequestError::OwnAddress { role });
        }
        Ok(())
    }

    /// Checks that a token is registered.
    pub(crate) fn check_token(&self, token: TokenAddress) -> Result<(), RequestError> {
        self.chain.manager(token).map(drop).ok_or(RequestError::UnknownToken(token))
    }

    /// Runs a transaction about a channel, and answers when its event was seen.
    fn transact(
        &mut self,
        channel: ChannelAddress,
        reply: Reply<ChannelView>,
        transaction: impl Future<Output = Result<Receipt, TransactionError>> + Send + 'static,
    ) {
        let owner = self.mailbox.clone();
        self.group.effects.push(Effect::task(async move {
            match transaction.await {
                Ok(receipt) => {
                    let waiting = Waiting::Channel { channel, receipt, reply };
                    drop(owner.send(Input::Mined(waiting)).await);
                }
                Err(error) => {
                    drop(reply.send(Err(refusals::Subject::channel(channel).explain(error))));
                }
            }
        }));
    }

    fn check_open(
        &self,
        request: &OpenRequest,
        settle_timeout: BlockSpan,
    ) -> Result<(), RequestError> {
        let OpenRequest { token, partner, .. } = *request;
        self.check_other(partner, "partner")?;
        self.check_token(token)?;
        let min = SETTLE_TIMEOUT_MIN.max(BlockSpan(self.config.reveal_timeout.0 + 1));
        if settle_timeout < min || settle_timeout > SETTLE_TIMEOUT_MAX {
            let (given, max) = (settle_timeout, SETTLE_TIMEOUT_MAX);
            return Err(RequestError::InvalidSettleTimeout { given, min, max });
        }
        let live = self.protocol.channels().find(|channel| {
            channel.token() == token && channel.partner() == partner && is_live(channel)
        });
        match live {
            Some(channel) => {
                Err(RequestError::ChannelExists { channel: channel.address(), partner })
            }
            None => Ok(()),
        }
    }

    fn open_channel_of_ours(&self, channel: ChannelAddress) -> Result<&Channel, RequestError> {
        let own = self.protocol.channel(channel).ok_or(RequestError::UnknownChannel(channel))?;
        match own.phase() {
            Phase::Open => Ok(own),
            Phase::Closing | Phase::Closed { .. } => Err(RequestError::AlreadyClosed(channel)),
            Phase::Settled { .. } => Err(RequestError::AlreadySettled(channel)),
            Phase::Vanished => Err(RequestError::UnknownChannel(channel)),
        }
    }

    fn check_settle(
        &self,
        channel: ChannelAddress,
    ) -> Result<[(TokenAmount, tally_primitives::LocksRoot); 2], RequestError> {
        let own = self.protocol.channel(channel).ok_or(RequestError::UnknownChannel(channel))?;
        match own.phase() {
            Phase::Open | Phase::Closing => Err(RequestError::StillOpen(channel)),
            Phase::Settled { .. } => Err(RequestError::AlreadySettled(channel)),
            Phase::Vanished => Err(RequestError::UnknownChannel(channel)),
            Phase::Closed { at, .. } => {
                let until = at.after(own.settle_timeout());
                if self.protocol.head() < until {
                    return Err(RequestError::SettlementWindowOpen { channel, until });
                }
                let claims = |action: &Action| matches!(action, Action::Unlock { channel: wanted, .. } if *wanted == channel);
                if self.protocol.resume().iter().any(claims) {
                    return Err(RequestError::ClaimsPending(channel));
                }
                Ok(own.stored().map(|stored| (stored.transferred, stored.locksroot)))
            }
        }
    }
}

/// Says whether the contracts would refuse another channel between the same nodes.
fn is_live(channel: &Channel) -> bool {
    match channel.phase() {
        Phase::Open | Phase::Closing | Phase::Closed { .. } => true,
        Phase::Vanished | Phase::Settled { .. } => false,
    }
}
