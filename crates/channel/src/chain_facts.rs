//! What the chain reports, and what this node orders from it.

use crate::{
    Action, ChainFact, Channel, ChannelFact, LockClaim, LockTree, Outgoing, PaymentFailure,
    PendingLock, Phase, ProtocolError, Refund, channel::Side, step::Step, transfer::is_safe,
};
use tally_primitives::{BlockNumber, ChannelAddress, Hashlock, Secret};

impl Step<'_> {
    /// The chain grew: expired locks go, secrets in danger go to the chain.
    pub(crate) fn block_reached(
        &mut self,
        head: BlockNumber,
        confirmed: BlockNumber,
    ) -> Result<(), ProtocolError> {
        self.head = head;
        self.confirmed = confirmed;
        let busy: Vec<ChannelAddress> = self
            .channels
            .base()
            .values()
            .filter(|channel| channel.has_unfinished_business())
            .map(Channel::address)
            .collect();
        for address in busy {
            self.pay_opened_locks(address)?;
            self.expire_own_locks(address)?;
            self.forget_cancelled(address)?;
            self.refuse_late_receipts(address)?;
            self.order_channel_calls(address);
        }
        Ok(())
    }

    /// Forgets removed locks that no older proof could claim any more.
    fn forget_cancelled(&mut self, address: ChannelAddress) -> Result<(), ProtocolError> {
        let confirmed = self.confirmed;
        let dead: Vec<Hashlock> = self
            .channel(address)?
            .end(Side::Ours)
            .cancelled
            .iter()
            .filter(|(_, lock)| lock.registered.is_none() && confirmed > lock.expiration)
            .map(|(hashlock, _)| *hashlock)
            .collect();
        for hashlock in dead {
            let ours = self.channel_mut(address)?.ours_mut();
            ours.cancelled.remove(&hashlock);
            if ours.cancelled.is_empty() {
                ours.acknowledged = None;
            }
            self.cancellation_done(address, hashlock)?;
        }
        Ok(())
    }

    /// Gives up transfers to this node whose secret came too late.
    fn refuse_late_receipts(&mut self, address: ChannelAddress) -> Result<(), ProtocolError> {
        let (head, reveal_timeout) = (self.head, self.config.reveal_timeout);
        let late: Vec<Hashlock> = self
            .channel(address)?
            .end(Side::Theirs)
            .locks()
            .values()
            .filter(|pending| {
                let hashlock = pending.lock.hashlock;
                pending.secret.is_none()
                    && !pending.given_up
                    && self.receipts.contains(&hashlock)
                    && !is_safe(head, pending.lock.expiration, reveal_timeout)
            })
            .map(|pending| pending.lock.hashlock)
            .collect();
        late.into_iter().try_for_each(|hashlock| self.give_up(address, hashlock))
    }

    /// Blocks were undone.
    pub(crate) fn reorged_to(&mut self, block: BlockNumber) -> Result<(), ProtocolError> {
        self.head = self.head.min(block);
        self.confirmed = self.confirmed.min(block);
        let undone = self.registered.base().iter().filter(|(_, at)| **at > block);
        for hashlock in undone.map(|(hashlock, _)| *hashlock).collect::<Vec<_>>() {
            self.registered.remove(&hashlock);
        }
        let addresses: Vec<ChannelAddress> = self.channels.base().keys().copied().collect();
        for address in addresses {
            let mut channel = self.channel(address)?.clone();
            if !channel.forget_above(block)? {
                continue;
            }
            if channel.opened_at().is_none() && channel.is_pristine() {
                self.channels.remove(&address);
            } else {
                self.channels.insert(address, channel);
            }
        }
        Ok(())
    }

    /// A contract logged something.
    pub(crate) fn chain_fact(
        &mut self,
        at: BlockNumber,
        fact: ChainFact,
    ) -> Result<(), ProtocolError> {
        match fact {
            ChainFact::ChannelOpened { channel, token, participants, settle_timeout } => {
                if let Some(known) = self.channels.get_mut(&channel) {
                    known.reopen(at);
                } else {
                    let us = self.config.address;
                    let opened =
                        Channel::opened(us, at, channel, token, participants, settle_timeout)?;
                    self.channels.insert(channel, opened);
                }
                Ok(())
            }
            ChainFact::Channel(channel, fact) => self.channel_fact(at, channel, fact),
            ChainFact::SecretRevealed { secret } => self.secret_registered(at, &secret),
        }
    }

    fn channel_fact(
        &mut self,
        at: BlockNumber,
        address: ChannelAddress,
        fact: ChannelFact,
    ) -> Result<(), ProtocolError> {
        let us = self.config.address;
        let before = self.channel(address)?.clone();
        self.channel_mut(address)?.add_fact(at, fact.clone())?;
        match fact {
            ChannelFact::Unlocked { payer, secret, .. } if payer == us => {
                self.claimed_on_chain(address, &secret)?;
            }
            ChannelFact::Unlocked { secret, .. } => {
                self.lock_paid(address, &secret)?;
            }
            ChannelFact::Settled(_) => {
                self.locks_settled(&before)?;
                self.settle_direct_payments(address)?;
            }
            ChannelFact::Closed { .. } => self.abandon_unrevealed(address)?,
            ChannelFact::Deposited(..)
            | ChannelFact::Withdrawn(..)
            | ChannelFact::Updated { .. } => {}
        }
        self.order_channel_calls(address);
        Ok(())
    }

    /// The partner claimed one of this node's locks on the chain, and so showed the secret.
    fn claimed_on_chain(
        &mut self,
        address: ChannelAddress,
        secret: &Secret,
    ) -> Result<(), ProtocolError> {
        let hashlock = tally_crypto::hashlock(secret);
        // That the contract paid it counts, whatever block this node has reached.
        if let Some(key) = self.attempts.get(&hashlock).copied() {
            self.payment_arrived(key, address);
        }
        self.payee_has(address, hashlock);
        // A reorganisation can undo the claim: then the lock is paid like any other.
        if let Some(pending) = self.channel_mut(address)?.ours_mut().locks.get_mut(&hashlock) {
            pending.secret = Some(secret.clone());
        }
        ignore_unknown(self.secret_learnt(secret))
    }

    /// A channel settled with locks in it: what was not claimed went back to its payer.
    fn locks_settled(&mut self, before: &Channel) -> Result<(), ProtocolError> {
        for hashlock in before.end(Side::Ours).locks().keys() {
            self.own_lock_gone(before.address(), *hashlock, PaymentFailure::ChannelSettled)?;
        }
        for hashlock in before.end(Side::Ours).cancelled.keys() {
            self.cancellation_done(before.address(), *hashlock)?;
        }
        for hashlock in before.end(Side::Theirs).locks().keys() {
            self.lock_removed(*hashlock, before.address())?;
        }
        Ok(())
    }

    /// A secret was registered: locks that had not expired stay claimable.
    fn secret_registered(&mut self, at: BlockNumber, secret: &Secret) -> Result<(), ProtocolError> {
        let hashlock = tally_crypto::hashlock(secret);
        self.registered.insert(hashlock, at);
        let addresses: Vec<ChannelAddress> = self
            .channels
            .base()
            .values()
            .filter(|channel| channel.knows(&hashlock))
            .map(Channel::address)
            .collect();
        for address in &addresses {
            self.channel_mut(*address)?.register(&hashlock, at);
        }
        ignore_unknown(self.secret_learnt(secret))?;
        addresses.into_iter().for_each(|address| self.order_channel_calls(address));
        Ok(())
    }

    /// The user asked to close a channel.
    pub(crate) fn close_requested(&mut self, address: ChannelAddress) -> Result<(), ProtocolError> {
        let channel = self.channel_mut(address)?;
        match channel.phase() {
            Phase::Open => channel.set_closing(true),
            Phase::Closing => return Err(ProtocolError::ChannelClosing(address)),
            Phase::Vanished | Phase::Closed { .. } | Phase::Settled { .. } => {
                return Err(ProtocolError::ChannelNotOpen(address));
            }
        }
        self.order_channel_calls(address);
        Ok(())
    }

    /// The close did not reach the chain: what had to wait for it is said now.
    pub(crate) fn close_failed(&mut self, address: ChannelAddress) -> Result<(), ProtocolError> {
        let channel = self.channel_mut(address)?;
        channel.set_closing(false);
        let partner = channel.partner();
        let locks = channel.end(Side::Theirs).locks().values();
        let given_up: Vec<Hashlock> =
            locks.filter(|pending| pending.given_up).map(|p| p.lock.hashlock).collect();
        for hashlock in given_up {
            // The partner may know it already, and ignores it then.
            self.send(partner, Outgoing::Refund(Refund { channel: address, hashlock }));
        }
        self.pay_opened_locks(address)
    }

    /// Orders every chain call that is wanted now. They are ordered again with every block until
    /// the chain reports them done.
    pub(crate) fn order_chain_calls(&mut self) {
        let addresses: Vec<ChannelAddress> = self.channels.base().keys().copied().collect();
        addresses.into_iter().for_each(|address| self.order_channel_calls(address));
    }

    pub(crate) fn order_channel_calls(&mut self, address: ChannelAddress) {
        let Some(channel) = self.channels.get(&address) else { return };
        let mut wanted = vec![];
        match channel.phase() {
            Phase::Vanished | Phase::Settled { .. } => {}
            Phase::Open => self.order_registrations(channel, &mut wanted),
            Phase::Closing => {
                self.order_registrations(channel, &mut wanted);
                let partner_proof = channel.end(Side::Theirs).signed_proof(address);
                wanted.push(Action::Close { channel: address, partner_proof });
            }
            Phase::Closed { at, by } => {
                let window_is_open = self.head <= at.after(channel.settle_timeout());
                if window_is_open {
                    order_proofs(channel, by == channel.partner(), &mut wanted);
                }
                self.order_registrations(channel, &mut wanted);
                self.order_unlocks(channel, &mut wanted);
            }
        }
        self.actions.extend(wanted);
    }

    /// Secrets that the payer has not paid for go to the chain while that is still in time.
    fn order_registrations(&self, channel: &Channel, wanted: &mut Vec<Action>) {
        for pending in channel.end(Side::Theirs).locks().values() {
            let is_in_danger =
                !is_safe(self.head, pending.lock.expiration, self.config.reveal_timeout)
                    && !pending.lock.is_expired(self.head);
            if let Some(secret) = &pending.secret
                && is_in_danger
                && !pending.given_up
                && pending.registered.is_none()
                && !channel.is_unlocked(&pending.lock.hashlock)
            {
                wanted.push(Action::RegisterSecret(secret.clone()));
            }
        }
    }

    /// Claims what the contract's stored proof of the partner still holds for this node.
    fn order_unlocks(&self, channel: &Channel, wanted: &mut Vec<Action>) {
        let theirs = channel.end(Side::Theirs);
        let stored = channel.stored_of(Side::Theirs);
        if stored.nonce != theirs.nonce() {
            return;
        }
        let due = |pending: &&PendingLock| {
            !pending.given_up
                && !channel.is_unlocked(&pending.lock.hashlock)
                && (pending.registered.is_some() || self.head < pending.lock.expiration)
        };
        // One lock that expires before the call is mined would make the contract refuse them all.
        // So those in their last blocks wait until their registration or the others are done.
        let reveal_timeout = self.config.reveal_timeout;
        let lasts = |pending: &&PendingLock| {
            pending.registered.is_some()
                || is_safe(self.head, pending.lock.expiration, reveal_timeout)
        };
        let locks = || theirs.locks().values().filter(due);
        let mut claims = claims(locks().filter(lasts), channel.stored_tree());
        if claims.is_empty() {
            claims = self::claims(locks(), channel.stored_tree());
        }
        if !claims.is_empty() {
            wanted.push(Action::Unlock {
                channel: channel.address(),
                payer: channel.partner(),
                transferred: stored.transferred,
                locksroot: stored.locksroot,
                claims,
            });
        }
    }
}

