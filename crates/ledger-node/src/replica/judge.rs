use super::{
    Replica,
    ground::{Base, Reading},
};
use crate::{ledger::entropy, lock::lock, recent::Proposal, spread::spread};
use bytes::Bytes;
use std::sync::Arc;
use tally_consensus::Ancestry;
use tally_ledger::{
    Block, BlockContext, BlockFault, BlockVerdict, Decision, Layer, LedgerView as _, Overlay,
    Rejection, RejectionCode, Transaction, ViewError, verify_signatures,
};
use tally_ledger_store::{Commit, CommitError, ReadError, Reason};
use tally_storage::Durability;

impl Replica {
    /// Checks a block that another member proposes, against everything: the first wall of I2. The
    /// engine agrees to it only after `true`.
    pub(super) fn judge_proposal(
        &self,
        ancestry: &Ancestry,
        payload: &Bytes,
    ) -> Result<bool, CommitError> {
        let Some(base) = self.base(ancestry)? else { return Ok(false) };
        if self.find(payload).is_some_and(|known| known.ground.as_ref() == Some(&base.ground)) {
            return Ok(true);
        }
        let reading = match self.read(payload) {
            Ok(reading) => reading,
            Err(error) => {
                self.ledger.tallies.invalid_proposals.add(1);
                tracing::warn!(height = ancestry.height(), %error, "a proposal is no block");
                return Ok(false);
            }
        };
        let now = Some(self.ledger.clock.now());
        let verdict = self.check_block(&reading, &base, now);
        match verdict.map_err(|error| CommitError::Read(ReadError::View(error)))? {
            Ok(()) => {
                let proposal = Proposal::new(reading.block, Some(base.ground));
                self.show(ancestry.height(), &proposal.block);
                self.remember(&proposal.block, &base.layers);
                lock(&self.recent).keep(payload.clone(), proposal);
                Ok(true)
            }
            Err(fault) => {
                self.refuse(ancestry.height(), reading.block, &fault, &base)?;
                Ok(false)
            }
        }
    }

    /// Keeps the transactions of a valid block with those of others, as far as there is room: if the
    /// block comes to nothing because its checks took too long, the next one with them takes less.
    /// Those that build on what is not settled may never be possible, and are left out.
    fn remember(&self, block: &Block, pending: &[Arc<Layer>]) {
        let is_settled = |transaction: &Transaction| {
            let spends = transaction.inputs().iter().filter_map(|input| input.spends);
            spends
                .map(|output| output.transaction)
                .all(|id| pending.iter().all(|layer| matches!(layer.contains(&id), Ok(false))))
        };
        let mut pool = lock(&self.pool);
        for transaction in block.transactions().iter().filter(|found| is_settled(found)) {
            pool.offer(Arc::clone(transaction));
        }
    }

    /// Checks a block that was read, by all rules. `now` is absent for a block that is final.
    pub(super) fn check_block(
        &self,
        reading: &Reading,
        base: &Base<'_>,
        now: Option<u64>,
    ) -> Result<BlockVerdict, ViewError> {
        let Reading { block, is_verified } = reading;
        let members = &self.ledger.members;
        let context = BlockContext { members, parent: Some(base.time), now };
        if let Err(fault) = block.check_body(&context) {
            return Ok(Err(fault));
        }
        let view = Overlay::new(&base.view, base.layers.clone());
        if let Err(fault) = block.check_transactions(&view)? {
            return Ok(Err(fault));
        }
        Ok(self.check_signatures(block, is_verified))
    }

