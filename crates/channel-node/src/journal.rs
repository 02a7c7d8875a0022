//! The journal: everything that became of payments and channels, in the order in which the node
//! learned it. Lists of payments and the stream of events are views of it.

mod follow;
mod read;

pub(crate) use follow::{Followers, unix_millis};
pub(crate) use read::payments;

use crate::{BlockRange, ChannelEventKind, reports};
use serde::{Deserialize, Serialize};
use tally_channel::PaymentFailure;
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, NodeAddress, Nonce, PaymentId, TokenAddress,
    TokenAmount,
};

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its place: counts from 1 and only grows, over restarts too.
    pub number: u64,
    /// When the node learned it, in Unix seconds of its own clock; 0 if that was not noted.
    pub time: u64,
    /// The block that logged it, or the newest block when it happened off the chain.
    pub block: BlockNumber,
    /// What happened.
    pub what: Happening,
}

/// What happened.
///
/// The order of the variants is on disk: add new ones at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// A payment came to its end, in whatever role.
    Payment(PaymentRecord),
    /// A channel of this node was opened.
    ChannelOpened {
        /// The channel.
        channel: ChannelAddress,
        /// The token it carries.
        token: TokenAddress,
        /// The other participant.
        partner: NodeAddress,
        /// Length of the window after a close.
        settle_timeout: BlockSpan,
    },
    /// The contract of one of this node's channels logged something.
    Channel {
        /// The channel.
        channel: ChannelAddress,
        /// What.
        kind: ChannelEventKind,
    },
    /// A reorganisation undid every block above this one, and what entries say of them.
    RolledBack {
        /// The newest block that is left.
        to: BlockNumber,
    },
}

/// A payment that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// What this node was to it.
    pub role: PaymentRole,
    /// Why it failed; `None` if it succeeded.
    pub failure: Option<PaymentFailure>,
    /// In which token.
    pub token: TokenAddress,
    /// Who paid.
    pub initiator: NodeAddress,
    /// Who was paid.
    pub target: NodeAddress,
    /// The payer's number for it.
    pub identifier: PaymentId,
    /// What the target received or should have; for a mediator, what it passed on.
    pub amount: TokenAmount,
    /// For the initiator the most that was to be added for mediators, for a mediator what it kept,
    /// for the target nothing.
    pub fee: TokenAmount,
    /// The channel it came through.
    pub incoming: Option<ChannelAddress>,
    /// The channel it left through, or was last tried through.
    pub outgoing: Option<ChannelAddress>,
    /// The proof that carried it, for the initiator and the target.
    pub nonce: Option<Nonce>,
}

/// What a node is to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentRole {
    /// It pays.
    Initiator,
    /// It passes the payment on.
    Mediator,
    /// It is paid.
    Target,
}

/// Which finished payments are wanted; what is absent does not choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Only in this token.
    pub token: Option<TokenAddress>,
    /// Only those with this node at one of their ends.
    pub partner: Option<NodeAddress>,
    /// Only those to this node.
    pub target: Option<NodeAddress>,
    /// Only in this role.
    pub role: Option<PaymentRole>,
    /// Only those that succeeded, or only those that did not.
    pub succeeded: Option<bool>,
    /// Only from this time on, in Unix seconds.
    pub since: Option<u64>,
    /// Only until this time, included.
    pub until: Option<u64>,
    /// Only of these blocks.
    pub blocks: BlockRange,
    /// Only after this entry.
    pub after: u64,
    /// The most to return.
    pub limit: usize,
}

/// A part of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPage {
    /// The entries, oldest first.
    pub entries: Vec<JournalEntry>,
    /// After which number the next page starts.
    pub after: u64,
}

/// An entry as it is stored, under its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) time: u64,
    pub(crate) block: BlockNumber,
    pub(crate) what: Happening,
}

impl PaymentRecord {
    /// Returns why it failed, in words.
    pub fn reason(&self) -> Option<&'static str> {
        self.failure.map(reports::describe)
    }
}

impl PaymentFilter {
    /// Chooses all finished payments.
    pub fn all(limit: usize) -> Self {
        Self {
            token: None,
            partner: None,
            target: None,
            role: None,
            succeeded: None,
            since: None,
            until: None,
            blocks: BlockRange::default(),
            after: 0,
            limit,
        }
    }

    /// Says whether an entry is one that is wanted.
    pub fn chooses(&self, entry: &JournalEntry) -> bool {
        let Happening::Payment(payment) = &entry.what else { return false };
        let is = |wanted: Option<NodeAddress>, ends: &[NodeAddress]| {
            wanted.is_none_or(|wanted| ends.contains(&wanted))
        };
        self.token.is_none_or(|token| token == payment.token)
            && is(self.partner, &[payment.initiator, payment.target])
            && is(self.target, &[payment.target])
            && self.role.is_none_or(|role| role == payment.role)
            && self.succeeded.is_none_or(|succeeded| succeeded == payment.failure.is_none())
            && self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time <= until)
            && self.blocks.contains(entry.block)
    }
}

#[cfg(test)]
mod tests;
