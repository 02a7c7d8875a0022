//! Requests that a transaction answers: the caller hears of it when the node has seen its event.

use crate::{
    ChannelView, DepositRequest, OpenRequest, Reply, RequestError, call::Subject,
    calls::CallResult, channel_view::view, effect::Effect, input::Input, owner::Owner, refusals,
};
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use tally_chain::{ChainError, OpenChannel, Receipt, Refusal, TransactionError};
use tally_channel::{Channel, Event, Phase};
use tally_primitives::{
    BlockSpan, ChannelAddress, ManagerAddress, NodeAddress, TokenAddress, TokenAmount,
};

/// The contract's bounds on the settlement window.
///
/// Source: docs/contracts.md, `ChannelManager`.
const SETTLE_TIMEOUT_MIN: BlockSpan = BlockSpan(6);
const SETTLE_TIMEOUT_MAX: BlockSpan = BlockSpan(2_700_000);

/// Callers that wait for the chain.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    mined: Vec<(Instant, Waiting)>,
    closing: BTreeMap<ChannelAddress, (Instant, Reply<ChannelView>)>,
}

/// A caller whose transaction was mined, and which event answers it.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// The registration of this token.
    Token { token: TokenAddress, manager: ManagerAddress, reply: Reply<ManagerAddress> },
    /// Whatever the transaction did to this channel.
    Channel { channel: ChannelAddress, receipt: Receipt, reply: Reply<ChannelView> },
}

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

    /// A user's transaction was mined.
    pub(crate) fn request_mined(&mut self, waiting: Waiting) {
        let deadline = Instant::now() + self.config.event_patience;
        self.requests.mined.push((deadline, waiting));
        self.answer_seen();
    }

    /// A contract call that the core ordered came to its end.
    pub(crate) fn call_done(&mut self, done: CallResult) {
        self.calls.finish(&done, Instant::now());
        let CallResult { subject, result } = done;
        let Err(error) = result else { return };
        tracing::warn!(?subject, error = %describe(&error), "a contract call failed");
        if let Subject::Close(channel) = subject {
            self.close_failed(channel, error);
        }
    }

    /// Answers callers whose events have been processed. Call it after every block.
    pub(crate) fn answer_seen(&mut self) {
        let confirmed = self.protocol.confirmed();
        let waiting = std::mem::take(&mut self.requests.mined);
        for (deadline, waiting) in waiting {
            match waiting {
                Waiting::Token { token, manager, reply } => match self.chain.manager(token) {
                    Some(manager) => self.answer(reply, Ok(manager)),
                    None => {
                        let waiting = Waiting::Token { token, manager, reply };
                        self.requests.mined.push((deadline, waiting));
                    }
                },
                Waiting::Channel { channel, receipt, reply } => {
                    match self.protocol.channel(channel).filter(|_| receipt.block <= confirmed) {
                        Some(own) => {
                            let view = view(own, &self.config);
                            self.answer(reply, Ok(view));
                        }
                        None => {
                            let waiting = Waiting::Channel { channel, receipt, reply };
                            self.requests.mined.push((deadline, waiting));
                        }
                    }
                }
            }
        }
        self.answer_closed();
    }

    /// Tells callers whose patience is over how far their request came.
    pub(crate) fn expire_requests(&mut self, now: Instant) {
        for (_, waiting) in self.requests.mined.extract_if(.., |(until, _)| *until <= now) {
            let effect = match waiting {
                // The registration is mined; only this node's own list lags behind.
                Waiting::Token { manager, reply, .. } => Effect::answer(reply, Ok(manager)),
                Waiting::Channel { receipt, reply, .. } => {
                    Effect::answer(reply, Err(RequestError::EventPending(receipt.transaction)))
                }
            };
            self.group.effects.push(effect);
        }
        for (_, (_, reply)) in self.requests.closing.extract_if(.., |_, (until, _)| *until <= now) {
            let error = RequestError::Chain(ChainError::Transient {
                operation: "closing the channel",
                source: "the closing is not confirmed yet".into(),
            });
            self.group.effects.push(Effect::answer(reply, Err(error)));
        }
    }

    /// Answers a request once what it saw is on disk.
    pub(crate) fn answer<T: Send + 'static>(
        &mut self,
        reply: Reply<T>,
        result: Result<T, RequestError>,
    ) {
        self.group.effects.push(Effect::answer(reply, result));
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
                Ok(own.stored().map(|stored| (stored.transferred, stored.locksroot)))
            }
        }
    }

    /// A close that somebody waits for and that did not reach the chain is undone and explained;
    /// one that nobody waits for is tried again.
    fn close_failed(&mut self, channel: ChannelAddress, error: TransactionError) {
        let is_closed_already = matches!(
            error,
            TransactionError::Refused(Refusal::ChannelNotOpen | Refusal::ChannelSettled)
        );
        let may_be_mined = matches!(error, TransactionError::TimedOut { .. });
        let Some((deadline, reply)) = self.requests.closing.remove(&channel) else { return };
        if is_closed_already {
            // The partner was faster: its event answers.
            self.requests.closing.insert(channel, (deadline, reply));
            return;
        }
        self.answer(reply, Err(refusals::Subject::channel(channel).explain(error)));
        if may_be_mined {
            return;
        }
        self.group.needs_sync = true;
        if let Err(error) = self.apply(Event::CloseFailed(channel)) {
            tracing::debug!(%channel, %error, "a failed close has nothing to undo");
        }
    }

    fn answer_closed(&mut self) {
        let channels: Vec<ChannelAddress> = self.requests.closing.keys().copied().collect();
        for channel in channels {
            let Some(own) = self.protocol.channel(channel) else { continue };
            let view = match own.phase() {
                Phase::Closed { .. } | Phase::Settled { .. } => view(own, &self.config),
                Phase::Open | Phase::Closing | Phase::Vanished => continue,
            };
            if let Some((_, reply)) = self.requests.closing.remove(&channel) {
                self.answer(reply, Ok(view));
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

/// Writes an error with its causes in one line.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
