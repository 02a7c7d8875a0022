use std::collections::{BTreeMap, VecDeque};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{BlockId, Vote};

/// Votes of one member that are kept though their blocks are not known yet. Members are a few
/// blocks apart; one that is further behind asks for the votes later.
const VOTES_MAX: usize = 32;

/// Verified votes of members on blocks that are not in the chain here. The oldest of a member are
/// dropped first, so one that floods drops only its own.
#[derive(Debug, Default)]
pub(crate) struct Early(BTreeMap<PublicKey, VecDeque<Vote>>);

impl Early {
    pub(crate) fn keep(&mut self, vote: Vote) {
        let of_voter = self.0.entry(vote.node_pubkey).or_default();
        if of_voter.contains(&vote) {
            return;
        }
        if of_voter.len() >= VOTES_MAX {
            of_voter.pop_front();
        }
        of_voter.push_back(vote);
    }

    /// Returns the votes on a block and forgets them.
    pub(crate) fn take(&mut self, block: &BlockId) -> Vec<Vote> {
        let mut taken = Vec::new();
        for votes in self.0.values_mut() {
            let of_block = |vote: &Vote| vote.body.voting_for_block == *block;
            let (found, rest): (VecDeque<_>, _) =
                std::mem::take(votes).into_iter().partition(of_block);
            *votes = rest;
            taken.extend(found);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::ed25519::SigningKey;
    use tally_ledger::{Decision, Timestamp, VoteBody};

    fn vote(voter: u8, block: u8) -> Vote {
        let body = VoteBody {
            voting_for_block: BlockId::from_bytes([block; 32]),
            previous_block: BlockId::from_bytes([0; 32]),
            decision: Decision::Valid,
            timestamp: Timestamp::MIN,
        };
        Vote::make(&SigningKey::from_seed(&[voter; 32]), body)
    }

    #[test]
    fn votes_wait_for_their_block() {
        let mut early = Early::default();
        for vote in [vote(1, 1), vote(1, 2), vote(2, 1), vote(1, 1)] {
            early.keep(vote);
        }
        assert_eq!(early.take(&BlockId::from_bytes([1; 32])).len(), 2);
        assert_eq!(early.take(&BlockId::from_bytes([1; 32])).len(), 0);
        assert_eq!(early.take(&BlockId::from_bytes([2; 32])), [vote(1, 2)]);
    }

    /// Goal: whoever floods drops what it said itself, and nothing of others.
    #[test]
    fn a_flood_is_bounded() {
        let mut early = Early::default();
        early.keep(vote(2, 0));
        for block in 0..=200 {
            early.keep(vote(1, block));
        }
        assert_eq!(early.0.values().map(VecDeque::len).sum::<usize>(), VOTES_MAX + 1);
        assert_eq!(early.take(&BlockId::from_bytes([0; 32])), [vote(2, 0)]);
        assert_eq!(early.take(&BlockId::from_bytes([200; 32])).len(), 1);
    }
}
