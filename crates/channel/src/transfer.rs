use crate::{Candidate, Lock, PaymentKey};
use serde::{Deserialize, Serialize};
use tally_primitives::{
    BlockNumber, ChannelAddress, Hashlock, NodeAddress, Nonce, PaymentId, Secret, TokenAmount,
};

/// A payment of this node that is not finished: the initiator's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which payment.
    pub key: PaymentKey,
    /// What the target shall receive.
    pub amount: TokenAmount,
    /// The most to add for mediators.
    pub fee: TokenAmount,
    /// How far it is.
    pub stage: PaymentStage,
    /// The next hops not tried yet, best first.
    pub candidates: Vec<Candidate>,
    /// The channels whose locks it used, in order.
    pub tried: Vec<ChannelAddress>,
    pub(crate) seed: Secret,
    pub(crate) attempts: u32,
}

/// How far a payment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentStage {
    /// Nothing was sent yet. Lasts only within one event.
    Planned,
    /// A direct transfer was sent and is not acknowledged.
    Direct {
        /// Through which channel.
        channel: ChannelAddress,
        /// The transfer's nonce.
        nonce: Nonce,
    },
    /// A lock is pending.
    Locked {
        /// The lock.
        leg: Leg,
        /// Its secret.
        secret: Secret,
        /// Whether the target was shown the secret: from then on there is no way back.
        revealed: bool,
    },
}

/// One lock on a transfer's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The channel that holds it.
    pub channel: ChannelAddress,
    /// The lock.
    pub lock: Lock,
}

/// A transfer that this node passes on: the mediator's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mediation {
    /// The hash that all locks of the transfer share.
    pub hashlock: Hashlock,
    /// The payer's number for the payment.
    pub identifier: PaymentId,
    /// Who pays in the end.
    pub initiator: NodeAddress,
    /// Who is paid in the end.
    pub target: NodeAddress,
    /// The lock towards this node.
    pub payer: Leg,
    /// How much of it the mediators from here on may keep.
    pub fee: TokenAmount,
    /// The lock from this node on.
    pub payee: Payee,
    /// The next hops not tried yet, best first.
    pub candidates: Vec<Candidate>,
    /// Opens the locks, once known.
    pub secret: Option<Secret>,
}

/// What became of a mediator's own lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payee {
    /// It is pending.
    Locked(Leg),
    /// The payee gave it up; its acknowledgement of the removal is awaited.
    Cancelling(Leg),
    /// It is paid.
    Paid(Leg),
    /// There is none and will be none: the payer's lock was given up.
    None,
}

/// A transfer to this node: the target's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The payer's number for the payment.
    pub identifier: PaymentId,
    /// Who pays in the end.
    pub initiator: NodeAddress,
    /// The lock towards this node.
    pub payer: Leg,
}

impl Payment {
    /// Returns the secret of the attempt with this number.
    pub(crate) fn secret_of(&self, attempt: u32) -> Secret {
        let parts = [&self.seed.expose()[..], &attempt.to_be_bytes()];
        Secret::new(tally_crypto::keccak256_parts(&parts).0)
    }

    /// Returns the hash of the pending lock, if the payment has one.
    pub(crate) const fn hashlock(&self) -> Option<Hashlock> {
        match &self.stage {
            PaymentStage::Planned | PaymentStage::Direct { .. } => None,
            PaymentStage::Locked { leg, .. } => Some(leg.lock.hashlock),
        }
    }
}

impl Payee {
    /// Returns the lock that may still cost this node money, if there is one.
    pub(crate) const fn pending(&self) -> Option<&Leg> {
        match self {
            Self::Locked(leg) | Self::Cancelling(leg) => Some(leg),
            Self::Paid(_) | Self::None => None,
        }
    }
}

/// Says whether there is time left to wait for a secret before it must go to the chain: the
/// expiration is more than `reveal` blocks away.
pub(crate) const fn is_safe(
    head: BlockNumber,
    expiration: BlockNumber,
    reveal: tally_primitives::BlockSpan,
) -> bool {
    head.0 < expiration.before(reveal).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_primitives::BlockSpan;

    /// Source: spec §10.5, "safe-to-wait with expiration 40 and reveal 10".
    #[test]
    fn waiting_is_safe_until_the_reveal_timeout_begins() {
        let safe = |head| is_safe(BlockNumber(head), BlockNumber(40), BlockSpan(10));
        assert!([1, 20, 29].into_iter().all(safe));
        assert!(![30, 50].into_iter().any(safe));
    }
}
