use tally_chain::ChainError;
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, NodeAddress, PaymentId, TokenAddress, TokenAmount,
    TransactionHash, Wei,
};

/// Why a request was not carried out. Nothing changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The registry knows no such token.
    #[error("token {0} is not registered")]
    UnknownToken(TokenAddress),
    /// The token is registered already.
    #[error("token {0} is already registered")]
    TokenAlreadyRegistered(TokenAddress),
    /// There is no ERC-20 token at the address.
    #[error("there is no ERC-20 token at {0}")]
    NotAToken(TokenAddress),
    /// The node takes no part in such a channel.
    #[error("channel {0} does not exist or is not one of this node's")]
    UnknownChannel(ChannelAddress),
    /// The request names the node itself where it needs somebody else.
    #[error("this node's own address cannot be the {role}")]
    OwnAddress {
        /// `"partner"` or `"target"`.
        role: &'static str,
    },
    /// The request names the zero address, which nobody holds.
    #[error("the zero address cannot be the {role}")]
    ZeroAddress {
        /// `"partner"` or `"target"`.
        role: &'static str,
    },
    /// The settlement window is too short for the node's reveal timeout or outside the contract's
    /// limits.
    #[error("settle_timeout is {given} blocks; it must be {min} to {max}")]
    InvalidSettleTimeout {
        /// What was asked for.
        given: BlockSpan,
        /// The shortest this node opens.
        min: BlockSpan,
        /// The longest the contract takes.
        max: BlockSpan,
    },
    /// A live channel with the partner exists.
    #[error("channel {channel} with {partner} is already open in this token")]
    ChannelExists {
        /// The live channel.
        channel: ChannelAddress,
        /// The partner.
        partner: NodeAddress,
    },
    /// The channel was opened, but the deposit failed; the channel stays open without it.
    #[error("channel {channel} was opened, but the deposit failed")]
    OpenedWithoutDeposit {
        /// The new channel.
        channel: ChannelAddress,
        /// Why the deposit failed.
        #[source]
        source: Box<Self>,
    },
    /// The channel is closed already, or being closed.
    #[error("channel {0} is already closed")]
    AlreadyClosed(ChannelAddress),
    /// The channel is settled already.
    #[error("channel {0} is already settled")]
    AlreadySettled(ChannelAddress),
    /// The channel is still open, so it cannot be settled.
    #[error("channel {0} is still open: close it first")]
    StillOpen(ChannelAddress),
    /// The settlement window has not passed.
    #[error("channel {channel} can be settled after block {until}")]
    SettlementWindowOpen {
        /// Which channel.
        channel: ChannelAddress,
        /// The last block of the window.
        until: BlockNumber,
    },
    /// Locks of the partner are still to be claimed; settling now would give them back.
    #[error("channel {0} still has locks to claim: settle it once they are claimed")]
    ClaimsPending(ChannelAddress),
    /// The account holds fewer tokens than the request moves.
    #[error("insufficient tokens: the account holds {available}, the request needs {needed}")]
    InsufficientTokens {
        /// What the account holds.
        available: TokenAmount,
        /// What the request needs.
        needed: TokenAmount,
    },
    /// The account cannot pay for gas.
    #[error("insufficient coin for gas: the account holds {balance} wei")]
    InsufficientGas {
        /// What it holds.
        balance: Wei,
    },
    /// No route has the capacity, or no neighbour on one is online.
    #[error("no available route")]
    NoRoute,
    /// A direct transfer needs an open channel with the target.
    #[error("no direct channel with {target} in token {token}")]
    NoDirectChannel {
        /// The token.
        token: TokenAddress,
        /// The target.
        target: NodeAddress,
    },
    /// Every route was tried and refused; all locks are free again or being freed.
    #[error("no route available: every route refused the transfer")]
    RoutesExhausted,
    /// Another payment to the same target uses the identifier, with other terms.
    #[error("identifier {0} belongs to another payment to this target")]
    IdentifierInUse(PaymentId),
    /// The payment was not finished in time. It is still pending: the same request with the same
    /// identifier asks for its outcome.
    #[error("transfer {identifier} is not finished yet: it is still pending")]
    PaymentPending {
        /// The payment.
        identifier: PaymentId,
    },
    /// The lock of the payment expired unclaimed; the money is back.
    #[error("transfer {identifier} expired")]
    PaymentExpired {
        /// The payment.
        identifier: PaymentId,
    },
    /// Another request came with the same key.
    #[error("Idempotency-Key belongs to another request")]
    KeyInUse,
    /// The request with this key is under way, or it is not known yet what became of it. The same
    /// request with the same key asks again.
    #[error("the request with this Idempotency-Key is not finished yet: ask again")]
    KeyPending,
    /// This node made no payment with the identifier.
    #[error("this node made no payment {0} to this target in this token")]
    UnknownPayment(PaymentId),
    /// The node was switched to direct transfers only.
    #[error("no mediated transfer on mesh only network")]
    MeshOnly,
    /// The amount must be at least 1 and, with its fee, fit 256 bits.
    #[error("{field} is out of range")]
    AmountOutOfRange {
        /// The request's field.
        field: &'static str,
    },
    /// The contract refused for a reason that none of the other variants names.
    #[error("the contract refused: {0}")]
    ContractRefused(String),
    /// The transaction was sent but not mined in time; it may still be.
    #[error("transaction {0} was not mined in time; it may still be")]
    TransactionPending(TransactionHash),
    /// The transaction was mined, but the node has not seen its event yet.
    #[error("transaction {0} is mined; its event is not confirmed yet")]
    EventPending(TransactionHash),
    /// An address in a list of peers cannot be used.
    #[error("{0} is not a usable host:port")]
    InvalidEndpoint(String),
    /// The chain cannot be asked.
    #[error("the chain cannot be reached")]
    Chain(#[from] ChainError),
    /// Too many requests wait; try again.
    #[error("too many requests are waiting")]
    Busy,
    /// The node is shutting down, or stopped after a fault that its log names.
    #[error("the node is stopping")]
    Stopping,
}