/// Returns the claims of those locks whose secrets are known, each proven in the tree that the
/// earlier ones leave.
fn claims<'a>(locks: impl Iterator<Item = &'a PendingLock>, mut tree: LockTree) -> Vec<LockClaim> {
    let mut claims = vec![];
    for pending in locks {
        if let (Some(secret), Some(proof)) = (&pending.secret, tree.proof(pending.leaf)) {
            claims.push(LockClaim { lock: pending.lock.encode(), secret: secret.clone(), proof });
            tree.replace(pending.leaf, crate::spent_marker(pending.leaf));
        }
    }
    claims
}

/// Submits what is newer than what a closed channel's contract stores.
fn order_proofs(channel: &Channel, partner_closed: bool, wanted: &mut Vec<Action>) {
    let (address, ours) = (channel.address(), channel.end(Side::Ours));
    if partner_closed
        && let Some(partner_proof) = channel.end(Side::Theirs).signed_proof(address)
        && partner_proof.proof.nonce > channel.stored_of(Side::Theirs).nonce
    {
        wanted.push(Action::UpdateTransfer { channel: address, partner_proof });
    }
    if let Some(own_proof) = ours.acknowledged
        && own_proof.proof.nonce > channel.stored_of(Side::Ours).nonce
    {
        wanted.push(Action::SupersedeTransfer { channel: address, own_proof });
    }
}

/// The chain's facts stand whether or not this node still has use for them.
fn ignore_unknown(result: Result<(), ProtocolError>) -> Result<(), ProtocolError> {
    match result {
        Err(error) if error.class() == crate::Class::Ignore => Ok(()),
        other => other,
    }
}
