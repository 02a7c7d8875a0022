//! What the core reports about payments and channels.

use crate::{
    ChannelEventKind, PaymentRecord, PaymentRole, chain_view::UNDO_BLOCKS, owner::Owner,
    store::OrderState,
};
use tally_channel::{PaymentFailure, PaymentKey, Report, Side};
use tally_primitives::{ChannelAddress, NodeAddress, Nonce, PaymentId, TokenAddress, TokenAmount};
use tally_routing::Lesson;

/// Blocks for which a refused hop comes after the others. Channels fill again, and a hop that is
/// still offered costs one more refusal.
const REFUSAL_COUNTS_FOR: tally_primitives::BlockSpan = tally_primitives::BlockSpan(20);

const _: () = assert!(REFUSAL_COUNTS_FOR.0 < UNDO_BLOCKS.0, "lessons are shorter than memory");

impl Owner {
    pub(crate) fn report(&mut self, report: Report) {
        match report {
            Report::PaymentSent { payment, amount, channel, nonce } => {
                self.payment_sent(payment, amount, channel, nonce);
            }
            Report::PaymentFailed { payment, amount, reason, channels } => {
                self.payment_failed(payment, amount, reason, channels);
            }
            Report::PaymentReceived { initiator, token, identifier, amount, channel } => {
                self.payment_received(initiator, token, identifier, amount, channel);
            }
            Report::PaymentMediated {
                token,
                identifier,
                initiator,
                target,
                amount,
                fee,
                payer,
                payee,
            } => {
                self.counters.payments_mediated += 1;
                self.record_payment(PaymentRecord {
                    role: PaymentRole::Mediator,
                    failure: None,
                    token,
                    initiator,
                    target,
                    identifier,
                    amount,
                    fee,
                    incoming: Some(payer),
                    outgoing: Some(payee),
                    nonce: None,
                });
            }
            Report::HopRefused { channel, hop, target, amount } => {
                let until = self.protocol.head().after(REFUSAL_COUNTS_FOR);
                let lesson = Lesson::NextHopRefunded { node: hop, target, amount, until };
                self.learn(channel, &lesson);
            }
            Report::ChannelOutOfStep(channel) => {
                tracing::warn!(%channel, "the partner refuses this channel's messages: close it");
            }
        }
    }

    fn payment_sent(
        &mut self,
        payment: PaymentKey,
        amount: TokenAmount,
        channel: ChannelAddress,
        nonce: Nonce,
    ) {
        self.counters.payments_sent += 1;
        let PaymentKey { target, identifier, .. } = payment;
        let kind = ChannelEventKind::TransferSentSuccess { identifier, amount, target };
        let record = self.record_of(payment, amount);
        let (outgoing, nonce) = (Some(channel), Some(nonce));
        self.record_payment(PaymentRecord { outgoing, nonce, ..record });
        self.record_transfer(channel, &kind);
        self.finish_order(payment, OrderState::Sent);
        self.delivered_through(channel, target, amount);
    }

    fn payment_failed(
        &mut self,
        payment: PaymentKey,
        amount: TokenAmount,
        reason: PaymentFailure,
        mut channels: Vec<ChannelAddress>,
    ) {
        self.counters.payments_failed += 1;
        let outgoing = channels.last().copied();
        let record = self.record_of(payment, amount);
        self.record_payment(PaymentRecord { outgoing, failure: Some(reason), ..record });
        channels.sort_unstable();
        channels.dedup();
        for channel in channels {
            let kind = ChannelEventKind::TransferSentFailed {
                identifier: payment.identifier,
                reason: describe(reason).to_owned(),
            };
            self.record_transfer(channel, &kind);
        }
        self.finish_order(payment, OrderState::Failed(reason));
    }

    fn payment_received(
        &mut self,
        initiator: NodeAddress,
        token: TokenAddress,
        identifier: PaymentId,
        amount: TokenAmount,
        channel: ChannelAddress,
    ) {
        self.counters.payments_received += 1;
        let own = self.protocol.channel(channel);
        let nonce = own.map(|own| own.end(Side::Theirs).nonce());
        self.record_payment(PaymentRecord {
            role: PaymentRole::Target,
            failure: None,
            token,
            initiator,
            target: self.key.address(),
            identifier,
            amount,
            fee: TokenAmount::ZERO,
            incoming: Some(channel),
            outgoing: None,
            nonce,
        });
        let kind = ChannelEventKind::TransferReceivedSuccess { identifier, amount, initiator };
        self.record_transfer(channel, &kind);
    }

    /// What the journal shall say of a payment of this node.
    fn record_of(&mut self, payment: PaymentKey, amount: TokenAmount) -> PaymentRecord {
        let PaymentKey { token, target, identifier } = payment;
        let order = self.known_order(&payment).ok().flatten();
        PaymentRecord {
            role: PaymentRole::Initiator,
            failure: None,
            token,
            initiator: self.key.address(),
            target,
            identifier,
            amount,
            fee: order.map_or(TokenAmount::ZERO, |order| order.terms.fee),
            incoming: None,
            outgoing: None,
            nonce: None,
        }
    }

    fn record_transfer(&mut self, channel: ChannelAddress, kind: &ChannelEventKind) {
        let block = self.protocol.head();
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

/// Says why a payment failed.
pub(crate) const fn describe(reason: PaymentFailure) -> &'static str {
    match reason {
        PaymentFailure::RoutesExhausted => "no route available",
        PaymentFailure::Expired => "the lock expired",
        PaymentFailure::ChannelSettled => "the channel was settled",
        PaymentFailure::Rejected => "the partner refused the transfer",
    }
}
