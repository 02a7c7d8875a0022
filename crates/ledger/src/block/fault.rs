use tally_crypto::ed25519::PublicKey;

use super::{
    BLOCK_AHEAD_SECONDS_MAX, BLOCK_BEHIND_SECONDS_MAX, BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX,
    BLOCK_WORK_MAX,
};
use crate::{Rejection, Timestamp, TransactionId};

/// Why a block may not be appended to a chain: the first rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// Its id is a Keccak-256 hash. One body would have two ids if both functions were allowed.
    #[error("the id of a block is the SHA3-256 hash of its body")]
    IdHash,
    /// The signature is not the maker's.
    #[error("the signature is not that of the maker {maker}")]
    Signature {
        /// Who the block says made it.
        maker: PublicKey,
    },
    /// The maker is not a member of the federation.
    #[error("the maker {maker} is not a member of the federation")]
    Maker {
        /// Who made it.
        maker: PublicKey,
    },
    /// The voters are not the members of the federation, each once.
    #[error("the voters are not the members of the federation, each once")]
    Voters,
    /// It has no transaction.
    #[error("the block has no transaction")]
    Empty,
    /// It has too many transactions.
    #[error("the block has {count} transactions, more than {BLOCK_TRANSACTIONS_MAX}")]
    TooManyTransactions {
        /// How many.
        count: usize,
    },
    /// It is too long.
    #[error("the block has {bytes} bytes, more than {BLOCK_BYTES_MAX}")]
    TooLarge {
        /// The length of its compact encoding.
        bytes: usize,
    },
    /// To verify its signatures is too much work.
    #[error("the signatures of the block are {work} bytes to hash, more than {BLOCK_WORK_MAX}")]
    TooMuchWork {
        /// The sum of [`Transaction::verification_work`](crate::Transaction::verification_work).
        work: u64,
    },
    /// Its time is before that of the block that it follows.
    #[error("the time {time} is before {parent}, that of the block before")]
    BeforeParent {
        /// Its time.
        time: Timestamp,
        /// The time of the block before.
        parent: Timestamp,
    },
    /// Its time is too far from the checker's clock.
    #[error(
        "the time {time} is more than {BLOCK_AHEAD_SECONDS_MAX} s after or \
         {BLOCK_BEHIND_SECONDS_MAX} s before {now}, the time of the checking node"
    )]
    Untimely {
        /// Its time.
        time: Timestamp,
        /// The checker's time, in seconds since the Unix epoch.
        now: u64,
    },
    /// It begins a chain, but not with exactly one GENESIS transaction of its maker.
    #[error("a genesis block holds one GENESIS transaction, made by the maker of the block")]
    Genesis,
    /// A transaction breaks a rule.
    #[error("transactions[{index}] ({id}): {rejection}")]
    Transaction {
        /// The transaction's position in the block.
        index: usize,
        /// Its id.
        id: TransactionId,
        /// The rule.
        rejection: Rejection,
    },
}

impl BlockFault {
    /// The stable code of the rule, which a vote against the block carries as `invalid_reason`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IdHash => "block_id_hash",
            Self::Signature { .. } => "block_signature",
            Self::Maker { .. } => "block_maker",
            Self::Voters => "block_voters",
            Self::Empty => "block_empty",
            Self::TooManyTransactions { .. } => "block_too_many_transactions",
            Self::TooLarge { .. } => "block_too_large",
            Self::TooMuchWork { .. } => "block_too_much_work",
            Self::BeforeParent { .. } => "block_before_parent",
            Self::Untimely { .. } => "block_untimely",
            Self::Genesis => "block_genesis",
            Self::Transaction { rejection, .. } => rejection.code.as_str(),
        }
    }

    /// Whether every honest node finds this fault, whenever it looks.
    ///
    /// Clocks differ, so one node may find a block untimely that others take: it refuses to
    /// notarise such a block, and signs no vote against it.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Untimely { .. } => false,
            Self::IdHash
            | Self::Signature { .. }
            | Self::Maker { .. }
            | Self::Voters
            | Self::Empty
            | Self::TooManyTransactions { .. }
            | Self::TooLarge { .. }
            | Self::TooMuchWork { .. }
            | Self::BeforeParent { .. }
            | Self::Genesis
            | Self::Transaction { .. } => true,
        }
    }
}
