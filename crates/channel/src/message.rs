use crate::{BalanceProof, Lock, SignedProof};
use tally_crypto::{SecretKey, SignatureError};
use tally_primitives::{
    ChainId, ChannelAddress, Hashlock, LocksRoot, MessageHash, NodeAddress, Nonce, PaymentId,
    Secret, Signature, TokenAmount,
};

/// What nodes say to each other. The transport proves who says it and keeps the order.
///
/// Source: docs/formats.md, "Messages".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Carries a new balance proof of the sender.
    Envelope(Envelope, Signature),
    /// The target asks the initiator for a secret.
    SecretRequest(SecretRequest),
    /// Shows a secret.
    RevealSecret(Secret),
    /// The payee gives up a lock and asks the payer to remove it.
    Refund(Refund),
    /// The payee acknowledges the proof that removed a lock it gave up.
    CancellationAcknowledged(SignedProof),
    /// The receiver could not accept an envelope; the channel is out of step.
    Rejected(Rejected),
}

/// A message before the sender's key signed what of it must be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// To be signed as a balance proof.
    Envelope(Envelope),
    /// To be signed as an acknowledgement of this proof of `payer`.
    CancellationAcknowledged {
        /// The proof that removed the lock.
        proof: BalanceProof,
        /// Whose proof it is.
        payer: NodeAddress,
    },
    /// Needs no signature.
    SecretRequest(SecretRequest),
    /// Needs no signature.
    RevealSecret(Secret),
    /// Needs no signature.
    Refund(Refund),
    /// Needs no signature.
    Rejected(Rejected),
}

/// A message that changes the sender's balance proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The channel.
    pub channel: ChannelAddress,
    /// The sender's nonce, one above its previous.
    pub nonce: Nonce,
    /// All the sender has transferred, this message included.
    pub transferred: TokenAmount,
    /// The sender's pending locks after this message.
    pub locksroot: LocksRoot,
    /// What the message does.
    pub content: Content,
}

/// What an envelope does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Pays at once, without a lock: `transferred` grows by the amount.
    DirectTransfer {
        /// The payment.
        identifier: PaymentId,
    },
    /// Adds a lock.
    MediatedTransfer(MediatedTransfer),
    /// Pays a lock: removes it, and `transferred` grows by its amount.
    Unlock {
        /// The payment.
        identifier: PaymentId,
        /// Opens the lock.
        secret: Secret,
    },
    /// Removes a lock that expired.
    LockExpired {
        /// Which lock.
        hashlock: Hashlock,
    },
    /// Removes a lock that the payee gave up.
    LockCancellation {
        /// Which lock.
        hashlock: Hashlock,
    },
}

/// A transfer under a lock, on its way from the initiator to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediatedTransfer {
    /// The payment.
    pub identifier: PaymentId,
    /// What the receiver may claim.
    pub lock: Lock,
    /// Who pays in the end.
    pub initiator: NodeAddress,
    /// Who is paid in the end.
    pub target: NodeAddress,
    /// How much of the lock the mediators from here on may keep.
    pub fee: TokenAmount,
}

/// The target asks the initiator for the secret of a transfer it received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRequest {
    /// The payment.
    pub identifier: PaymentId,
    /// Whose preimage is wanted.
    pub hashlock: Hashlock,
    /// What arrived at the target.
    pub amount: TokenAmount,
}

/// The payee of a lock will not claim it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// The channel.
    pub channel: ChannelAddress,
    /// Which lock.
    pub hashlock: Hashlock,
}

/// An envelope was not accepted and never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// The channel.
    pub channel: ChannelAddress,
    /// The refused envelope's nonce.
    pub nonce: Nonce,
}

/// A message whose signatures were checked against its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    from: NodeAddress,
    message: Message,
}

impl Envelope {
    /// Returns the balance proof that the message carries.
    pub fn proof(&self) -> BalanceProof {
        BalanceProof {
            channel: self.channel,
            nonce: self.nonce,
            transferred: self.transferred,
            locksroot: self.locksroot,
            message_hash: self.message_hash(),
        }
    }

    /// Returns the hash of the encoded message without its signature.
    pub fn message_hash(&self) -> MessageHash {
        MessageHash(tally_crypto::keccak256(crate::wire::encode_unsigned(self)))
    }
}

impl Outgoing {
    /// Signs what must be signed.
    pub fn sign(self, chain: ChainId, key: &SecretKey) -> Message {
        match self {
            Self::Envelope(envelope) => {
                let signature = envelope.proof().sign(chain, key).signature;
                Message::Envelope(envelope, signature)
            }
            Self::CancellationAcknowledged { proof, payer } => {
                Message::CancellationAcknowledged(proof.acknowledge(chain, payer, key))
            }
            Self::SecretRequest(request) => Message::SecretRequest(request),
            Self::RevealSecret(secret) => Message::RevealSecret(secret),
            Self::Refund(refund) => Message::Refund(refund),
            Self::Rejected(rejected) => Message::Rejected(rejected),
        }
    }
}

impl Message {
    /// Checks the signatures of a message that `from` sent to `receiver`.
    ///
    /// # Errors
    ///
    /// [`SignatureError`] if the sender did not sign what it had to.
    pub fn verify(
        self,
        chain: ChainId,
        from: NodeAddress,
        receiver: NodeAddress,
    ) -> Result<Verified, SignatureError> {
        match &self {
            Self::Envelope(envelope, signature) => {
                SignedProof { proof: envelope.proof(), signature: *signature }
                    .verify(chain, from)?;
            }
            Self::CancellationAcknowledged(acknowledged) => {
                acknowledged.verify_acknowledgement(chain, receiver, from)?;
            }
            Self::SecretRequest(_)
            | Self::RevealSecret(_)
            | Self::Refund(_)
            | Self::Rejected(_) => {}
        }
        Ok(Verified { from, message: self })
    }
}

impl Verified {
    /// Returns who sent it.
    pub const fn from(&self) -> NodeAddress {
        self.from
    }

    /// Returns what was said.
    pub const fn message(&self) -> &Message {
        &self.message
    }
}
