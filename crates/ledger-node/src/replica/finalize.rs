use super::{Replica, ground::Base};
use crate::{
    ledger::reason,
    lock::lock,
    recent::{Ground, Proposal},
};
use bytes::Bytes;
use std::sync::Arc;
use tally_ledger::{Block, Decision};
use tally_ledger_store::{Commit, CommitError, ReadError, Tip};
use tally_storage::Durability;

impl Replica {
    /// Appends a final block together with this node's vote on it and the ends of what it makes
    /// impossible, in one synced commit; then lets others know.
    pub(super) fn append_final(&self, height: u64, payload: &Bytes) -> Result<(), CommitError> {
        let store = &self.ledger.store;
        let Some(tip) = store.tip() else { panic!("a chain begins before its engine") };
        // Handed over again after a crash: everything about it is on disk (I5).
        if height <= tip.height {
            return Ok(());
        }
        assert_eq!(height, tip.height + 1, "final blocks come in order");
        let block = self.checked_block(payload, &tip)?;
        let transactions = block.transactions();
        let losers = lock(&self.pool).losers(transactions);
        let mut commit = Commit::new();
        commit.append(height, Arc::clone(&block));
        for (id, rejection) in &losers {
            commit.reject(*id, reason(rejection));
        }
        let own = self.ledger.key.public_key();
        // A vote against it could only be there if too many members had lied (I4).
        let vote = match store.vote(&block.id(), &own)? {
            None => Some(self.ledger.sign_vote(block.id(), tip.block, Decision::Valid)),
            Some(_) => None,
        };
        let early = lock(&self.early).take(&block.id());
        for vote in vote.iter().cloned().chain(early) {
            commit.vote(vote);
        }
        store.commit(commit, Durability::Synced)?;
        self.ledger.fresh.keep(height, Arc::clone(&block));
        self.store_early(&block.id())?;
        self.ledger.tallies.blocks.add(1);
        self.ledger.tallies.own_blocks.add(usize::from(*block.node_pubkey() == own));
        self.settle(&block, &losers)?;
        self.ledger.advance_decided()?;
        if let Some(vote) = vote {
            self.broadcast_vote(&vote);
        }
        Ok(())
    }

    /// Returns a final block after this node has checked it itself: when it was proposed, or now.
    fn checked_block(&self, payload: &Bytes, tip: &Tip) -> Result<Arc<Block>, CommitError> {
        let known = self.find(payload);
        if let Some(Proposal { block, ground: Some(ground), .. }) = &known
            && self.is_chain(ground, tip)?
        {
            return Ok(Arc::clone(block));
        }
        let reading = self.read(payload);
        let reading = reading.unwrap_or_else(|error| self.distrust(&error.to_string()));
        let base = Base {
            view: self.ledger.store.view(),
            layers: vec![],
            time: tip.timestamp,
            ground: Ground { height: tip.height, pending: vec![] },
        };
        match self.check_block(&reading, &base, None) {
            Ok(Ok(())) => Ok(Arc::new(reading.block)),
            Ok(Err(fault)) => self.distrust(&fault.to_string()),
            Err(error) => Err(CommitError::Read(ReadError::View(error))),
        }
    }

    /// Says whether what a block was checked on is what the chain has become.
    fn is_chain(&self, ground: &Ground, tip: &Tip) -> Result<bool, ReadError> {
        let first = ground.height + 1;
        if first + ground.pending.len() as u64 != tip.height + 1 {
            return Ok(false);
        }
        for (height, expected) in (first..).zip(&ground.pending) {
            let head = self.ledger.store.head(height)?;
            if head.is_none_or(|head| head.id != *expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Stops: more than a third of the members agreed to what breaks a rule, or run other rules.
    /// Going on would spread it.
    fn distrust(&self, fault: &str) -> ! {
        tracing::error!(fault, "the federation made an invalid block final: this node leaves it");
        self.lifeline.end(crate::StopReason::InvalidFinal);
        panic!("an invalid block is final: {fault}")
    }

    /// Takes what is settled now out of the pool, and ends what has come into it meanwhile and is
    /// impossible.
    fn settle(
        &self,
        block: &Block,
        rejected: &[(tally_ledger::TransactionId, tally_ledger::Rejection)],
    ) -> Result<(), CommitError> {
        let mut late = lock(&self.pool).settle(block.transactions());
        late.retain(|(id, _)| rejected.iter().all(|(other, _)| other != id));
        self.forget_rejected(rejected);
        self.reject(late)?;
        if lock(&self.pool).len() != (0, 0) {
            self.wake();
        }
        Ok(())
    }
}
