use crate::{ChannelFact, ProtocolError, StoredProof};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tally_primitives::{BlockNumber, Hashlock, NodeAddress, TokenAmount};

/// What the chain knows of a channel: the sum of its contract's facts.
///
/// Arrays are in the contract's order of participants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OnChain {
    pub(crate) deposits: [TokenAmount; 2],
    pub(crate) withdrawals: [TokenAmount; 2],
    pub(crate) closed: Option<(BlockNumber, NodeAddress)>,
    pub(crate) stored: [StoredProof; 2],
    pub(crate) unlocked: [BTreeSet<Hashlock>; 2],
    pub(crate) settled: Option<(BlockNumber, [TokenAmount; 2])>,
}

impl OnChain {
    /// Adds up `facts` in their order. A reorganisation shortens the list and adds up again.
    pub(crate) fn of(
        participants: &[NodeAddress; 2],
        facts: &[(BlockNumber, ChannelFact)],
    ) -> Result<Self, ProtocolError> {
        let mut sum = Self::default();
        for (at, fact) in facts {
            sum.add(participants, *at, fact)?;
        }
        Ok(sum)
    }

    fn add(
        &mut self,
        participants: &[NodeAddress; 2],
        at: BlockNumber,
        fact: &ChannelFact,
    ) -> Result<(), ProtocolError> {
        let index = |who: &NodeAddress| {
            participants
                .iter()
                .position(|participant| participant == who)
                .ok_or(ProtocolError::ImpossibleFact("a fact about somebody else"))
        };
        match fact {
            ChannelFact::Deposited(who, total) => self.deposits[index(who)?] = *total,
            ChannelFact::Withdrawn(who, total) => self.withdrawals[index(who)?] = *total,
            ChannelFact::Closed { closer, stored } => {
                self.closed = Some((at, *closer));
                self.stored[1 - index(closer)?] = *stored;
            }
            ChannelFact::Updated { payer, stored } => {
                let payer = index(payer)?;
                self.stored[payer] = *stored;
                self.unlocked[payer].clear();
            }
            ChannelFact::Unlocked { payer, secret, transferred, locksroot } => {
                let payer = index(payer)?;
                self.stored[payer].transferred = *transferred;
                self.stored[payer].locksroot = *locksroot;
                self.unlocked[payer].insert(tally_crypto::hashlock(secret));
            }
            ChannelFact::Settled(payouts) => self.settled = Some((at, *payouts)),
        }
        Ok(())
    }
}
