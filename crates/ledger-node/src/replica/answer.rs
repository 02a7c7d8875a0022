//! Asking for votes that did not arrive, and answering those who ask.

use super::Replica;
use crate::{lock::lock, message::Message};
use std::collections::BTreeMap;
use tally_crypto::ed25519::PublicKey;
use tally_ledger_store::ReadError;

/// Blocks whose votes one answer brings: of a federation of ten, 300 kB.
const ANSWER_BLOCKS: u64 = 64;

/// Bytes after which an answer ends, so that a large federation's fits into one message.
const ANSWER_BYTES: usize = 512 * 1024;

/// Least time between two answers to one peer. A peer that catches up so gets the votes on more
/// than a thousand blocks a second, and one that floods costs a hundredth of a core.
const ANSWER_INTERVAL_MS: u64 = 50;

/// Whom this node asked, and whom it answered when.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// How far the votes had decided at the last tick.
    decided: u64,
    turn: usize,
    answered_ms: BTreeMap<PublicKey, u64>,
}

impl Replica {
    /// Does what has to be done now and then; about once a second. If the votes on a block have not
    /// decided since the last time, asks the next peer for them.
    pub(crate) fn tick(&self) {
        let decided = self.ledger.decided.height();
        let tip = self.ledger.store.height().unwrap_or(0);
        let mut questions = lock(&self.questions);
        let is_stuck = decided < tip && questions.decided == decided;
        questions.decided = decided;
        if !is_stuck {
            return;
        }
        questions.turn = questions.turn.wrapping_add(1);
        let turn = questions.turn;
        drop(questions);
        let own = self.ledger.key.public_key();
        let others: Vec<_> = self.ledger.members.iter().filter(|member| **member != own).collect();
        if let Some(peer) = others.get(turn % others.len().max(1)) {
            self.ask(**peer, decided);
        }
    }

    /// Asks on where an answer ended, as long as there is much to ask for.
    pub(super) fn ask_on(&self, peer: PublicKey, decided: u64) {
        let tip = self.ledger.store.height().unwrap_or(0);
        if tip - decided.min(tip) >= ANSWER_BLOCKS {
            self.ask(peer, decided);
        }
    }

    fn ask(&self, peer: PublicKey, after: u64) {
        if let Some(engine) = &*lock(&self.engine)
            && let Err(error) = engine.send(peer, Message::question(after))
        {
            tracing::debug!(%peer, %error, "a question was not sent");
        }
    }

    /// Sends the votes on the blocks after a height.
    pub(super) fn answer_question(&self, peer: PublicKey, after: u64) -> Result<(), ReadError> {
        let now = self.ledger.clock.now_ms();
        {
            let mut questions = lock(&self.questions);
            let is_early = |last: &u64| now < last.saturating_add(ANSWER_INTERVAL_MS);
            if questions.answered_ms.get(&peer).is_some_and(is_early) {
                return Ok(());
            }
            questions.answered_ms.insert(peer, now);
        }
        let store = &self.ledger.store;
        let tip = store.height().unwrap_or(0);
        let mut votes = Vec::new();
        let mut bytes = 0;
        for height in after.saturating_add(1)..=after.saturating_add(ANSWER_BLOCKS).min(tip) {
            let Some(head) = store.head(height)? else { break };
            let of_block = store.votes(&head.id)?;
            bytes += of_block.len() * VOTE_BYTES;
            votes.extend(of_block);
            if bytes > ANSWER_BYTES {
                break;
            }
        }
        let Some(engine) = lock(&self.engine).clone() else { return Ok(()) };
        for message in Message::pack_votes(votes.iter()) {
            if let Err(error) = engine.send(peer, message) {
                tracing::debug!(%peer, %error, "an answer was not sent");
            }
        }
        Ok(())
    }
}

/// About what a vote takes in JSON.
const VOTE_BYTES: usize = 450;
