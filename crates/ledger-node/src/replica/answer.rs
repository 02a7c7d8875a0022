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

/// Time between two answers to one peer, in the mean. A peer that catches up so gets the votes on
/// more than a thousand blocks a second, and one that floods costs a hundredth of a core.
const ANSWER_INTERVAL_MS: u64 = 50;

/// Answers that a peer may have at once, after so many intervals without. A peer that catches up
/// asks as soon as it has an answer: a question that is not answered costs it a tick.
const ANSWERS_AT_ONCE: u64 = 20;

/// Whom this node asked, and whom it answered when.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// How far the votes had decided at the last tick.
    decided: u64,
    turn: usize,
    /// For each peer when its answers so far are paid off, an interval each.
    paid_ms: BTreeMap<PublicKey, u64>,
}

impl Questions {
    /// Notes how far the votes have decided at a tick. Says whether they are missing: none came
    /// since the last tick, or there is much to ask for and a question may have been lost.
    fn are_votes_missing(&mut self, decided: u64, tip: u64) -> bool {
        let is_stuck = self.decided == decided;
        self.decided = decided;
        decided < tip && (is_stuck || tip - decided >= ANSWER_BLOCKS)
    }

    /// Says whether a peer gets an answer now, and notes it.
    fn may_answer(&mut self, peer: PublicKey, now_ms: u64) -> bool {
        let paid = self.paid_ms.entry(peer).or_default();
        let latest = now_ms.saturating_add(ANSWERS_AT_ONCE * ANSWER_INTERVAL_MS);
        // A clock that went back far must not make a peer wait for it.
        *paid = (*paid).clamp(now_ms, latest);
        let due = paid.saturating_add(ANSWER_INTERVAL_MS);
        let may = due <= latest;
        if may {
            *paid = due;
        }
        may
    }
}

impl Replica {
    /// Does what has to be done now and then; about once a second: tells again what waits for long,
    /// and if votes are missing, asks the next peer for them.
    pub(crate) fn tick(&self) {
        self.tell_again();
        let decided = self.ledger.decided.height();
        let tip = self.ledger.store.height().unwrap_or(0);
        let mut questions = lock(&self.questions);
        if !questions.are_votes_missing(decided, tip) {
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
        if !lock(&self.questions).may_answer(peer, now) {
            return Ok(());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: questions that follow each other quickly are answered, a flood at its rate, and one
    /// peer's flood costs the others nothing.
    #[test]
    fn answers_are_paid_off() {
        let mut questions = Questions::default();
        let [one, other] = [1, 2].map(|name| PublicKey::from_bytes([name; 32]));
        let mut answers =
            |peer, now_ms, count| (0..count).filter(|_| questions.may_answer(peer, now_ms)).count();
        let now = 1_700_000_000_000;
        assert_eq!(answers(one, now, 100), 20);
        assert_eq!(answers(other, now, 1), 1);
        assert_eq!(answers(one, now + 49, 9), 0);
        assert_eq!(answers(one, now + 50, 9), 1);
        assert_eq!(answers(one, now + 550, 99), 10);
        assert_eq!(answers(one, now + 60_000, 99), 20);
        // The clock goes back by a minute.
        assert_eq!([50, 100].map(|later| answers(one, now + later, 9)), [0, 1]);
    }

    /// Goal: a tick asks when nothing came, and when much is missing though something came.
    #[test]
    fn what_is_missing_is_asked_for_again() {
        let mut questions = Questions::default();
        for (decided, tip, expected) in [
            (0, 0, false),
            (0, 5, true),
            (2, 5, false),
            (2, 5, true),
            (3, 3 + ANSWER_BLOCKS - 1, false),
            (4, 4 + ANSWER_BLOCKS, true),
            (100, 100, false),
        ] {
            assert_eq!(questions.are_votes_missing(decided, tip), expected, "{decided} of {tip}");
        }
    }
}
