//! What is still under way, and how far one payment is.

use crate::{PaymentReceipt, PaymentRole, RequestError, owner::Owner, reports, store::OrderState};
use tally_channel::{
    Leg, Mediation, Payee, Payment, PaymentFailure, PaymentKey, PaymentStage, Receipt, Side,
};
use tally_primitives::{
    BlockNumber, ChannelAddress, Hashlock, NodeAddress, PaymentId, TokenAddress, TokenAmount,
};

/// How far a payment of this node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentProgress {
    /// Its terms; `initiator` is this node.
    pub receipt: PaymentReceipt,
    /// Whether it is not finished.
    pub is_pending: bool,
    /// Why it failed; `None` if it did not.
    pub failure: Option<PaymentFailure>,
}

impl PaymentProgress {
    /// Returns why it failed, in words.
    pub fn reason(&self) -> Option<&'static str> {
        self.failure.map(reports::describe)
    }
}

/// A transfer that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTransfer {
    /// What this node is to it.
    pub role: PaymentRole,
    /// In which token.
    pub token: TokenAddress,
    /// Who pays in the end.
    pub initiator: NodeAddress,
    /// Who is paid in the end.
    pub target: NodeAddress,
    /// The payer's number for it.
    pub identifier: PaymentId,
    /// What the target shall receive.
    pub amount: TokenAmount,
    /// The most that is left for mediators, from this node on.
    pub fee: TokenAmount,
    /// How far it is.
    pub stage: PendingStage,
    /// Its locks in channels of this node: towards it first.
    pub locks: Vec<LegView>,
}

/// How far a transfer is that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingStage {
    /// A direct transfer was sent and is not acknowledged.
    Sent,
    /// Its locks are there, their secret was not shown to this node, nor by it.
    Locked,
    /// The secret is out: the locks are being paid.
    Revealed,
    /// The lock from this node on was given up and is being removed.
    Cancelling,
}

/// One lock of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegView {
    /// The channel that holds it.
    pub channel: ChannelAddress,
    /// Whether it is this node's own.
    pub is_outgoing: bool,
    /// What it holds.
    pub amount: TokenAmount,
    /// The last block in which it can be claimed.
    pub expiration: BlockNumber,
    /// Its hash.
    pub hashlock: Hashlock,
}

impl LegView {
    const fn new(leg: &Leg, is_outgoing: bool) -> Self {
        let Leg { channel, lock } = leg;
        Self {
            channel: *channel,
            is_outgoing,
            amount: lock.amount,
            expiration: lock.expiration,
            hashlock: lock.hashlock,
        }
    }
}

impl Owner {
    /// Says how far a payment of this node is.
    pub(crate) fn payment_progress(
        &mut self,
        key: PaymentKey,
    ) -> Result<PaymentProgress, RequestError> {
        let PaymentKey { token, target, identifier } = key;
        let order = self.known_order(&key)?.ok_or(RequestError::UnknownPayment(identifier))?;
        let crate::store::Terms { amount, fee, is_direct } = order.terms;
        let initiator = self.key.address();
        let receipt =
            PaymentReceipt { initiator, target, token, amount, identifier, fee, is_direct };
        let (is_pending, failure) = match order.state {
            OrderState::Pending => (true, None),
            OrderState::Sent => (false, None),
            OrderState::Failed(reason) => (false, Some(reason)),
        };
        Ok(PaymentProgress { receipt, is_pending, failure })
    }

    /// Lists the transfers that are not finished: payments of this node, then those that it passes
    /// on, then those to it.
    pub(crate) fn pending_transfers(&self) -> Vec<PendingTransfer> {
        let initiated = self.protocol.payments().map(|payment| self.initiated(payment));
        let mediated = self.protocol.mediations().map(|mediation| self.mediated(mediation));
        let received = self.protocol.receipts().map(|receipt| self.received(receipt));
        initiated.chain(mediated).chain(received).collect()
    }

    fn initiated(&self, payment: &Payment) -> PendingTransfer {
        let (stage, locks) = match &payment.stage {
            PaymentStage::Planned | PaymentStage::Direct { .. } => (PendingStage::Sent, vec![]),
            PaymentStage::Locked { leg, revealed, .. } => {
                let stage = if *revealed { PendingStage::Revealed } else { PendingStage::Locked };
                (stage, vec![LegView::new(leg, true)])
            }
        };
        PendingTransfer {
            role: PaymentRole::Initiator,
            token: payment.key.token,
            initiator: self.key.address(),
            target: payment.key.target,
            identifier: payment.key.identifier,
            amount: payment.amount,
            fee: payment.fee,
            stage,
            locks,
        }
    }

    fn mediated(&self, mediation: &Mediation) -> PendingTransfer {
        let (own, is_cancelling) = match &mediation.payee {
            Payee::Locked(leg) => (Some(leg), false),
            Payee::Cancelling(leg) => (Some(leg), true),
            Payee::Paid(_) | Payee::None => (None, false),
        };
        let stage = match (is_cancelling, &mediation.secret) {
            (true, _) => PendingStage::Cancelling,
            (false, Some(_)) => PendingStage::Revealed,
            (false, None) => PendingStage::Locked,
        };
        let payer = LegView::new(&mediation.payer, false);
        PendingTransfer {
            role: PaymentRole::Mediator,
            token: self.token_of(mediation.payer.channel),
            initiator: mediation.initiator,
            target: mediation.target,
            identifier: mediation.identifier,
            amount: mediation.payer.lock.amount.saturating_sub(mediation.fee),
            fee: mediation.fee,
            stage,
            locks: [payer].into_iter().chain(own.map(|leg| LegView::new(leg, true))).collect(),
        }
    }

    fn received(&self, receipt: &Receipt) -> PendingTransfer {
        let Leg { channel, lock } = receipt.payer;
        let pending = self
            .protocol
            .channel(channel)
            .and_then(|own| own.end(Side::Theirs).locks().get(&lock.hashlock));
        let is_revealed = pending.is_some_and(|pending| pending.secret.is_some());
        PendingTransfer {
            role: PaymentRole::Target,
            token: self.token_of(channel),
            initiator: receipt.initiator,
            target: self.key.address(),
            identifier: receipt.identifier,
            amount: lock.amount,
            fee: TokenAmount::ZERO,
            stage: if is_revealed { PendingStage::Revealed } else { PendingStage::Locked },
            locks: vec![LegView::new(&receipt.payer, false)],
        }
    }

    fn token_of(&self, channel: ChannelAddress) -> TokenAddress {
        let own = self.protocol.channel(channel);
        own.map_or(TokenAddress::new([0; 20]), tally_channel::Channel::token)
    }
}
