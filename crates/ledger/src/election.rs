//! The status of a block, from the votes on it.

use std::collections::{BTreeMap, BTreeSet};

use tally_crypto::ed25519::PublicKey;

use crate::{BlockId, Vote};

/// What the votes say about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Votes that could decide either way are missing.
    Undecided,
    /// More than half of those entitled to vote say that it is valid and comes after the same
    /// block.
    Valid,
    /// At least half can no longer say so.
    Invalid,
}

impl Status {
    /// The name that the HTTP API gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }
}

/// A node signed two votes on one block.
///
/// The two prove that it equivocates, whatever they say. A node that keeps the first vote of each
/// voter and hands only those to the election never meets this; it records the second apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {voter} voted more than once on block {block}")]
pub struct DuplicateVote {
    /// Who voted twice.
    pub voter: PublicKey,
    /// On which block.
    pub block: BlockId,
}

/// Decides the status of a block by the rule of 0.10.
///
/// Entitled are the block's `voters` who are members of the `federation`; let *n* be their number.
/// Votes on another block, by others, or with a wrong signature do not count. Of the yes votes only
/// those for the most common `previous_block` are yes; all others count as no. The block is invalid
/// when at least half of *n* say no, valid when more than half say yes, else undecided. So a tie is
/// invalid, and a block that nobody may vote on is invalid.
///
/// Verifies each signature that can matter; [`elect_verified`] does not.
///
/// # Errors
///
/// A [`DuplicateVote`], when an entitled node signed two of the votes, even the same one twice.
///
/// *Source:* `docs/ledger-rules.md`, section *Votes and elections*.
pub fn elect(
    block: &BlockId,
    voters: &[PublicKey],
    federation: &[PublicKey],
    votes: &[Vote],
) -> Result<Status, DuplicateVote> {
    let entitled = entitled(voters, federation);
    let counts = |vote: &&Vote| entitled.contains(&vote.node_pubkey) && vote.verify().is_ok();
    count(block, &entitled, votes.iter().filter(counts))
}

/// [`elect`] on votes whose signatures were verified before, for example when they arrived.
///
/// # Errors
///
/// A [`DuplicateVote`], when an entitled node has two of the votes, even the same one twice.
pub fn elect_verified<'a>(
    block: &BlockId,
    voters: &[PublicKey],
    federation: &[PublicKey],
    votes: impl IntoIterator<Item = &'a Vote>,
) -> Result<Status, DuplicateVote> {
    count(block, &entitled(voters, federation), votes)
}

fn entitled(voters: &[PublicKey], federation: &[PublicKey]) -> BTreeSet<PublicKey> {
    voters.iter().filter(|voter| federation.contains(voter)).copied().collect()
}

fn count<'a>(
    block: &BlockId,
    entitled: &BTreeSet<PublicKey>,
    votes: impl IntoIterator<Item = &'a Vote>,
) -> Result<Status, DuplicateVote> {
    let mut voted = BTreeSet::new();
    let mut yes_by_previous = BTreeMap::<BlockId, usize>::new();
    for vote in votes {
        let voter = vote.node_pubkey;
        if vote.body.voting_for_block != *block || !entitled.contains(&voter) {
            continue;
        }
        if !voted.insert(voter) {
            return Err(DuplicateVote { voter, block: *block });
        }
        if vote.body.decision.is_valid() {
            *yes_by_previous.entry(vote.body.previous_block).or_default() += 1;
        }
    }
    let yes = yes_by_previous.into_values().max().unwrap_or(0);
    let no = voted.len() - yes;
    Ok(decide(entitled.len(), yes, no))
}

fn decide(entitled: usize, yes: usize, no: usize) -> Status {
    if 2 * no >= entitled {
        Status::Invalid
    } else if 2 * yes > entitled {
        Status::Valid
    } else {
        Status::Undecided
    }
}
