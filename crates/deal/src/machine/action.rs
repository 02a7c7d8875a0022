use super::{Event, Plan, SettlementId};
use tally_primitives::Txid;

/// What the server shall do. The deal is stored first; each action may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Build and sign a settlement, then tell [`Fact::Settled`](super::Fact::Settled), or
    /// [`Fact::Rejected`](super::Fact::Rejected) if that can never work. With keys of the parties
    /// this waits for them.
    Settle(Plan),
    /// Give a signed settlement to the network, then tell
    /// [`Fact::Accepted`](super::Fact::Accepted) or [`Fact::Rejected`](super::Fact::Rejected).
    Broadcast {
        /// Which.
        id: SettlementId,
        /// Its transaction.
        txid: Txid,
        /// The transaction as it goes to the network.
        raw: Vec<u8>,
    },
    /// Tell those who follow the deal.
    Notify(Event),
}
