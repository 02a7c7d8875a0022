use std::collections::{BTreeMap, BTreeSet};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::BlockId;

/// Blocks of which it is remembered, for each member, that it contradicted its vote on them: more
/// than the store keeps evidence of.
const BLOCKS_MAX: usize = 16;

/// Which members contradicted themselves. More about the same is of no use, and not worth the check
/// of a signature.
#[derive(Debug, Default)]
pub(super) struct Contradictions(BTreeMap<PublicKey, BTreeSet<BlockId>>);

impl Contradictions {
    /// Says whether nothing more is to be known of this member's votes on this block.
    pub(super) fn are_known(&self, voter: &PublicKey, block: &BlockId) -> bool {
        let of_voter = self.0.get(voter);
        of_voter.is_some_and(|blocks| blocks.len() >= BLOCKS_MAX || blocks.contains(block))
    }

    /// Remembers one whose signature was verified.
    pub(super) fn add(&mut self, voter: PublicKey, block: BlockId) {
        if !self.are_known(&voter, &block) {
            self.0.entry(voter).or_default().insert(block);
        }
    }
}
