use super::Replica;
use crate::{lock::lock, message::Message};
use bytes::Bytes;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::Vote;
use tally_ledger_store::{Commit, CommitError, ReadError};
use tally_storage::Durability;

/// Where a vote belongs.
enum Home {
    /// To a block of the chain, or an invalid one that is kept.
    Store,
    /// To a block that is not known, or not final yet.
    Early,
    /// It is known.
    Known,
}

impl Replica {
    /// Takes a message of another member.
    pub(super) fn listen(&self, from: PublicKey, message: &Bytes) -> Result<(), CommitError> {
        if Message::is_transactions(message) {
            match &self.intake {
                Some(intake) => intake.gossip(from, message.clone()),
                None => self.take_gossip(from, message)?,
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

    /// Checks votes and keeps those that count. They need no sync: what is lost is asked for again.
    fn take_votes(&self, from: PublicKey, votes: Vec<Vote>) -> Result<(), CommitError> {
        let mut commit = Commit::new();
        let mut is_new = false;
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
            if matches!(home, Home::Store) {
                commit.vote(vote);
                is_new = true;
            } else {
                lock(&self.early).keep(vote);
            }
        }
        if !is_new {
            return Ok(());
        }
        let committed = self.ledger.store.commit(commit, Durability::Buffered)?;
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

    fn home(&self, vote: &Vote) -> Result<Home, ReadError> {
        let store = &self.ledger.store;
        // Only this node speaks for itself.
        if vote.node_pubkey == self.ledger.key.public_key() {
            return Ok(Home::Known);
        }
        let block = &vote.body.voting_for_block;
        if store.vote(block, &vote.node_pubkey)?.is_some_and(|known| known == *vote) {
            return Ok(Home::Known);
        }
        let is_kept = store.block_height(block)?.is_some() || store.invalid(block).is_some();
        Ok(if is_kept { Home::Store } else { Home::Early })
    }
}
