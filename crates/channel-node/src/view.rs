use serde::{Deserialize, Serialize};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, Hashlock, LocksRoot, ManagerAddress, MessageHash,
    NodeAddress, Nonce, PaymentId, Secret, Signature, TokenAddress, TokenAmount,
};

/// Blocks from the first to the last named, both included; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockRange {
    /// The first block.
    pub from: Option<BlockNumber>,
    /// The last block.
    pub to: Option<BlockNumber>,
}

impl BlockRange {
    /// Says whether `block` lies in the range.
    pub fn contains(&self, block: BlockNumber) -> bool {
        self.from.is_none_or(|from| block >= from) && self.to.is_none_or(|to| block <= to)
    }
}

/// How far a channel is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelState {
    /// Transfers are possible.
    Opened,
    /// One participant closed it; the settlement window runs or has passed.
    Closed,
    /// It paid out.
    Settled,
}

/// A pending lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockView {
    /// What it holds.
    pub amount: TokenAmount,
    /// The last block in which it can be claimed.
    pub expiration: BlockNumber,
    /// Its hash.
    pub hashlock: Hashlock,
    /// Whether the secret is known here.
    pub secret_known: bool,
}

/// A signed balance proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofView {
    /// Counts the payer's proofs.
    pub nonce: Nonce,
    /// All the payer has transferred so far.
    pub transferred: TokenAmount,
    /// The payer's pending locks.
    pub locksroot: LocksRoot,
    /// Hash of the message that carried the proof.
    pub message_hash: MessageHash,
    /// The payer's signature; absent for the node's own proofs, whose messages the partner holds.
    pub signature: Option<Signature>,
}

/// One of the node's channels, seen from its side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// The channel's contract.
    pub channel: ChannelAddress,
    /// The token.
    pub token: TokenAddress,
    /// The other participant.
    pub partner: NodeAddress,
    /// What the node owns in it, pending locks included; zero once settled.
    pub balance: TokenAmount,
    /// What the partner owns in it, pending locks included; zero once settled.
    pub partner_balance: TokenAmount,
    /// Sum of the node's pending locks.
    pub locked: TokenAmount,
    /// Sum of the partner's pending locks.
    pub partner_locked: TokenAmount,
    /// All the node deposited.
    pub deposit: TokenAmount,
    /// All the partner deposited.
    pub partner_deposit: TokenAmount,
    /// How far it is.
    pub state: ChannelState,
    /// Length of the window after a close.
    pub settle_timeout: BlockSpan,
    /// Blocks the node keeps in reserve to claim a lock on the chain.
    pub reveal_timeout: BlockSpan,
    /// When it was opened.
    pub opened_block: BlockNumber,
    /// When it was closed, if it was.
    pub closed_block: Option<BlockNumber>,
    /// When it paid out, if it did.
    pub settled_block: Option<BlockNumber>,
    /// What the node and the partner were paid out, once settled.
    pub payouts: Option<[TokenAmount; 2]>,
    /// The node's pending locks.
    pub locks: Vec<LockView>,
    /// The partner's pending locks.
    pub partner_locks: Vec<LockView>,
    /// The node's newest proof, if it ever made one.
    pub proof: Option<ProofView>,
    /// The partner's newest proof, if it ever sent one.
    pub partner_proof: Option<ProofView>,
}

/// A partner in one token and the channel with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartnerView {
    /// The partner.
    pub partner: NodeAddress,
    /// The channel that is not settled.
    pub channel: ChannelAddress,
}

/// A finished payment, as its payer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentReceipt {
    /// Who paid: this node.
    pub initiator: NodeAddress,
    /// Who was paid.
    pub target: NodeAddress,
    /// In which token.
    pub token: TokenAddress,
    /// What the target received.
    pub amount: TokenAmount,
    /// The payment's number.
    pub identifier: PaymentId,
    /// The most the payer was willing to add for mediators.
    pub fee: TokenAmount,
    /// Whether only the direct channel was allowed.
    pub is_direct: bool,
}

/// A token was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkEvent {
    /// The token.
    pub token: TokenAddress,
    /// The manager of its channels.
    pub manager: ManagerAddress,
    /// When.
    pub block: BlockNumber,
}

/// A channel was opened in a token, by anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEvent {
    /// The token.
    pub token: TokenAddress,
    /// The channel.
    pub channel: ChannelAddress,
    /// The opener and the partner.
    pub participants: [NodeAddress; 2],
    /// Length of the window after a close.
    pub settle_timeout: BlockSpan,
    /// When.
    pub block: BlockNumber,
}

/// Something that happened in one of the node's channels, on the chain or off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelEvent {
    /// When: the block that logged it, or the newest block when it happened off the chain.
    pub block: BlockNumber,
    /// What.
    pub kind: ChannelEventKind,
}

/// What happened in a channel.
///
/// The order of the variants is on disk: add new ones at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelEventKind {
    /// A participant's total deposit grew to `balance`.
    NewBalance {
        /// Whose.
        participant: NodeAddress,
        /// The total.
        balance: TokenAmount,
    },
    /// The channel was closed.
    Closed {
        /// By whom.
        closing_address: NodeAddress,
    },
    /// A newer proof was submitted after the close.
    TransferUpdated {
        /// The token.
        token: TokenAddress,
        /// The manager of the token's channels.
        manager: ManagerAddress,
        /// Whose proof it is.
        participant: NodeAddress,
    },
    /// A secret was shown on the chain for a lock of this channel.
    SecretRevealed {
        /// The secret.
        secret: Secret,
    },
    /// The channel paid out.
    Settled,
    /// This node paid somebody and the money left through this channel.
    TransferSentSuccess {
        /// The payment.
        identifier: PaymentId,
        /// What the target received.
        amount: TokenAmount,
        /// Who was paid.
        target: NodeAddress,
    },
    /// A payment of this node that tried this channel failed.
    TransferSentFailed {
        /// The payment.
        identifier: PaymentId,
        /// Why, in words.
        reason: String,
    },
    /// This node was paid through this channel.
    TransferReceivedSuccess {
        /// The payment.
        identifier: PaymentId,
        /// What arrived.
        amount: TokenAmount,
        /// Who paid.
        initiator: NodeAddress,
    },
}

/// How the node is doing, for readiness and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// The newest block the node has processed; `None` before the first.
    pub block: Option<BlockNumber>,
    /// Whether the node has caught up with the chain since it started.
    pub synced: bool,
    /// Channels that are not settled.
    pub channels: usize,
    /// Transfers that are not finished, in any role.
    pub pending_transfers: usize,
    /// Peers with a live connection.
    pub connected_peers: usize,
    /// Messages not yet acknowledged by their receivers.
    pub outbox: usize,
    /// Payments sent successfully since the start.
    pub payments_sent: u64,
    /// Payments that failed since the start.
    pub payments_failed: u64,
    /// Payments received since the start.
    pub payments_received: u64,
    /// Transfers mediated since the start.
    pub payments_mediated: u64,
}
