use super::{Actor, Command, SettlementId};
use crate::Time;
use tally_chain::utxo::OutPoint;
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// What a deal is told. Each may be told again, and facts about different outputs in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A transaction in the mempool pays to the deal's address.
    Seen {
        /// The output.
        outpoint: OutPoint,
        /// How much.
        value: Satoshi,
    },
    /// A transaction in a block pays to the deal's address. An output of a coinbase is told only
    /// when it can be spent, 100 blocks later.
    Confirmed {
        /// The output.
        outpoint: OutPoint,
        /// How much.
        value: Satoshi,
        /// The block's position.
        height: BlockNumber,
        /// The time in the block's header.
        time: Time,
    },
    /// A transaction that paid to the deal's address is in no block and no longer in the mempool:
    /// it was replaced, or forgotten.
    Gone {
        /// The output.
        outpoint: OutPoint,
    },
    /// All blocks above this one were undone.
    RolledBackTo(BlockNumber),
    /// A transaction spends an output of the deal.
    Spent {
        /// The output.
        outpoint: OutPoint,
        /// The transaction.
        by: Txid,
        /// The position of its block; `None` in the mempool.
        height: Option<BlockNumber>,
    },
    /// Time passes. Told only when all blocks and transactions up to now were told.
    Clock {
        /// Now.
        now: Time,
        /// The position of the newest block.
        tip: BlockNumber,
    },
    /// Somebody wants something.
    Command {
        /// What.
        command: Command,
        /// Who.
        by: Actor,
        /// When.
        now: Time,
    },
    /// A planned settlement was built and signed. It must be stored together with the deal before
    /// it is broadcast.
    Settled {
        /// Which.
        id: SettlementId,
        /// Its transaction.
        txid: Txid,
        /// What the miner gets.
        fee: Satoshi,
        /// The transaction as it goes to the network.
        raw: Vec<u8>,
    },
    /// The network took a settlement into the mempool.
    Accepted {
        /// Which.
        id: SettlementId,
    },
    /// A settlement cannot be built, or the network refuses it for good.
    Rejected {
        /// Which.
        id: SettlementId,
        /// Why.
        reason: String,
    },
}
