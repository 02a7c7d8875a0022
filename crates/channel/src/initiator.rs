//! The initiator: pays, shows the secret when the target asks, retries where a hop gives up.

use crate::{
    Action, Candidate, Content, Leg, Lock, MediatedTransfer, Outgoing, Payment, PaymentFailure,
    PaymentKey, PaymentOrder, PaymentStage, ProtocolError, Rejected, Report, SecretRequest,
    channel::Side, step::Step, transfer::is_safe,
};
use tally_primitives::{ChannelAddress, Hashlock, NodeAddress, Nonce, Secret, TokenAmount};

impl Step<'_> {
    /// The user asked for a payment.
    pub(crate) fn payment_requested(&mut self, order: PaymentOrder) -> Result<(), ProtocolError> {
        let PaymentOrder { token, target, amount, identifier, fee, is_direct, seed, candidates } =
            order;
        if amount.is_zero() {
            return Err(ProtocolError::ZeroAmount);
        }
        amount.try_add(fee)?;
        let key = PaymentKey { token, target, identifier };
        if self.payments.contains(&key) {
            return Err(ProtocolError::IdentifierInUse(identifier));
        }
        if is_direct {
            return self.pay_directly(key, amount, fee, seed, &candidates);
        }
        let payment = Payment {
            key,
            amount,
            fee,
            stage: PaymentStage::Planned,
            candidates,
            tried: vec![],
            seed,
            attempts: 0,
        };
        if self.attempt(payment)? { Ok(()) } else { Err(ProtocolError::NoRoute) }
    }

    fn pay_directly(
        &mut self,
        key: PaymentKey,
        amount: TokenAmount,
        fee: TokenAmount,
        seed: Secret,
        candidates: &[Candidate],
    ) -> Result<(), ProtocolError> {
        let PaymentKey { token, target, identifier } = key;
        let direct = candidates.iter().find(|candidate| candidate.next_hop == target);
        let channel = direct.ok_or(ProtocolError::NoDirectChannel { token, target })?.channel;
        let sender = self.channel_mut(channel)?;
        if !sender.is_open() || sender.token() != token || sender.partner() != target {
            return Err(ProtocolError::NoDirectChannel { token, target });
        }
        if sender.distributable(Side::Ours) < amount {
            return Err(ProtocolError::NoRoute);
        }
        let envelope = sender.send_direct(identifier, amount)?;
        let stage = PaymentStage::Direct { channel, nonce: envelope.nonce };
        self.send(target, Outgoing::Envelope(envelope));
        let tried = vec![channel];
        let payment =
            Payment { key, amount, fee, stage, candidates: vec![], tried, seed, attempts: 1 };
        self.payments.insert(key, payment);
        Ok(())
    }

    /// Locks the payment towards the best candidate left, with a secret of its own. Returns whether
    /// one was found; if not, the payment is gone.
    fn attempt(&mut self, mut payment: Payment) -> Result<bool, ProtocolError> {
        while !payment.candidates.is_empty() {
            let candidate = payment.candidates.remove(0);
            let Some(fee) = self.usable_fee(&payment, &candidate)? else { continue };
            let (secret, hashlock) = self.fresh_secret(&mut payment, candidate.channel);
            let settle_timeout = self.channel(candidate.channel)?.settle_timeout();
            let expiration = self.head.after(settle_timeout);
            let lock = Lock { expiration, amount: payment.amount.try_add(fee)?, hashlock };
            let content = Content::MediatedTransfer(MediatedTransfer {
                identifier: payment.key.identifier,
                lock,
                initiator: self.config.address,
                target: payment.key.target,
                fee,
            });
            self.send_envelope(candidate.channel, content)?;
            payment.tried.push(candidate.channel);
            let leg = Leg { channel: candidate.channel, lock };
            payment.stage = PaymentStage::Locked { leg, secret, revealed: false };
            self.attempts.insert(hashlock, payment.key);
            self.payments.insert(payment.key, payment);
            return Ok(true);
        }
        self.payments.remove(&payment.key);
        Ok(false)
    }

    /// Returns the secret of the next attempt, whose hash no transfer in flight has. Seeds are
    /// random, so the first is always free; a caller that uses a seed twice loses nothing.
    fn fresh_secret(&self, payment: &mut Payment, channel: ChannelAddress) -> (Secret, Hashlock) {
        loop {
            let secret = payment.secret_of(payment.attempts);
            let hashlock = tally_crypto::hashlock(&secret);
            payment.attempts += 1;
            let is_used = self.attempts.contains(&hashlock)
                || self.mediations.contains(&hashlock)
                || self.receipts.contains(&hashlock)
                || self.channels.get(&channel).is_some_and(|channel| channel.knows(&hashlock));
            if !is_used {
                return (secret, hashlock);
            }
        }
    }

    /// Returns the fee to lock on top if the candidate can carry the payment now. The target's own
    /// neighbour has nobody to pay.
    fn usable_fee(
        &self,
        payment: &Payment,
        candidate: &Candidate,
    ) -> Result<Option<TokenAmount>, ProtocolError> {
        let is_last = candidate.next_hop == payment.key.target;
        let fee = if is_last { TokenAmount::ZERO } else { payment.fee };
        let needed = payment.amount.try_add(fee)?;
        let usable = self.channels.get(&candidate.channel).is_some_and(|channel| {
            channel.token() == payment.key.token
                && channel.partner() == candidate.next_hop
                && channel.can_lock(needed)
        });
        Ok(usable.then_some(fee))
    }

    /// The target received the transfer and asks for the secret.
    pub(crate) fn secret_requested(
        &mut self,
        from: NodeAddress,
        request: &SecretRequest,
    ) -> Result<(), ProtocolError> {
        let SecretRequest { identifier, hashlock, amount } = *request;
        let unexpected = ProtocolError::UnexpectedSecretRequest(hashlock);
        let key = *self.attempts.get(&hashlock).ok_or_else(|| unexpected.clone())?;
        let (head, reveal_timeout) = (self.head, self.config.reveal_timeout);
        let payment = self.payments.get_mut(&key).ok_or_else(|| unexpected.clone())?;
        if from != key.target || identifier != key.identifier || amount != payment.amount {
            return Err(unexpected);
        }
        let PaymentStage::Locked { leg, secret, revealed } = &mut payment.stage else {
            return Err(unexpected);
        };
        if !is_safe(head, leg.lock.expiration, reveal_timeout) {
            return Err(ProtocolError::RevealTooLate(hashlock));
        }
        *revealed = true;
        let secret = secret.clone();
        self.send(from, Outgoing::RevealSecret(secret));
        Ok(())
    }

    /// The next hop shows the secret that only the target was told: the payment arrived.
    pub(crate) fn payment_claimed(&mut self, key: PaymentKey) -> Result<(), ProtocolError> {
        let Some(payment) = self.payments.get(&key) else {
            return Err(ProtocolError::UnknownSecret);
        };
        let PaymentStage::Locked { leg, secret, .. } = &payment.stage else {
            return Err(ProtocolError::UnknownSecret);
        };
        let (leg, secret) = (*leg, secret.clone());
        let hashlock = leg.lock.hashlock;
        let pending = self.channel(leg.channel)?.end(Side::Ours).pending(hashlock)?;
        if !pending.is_claimable(self.head) {
            return Err(ProtocolError::RevealTooLate(hashlock));
        }
        self.open_own_lock(leg, &secret)?;
        self.payment_arrived(key, leg.channel);
        Ok(())
    }

    /// The next hop has the secret in time, or even the money.
    pub(crate) fn payment_arrived(&mut self, key: PaymentKey, channel: ChannelAddress) {
        if let Some(payment) = self.finish_payment(key) {
            let amount = payment.amount;
            let nonce = self.channels.get(&channel).map(|own| own.end(Side::Ours).nonce());
            let nonce = nonce.unwrap_or_default();
            self.report(Report::PaymentSent { payment: key, amount, channel, nonce });
        }
    }

    /// The partner stored a direct transfer.
    pub(crate) fn direct_delivered(
        &mut self,
        channel: ChannelAddress,
        nonce: Nonce,
    ) -> Result<(), ProtocolError> {
        let key = self.direct_payment(channel, nonce).ok_or(ProtocolError::UnexpectedDelivery)?;
        if let Some(payment) = self.payments.remove(&key) {
            let amount = payment.amount;
            self.report(Report::PaymentSent { payment: key, amount, channel, nonce });
        }
        Ok(())
    }

    fn direct_payment(&self, channel: ChannelAddress, nonce: Nonce) -> Option<PaymentKey> {
        let stage = PaymentStage::Direct { channel, nonce };
        let mut payments = self.payments.base().values();
        payments.find(|payment| payment.stage == stage).map(|payment| payment.key)
    }

    /// The partner will never accept an envelope: the channel is only good for closing.
    pub(crate) fn rejected(
        &mut self,
        from: NodeAddress,
        rejected: Rejected,
    ) -> Result<(), ProtocolError> {
        let Rejected { channel, nonce } = rejected;
        let ours = self.channel_with(channel, from)?;
        if nonce > ours.end(Side::Ours).nonce() {
            return Err(ProtocolError::UnexpectedDelivery);
        }
        let is_news = ours.is_open();
        ours.set_out_of_step();
        if is_news {
            self.report(Report::ChannelOutOfStep(channel));
        }
        if let Some(key) = self.direct_payment(channel, nonce) {
            self.fail_payment(key, PaymentFailure::Rejected);
        }
        self.abandon_unrevealed(channel)
    }

    /// The next hop gave the attempt up: try the next candidate with a new secret.
    pub(crate) fn payment_refunded(&mut self, key: PaymentKey) -> Result<(), ProtocolError> {
        let Some(payment) = self.payments.get(&key).cloned() else { return Ok(()) };
        if let Some(hashlock) = payment.hashlock() {
            self.attempts.remove(&hashlock);
        }
        let (amount, tried) = (payment.amount, payment.tried.clone());
        if !self.attempt(payment)? {
            self.actions.push(Action::Report(Report::PaymentFailed {
                payment: key,
                amount,
                reason: PaymentFailure::RoutesExhausted,
                channels: tried,
            }));
        }
        Ok(())
    }

    /// The payment's money came back, or its message was refused.
    pub(crate) fn fail_payment(&mut self, key: PaymentKey, reason: PaymentFailure) {
        if let Some(payment) = self.finish_payment(key) {
            self.report(Report::PaymentFailed {
                payment: key,
                amount: payment.amount,
                reason,
                channels: payment.tried,
            });
        }
    }

    /// Says whether the target was shown the secret of this attempt.
    pub(crate) fn is_revealed(&self, hashlock: &Hashlock) -> bool {
        let key = self.attempts.get(hashlock);
        key.and_then(|key| self.payments.get(key)).is_some_and(|payment| match payment.stage {
            PaymentStage::Locked { revealed, .. } => revealed,
            PaymentStage::Planned | PaymentStage::Direct { .. } => false,
        })
    }

    fn finish_payment(&mut self, key: PaymentKey) -> Option<Payment> {
        let payment = self.payments.remove(&key)?;
        if let Some(hashlock) = payment.hashlock() {
            self.attempts.remove(&hashlock);
        }
        Some(payment)
    }
}
