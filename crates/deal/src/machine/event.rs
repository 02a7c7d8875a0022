use super::{Actor, Purpose, SettlementId, State};
use crate::{FeedbackStatus, Percent};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::OutPoint;
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// What happened to a deal, for those who follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Money was sent to the deal's address; no block has it yet.
    PaymentSeen {
        /// The output.
        outpoint: OutPoint,
        /// How much.
        value: Satoshi,
    },
    /// A block has money for the deal, enough or not, in time or not.
    PaymentConfirmed {
        /// The output.
        outpoint: OutPoint,
        /// How much.
        value: Satoshi,
        /// The block's position.
        height: BlockNumber,
    },
    /// Money that was seen, or even confirmed, will not come.
    PaymentGone {
        /// The output.
        outpoint: OutPoint,
        /// How much.
        value: Satoshi,
    },
    /// The state changed.
    StateChanged {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
    },
    /// A dispute began.
    Disputed {
        /// Who began it.
        by: Actor,
    },
    /// It was decided what becomes of the money.
    Decided {
        /// Who decided; the operator stands for a time that passed.
        by: Actor,
        /// What part of the sum goes back to the customer.
        refund: Percent,
    },
    /// There is an opinion about the deal.
    FeedbackLeft {
        /// Whose; the operator stands for the default.
        by: Actor,
        /// Good or bad.
        status: FeedbackStatus,
    },
    /// A settlement was signed.
    Settled {
        /// Which.
        id: SettlementId,
        /// What it is for.
        purpose: Purpose,
        /// Its transaction.
        txid: Txid,
    },
    /// A block has a settlement.
    SettlementConfirmed {
        /// Which.
        id: SettlementId,
        /// Its transaction.
        txid: Txid,
        /// The block's position.
        height: BlockNumber,
    },
    /// A settlement cannot be made.
    SettlementFailed {
        /// Which.
        id: SettlementId,
        /// Why.
        reason: String,
    },
    /// A transaction that the server did not make has spent the deal's money.
    SpentByOthers {
        /// The output.
        outpoint: OutPoint,
        /// The transaction.
        by: Txid,
    },
    /// The deal counts for the ratings from now on, or counts otherwise than before.
    Rated {
        /// It was a success of the seller.
        seller: bool,
        /// It was a success of the customer.
        customer: bool,
    },
}

impl Event {
    /// Returns the word that names the kind of event: `payment_seen`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PaymentSeen { .. } => "payment_seen",
            Self::PaymentConfirmed { .. } => "payment_confirmed",
            Self::PaymentGone { .. } => "payment_gone",
            Self::StateChanged { .. } => "state_changed",
            Self::Disputed { .. } => "disputed",
            Self::Decided { .. } => "decided",
            Self::FeedbackLeft { .. } => "feedback_left",
            Self::Settled { .. } => "settled",
            Self::SettlementConfirmed { .. } => "settlement_confirmed",
            Self::SettlementFailed { .. } => "settlement_failed",
            Self::SpentByOthers { .. } => "spent_by_others",
            Self::Rated { .. } => "rated",
        }
    }
}
