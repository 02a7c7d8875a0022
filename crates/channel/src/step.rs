use crate::{
    Action, Channel, Content, Event, Mediation, Message, Outgoing, Payment, PaymentKey, Phase,
    Protocol, ProtocolError, Receipt, Refund, Report, overlay::Overlay, protocol::Config,
};
use std::collections::BTreeMap;
use tally_primitives::{BlockNumber, ChannelAddress, Hashlock, NodeAddress, Secret};

/// The work of one event on top of a state that it cannot touch until it succeeds.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) config: &'a Config,
    pub(crate) direct_only: bool,
    pub(crate) head: BlockNumber,
    pub(crate) confirmed: BlockNumber,
    pub(crate) channels: Overlay<'a, ChannelAddress, Channel>,
    pub(crate) payments: Overlay<'a, PaymentKey, Payment>,
    pub(crate) mediations: Overlay<'a, Hashlock, Mediation>,
    pub(crate) receipts: Overlay<'a, Hashlock, Receipt>,
    pub(crate) registered: Overlay<'a, Hashlock, BlockNumber>,
    pub(crate) attempts: Overlay<'a, Hashlock, PaymentKey>,
    pub(crate) actions: Vec<Action>,
}

/// What a step that succeeded changed.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) head: BlockNumber,
    pub(crate) confirmed: BlockNumber,
    pub(crate) channels: BTreeMap<ChannelAddress, Option<Channel>>,
    pub(crate) payments: BTreeMap<PaymentKey, Option<Payment>>,
    pub(crate) mediations: BTreeMap<Hashlock, Option<Mediation>>,
    pub(crate) receipts: BTreeMap<Hashlock, Option<Receipt>>,
    pub(crate) registered: BTreeMap<Hashlock, Option<BlockNumber>>,
    pub(crate) attempts: BTreeMap<Hashlock, Option<PaymentKey>>,
    pub(crate) actions: Vec<Action>,
}

impl<'a> Step<'a> {
    pub(crate) const fn on(protocol: &'a Protocol) -> Self {
        Self {
            config: &protocol.config,
            direct_only: protocol.direct_only,
            head: protocol.head,
            confirmed: protocol.confirmed,
            channels: Overlay::new(&protocol.channels),
            payments: Overlay::new(&protocol.payments),
            mediations: Overlay::new(&protocol.mediations),
            receipts: Overlay::new(&protocol.receipts),
            registered: Overlay::new(&protocol.registered),
            attempts: Overlay::new(&protocol.attempts),
            actions: vec![],
        }
    }

    pub(crate) fn finish(self) -> Finished {
        Finished {
            head: self.head,
            confirmed: self.confirmed,
            channels: self.channels.into_changed(),
            payments: self.payments.into_changed(),
            mediations: self.mediations.into_changed(),
            receipts: self.receipts.into_changed(),
            registered: self.registered.into_changed(),
            attempts: self.attempts.into_changed(),
            actions: self.actions,
        }
    }

    pub(crate) fn run(&mut self, event: Event) -> Result<(), ProtocolError> {
        match event {
            Event::BlockReached { head, confirmed } => self.block_reached(head, confirmed),
            Event::ReorgedTo(block) => self.reorged_to(block),
            Event::ChainFact { at, fact } => self.chain_fact(at, fact),
            Event::PaymentRequested(order) => self.payment_requested(order),
            Event::CloseRequested(channel) => self.close_requested(channel),
            Event::CloseFailed(channel) => self.close_failed(channel),
            Event::DirectTransferDelivered { channel, nonce } => {
                self.direct_delivered(channel, nonce)
            }
            Event::MessageReceived { message, candidates } => {
                let from = message.from();
                match message.message() {
                    Message::Envelope(envelope, signature) => {
                        let confirmed = self.confirmed;
                        let channel = self.channel_with(envelope.channel, from)?;
                        let direct = channel.receive(envelope, *signature, confirmed)?;
                        let at = envelope.channel;
                        self.envelope_accepted(at, &envelope.content, direct, candidates)
                    }
                    Message::SecretRequest(request) => self.secret_requested(from, request),
                    Message::RevealSecret(secret) => self.secret_learnt(secret),
                    Message::Refund(refund) => self.refunded(from, *refund),
                    Message::CancellationAcknowledged(signed) => {
                        self.cancellation_acknowledged(from, *signed)
                    }
                    Message::Rejected(rejected) => self.rejected(from, *rejected),
                }
            }
        }
    }

