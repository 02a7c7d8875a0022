use crate::Verified;
use serde::{Deserialize, Serialize};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, LocksRoot, NodeAddress, Nonce, PaymentId, Secret,
    TokenAddress, TokenAmount,
};

/// Everything that can happen to a node. Each variant names a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The chain grew. The core's only notion of time.
    BlockReached {
        /// The newest block.
        head: BlockNumber,
        /// The newest block whose facts have all been applied.
        confirmed: BlockNumber,
    },
    /// All blocks above this one were undone, with their facts.
    ReorgedTo(BlockNumber),
    /// A contract logged something.
    ChainFact {
        /// In which block.
        at: BlockNumber,
        /// What.
        fact: ChainFact,
    },
    /// The user asked for a payment.
    PaymentRequested(PaymentOrder),
    /// The user asked to close a channel.
    CloseRequested(ChannelAddress),
    /// The close could not be sent to the chain; the channel stays open.
    CloseFailed(ChannelAddress),
    /// A peer sent a message.
    MessageReceived {
        /// The message.
        message: Verified,
        /// If it is a transfer to be passed on: the next hops to try, best first.
        candidates: Vec<Candidate>,
    },
    /// A peer stored the direct transfer with this nonce.
    DirectTransferDelivered {
        /// The channel.
        channel: ChannelAddress,
        /// The transfer's nonce.
        nonce: Nonce,
    },
}

/// What contracts report about the node's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainFact {
    /// A channel of this node was opened.
    ChannelOpened {
        /// The channel.
        channel: ChannelAddress,
        /// The token it carries.
        token: TokenAddress,
        /// In the contract's order.
        participants: [NodeAddress; 2],
        /// Length of the window after a close.
        settle_timeout: BlockSpan,
    },
    /// A channel of this node logged something.
    Channel(ChannelAddress, ChannelFact),
    /// A secret was registered.
    SecretRevealed {
        /// The secret.
        secret: Secret,
    },
}

/// What one channel's contract reports after its opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelFact {
    /// A participant's total deposit is now this.
    Deposited(NodeAddress, TokenAmount),
    /// A participant's total withdrawal is now this.
    Withdrawn(NodeAddress, TokenAmount),
    /// A participant closed the channel and submitted the counterparty's proof.
    Closed {
        /// Who closed.
        closer: NodeAddress,
        /// What of the counterparty is stored now.
        stored: StoredProof,
    },
    /// Another proof of `payer` is stored now.
    Updated {
        /// Whose proof.
        payer: NodeAddress,
        /// What is stored now.
        stored: StoredProof,
    },
    /// A lock of `payer` was paid out.
    Unlocked {
        /// Whose lock.
        payer: NodeAddress,
        /// What opened it.
        secret: Secret,
        /// What is stored of the payer now: transferred and root; the nonce is unchanged.
        transferred: TokenAmount,
        /// The root after the lock's leaf was marked.
        locksroot: LocksRoot,
    },
    /// The channel paid out the participants, in the contract's order.
    Settled([TokenAmount; 2]),
}

/// What a closed channel's contract stores of one participant's proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoredProof {
    /// The proof's nonce; 0 when there is none.
    pub nonce: Nonce,
    /// All the participant has transferred.
    pub transferred: TokenAmount,
    /// Its pending locks.
    pub locksroot: LocksRoot,
}

/// A payment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// In which token.
    pub token: TokenAddress,
    /// To whom.
    pub target: NodeAddress,
    /// What the target shall receive.
    pub amount: TokenAmount,
    /// The payment's number.
    pub identifier: PaymentId,
    /// The most to add for mediators.
    pub fee: TokenAmount,
    /// The direct channel only, without a lock.
    pub is_direct: bool,
    /// 32 random bytes, from which the secrets of all attempts are derived.
    pub seed: Secret,
    /// The next hops to try, best first.
    pub candidates: Vec<Candidate>,
}

/// A next hop that may lead to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The node's own channel with the hop.
    pub channel: ChannelAddress,
    /// The hop.
    pub next_hop: NodeAddress,
}
