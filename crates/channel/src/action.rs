use crate::{Outgoing, SignedProof};
use tally_primitives::{
    B256, ChannelAddress, LocksRoot, NodeAddress, Nonce, PaymentId, Secret, TokenAddress,
    TokenAmount,
};

/// What the node must do. Inert data: nothing has happened yet.
///
/// Chain calls may be ordered more than once (after a restart, every one still wanted is); the
/// contracts refuse what is done already, so repeating them is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Send a message; the peer must get all messages in this order.
    Send {
        /// To whom.
        to: NodeAddress,
        /// What.
        message: Outgoing,
    },
    /// Register a secret on the chain before a lock expires.
    RegisterSecret(Secret),
    /// Close a channel.
    Close {
        /// The channel.
        channel: ChannelAddress,
        /// The partner's newest proof, if it ever sent one.
        partner_proof: Option<SignedProof>,
    },
    /// Submit the partner's newest proof to a channel that the partner closed.
    UpdateTransfer {
        /// The channel.
        channel: ChannelAddress,
        /// The partner's newest proof.
        partner_proof: SignedProof,
    },
    /// Submit the node's own proof that removed locks which the partner gave up, with the
    /// partner's acknowledgement, so that no older one counts.
    SupersedeTransfer {
        /// The channel.
        channel: ChannelAddress,
        /// The node's own proof, acknowledged by the partner.
        own_proof: SignedProof,
    },
    /// Claim the partner's locks whose secrets are known.
    Unlock {
        /// The channel.
        channel: ChannelAddress,
        /// The partner.
        payer: NodeAddress,
        /// What the contract stores of the partner now.
        transferred: TokenAmount,
        /// The root that the contract stores of the partner now.
        locksroot: LocksRoot,
        /// The claims, each proven in the tree that the earlier ones leave.
        claims: Vec<LockClaim>,
    },
    /// Tell whoever wants to know.
    Report(Report),
}

/// One lock to claim on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockClaim {
    /// The encoded lock.
    pub lock: [u8; 72],
    /// Opens it.
    pub secret: Secret,
    /// Its siblings, bottom up.
    pub proof: Vec<B256>,
}

/// What became of payments and channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A payment of this node succeeded.
    PaymentSent {
        /// Which payment.
        payment: PaymentKey,
        /// What the target receives.
        amount: TokenAmount,
        /// The channel it left through.
        channel: ChannelAddress,
        /// The proof that carried it: the direct transfer's or the unlock's; the newest there, if
        /// its lock was claimed on the chain.
        nonce: Nonce,
    },
    /// A payment of this node failed; no money left.
    PaymentFailed {
        /// Which payment.
        payment: PaymentKey,
        /// What the target should have received.
        amount: TokenAmount,
        /// Why.
        reason: PaymentFailure,
        /// The channels whose locks it used, in order.
        channels: Vec<ChannelAddress>,
    },
    /// This node was paid.
    PaymentReceived {
        /// Who paid.
        initiator: NodeAddress,
        /// In which token.
        token: TokenAddress,
        /// The payer's number for it.
        identifier: PaymentId,
        /// What arrived.
        amount: TokenAmount,
        /// The channel it arrived through.
        channel: ChannelAddress,
    },
    /// A transfer went through this node.
    PaymentMediated {
        /// The token.
        token: TokenAddress,
        /// The payer's number for it.
        identifier: PaymentId,
        /// Who paid in the end.
        initiator: NodeAddress,
        /// Who was paid in the end.
        target: NodeAddress,
        /// What was passed on.
        amount: TokenAmount,
        /// What this node keeps.
        fee: TokenAmount,
        /// The channel it came through.
        payer: ChannelAddress,
        /// The channel it left through.
        payee: ChannelAddress,
    },
    /// A next hop gave up a transfer: its way on did not have the capacity just now.
    HopRefused {
        /// The channel towards the hop.
        channel: ChannelAddress,
        /// The hop.
        hop: NodeAddress,
        /// Where the transfer should have gone.
        target: NodeAddress,
        /// How much it was.
        amount: TokenAmount,
    },
    /// The partner refused an envelope: the channel is out of step and only good for closing.
    ChannelOutOfStep(ChannelAddress),
}

/// Names one payment of this node.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct PaymentKey {
    /// The token.
    pub token: TokenAddress,
    /// Who is paid.
    pub target: NodeAddress,
    /// The payment's number, unique per token and target.
    pub identifier: PaymentId,
}

/// Why a payment failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PaymentFailure {
    /// Every candidate refused.
    RoutesExhausted,
    /// The lock expired unclaimed.
    Expired,
    /// The channel settled before the transfer was claimed.
    ChannelSettled,
    /// The partner refused the transfer's message.
    Rejected,
}
