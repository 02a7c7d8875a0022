//! Answers to requests: a caller hears of its transaction when the node has seen its event.

use crate::{
    ChannelView, Reply, RequestError, call::Subject, calls::CallResult, channel_view::view,
    effect::Effect, owner::Owner, refusals,
};
use std::{collections::BTreeMap, time::Instant};
use tally_chain::{ChainError, Receipt, Refusal, TransactionError};
use tally_channel::{Event, Phase};
use tally_primitives::{ChannelAddress, ManagerAddress, TokenAddress};

/// Callers that wait for the chain.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) mined: Vec<(Instant, Waiting)>,
    pub(crate) closing: BTreeMap<ChannelAddress, (Instant, Reply<ChannelView>)>,
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
        self.calls.forget(Subject::Close(channel));
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

/// Writes an error with its causes in one line.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
