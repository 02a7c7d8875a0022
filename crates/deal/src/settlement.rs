//! Settlements: the transactions that pay a deal's money out.
//!
//! # Money
//!
//! What holds for every settlement, whatever the plan, the fee rate and the order of its parts:
//!
//! * it spends exactly the plan's inputs, and `outputs + miner's fee = inputs` to the satoshi;
//! * every output pays a recipient of the plan, and none is dust;
//! * each recipient bears the miner's fee in proportion to what it gets. The rule is the same for
//!   payouts, refunds and mixes, it favours no role, and the fee cannot eat up a small share before
//!   a large one. What does not divide is borne by the largest remainders, the first in the order
//!   of recipients among equals;
//! * a share that is dust after the fee is not given to the miner: it goes to the party (seller or
//!   customer) with the larger share among those that are paid, to the larger other share if no
//!   party is paid, and is reported as [`Moved`]. The smallest goes first, because the transaction
//!   is smaller, and cheaper, without it. If nothing is left above dust there is no settlement;
//! * shares that lock with the same script are one output;
//! * the miner's fee is that of the rate, within [`FeeRules`], and at least what nodes relay.
//!
//! The same plan always gives the same transaction: inputs in the order of their outpoints, outputs
//! in the order of recipients, version 2, lock time 0, every input replaceable (BIP-125), and
//! deterministic signatures with low `r` and `s`.
//!
//! Start with [`UnsignedSettlement::build`].

mod build;
mod fee;
mod partial;
mod psbt_error;
mod script;
mod shares;

use crate::Recipient;
use tally_chain::utxo::OutPoint;
use tally_primitives::{Satoshi, Txid};

pub use build::{Payment, UnsignedSettlement};
pub use fee::{FeeRules, FeeRulesError};
pub use partial::PartialSettlement;
pub use psbt_error::{PSBT_TEXT_LENGTH_MAX, PsbtError};
pub use shares::Moved;

/// The most outputs that one settlement spends.
///
/// Each takes at most 560 weight units, so the transaction stays below the 400,000 that nodes
/// relay.
pub const INPUTS_MAX: usize = 500;

/// A plan cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// The plan spends nothing.
    #[error("the plan spends no output")]
    NoInputs,
    /// The transaction would be too large to be relayed.
    #[error("the plan spends {count} outputs, more than {INPUTS_MAX}")]
    TooManyInputs {
        /// How many.
        count: usize,
    },
    /// An output is spent twice.
    #[error("the plan spends output {} of {} twice", .0.vout, .0.txid)]
    DuplicateInput(OutPoint),
    /// The shares are not what the inputs are worth.
    #[error("the plan spends {inputs} satoshi and gives {shares}")]
    Unbalanced {
        /// What the inputs are worth.
        inputs: Satoshi,
        /// What the shares sum up to.
        shares: Satoshi,
    },
    /// A sum is beyond all amounts.
    #[error("a sum of the plan is beyond all amounts")]
    Overflow,
    /// Someone who is to be paid has no address.
    #[error("no address is known of the {0:?}")]
    NoAddress(Recipient),
    /// After the miner's fee nothing is left that can be paid.
    #[error("{inputs} satoshi are not enough: {needed} are needed to pay the miner and an output")]
    BelowDust {
        /// What the inputs are worth.
        inputs: Satoshi,
        /// What the miner's fee and the smallest output would take.
        needed: Satoshi,
    },
    /// Replacing the transaction would take a higher fee than the rules allow.
    #[error("the replacement needs a fee of {needed} satoshi, more than the {max} allowed")]
    FeeAboveMax {
        /// The fee that nodes would ask for.
        needed: Satoshi,
        /// What the rules allow.
        max: Satoshi,
    },
    /// The script that locks the money is not of three keys.
    #[error("the witness script is not two of three keys, or the address is not of it")]
    Script,
}

/// A transaction that is ready to be broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSettlement {
    /// Its id.
    pub txid: Txid,
    /// The transaction as it goes to the network.
    pub raw: Vec<u8>,
    /// What the miner gets.
    pub fee: Satoshi,
    /// Its size in virtual bytes.
    pub vsize: u64,
}
