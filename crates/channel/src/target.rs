//! The target: asks the initiator for the secret and claims its lock with it.

use crate::{
    Outgoing, ProtocolError, Receipt, Report, SecretRequest, channel::Side, step::Step,
    transfer::is_safe,
};
use tally_primitives::{ChannelAddress, Hashlock, Secret};

impl Step<'_> {
    /// A transfer to this node is locked: ask for its secret while there is time to claim it.
    pub(crate) fn receive_or_refuse(&mut self, hashlock: Hashlock) -> Result<(), ProtocolError> {
        let Some(Receipt { identifier, initiator, payer }) = self.receipts.get(&hashlock).cloned()
        else {
            return Ok(());
        };
        if !is_safe(self.head, payer.lock.expiration, self.config.reveal_timeout) {
            return self.give_up(payer.channel, hashlock);
        }
        let amount = payer.lock.amount;
        let request = SecretRequest { identifier, hashlock, amount };
        self.send(initiator, Outgoing::SecretRequest(request));
        Ok(())
    }

    /// The secret of a transfer to this node is known.
    pub(crate) fn receipt_opened(
        &mut self,
        hashlock: Hashlock,
        secret: &Secret,
    ) -> Result<(), ProtocolError> {
        let Some(receipt) = self.receipts.get(&hashlock) else { return Ok(()) };
        let payer = receipt.payer;
        let pending = self.channel(payer.channel)?.end(Side::Theirs).pending(hashlock)?;
        // Given up is given up: the payer may have sent the money another way.
        if pending.given_up || pending.secret.is_some() {
            return Err(ProtocolError::UnknownSecret);
        }
        self.claim_from_payer(payer, secret)
    }

    /// The payer of a lock paid it.
    pub(crate) fn lock_paid(
        &mut self,
        channel: ChannelAddress,
        secret: &Secret,
    ) -> Result<(), ProtocolError> {
        let hashlock = tally_crypto::hashlock(secret);
        if let Some(receipt) = self.receipts.get(&hashlock).cloned()
            && receipt.payer.channel == channel
        {
            self.receipts.remove(&hashlock);
            let token = self.channel(channel)?.token();
            self.report(Report::PaymentReceived {
                initiator: receipt.initiator,
                token,
                identifier: receipt.identifier,
                amount: receipt.payer.lock.amount,
                channel,
            });
            return Ok(());
        }
        self.mediation_opened(hashlock, secret)
    }

    /// The payer of a lock removed it unpaid.
    pub(crate) fn lock_removed(
        &mut self,
        hashlock: Hashlock,
        channel: ChannelAddress,
    ) -> Result<(), ProtocolError> {
        if self.receipts.get(&hashlock).is_some_and(|receipt| receipt.payer.channel == channel) {
            self.receipts.remove(&hashlock);
        }
        self.finish_mediation(hashlock);
        Ok(())
    }
}
