use super::Keyed;
use crate::{DepositRequest, OpenRequest};
use serde::{Deserialize, Serialize};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount,
};

/// What is kept of a request with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) asked: Asked,
    pub(crate) keeping: Keeping,
}

/// A request as it is stored. The order of the variants is on disk: add new ones at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Open {
        token: TokenAddress,
        partner: NodeAddress,
        deposit: TokenAmount,
        settle_timeout: Option<BlockSpan>,
    },
    Deposit {
        channel: ChannelAddress,
        amount: TokenAmount,
    },
}

/// How far a request is. The order of the variants is on disk: add new ones at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Keeping {
    /// Its transaction was sent, or was about to be.
    Started {
        /// The newest block whose events had been taken in.
        block: BlockNumber,
        /// What the node had deposited in the channel by then.
        before: TokenAmount,
    },
    /// It happened, in this channel.
    Done { channel: ChannelAddress },
}

impl From<&Keyed> for Asked {
    fn from(request: &Keyed) -> Self {
        match request {
            Keyed::Open(OpenRequest { token, partner, deposit, settle_timeout }) => Self::Open {
                token: *token,
                partner: *partner,
                deposit: *deposit,
                settle_timeout: *settle_timeout,
            },
            Keyed::Deposit(DepositRequest { channel, amount }) => {
                Self::Deposit { channel: *channel, amount: *amount }
            }
        }
    }
}
