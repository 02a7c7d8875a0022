//! The payer of a lock, as initiator or mediator: pays it once the secret is known, and takes it
//! back once nobody can claim it.

use crate::{
    Content, Leg, Payee, PaymentFailure, PaymentStage, ProtocolError, Report, channel::Side,
    step::Step,
};
use tally_primitives::{ChannelAddress, Hashlock, PaymentId, Secret};

impl Step<'_> {
    /// Keeps the secret with this node's own lock, and pays it now or as soon as the channel allows.
    pub(crate) fn open_own_lock(&mut self, leg: Leg, secret: &Secret) -> Result<(), ProtocolError> {
        let ours = self.channel_mut(leg.channel)?.ours_mut();
        if let Some(pending) = ours.locks.get_mut(&leg.lock.hashlock) {
            pending.secret = Some(secret.clone());
        }
        self.pay_opened_locks(leg.channel)
    }

    /// Pays this node's locks whose secrets are known and that the payee could still claim.
    ///
    /// It runs with every block, because a lock can be opened while its channel cannot be used: its
    /// close was sent and failed, or was undone by a reorganisation.
    pub(crate) fn pay_opened_locks(
        &mut self,
        address: ChannelAddress,
    ) -> Result<(), ProtocolError> {
        let (channel, head) = (self.channel(address)?, self.head);
        if !channel.is_open() {
            return Ok(());
        }
        let locks = channel.end(Side::Ours).locks().values();
        let due: Vec<(Hashlock, PaymentId, Secret)> = locks
            .filter(|pending| pending.is_claimable(head))
            .filter_map(|pending| {
                Some((pending.lock.hashlock, pending.identifier, pending.secret.clone()?))
            })
            .collect();
        for (hashlock, identifier, secret) in due {
            self.send_envelope(address, Content::Unlock { identifier, secret })?;
            self.payee_has(address, hashlock);
            self.finish_mediation(hashlock);
        }
        Ok(())
    }

    /// Notes that the payee of a mediated transfer has its money from this channel.
    pub(crate) fn payee_has(&mut self, address: ChannelAddress, hashlock: Hashlock) {
        let payee = self.mediations.get(&hashlock).map(|mediation| mediation.payee);
        if let Some(Payee::Locked(leg) | Payee::Cancelling(leg)) = payee
            && leg.channel == address
            && let Some(mediation) = self.mediations.get_mut(&hashlock)
        {
            mediation.payee = Payee::Paid(leg);
        }
    }

    /// Takes back this node's locks that nobody can claim any more.
    ///
    /// Where the channel carries no messages only the transfer ends; the lock stays in the proofs.
    pub(crate) fn expire_own_locks(
        &mut self,
        address: ChannelAddress,
    ) -> Result<(), ProtocolError> {
        let channel = self.channel(address)?;
        let is_open = channel.is_open();
        // The confirmed block counts: a registration in the lock's last block must be visible.
        let expired: Vec<Hashlock> = channel
            .end(Side::Ours)
            .locks()
            .values()
            .filter(|pending| !pending.is_claimable(self.confirmed))
            .map(|pending| pending.lock.hashlock)
            .filter(|hashlock| is_open || self.is_awaited(address, hashlock))
            .collect();
        for hashlock in expired {
            if is_open {
                self.send_envelope(address, Content::LockExpired { hashlock })?;
            }
            self.own_lock_gone(address, hashlock, PaymentFailure::Expired)?;
        }
        Ok(())
    }

    /// Says whether a transfer waits for what becomes of this node's lock.
    fn is_awaited(&self, address: ChannelAddress, hashlock: &Hashlock) -> bool {
        let is_mediated = self.mediations.get(hashlock).is_some_and(|mediation| {
            mediation.payee.pending().is_some_and(|leg| leg.channel == address)
        });
        is_mediated || self.attempts.contains(hashlock)
    }

    /// One of this node's locks is gone unpaid.
    pub(crate) fn own_lock_gone(
        &mut self,
        address: ChannelAddress,
        hashlock: Hashlock,
        reason: PaymentFailure,
    ) -> Result<(), ProtocolError> {
        if let Some(key) = self.attempts.get(&hashlock).copied() {
            self.fail_payment(key, reason);
            return Ok(());
        }
        self.payee_lock_gone(address, hashlock)
    }

    /// Lets payments that are locked in a channel which will carry no cancellation take another
    /// way. Only those whose secret nobody was shown: it never will be, so their locks are void.
    pub(crate) fn abandon_unrevealed(
        &mut self,
        address: ChannelAddress,
    ) -> Result<(), ProtocolError> {
        let is_stuck = |stage: &PaymentStage| match stage {
            PaymentStage::Locked { leg, revealed, .. } => leg.channel == address && !revealed,
            PaymentStage::Planned | PaymentStage::Direct { .. } => false,
        };
        let payments = self.payments.base().values();
        let stuck: Vec<_> =
            payments.filter(|payment| is_stuck(&payment.stage)).map(|p| p.key).collect();
        stuck.into_iter().try_for_each(|key| self.payment_refunded(key))
    }

    /// Ends the direct transfers of a settled channel: those count that the partner submitted.
    pub(crate) fn settle_direct_payments(
        &mut self,
        address: ChannelAddress,
    ) -> Result<(), ProtocolError> {
        let submitted = self.channel(address)?.stored_of(Side::Ours).nonce;
        let payments: Vec<_> = self.payments.base().values().cloned().collect();
        for payment in payments {
            let PaymentStage::Direct { channel, nonce } = payment.stage else { continue };
            if channel != address {
                continue;
            }
            if nonce <= submitted {
                let (payment, amount) = (payment.key, payment.amount);
                self.payments.remove(&payment);
                self.report(Report::PaymentSent { payment, amount, channel, nonce });
            } else {
                self.fail_payment(payment.key, PaymentFailure::ChannelSettled);
            }
        }
        Ok(())
    }
}
