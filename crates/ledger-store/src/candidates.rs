use crate::Reason;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use tally_ledger::{Block, BlockId, TransactionId};

/// The most undecided blocks that are kept, the oldest dropped first: more than the ordering engine
/// ever has open, so that only a flood of proposals reaches it.
pub const UNDECIDED_MAX: usize = 16;

/// The most invalid blocks that are kept, the oldest dropped first: enough to find out what a member
/// did wrong, too few to fill the disk (256 MiB, if all are as large as blocks may be).
pub const INVALID_MAX: usize = 64;

/// A proposed block that this node checked and that may still be appended.
#[derive(Debug, Clone)]
pub struct UndecidedBlock {
    /// The height that it is proposed for.
    pub height: u64,
    /// The block.
    pub block: Arc<Block>,
}

/// What is known of a block that was signed by a member, checked, and found invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidBlock {
    /// Its id.
    pub id: BlockId,
    /// The height that it was proposed for.
    pub height: u64,
    /// What is wrong with it.
    pub reason: Reason,
    /// The ids of its transactions, in its order.
    pub transactions: Vec<TransactionId>,
}

/// The blocks that are not in the chain. Undecided ones are in memory only: after a restart the
/// ordering engine hands them over again. Of invalid ones this is the index.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// Oldest first.
    undecided: Vec<(UndecidedBlock, HashSet<TransactionId>)>,
    invalid: BTreeMap<u64, Arc<InvalidBlock>>,
    invalid_by_id: HashMap<BlockId, u64>,
    invalid_by_transaction: HashMap<TransactionId, Vec<u64>>,
}

impl Candidates {
    pub(crate) fn add_undecided(&mut self, candidate: UndecidedBlock) {
        if self.undecided(&candidate.block.id()).is_some() {
            return;
        }
        let ids = candidate.block.transactions().iter().map(|found| found.id()).collect();
        self.undecided.push((candidate, ids));
        if self.undecided.len() > UNDECIDED_MAX {
            self.undecided.remove(0);
        }
    }

    pub(crate) fn drop_undecided(&mut self, drop_it: impl Fn(&UndecidedBlock) -> bool) {
        self.undecided.retain(|(candidate, _)| !drop_it(candidate));
    }

    pub(crate) fn undecided(&self, id: &BlockId) -> Option<&UndecidedBlock> {
        self.all_undecided().find(|candidate| candidate.block.id() == *id)
    }

    /// The undecided blocks, oldest first.
    pub(crate) fn all_undecided(&self) -> impl ExactSizeIterator<Item = &UndecidedBlock> {
        self.undecided.iter().map(|(candidate, _)| candidate)
    }

    pub(crate) fn insert_invalid(&mut self, number: u64, block: InvalidBlock) {
        self.drop_undecided(|candidate| candidate.block.id() == block.id);
        self.invalid_by_id.insert(block.id, number);
        for transaction in &block.transactions {
            let numbers = self.invalid_by_transaction.entry(*transaction).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
        self.invalid.insert(number, Arc::new(block));
    }

    pub(crate) fn remove_invalid(&mut self, number: u64) {
        let Some(block) = self.invalid.remove(&number) else { return };
        self.invalid_by_id.remove(&block.id);
        for transaction in &block.transactions {
            if let Some(numbers) = self.invalid_by_transaction.get_mut(transaction) {
                numbers.retain(|other| *other != number);
                if numbers.is_empty() {
                    self.invalid_by_transaction.remove(transaction);
                }
            }
        }
    }

    /// The number and the facts of an invalid block.
    pub(crate) fn invalid(&self, id: &BlockId) -> Option<(u64, &Arc<InvalidBlock>)> {
        let number = *self.invalid_by_id.get(id)?;
        Some((number, self.invalid.get(&number)?))
    }

    /// The invalid blocks by number, oldest first.
    pub(crate) fn all_invalid(&self) -> &BTreeMap<u64, Arc<InvalidBlock>> {
        &self.invalid
    }

    /// The invalid blocks that contain a transaction, oldest first.
    pub(crate) fn invalid_with(
        &self,
        transaction: &TransactionId,
    ) -> impl Iterator<Item = &Arc<InvalidBlock>> {
        let numbers = self.invalid_by_transaction.get(transaction).into_iter().flatten();
        numbers.filter_map(|number| self.invalid.get(number))
    }

    /// The undecided blocks that contain a transaction, oldest first.
    pub(crate) fn undecided_with(
        &self,
        transaction: &TransactionId,
    ) -> impl Iterator<Item = &UndecidedBlock> {
        let holding = self.undecided.iter().filter(|(_, ids)| ids.contains(transaction));
        holding.map(|(candidate, _)| candidate)
    }
}
