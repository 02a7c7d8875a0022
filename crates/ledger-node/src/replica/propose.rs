use super::{Replica, ground::Base};
use crate::{ledger::reason, lock::lock, recent::Proposal, waiters::End};
use bytes::Bytes;
use std::sync::Arc;
use tally_consensus::Ancestry;
use tally_ledger::{
    BLOCK_AHEAD_SECONDS_MAX, BLOCK_BEHIND_SECONDS_MAX, Block, BlockDraft, LedgerView as _, Offer,
    Rejection, RejectionCode, Transaction, TransactionId, ViewError,
};
use tally_ledger_store::{ChainView, Commit, CommitError, ReadError};
use tally_storage::Durability;

/// Transactions that are looked at for one block, for each that it may have: those that must wait,
/// because they contradict a proposed block, shall not use up the leader's time.
const CANDIDATES_FOR_ONE: usize = 4;

/// How often the front of the line is looked at for one block, if all that was there had to step
/// aside or go. What is left is looked at in the next turn.
const ROUNDS_MAX: usize = 4;

/// What became of the transactions that were looked at.
#[derive(Default)]
struct Sorted {
    /// Own ones that can never be in a block any more.
    lost: Vec<(TransactionId, Rejection)>,
    /// Those that have no business in the pool any more.
    gone: Vec<TransactionId>,
    /// Those that a timeout keeps out of this block. If they were looked at for each block, enough
    /// of them would hide all that waits behind.
    late: Vec<TransactionId>,
}

impl Sorted {
    fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.gone.is_empty() && self.late.is_empty()
    }
}

/// Says whether no member accepts any more, at `now`, a block that is older than `failed_at`.
fn is_over(failed_at: u64, now: u64) -> bool {
    now > failed_at.saturating_add(BLOCK_BEHIND_SECONDS_MAX + BLOCK_AHEAD_SECONDS_MAX)
}

impl Replica {
    /// Makes a block of what waits; nothing if nothing does that could be in it.
    ///
    /// The block has no need to be on disk before it is sent: what it holds is on the disks of those
    /// who accepted it, and the engine keeps a journal of what it sent.
    pub(super) fn make_proposal(&self, ancestry: &Ancestry) -> Result<Option<Bytes>, CommitError> {
        let Some(base) = self.base(ancestry)? else { return Ok(None) };
        let mut block = None;
        for _ in 0..ROUNDS_MAX {
            let (found, is_more) = self.make_block(&base)?;
            block = found;
            if block.is_some() || !is_more {
                break;
            }
        }
        let Some(block) = block else { return Ok(None) };
        let payload = Bytes::from(block.encode());
        let height = ancestry.height();
        tracing::debug!(height, id = %block.id(), transactions = block.transactions().len(), "proposing");
        let proposal = Proposal::new(block, Some(base.ground));
        self.show(height, &proposal.block);
        lock(&self.recent).keep(payload.clone(), proposal);
        Ok(Some(payload))
    }

    /// Makes a block of those that are first in line. Without a block, says whether others have
    /// come to the front meanwhile.
    fn make_block(&self, base: &Base<'_>) -> Result<(Option<Block>, bool), CommitError> {
        let limit = CANDIDATES_FOR_ONE * self.ledger.block_transactions_max;
        let time = self.ledger.time_after(Some(base.time));
        let now = self.ledger.clock.now();
        let in_flight = |id: &TransactionId| {
            base.layers.iter().any(|layer| matches!(layer.contains(id), Ok(true)))
        };
        // One that a timeout keeps out is looked at again when it can be said to have lost.
        let waits = |failed_at: u64| {
            failed_at <= time.seconds()
                && !(base.layers.is_empty()
                    && (failed_at <= base.time.seconds() || is_over(failed_at, now)))
        };
        let candidates = lock(&self.pool)
            .proposable(limit, |id, failed_at| in_flight(id) || failed_at.is_some_and(waits));
        if candidates.is_empty() {
            return Ok((None, false));
        }
        let members = self.ledger.members.clone();
        let draft = BlockDraft::new(&base.view, base.layers.clone(), time, members);
        let view_error = |error| CommitError::Read(ReadError::View(error));
        let (draft, sorted) = self.fill(draft, &candidates, base).map_err(view_error)?;
        let is_more = candidates.len() == limit && !sorted.is_empty();
        {
            let mut pool = lock(&self.pool);
            sorted.late.iter().for_each(|id| pool.set_aside(id, time.seconds()));
        }
        self.give_up(sorted)?;
        Ok((draft.finish(&self.ledger.key), is_more))
    }

    fn fill<'v>(
        &self,
        mut draft: BlockDraft<'v, ChainView<'v>>,
        candidates: &[Arc<Transaction>],
        base: &Base<'_>,
    ) -> Result<(BlockDraft<'v, ChainView<'v>>, Sorted), ViewError> {
        let mut sorted = Sorted::default();
        for candidate in candidates {
            if draft.len() >= self.ledger.block_transactions_max {
                break;
            }
            match draft.offer(candidate)? {
                Offer::NotYet(rejection) if rejection.code == RejectionCode::InvalidSignature => {
                    sorted.late.push(candidate.id());
                }
                Offer::Accepted | Offer::NotYet(_) | Offer::NoRoom => {}
                Offer::Rejected(rejection) => self.sort(&mut sorted, candidate, rejection, base),
            }
        }
        Ok((draft, sorted))
    }

    fn sort(
        &self,
        sorted: &mut Sorted,
        candidate: &Arc<Transaction>,
        rejection: Rejection,
        base: &Base<'_>,
    ) {
        let id = candidate.id();
        // A timeout that has passed here may not have passed for others, whose clocks are slower:
        // it has lost when a block of the chain is past it, or every clock is.
        let may_count = || {
            let failed_at = lock(&self.pool).failed_at(&id);
            let now = self.ledger.clock.now();
            !base.layers.is_empty()
                || (failed_at.is_none_or(|failed_at| !is_over(failed_at, now))
                    && candidate.verify_signatures(base.time.seconds()).is_ok())
        };
        if rejection.code == RejectionCode::InvalidSignature && may_count() {
            sorted.late.push(id);
            return;
        }
        let is_settled = rejection.code == RejectionCode::DuplicateTransaction;
        if !is_settled && lock(&self.pool).is_own(&id) {
            sorted.lost.push((id, rejection));
        } else {
            sorted.gone.push(id);
        }
    }

    /// Makes durable why own transactions have lost, and forgets what is of no use.
    fn give_up(&self, sorted: Sorted) -> Result<(), CommitError> {
        self.reject(sorted.lost)?;
        let mut pool = lock(&self.pool);
        sorted.gone.iter().for_each(|id| pool.remove(id));
        Ok(())
    }

    /// Ends accepted transactions: makes durable why, forgets them, tells who waits.
    pub(super) fn reject(&self, lost: Vec<(TransactionId, Rejection)>) -> Result<(), CommitError> {
        if lost.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::new();
        for (id, rejection) in &lost {
            commit.reject(*id, reason(rejection));
        }
        self.ledger.store.commit(commit, Durability::Synced)?;
        self.forget_rejected(&lost);
        Ok(())
    }

    /// What follows a durable rejection.
    pub(super) fn forget_rejected(&self, lost: &[(TransactionId, Rejection)]) {
        self.ledger.tallies.rejected.add(lost.len());
        let mut pool = lock(&self.pool);
        lost.iter().for_each(|(id, _)| pool.remove(id));
        drop(pool);
        self.ledger.waiters.ended(End::Other, lost.iter().map(|(id, _)| *id));
    }
}