    fn envelope_accepted(
        &mut self,
        channel: ChannelAddress,
        content: &Content,
        direct: tally_primitives::TokenAmount,
        candidates: Vec<crate::Candidate>,
    ) -> Result<(), ProtocolError> {
        match content {
            Content::DirectTransfer { identifier } => {
                let paid = self.channel(channel)?;
                let report = Report::PaymentReceived {
                    initiator: paid.partner(),
                    token: paid.token(),
                    identifier: *identifier,
                    amount: direct,
                    channel,
                };
                self.report(report);
                Ok(())
            }
            Content::MediatedTransfer(transfer) => {
                self.transfer_received(channel, *transfer, candidates)
            }
            Content::Unlock { secret, .. } => self.lock_paid(channel, secret),
            Content::LockExpired { hashlock } => self.lock_removed(*hashlock, channel),
            Content::LockCancellation { hashlock } => {
                let payer = self.channel(channel)?;
                if let Some(proof) = payer.partner_proof() {
                    let to = payer.partner();
                    self.send(to, Outgoing::CancellationAcknowledged { proof, payer: to });
                }
                self.lock_removed(*hashlock, channel)
            }
        }
    }

    /// Learns a secret, from whomever, and does what every role owes for it.
    pub(crate) fn secret_learnt(&mut self, secret: &Secret) -> Result<(), ProtocolError> {
        let hashlock = tally_crypto::hashlock(secret);
        if let Some(key) = self.attempts.get(&hashlock).copied() {
            return self.payment_claimed(key);
        }
        if self.mediations.contains(&hashlock) {
            return self.mediation_opened(hashlock, secret);
        }
        if self.receipts.contains(&hashlock) {
            return self.receipt_opened(hashlock, secret);
        }
        Err(ProtocolError::UnknownSecret)
    }

    /// Tells the payer of a lock that this node will not claim it.
    pub(crate) fn give_up(
        &mut self,
        channel: ChannelAddress,
        hashlock: Hashlock,
    ) -> Result<(), ProtocolError> {
        let payer = self.channel_mut(channel)?;
        let to = payer.partner();
        let is_open = payer.phase() == Phase::Open;
        let Some(pending) = payer.theirs_mut().locks.get_mut(&hashlock) else { return Ok(()) };
        if !pending.given_up {
            pending.given_up = true;
            if is_open {
                self.send(to, Outgoing::Refund(Refund { channel, hashlock }));
            }
        }
        Ok(())
    }

    pub(crate) fn channel(&self, address: ChannelAddress) -> Result<&Channel, ProtocolError> {
        self.channels.get(&address).ok_or(ProtocolError::NotOwnChannel(address))
    }

    pub(crate) fn channel_mut(
        &mut self,
        address: ChannelAddress,
    ) -> Result<&mut Channel, ProtocolError> {
        if !self.channels.contains(&address) {
            return Err(ProtocolError::NotOwnChannel(address));
        }
        self.channels.get_mut(&address).ok_or(ProtocolError::NotOwnChannel(address))
    }

    /// Returns the channel that `peer` names, if it is one with this peer.
    pub(crate) fn channel_with(
        &mut self,
        channel: ChannelAddress,
        peer: NodeAddress,
    ) -> Result<&mut Channel, ProtocolError> {
        if self.channels.get(&channel).is_none_or(|known| known.partner() != peer) {
            return Err(ProtocolError::UnknownChannel { channel, peer });
        }
        self.channel_mut(channel)
    }

    pub(crate) fn send(&mut self, to: NodeAddress, message: Outgoing) {
        self.actions.push(Action::Send { to, message });
    }

    pub(crate) fn send_envelope(
        &mut self,
        channel: ChannelAddress,
        content: Content,
    ) -> Result<(), ProtocolError> {
        let sender = self.channel_mut(channel)?;
        let to = sender.partner();
        let envelope = sender.send(content)?;
        self.send(to, Outgoing::Envelope(envelope));
        Ok(())
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.actions.push(Action::Report(report));
    }
}
