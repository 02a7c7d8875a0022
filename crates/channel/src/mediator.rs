//! The mediator: passes a transfer on for a smaller lock that expires earlier, and is never left
//! owing more than it is owed.

use crate::{
    Candidate, Content, Leg, Lock, MediatedTransfer, Mediation, Outgoing, Payee, ProtocolError,
    Receipt, Refund, Report, SignedProof, channel::Side, step::Step, transfer::is_safe,
};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, Hashlock, NodeAddress, Secret, TokenAmount,
};

/// Blocks that a message may take from hop to hop, on top of the reveal timeout.
///
/// Source: spec §4.7, "transit blocks".
const TRANSIT_BLOCKS: BlockSpan = BlockSpan(2);

impl Step<'_> {
    /// The partner of `channel` locked a transfer towards this node.
    pub(crate) fn transfer_received(
        &mut self,
        channel: ChannelAddress,
        transfer: MediatedTransfer,
        candidates: Vec<Candidate>,
    ) -> Result<(), ProtocolError> {
        let MediatedTransfer { identifier, lock, initiator, target, fee } = transfer;
        let hashlock = lock.hashlock;
        let payer = Leg { channel, lock };
        let is_known = self.attempts.contains(&hashlock)
            || self.mediations.contains(&hashlock)
            || self.receipts.contains(&hashlock);
        // A second lock with one hash would let one secret be paid for twice, or lead in a circle.
        // One whose secret was registered before never expires: a lock passed on with its hash could
        // be claimed long after this node let its own payer go.
        if is_known || self.direct_only || self.registered.contains(&hashlock) {
            return self.give_up(channel, hashlock);
        }
        if target == self.config.address {
            self.receipts.insert(hashlock, Receipt { identifier, initiator, payer });
            return self.receive_or_refuse(hashlock);
        }
        if !self.config.mediates {
            return self.give_up(channel, hashlock);
        }
        let payee = Payee::None;
        self.mediations.insert(
            hashlock,
            Mediation {
                hashlock,
                identifier,
                initiator,
                target,
                payer,
                fee,
                payee,
                candidates,
                secret: None,
            },
        );
        self.forward_or_give_up(hashlock)
    }

    /// Locks the transfer towards the best candidate left; without one, gives the payer's lock up.
    fn forward_or_give_up(&mut self, hashlock: Hashlock) -> Result<(), ProtocolError> {
        let Some(mut mediation) = self.mediations.get(&hashlock).cloned() else { return Ok(()) };
        mediation.payee = Payee::None;
        if mediation.secret.is_some() {
            // Too late for another way; what the payer owes can be claimed as it is.
            self.mediations.insert(hashlock, mediation);
            self.finish_mediation(hashlock);
            return Ok(());
        }
        while !mediation.candidates.is_empty() {
            let candidate = mediation.candidates.remove(0);
            let Some((lock, fee)) = self.payee_lock(&mediation, &candidate)? else { continue };
            let content = Content::MediatedTransfer(MediatedTransfer {
                identifier: mediation.identifier,
                lock,
                initiator: mediation.initiator,
                target: mediation.target,
                fee,
            });
            self.send_envelope(candidate.channel, content)?;
            mediation.payee = Payee::Locked(Leg { channel: candidate.channel, lock });
            break;
        }
        let (payer, found) = (mediation.payer, mediation.payee != Payee::None);
        self.mediations.insert(hashlock, mediation);
        if !found {
            self.give_up(payer.channel, hashlock)?;
            self.finish_mediation(hashlock);
        }
        Ok(())
    }

    /// Returns the lock and the fee to pass on, if the candidate can carry the transfer now.
    fn payee_lock(
        &self,
        mediation: &Mediation,
        candidate: &Candidate,
    ) -> Result<Option<(Lock, TokenAmount)>, ProtocolError> {
        let Some(channel) = self.channels.get(&candidate.channel) else { return Ok(None) };
        let payer = self.channel(mediation.payer.channel)?;
        let leads_back = channel.partner() == payer.partner()
            || candidate.next_hop == mediation.initiator
            || channel.partner() != candidate.next_hop;
        let Ok(fee_left) = mediation.fee.try_sub(self.config.mediation_fee) else {
            return Ok(None);
        };
        let Ok(for_target) = mediation.payer.lock.amount.try_sub(mediation.fee) else {
            return Ok(None);
        };
        // The last hop before the target keeps what is left of the fee.
        let fee = if candidate.next_hop == mediation.target { TokenAmount::ZERO } else { fee_left };
        let amount = for_target.try_add(fee)?;
        let expiration = self.payee_expiration(mediation.payer, channel.settle_timeout());
        let usable = !leads_back
            && channel.token() == payer.token()
            && payer.is_open()
            && !amount.is_zero()
            && channel.can_lock(amount)
            && !channel.knows(&mediation.hashlock)
            && is_safe(self.head, expiration, self.config.reveal_timeout);
        let lock = Lock { expiration, amount, hashlock: mediation.hashlock };
        Ok(usable.then_some((lock, fee)))
    }

    /// Returns the last block of a lock to pass on: enough earlier than the payer's that this node
    /// can still claim that one on the chain, and within both settlement windows.
    ///
    /// Source: spec §4.7.
    fn payee_expiration(&self, payer: Leg, settle_timeout: BlockSpan) -> BlockNumber {
        let payer_window = self
            .channels
            .get(&payer.channel)
            .map_or(BlockSpan(0), super::channel::Channel::settle_timeout);
        let payer_until = payer.lock.expiration.min(self.head.after(payer_window));
        payer_until
            .before(self.config.reveal_timeout)
            .before(TRANSIT_BLOCKS)
            .min(self.head.after(settle_timeout))
    }

    /// The payee of one of this node's locks gives it up.
    pub(crate) fn refunded(
        &mut self,
        from: NodeAddress,
        refund: Refund,
    ) -> Result<(), ProtocolError> {
        let Refund { channel, hashlock } = refund;
        let too_late = ProtocolError::RefundTooLate(hashlock);
        let payer = self.channel_with(channel, from)?;
        let Some(pending) = payer.end(Side::Ours).locks().get(&hashlock).cloned() else {
            return Err(too_late);
        };
        let secret_is_out = self.is_revealed(&hashlock)
            || pending.secret.is_some()
            || pending.registered.is_some()
            || self.mediations.get(&hashlock).is_some_and(|mediation| mediation.secret.is_some());
        let is_open = self.channel(channel)?.is_open();
        if secret_is_out || !is_open {
            return Err(too_late);
        }
        let envelope = self.channel_mut(channel)?.send_cancellation(hashlock)?;
        self.send(from, Outgoing::Envelope(envelope));
        let amount = pending.lock.amount;
        if let Some(key) = self.attempts.get(&hashlock).copied() {
            let target = key.target;
            self.report(Report::HopRefused { channel, hop: from, target, amount });
            return self.payment_refunded(key);
        }
        let leg = Leg { channel, lock: pending.lock };
        // The lock may be one that no transfer waits for any more, while another has its hash.
        let is_payee =
            self.mediations.get(&hashlock).is_some_and(|known| known.payee == Payee::Locked(leg));
        if is_payee && let Some(mediation) = self.mediations.get_mut(&hashlock) {
            mediation.payee = Payee::Cancelling(leg);
            let target = mediation.target;
            self.report(Report::HopRefused { channel, hop: from, target, amount });
        }
        Ok(())
    }

    /// The payee acknowledged the removal: no older proof can bring the lock back, so the transfer
    /// may take another way.
    pub(crate) fn cancellation_acknowledged(
        &mut self,
        from: NodeAddress,
        signed: SignedProof,
    ) -> Result<(), ProtocolError> {
        let channel = signed.proof.channel;
        let ours = self.channel_with(channel, from)?.ours_mut();
        let known = ours.cancelled.iter().find(|(_, lock)| lock.proof == signed.proof);
        let Some((&hashlock, _)) = known else {
            return Err(ProtocolError::UnexpectedAcknowledgement);
        };
        if ours.acknowledged.is_none_or(|older| older.proof.nonce < signed.proof.nonce) {
            ours.acknowledged = Some(signed);
        }
        self.cancellation_done(channel, hashlock)
    }

    /// The lock that this node removed from `channel` cannot be claimed any more.
    pub(crate) fn cancellation_done(
        &mut self,
        channel: ChannelAddress,
        hashlock: Hashlock,
    ) -> Result<(), ProtocolError> {
        let waits = self.mediations.get(&hashlock).is_some_and(|mediation| match mediation.payee {
            Payee::Cancelling(leg) => leg.channel == channel,
            Payee::Locked(_) | Payee::Paid(_) | Payee::None => false,
        });
        if waits { self.forward_or_give_up(hashlock) } else { Ok(()) }
    }

    /// The secret of a transfer that this node passes on is known: claim from the payer, pay the
    /// payee.
    pub(crate) fn mediation_opened(
        &mut self,
        hashlock: Hashlock,
        secret: &Secret,
    ) -> Result<(), ProtocolError> {
        let Some(mediation) = self.mediations.get_mut(&hashlock) else { return Ok(()) };
        let is_news = mediation.secret.is_none();
        mediation.secret = Some(secret.clone());
        let (payer, payee) = (mediation.payer, mediation.payee);
        if is_news {
            self.claim_from_payer(payer, secret)?;
        }
        if let Payee::Locked(leg) = payee {
            self.open_own_lock(leg, secret)?;
        }
        self.finish_mediation(hashlock);
        Ok(())
    }

    /// Shows the payer of a lock the secret, and keeps it with the lock.
    pub(crate) fn claim_from_payer(
        &mut self,
        payer: Leg,
        secret: &Secret,
    ) -> Result<(), ProtocolError> {
        let channel = self.channel_mut(payer.channel)?;
        let (to, is_open) = (channel.partner(), channel.is_open());
        let Some(pending) = channel.theirs_mut().locks.get_mut(&payer.lock.hashlock) else {
            return Ok(());
        };
        pending.secret = Some(secret.clone());
        if is_open {
            self.send(to, Outgoing::RevealSecret(secret.clone()));
        }
        self.order_channel_calls(payer.channel);
        Ok(())
    }

    /// Drops a mediation that neither owes nor is owed.
    pub(crate) fn finish_mediation(&mut self, hashlock: Hashlock) {
        let Some(mediation) = self.mediations.get(&hashlock) else { return };
        let owed = self
            .channels
            .get(&mediation.payer.channel)
            .is_some_and(|channel| channel.end(Side::Theirs).locks().contains_key(&hashlock));
        if owed || mediation.payee.pending().is_some() {
            return;
        }
        let Mediation { payer, payee, identifier, initiator, target, .. } = *mediation;
        self.mediations.remove(&hashlock);
        if let (Payee::Paid(leg), Some(channel)) = (payee, self.channels.get(&payer.channel)) {
            let amount = leg.lock.amount;
            self.report(Report::PaymentMediated {
                token: channel.token(),
                identifier,
                initiator,
                target,
                amount,
                fee: payer.lock.amount.saturating_sub(amount),
                payer: payer.channel,
                payee: leg.channel,
            });
        }
    }

    /// This node's own lock in `channel` is gone without having been paid.
    pub(crate) fn payee_lock_gone(
        &mut self,
        channel: ChannelAddress,
        hashlock: Hashlock,
    ) -> Result<(), ProtocolError> {
        let Some(mediation) = self.mediations.get(&hashlock) else { return Ok(()) };
        if mediation.payee.pending().is_none_or(|leg| leg.channel != channel) {
            return Ok(());
        }
        let (payer, secret_known) = (mediation.payer, mediation.secret.is_some());
        if let Some(mediation) = self.mediations.get_mut(&hashlock) {
            mediation.payee = Payee::None;
        }
        if !secret_known {
            self.give_up(payer.channel, hashlock)?;
        }
        self.finish_mediation(hashlock);
        Ok(())
    }
}
