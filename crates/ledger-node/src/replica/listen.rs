use super::Replica;
use crate::{lock::lock, message::Message};
use bytes::Bytes;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{BlockId, Vote};
use tally_ledger_store::{Commit, CommitError, ReadError};
use tally_storage::Durability;

/// Where a vote belongs.
enum Home {
    /// To a block of the chain that is not decided yet: the vote may decide, and who is told so is
    /// told nothing that a loss of power takes back (I3).
    Open,
    /// To a decided block, or an invalid one that is kept. What is lost of these changes nothing.
    Decided,
    /// To no block: its voter has voted otherwise on the same one. It is evidence.
    Contrary,
    /// To a block that is not known, or not final yet.
    Early,
    /// It is known, or enough of its kind is.
    Known,
}

impl Replica {
    /// Takes a message of another member.
    pub(super) fn listen(&self, from: PublicKey, message: &Bytes) -> Result<(), CommitError> {
        if Message::is_transactions(message) {
            match &self.intake {
                Some(intake) => intake.gossip(from, message.clone()),
                None => self.take_gossip(&[(from, message.clone())])?,
            }
            return Ok(());
        }
        match Message::decode(message) {
            Ok(Message::Votes(votes)) => self.take_votes(from, votes),
            Ok(Message::Question { after }) => Ok(self.answer_question(from, after)?),
            Ok(Message::Transactions(_)) | Err(_) => {
                self.complain(from, "a message is garbled");
                Ok(())
            }
        }
    }

    /// Checks votes and keeps those that count.
    fn take_votes(&self, from: PublicKey, votes: Vec<Vote>) -> Result<(), CommitError> {
        let mut commit = Commit::new();
        let mut durability = None;
        for vote in votes {
            if !self.ledger.members.contains(&vote.node_pubkey) {
                self.complain(from, "a vote is no member's");
                continue;
            }
            let home = self.home(&vote)?;
            if matches!(home, Home::Known) {
                continue;
            }
            if vote.verify().is_err() {
                self.complain(from, "a vote is not signed");
                continue;
            }
            match home {
                Home::Open => durability = Some(Durability::Synced),
                Home::Decided => durability = durability.or(Some(Durability::Buffered)),
                Home::Contrary => {
                    let mut contradictions = lock(&self.contradictions);
                    let (voter, block) = (vote.node_pubkey, vote.body.voting_for_block);
                    if contradictions.are_known(&voter, &block) {
                        continue;
                    }
                    contradictions.add(voter, block);
                    durability = durability.or(Some(Durability::Buffered));
                }
                Home::Early => {
                    for vote in self.keep_early(vote)? {
                        durability = Some(Durability::Synced);
                        commit.vote(vote);
                    }
                    continue;
                }
                Home::Known => continue,
            }
            commit.vote(vote);
        }
        let Some(durability) = durability else { return Ok(()) };
        let committed = self.ledger.store.commit(commit, durability)?;
        if committed.equivocations > 0 {
            tracing::warn!(count = committed.equivocations, "a member voted twice on one block");
        }
        let before = self.ledger.decided.height();
        let decided = self.ledger.advance_decided()?;
        if decided > before {
            self.ask_on(from, decided);
        }
        Ok(())
    }

    /// Stores the votes that were kept while their block was on its way to the disk, and not found
    /// there. Those that are kept later find it.
    pub(super) fn store_early(&self, block: &BlockId) -> Result<(), CommitError> {
        let votes = lock(&self.early).take(block);
        if votes.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::new();
        for vote in votes {
            commit.vote(vote);
        }
        self.ledger.store.commit(commit, Durability::Synced).map(drop)
    }

    /// Keeps a vote until its block is known. Returns what has to be stored now, because the block
    /// came after somebody looked for it and before the vote was kept: whoever stores a block takes
    /// what is kept by then, and does not come again.
    pub(super) fn keep_early(&self, vote: Vote) -> Result<Vec<Vote>, ReadError> {
        let block = vote.body.voting_for_block;
        lock(&self.early).keep(vote);
        let store = &self.ledger.store;
        let is_late = store.block_height(&block)?.is_some() || store.invalid(&block).is_some();
        Ok(if is_late { lock(&self.early).take(&block) } else { vec![] })
    }

    fn home(&self, vote: &Vote) -> Result<Home, ReadError> {
        let store = &self.ledger.store;
        // Only this node speaks for itself.
        if vote.node_pubkey == self.ledger.key.public_key() {
            return Ok(Home::Known);
        }
        let block = &vote.body.voting_for_block;
        if let Some(known) = store.vote(block, &vote.node_pubkey)? {
            let is_enough =
                known == *vote || lock(&self.contradictions).are_known(&vote.node_pubkey, block);
            return Ok(if is_enough { Home::Known } else { Home::Contrary });
        }
        Ok(match store.block_height(block)? {
            Some(height) if height > self.ledger.decided.height() => Home::Open,
            Some(_) => Home::Decided,
            None if store.invalid(block).is_some() => Home::Decided,
            None => Home::Early,
        })
    }
}
