use tally_primitives::{
    AmountRangeError, BlockNumber, ChannelAddress, Hashlock, NodeAddress, Nonce, PaymentId,
    TokenAddress, TokenAmount,
};

/// How to react to a refused event. The state is as it was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Late, repeated or no longer of interest: forget it.
    Ignore,
    /// Right, but ahead of what this node has seen of the chain: offer it again after the next
    /// block, and nothing later from the same peer before it.
    Defer,
    /// Never to be accepted, because it is against the rules or because the channel was closed
    /// meanwhile: the peer must be told, so that it does not take an envelope for accepted.
    RejectPeer,
    /// The user's request cannot be met now.
    RefuseRequest,
}

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// No such channel, or none with this peer.
    #[error("no channel {channel} with {peer}")]
    UnknownChannel {
        /// The channel that was named.
        channel: ChannelAddress,
        /// The peer that named it.
        peer: NodeAddress,
    },
    /// The node has no such channel.
    #[error("no channel {0}")]
    NotOwnChannel(ChannelAddress),
    /// The channel is closed, or settled.
    #[error("channel {0} is not open")]
    ChannelNotOpen(ChannelAddress),
    /// The channel is being closed.
    #[error("channel {0} is being closed")]
    ChannelClosing(ChannelAddress),
    /// The nonce does not follow the previous one.
    #[error("nonce {got} does not follow {last} in channel {channel}")]
    WrongNonce {
        /// The channel.
        channel: ChannelAddress,
        /// The newest accepted.
        last: Nonce,
        /// What came.
        got: Nonce,
    },
    /// The transferred amount is not what the message's content makes it.
    #[error("transferred amount {got} should be {expected}")]
    WrongTransferred {
        /// What it should be.
        expected: TokenAmount,
        /// What came.
        got: TokenAmount,
    },
    /// A direct transfer moves nothing, or the amount went down.
    #[error("a direct transfer must raise the transferred amount")]
    NothingTransferred,
    /// The root is not that of the sender's locks after the message.
    #[error("locksroot does not match the locks of channel {0}")]
    WrongLocksroot(ChannelAddress),
    /// The payer owns too little that is not locked.
    #[error("{needed} needed, {available} available in channel {channel}")]
    InsufficientCapacity {
        /// The channel.
        channel: ChannelAddress,
        /// What the transfer needs.
        needed: TokenAmount,
        /// What the payer can spend.
        available: TokenAmount,
    },
    /// Too many locks are pending.
    #[error("channel {channel} already holds {bound} locks")]
    TooManyLocks {
        /// The channel.
        channel: ChannelAddress,
        /// The bound.
        bound: usize,
    },
    /// The payer already has a lock with this hash in the channel.
    #[error("lock {0} is already pending")]
    DuplicateLock(Hashlock),
    /// No such lock is pending.
    #[error("lock {0} is not pending")]
    UnknownLock(Hashlock),
    /// The lock holds nothing.
    #[error("lock {0} holds nothing")]
    EmptyLock(Hashlock),
    /// The lock has not expired, as far as this node has seen.
    #[error("lock {hashlock} expires only after block {expiration}")]
    LockNotExpired {
        /// Which lock.
        hashlock: Hashlock,
        /// Its last block.
        expiration: BlockNumber,
    },
    /// The secret was registered in time, so the lock does not expire.
    #[error("the secret of lock {0} was registered before it expired")]
    SecretRegistered(Hashlock),
    /// The payee did not give the lock up.
    #[error("lock {0} was not given up")]
    NotGivenUp(Hashlock),
    /// The secret of this lock was already shown, so it cannot be given up.
    #[error("lock {0} cannot be given up any more")]
    RefundTooLate(Hashlock),
    /// Nothing is waiting for this secret.
    #[error("no lock waits for this secret")]
    UnknownSecret,
    /// The secret request fits no payment of this node.
    #[error("secret request for {0} fits no payment")]
    UnexpectedSecretRequest(Hashlock),
    /// It is too late to show the secret safely.
    #[error("too late to reveal the secret of {0}")]
    RevealTooLate(Hashlock),
    /// The acknowledgement is not of the proof that removed the lock.
    #[error("acknowledgement of a proof that cancels nothing")]
    UnexpectedAcknowledgement,
    /// Nothing waits for the delivery of this message.
    #[error("nothing waits for this delivery")]
    UnexpectedDelivery,
    /// No candidate has the capacity.
    #[error("no available route")]
    NoRoute,
    /// No open channel with the target.
    #[error("no direct channel with {target} in token {token}")]
    NoDirectChannel {
        /// The token.
        token: TokenAddress,
        /// The target.
        target: NodeAddress,
    },
    /// Another payment to the target has this number.
    #[error("identifier {0} belongs to another payment")]
    IdentifierInUse(PaymentId),
    /// A payment moves at least 1.
    #[error("a payment moves at least 1")]
    ZeroAmount,
    /// A sum left its range.
    #[error("amount arithmetic failed")]
    Range(#[from] AmountRangeError),
    /// The chain reports what cannot follow from what it reported before.
    #[error("the chain reported {0} out of order")]
    ImpossibleFact(&'static str),
}

impl ProtocolError {
    /// Says how to react. One exhaustive match, so that a new variant cannot forget its class.
    pub const fn class(&self) -> Class {
        match self {
            Self::UnknownChannel { .. }
            | Self::ChannelClosing(_)
            | Self::InsufficientCapacity { .. }
            | Self::LockNotExpired { .. } => Class::Defer,
            Self::UnknownSecret
            | Self::RefundTooLate(_)
            | Self::UnexpectedSecretRequest(_)
            | Self::RevealTooLate(_)
            | Self::UnexpectedAcknowledgement
            | Self::UnexpectedDelivery
            | Self::ImpossibleFact(_) => Class::Ignore,
            Self::ChannelNotOpen(_)
            | Self::WrongNonce { .. }
            | Self::WrongTransferred { .. }
            | Self::NothingTransferred
            | Self::WrongLocksroot(_)
            | Self::TooManyLocks { .. }
            | Self::DuplicateLock(_)
            | Self::UnknownLock(_)
            | Self::EmptyLock(_)
            | Self::SecretRegistered(_)
            | Self::NotGivenUp(_)
            | Self::Range(_) => Class::RejectPeer,
            Self::NotOwnChannel(_)
            | Self::NoRoute
            | Self::NoDirectChannel { .. }
            | Self::IdentifierInUse(_)
            | Self::ZeroAmount => Class::RefuseRequest,
        }
    }
}
