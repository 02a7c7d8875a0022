use std::error::Error;
use tally_primitives::{BlockNumber, ChannelAddress, TokenAmount, TransactionHash, Wei};

/// Why the chain could not be asked, split by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A time-out, a lost connection, a busy server: the same call may succeed later.
    #[error("{operation} failed for now")]
    Transient {
        /// What was being done.
        operation: &'static str,
        /// What the library said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A wrong chain, a missing contract, an answer that makes no sense: trying again is no use.
    #[error("{operation} cannot succeed")]
    Permanent {
        /// What was being done.
        operation: &'static str,
        /// What the library said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Why a transaction changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The contract refused; the chain is as it was, but for the gas if it was mined.
    #[error("the contract refused")]
    Refused(#[source] Refusal),
    /// The account cannot pay for the gas.
    #[error("the account holds {balance} wei, too little to pay for gas")]
    InsufficientGas {
        /// What it holds.
        balance: Wei,
    },
    /// The transaction was sent but not mined in time; it may still be.
    #[error("transaction {transaction} was not mined in time")]
    TimedOut {
        /// The newest version of the transaction.
        transaction: TransactionHash,
    },
    /// The chain could not be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// A contract's refusal, decoded from its custom error.
///
/// Source: docs/contracts.md, the errors of each function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token has a manager already.
    #[error("token already registered")]
    TokenAlreadyRegistered,
    /// The address is not an ERC-20 token.
    #[error("no ERC-20 token at this address")]
    NotAToken,
    /// The registry knows no manager for the token.
    #[error("token not registered")]
    UnknownToken,
    /// The pair has a live channel in this token.
    #[error("a channel with this partner is already open: {0}")]
    ChannelExists(ChannelAddress),
    /// A node cannot open a channel with itself.
    #[error("a channel needs two different participants")]
    SamePartner,
    /// The window is outside what the contract allows.
    #[error("settle timeout must be {min} to {max} blocks")]
    InvalidSettleTimeout {
        /// The shortest window.
        min: u64,
        /// The longest window.
        max: u64,
    },
    /// The caller holds fewer tokens, or allowed fewer, than the call moves.
    #[error("insufficient tokens: {available} available, {needed} needed")]
    InsufficientTokens {
        /// What the account holds.
        available: TokenAmount,
        /// What the call needs.
        needed: TokenAmount,
    },
    /// Nothing arrived in the channel.
    #[error("nothing to deposit")]
    NothingToDeposit,
    /// The participant's deposits would exceed what a channel can account.
    #[error("a channel accounts at most {max} more")]
    AmountTooLarge {
        /// How much more would be accepted.
        max: TokenAmount,
    },
    /// The channel is closed or settled.
    #[error("channel is not open")]
    ChannelNotOpen,
    /// The channel is still open.
    #[error("channel is not closed")]
    ChannelNotClosed,
    /// The channel is settled.
    #[error("channel is already settled")]
    ChannelSettled,
    /// The window has not passed.
    #[error("settlement window is open until block {until}")]
    WindowOpen {
        /// The last block of the window.
        until: BlockNumber,
    },
    /// The window has passed.
    #[error("settlement window has passed")]
    WindowClosed,
    /// The contract holds a proof with this nonce or a higher one.
    #[error("a newer proof is already stored")]
    StaleNonce,
    /// The given amount and locksroot are not those stored for the payer.
    #[error("not the stored proof")]
    UnknownProof,
    /// The lock is past its expiration and its secret was not registered in time.
    #[error("lock has expired")]
    LockExpired,
    /// The caller takes no part in the channel.
    #[error("not a participant of this channel")]
    NotParticipant,
    /// A refusal this node has no words for: the error's name, or the server's text.
    #[error("{0}")]
    Other(String),
}
