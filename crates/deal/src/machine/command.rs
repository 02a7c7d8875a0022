use crate::{FeedbackStatus, Percent};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who gives a command; the caller has checked the signature or the token that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The seller, by a message signature.
    Seller,
    /// The customer, by a message signature.
    Customer,
    /// The site where the deal was made, through its module.
    Site,
    /// The arbiter of the server.
    Arbiter,
    /// The operator of the server, or the server itself.
    Operator,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seller => "seller",
            Self::Customer => "customer",
            Self::Site => "site",
            Self::Arbiter => "arbiter",
            Self::Operator => "operator",
        })
    }
}

/// What somebody wants of a deal. A command that was carried out already is taken again and
/// changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The order `complete`: the goods have come, or have not.
    Complete(Opinion),
    /// The order `feedback`, signed by the customer.
    Feedback(Opinion),
    /// The order `cancel`, signed by the seller.
    Cancel {
        /// Why.
        comments: String,
    },
    /// A party calls the arbiter.
    Dispute {
        /// Why.
        reason: String,
    },
    /// The arbiter decides.
    Resolve {
        /// What part of the sum goes back to the customer.
        refund: Percent,
    },
    /// A settlement that no block takes is to pay the miner more.
    Bump,
    /// Settlements that failed are tried again.
    Retry,
    /// The deal is no longer shown.
    Delete,
}

impl Command {
    /// Returns the word for messages: `complete`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Complete(_) => "complete",
            Self::Feedback(_) => "feedback",
            Self::Cancel { .. } => "cancel",
            Self::Dispute { .. } => "dispute",
            Self::Resolve { .. } => "resolve",
            Self::Bump => "bump",
            Self::Retry => "retry",
            Self::Delete => "delete",
        }
    }
}

/// What is said of a deal, and what it shall do to the money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Opinion {
    /// Good or bad.
    pub status: FeedbackStatus,
    /// What part of the sum shall go back to the customer.
    pub refund: Option<Percent>,
    /// In words; empty if there are none. At most [`Opinion::COMMENTS_BYTES_MAX`].
    pub comments: String,
}

impl Opinion {
    /// The longest comment, reason included, that a deal keeps.
    pub const COMMENTS_BYTES_MAX: usize = 4096;
}
