//! The chain of a node that is alone: it decides the order, and its vote elects.
//!
//! What was checked goes straight into the next block, and the block, its index rows and the vote
//! are one synced commit; then all its posts are answered. So a transaction is written once, and
//! accepted when it is valid. While one block is on its way to the disk the threads that check
//! collect the next: a lone transaction gets a block of its own at once, a crowd shares them.

use crate::{
    PostError, Posted,
    ledger::{Ledger, reason, refine},
    posted::Checked,
};
use std::{
    collections::VecDeque,
    sync::{Arc, mpsc::Receiver},
};
use tally_ledger::{Block, BlockDraft, BlockId, Decision, Offer, RejectionCode, ViewError};
use tally_ledger_store::{ChainView, Commit, CommitError, ReadError};
use tally_storage::Durability;

/// Takes from `checked` and appends blocks, until nobody is left to send.
///
/// # Errors
///
/// [`CommitError`] of the first commit that failed. Nothing of it was answered; whether it is on
/// disk is unknown, so the node stops.
pub(crate) fn run(ledger: &Ledger, checked: &Receiver<Vec<Checked>>) -> Result<(), CommitError> {
    let mut maker = Maker { ledger, waiting: VecDeque::new() };
    maker.resume()?;
    loop {
        if maker.waiting.is_empty() {
            let Ok(batch) = checked.recv() else { return Ok(()) };
            maker.waiting.extend(batch);
        }
        while maker.waiting.len() < ledger.block_transactions_max {
            let Ok(batch) = checked.try_recv() else { break };
            maker.waiting.extend(batch);
        }
        maker.step()?;
    }
}

/// Makes one block after the other.
struct Maker<'a> {
    ledger: &'a Ledger,
    waiting: VecDeque<Checked>,
}

/// What one step does with those that wait, once its block is on disk.
#[derive(Default)]
struct Step {
    included: Vec<Checked>,
    /// In the chain, or in this block, already.
    known: Vec<Checked>,
    refused: Vec<(Checked, tally_ledger::Rejection)>,
}

impl Maker<'_> {
    /// Takes what was accepted and is in no block: the rest of a run with other rules.
    fn resume(&mut self) -> Result<(), CommitError> {
        let mut after = None;
        loop {
            let page = self.ledger.store.backlog(after, usize::MAX)?;
            let unasked = |transaction| Checked { transaction, answer: None };
            self.waiting.extend(page.items.into_iter().map(unasked));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        while !self.waiting.is_empty() {
            self.step()?;
        }
        Ok(())
    }

    /// Puts what fits of those that wait into a block, makes it durable and answers. Each step
    /// shortens the queue: any transaction fits into an empty block.
    fn step(&mut self) -> Result<(), CommitError> {
        let ledger = self.ledger;
        let tip = ledger.store.tip();
        let time = ledger.time_after(tip.map(|tip| tip.timestamp));
        let view = ledger.store.view();
        let draft = BlockDraft::new(&view, vec![], time, ledger.members.clone());
        let (draft, step) =
            self.fill(draft).map_err(|error| CommitError::Read(ReadError::View(error)))?;
        let mut commit = Commit::new();
        for (refused, rejection) in &step.refused {
            // Who was never told that it is accepted has no claim to a reason later.
            if refused.answer.is_none() {
                commit.reject(refused.transaction.id(), reason(rejection));
            }
        }
        let previous = tip.map_or(ledger.genesis, |tip| tip.block);
        let height = view.blocks();
        let block = draft.finish(&ledger.key).map(Arc::new);
        if let Some(block) = &block {
            self.append(&mut commit, height, block, previous);
        }
        if block.is_some() || step.refused.iter().any(|(refused, _)| refused.answer.is_none()) {
            ledger.store.commit(commit, Durability::Synced)?;
        }
        if let Some(block) = &block {
            ledger.tallies.blocks.add(1);
            ledger.tallies.own_blocks.add(1);
            ledger.fresh.keep(height, Arc::clone(block));
            ledger.decided_alone(height, block);
        }
        step.answer(ledger);
        Ok(())
    }

    fn append(&self, commit: &mut Commit, height: u64, block: &Arc<Block>, previous: BlockId) {
        let vote = self.ledger.sign_vote(block.id(), previous, Decision::Valid);
        commit.append(height, Arc::clone(block)).vote(vote);
    }

    fn fill<'v>(
        &mut self,
        mut draft: BlockDraft<'v, ChainView<'v>>,
    ) -> Result<(BlockDraft<'v, ChainView<'v>>, Step), ViewError> {
        let mut step = Step::default();
        while draft.len() < self.ledger.block_transactions_max {
            let Some(next) = self.waiting.pop_front() else { break };
            match draft.offer(&next.transaction)? {
                Offer::Accepted => step.included.push(next),
                Offer::Rejected(rejection) | Offer::NotYet(rejection)
                    if rejection.code == RejectionCode::DuplicateTransaction =>
                {
                    step.known.push(next);
                }
                // Whatever it conflicts with is about to be on disk, or the node stops.
                Offer::Rejected(rejection) | Offer::NotYet(rejection) => {
                    step.refused.push((next, rejection));
                }
                Offer::NoRoom => {
                    self.waiting.push_front(next);
                    break;
                }
            }
        }
        Ok((draft, step))
    }
}

impl Step {
    fn answer(self, ledger: &Ledger) {
        ledger.tallies.accepted.add(self.included.len());
        for (refused, rejection) in self.refused {
            let tally = if refused.answer.is_some() {
                &ledger.tallies.refused
            } else {
                &ledger.tallies.rejected
            };
            tally.add(1);
            let rejection = refine(ledger, &refused.transaction, rejection);
            refused.answer(Err(PostError::Rejected(rejection)));
        }
        let accept = |found: Checked, is_new| {
            let transaction = Arc::clone(&found.transaction);
            found.answer(Ok(Posted { transaction, is_new, is_valid: true }));
        };
        self.included.into_iter().for_each(|found| accept(found, true));
        self.known.into_iter().for_each(|found| accept(found, false));
    }
}
