//! What the core reports about payments and channels.

use crate::{
    ChannelEventKind,
    chain_view::UNDO_BLOCKS,
    owner::Owner,
    store::{Finished, OrderState},
};
use tally_channel::{PaymentFailure, PaymentKey, Report};
use tally_primitives::{BlockNumber, ChannelAddress, NodeAddress, TokenAmount};
use tally_routing::Lesson;

/// Blocks for which a refused hop comes after the others. Channels fill again, and a hop that is
/// still offered costs one more refusal.
const REFUSAL_COUNTS_FOR: tally_primitives::BlockSpan = tally_primitives::BlockSpan(20);

const _: () = assert!(REFUSAL_COUNTS_FOR.0 < UNDO_BLOCKS.0, "lessons are shorter than memory");

impl Owner {
    pub(crate) fn report(&mut self, report: Report) {
        let block = self.protocol.head();
        match report {
            Report::PaymentSent { payment, amount, channel } => {
                self.counters.payments_sent += 1;
                let PaymentKey { target, identifier, .. } = payment;
                let kind = ChannelEventKind::TransferSentSuccess { identifier, amount, target };
                self.record(&Finished::Sent { payment, amount, channel, block });
                self.record_transfer(channel, block, &kind);
                self.finish_order(payment, OrderState::Sent);
                self.delivered_through(channel, target, amount);
            }
            Report::PaymentFailed { payment, amount: _, reason, mut channels } => {
                self.counters.payments_failed += 1;
                channels.sort_unstable();
                channels.dedup();
                self.record(&Finished::Failed { payment, reason, block });
                for channel in channels {
                    let kind = ChannelEventKind::TransferSentFailed {
                        identifier: payment.identifier,
                        reason: describe(reason).to_owned(),
                    };
                    self.record_transfer(channel, block, &kind);
                }
                self.finish_order(payment, OrderState::Failed(reason));
            }
            Report::PaymentReceived { initiator, token, identifier, amount, channel } => {
                self.counters.payments_received += 1;
                let kind =
                    ChannelEventKind::TransferReceivedSuccess { identifier, amount, initiator };
                self.record(&Finished::Received {
                    initiator,
                    token,
                    identifier,
                    amount,
                    channel,
                    block,
                });
                self.record_transfer(channel, block, &kind);
            }
            Report::PaymentMediated { .. } => self.counters.payments_mediated += 1,
            Report::HopRefused { channel, hop, target, amount } => {
                let until = block.after(REFUSAL_COUNTS_FOR);
                let lesson = Lesson::NextHopRefunded { node: hop, target, amount, until };
                self.learn(channel, &lesson);
            }
            Report::ChannelOutOfStep(channel) => {
                tracing::warn!(%channel, "the partner refuses this channel's messages: close it");
            }
        }
    }

    fn record(&mut self, finished: &Finished) {
        self.history.add(finished, &mut self.group.batch);
    }

    fn record_transfer(
        &mut self,
        channel: ChannelAddress,
        block: BlockNumber,
        kind: &ChannelEventKind,
    ) {
        self.history.add_transfer(channel, block, kind, &mut self.group.batch);
    }

    fn delivered_through(
        &mut self,
        channel: ChannelAddress,
        target: NodeAddress,
        amount: TokenAmount,
    ) {
        if let Some(node) = self.protocol.channel(channel).map(tally_channel::Channel::partner) {
            self.learn(channel, &Lesson::NextHopDelivered { node, target, amount });
        }
    }

    fn learn(&mut self, channel: ChannelAddress, lesson: &Lesson) {
        if let Some(token) = self.protocol.channel(channel).map(tally_channel::Channel::token) {
            self.chain.learn(token, lesson);
        }
    }
}

const fn describe(reason: PaymentFailure) -> &'static str {
    match reason {
        PaymentFailure::RoutesExhausted => "no route available",
        PaymentFailure::Expired => "the lock expired",
        PaymentFailure::ChannelSettled => "the channel was settled",
        PaymentFailure::Rejected => "the partner refused the transfer",
    }
}
