use super::{Actor, Opinion, SettlementId, State};
use crate::{Fee, Percent};
use tally_primitives::{Satoshi, Txid};

/// A deal is not made: somebody would take too much of it.
///
/// The module that a deal is made through says what its owner takes, and neither party signs that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The fee of the {of} is too high: {fee} is more than {max} of the sum.")]
pub struct FeeTooHigh {
    /// Whose fee: `module` or `service`.
    pub of: &'static str,
    /// The fee.
    pub fee: Fee,
    /// What part of the sum it may be.
    pub max: Percent,
}

/// A command is not carried out, or a settlement not taken. The deal is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefused {
    /// The deal has come too far, or not far enough.
    #[error("The deal is {state}: {command} is not possible.")]
    WrongState {
        /// The state of the deal.
        state: State,
        /// The name of the command.
        command: &'static str,
    },
    /// It is not for this one to command.
    #[error("The {by} cannot {command} this deal.")]
    NotAllowed {
        /// The name of the command.
        command: &'static str,
        /// Who wanted it.
        by: Actor,
    },
    /// The time to pay is over, and with it the seller's time to cancel.
    #[error("Deal cancellation expired.")]
    CancellationExpired,
    /// The time in which feedback decides about the money is over.
    #[error("Date feedback expired.")]
    FeedbackExpired,
    /// The customer has given an opinion, and the time to change it is over.
    #[error("Feedback has been left already.")]
    FeedbackLeft,
    /// The customer has said this already, with another status. The status is not signed: whoever
    /// has the message could have changed it.
    #[error("These comments were sent with another status before; say it in other words.")]
    Repeated,
    /// The customer has said too much that differs.
    #[error("Feedback was changed too often.")]
    SaidTooMuch,
    /// A dispute is for the arbiter.
    #[error("The deal is in dispute.")]
    InDispute,
    /// Money is at the deal's address, or on its way.
    #[error("The deal still has money.")]
    HasMoney,
    /// No settlement failed.
    #[error("Nothing has failed.")]
    NothingFailed,
    /// No settlement waits for a block, or it was replaced too often.
    #[error("No settlement can be replaced.")]
    NothingToBump,
    /// A comment is too long.
    #[error("Comments have at most {max} bytes.", max = Opinion::COMMENTS_BYTES_MAX)]
    TooLong,
    /// A comment has a control character that ends no line and is no tab.
    #[error("Comments have no control characters.")]
    Control,
    /// A settlement that is not, or no longer, planned. It must not be broadcast.
    #[error("settlement {0} is not planned")]
    UnknownSettlement(SettlementId),
    /// A settlement that is not what was planned. It must not be broadcast.
    #[error("transaction {txid} is not settlement {id}: {wrong}")]
    WrongSettlement {
        /// Which settlement it should be.
        id: SettlementId,
        /// The transaction.
        txid: Txid,
        /// What differs.
        wrong: WrongSettlement,
    },
}

/// What differs between a transaction and the plan that it should carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongSettlement {
    /// The bytes are no transaction.
    #[error("the bytes are no transaction")]
    NoTransaction,
    /// The transaction has another id.
    #[error("the transaction has another id")]
    OtherId,
    /// It spends something else.
    #[error("it spends something else")]
    Inputs,
    /// Outputs and fee are not what the inputs are worth.
    #[error("outputs and fee are not what the inputs are worth")]
    Sum,
    /// Somebody else is paid.
    #[error("output {0} pays somebody else")]
    Stranger(usize),
    /// A recipient gets more, or less, than its share allows.
    #[error("{0} satoshi are not what the share of their recipient allows")]
    Share(Satoshi),
    /// The fee of a replacement is not higher.
    #[error("the fee is not higher than that of the transaction it replaces")]
    Fee,
}