    /// Verifies the signatures that nobody verified before, in batches over the cores. Timeouts
    /// count at the block's time, so those are always looked at again.
    fn check_signatures(&self, block: &Block, is_verified: &[bool]) -> BlockVerdict {
        let time = block.timestamp().seconds();
        let depends_on_time = |transaction: &Transaction| {
            transaction.inputs().iter().any(|input| input.fulfillment.has_timeout())
        };
        let transactions = block.transactions().iter().zip(is_verified).enumerate();
        let open: Vec<(usize, &Transaction)> = transactions
            .filter(|(_, (found, is_verified))| !**is_verified || depends_on_time(found))
            .map(|(index, (found, _))| (index, &**found))
            .collect();
        let verdicts: Vec<Result<(), Rejection>> = spread(&open, self.threads, |part| {
            let transactions: Vec<&Transaction> = part.iter().map(|(_, found)| *found).collect();
            verify_signatures(&transactions, time, entropy())
        });
        for ((index, _), verdict) in open.into_iter().zip(verdicts) {
            verdict.map_err(|rejection| block.transaction_fault(index, rejection))?;
        }
        Ok(())
    }

    /// Refuses a proposal. If its maker is to blame whatever the block is put on, the block is kept
    /// and this node votes against it.
    fn refuse(
        &self,
        height: u64,
        block: Block,
        fault: &BlockFault,
        base: &Base<'_>,
    ) -> Result<(), CommitError> {
        self.ledger.tallies.invalid_proposals.add(1);
        let (maker, id) = (*block.node_pubkey(), block.id());
        tracing::warn!(height, block = %id, %maker, %fault, "a proposal is invalid");
        if !self.is_lasting(&block, fault, base)? {
            return Ok(());
        }
        let store = &self.ledger.store;
        let own = self.ledger.key.public_key();
        if store.block_height(&id)?.is_some() || store.vote(&id, &own)?.is_some() {
            return Ok(());
        }
        let Some(tip) = store.tip() else { return Ok(()) };
        let decision = Decision::Invalid(fault.code().parse().ok());
        let vote = self.ledger.sign_vote(id, tip.block, decision);
        let reason = Reason { code: fault.code().to_owned(), message: fault.to_string() };
        let mut commit = Commit::new();
        commit.invalid(height, Arc::new(block), reason).vote(vote.clone());
        for early in lock(&self.early).take(&id) {
            commit.vote(early);
        }
        // Once it is on disk the vote stays what it is (I4), and may be seen (I3).
        store.commit(commit, Durability::Synced)?;
        self.store_early(&id)?;
        self.broadcast_vote(&vote);
        Ok(())
    }

    /// Says whether a block can never be appended, whatever comes before it. The same block might be
    /// proposed again on other ancestors and become final: a vote against it would then contradict
    /// the vote for it. So what the settled chain alone does not refuse for good is refused without
    /// a vote; and so is what the named maker did not sign.
    fn is_lasting(
        &self,
        block: &Block,
        fault: &BlockFault,
        base: &Base<'_>,
    ) -> Result<bool, ReadError> {
        let is_signed =
            self.ledger.members.contains(block.node_pubkey()) && block.verify_signature().is_ok();
        if !is_signed || !fault.is_lasting() {
            return Ok(false);
        }
        match fault {
            BlockFault::BeforeParent { time, .. } => {
                let head = self.ledger.store.head(base.ground.height)?;
                Ok(head.is_some_and(|head| *time < head.timestamp))
            }
            // Signatures do not depend on the state.
            BlockFault::Transaction { rejection, .. }
                if rejection.code == RejectionCode::InvalidSignature =>
            {
                Ok(true)
            }
            BlockFault::Transaction { .. } => {
                let settled = block.check_transactions(&base.view).map_err(ReadError::View)?;
                Ok(matches!(settled, Err(BlockFault::Transaction { rejection, .. })
                if !matches!(
                    rejection.code,
                    RejectionCode::InputNotFound | RejectionCode::InputNotValid
                )))
            }
            BlockFault::IdHash
            | BlockFault::Voters
            | BlockFault::Empty
            | BlockFault::TooManyTransactions { .. }
            | BlockFault::TooLarge { .. }
            | BlockFault::TooMuchWork { .. }
            | BlockFault::Genesis => Ok(true),
            BlockFault::Signature { .. }
            | BlockFault::Maker { .. }
            | BlockFault::Untimely { .. } => Ok(false),
        }
    }
}
