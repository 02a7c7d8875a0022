use std::sync::Arc;

use super::{Block, BlockFault, BlockVerdict};
use crate::{
    Layer, LedgerView, Rejection, RejectionCode, Transaction, ViewError, check_state,
    overlay::created_uuid, verify_signatures,
};

impl Block {
    /// Checks the transactions against the state before the block and against each other, in their
    /// order. Signatures are not looked at.
    ///
    /// A transaction may neither repeat, conflict with, nor build on another of the same block: a
    /// client cannot know an output before its transaction is valid, and order within a block stays
    /// without meaning.
    ///
    /// # Errors
    ///
    /// The outer error: the state could not be read. The inner one: the first transaction that
    /// breaks a rule.
    pub fn check_transactions(
        &self,
        view: &(impl LedgerView + ?Sized),
    ) -> Result<BlockVerdict, ViewError> {
        let mut before = Layer::default();
        for (index, transaction) in self.transactions().iter().enumerate() {
            let verdict = check_next(transaction, &before, view)?;
            if let Err(rejection) = verdict {
                return Ok(Err(self.transaction_fault(index, rejection)));
            }
            before.add(transaction);
        }
        Ok(Ok(()))
    }

    /// Verifies the signatures of all transactions at the block's time, in one batch.
    ///
    /// # Errors
    ///
    /// The first transaction that is not signed.
    pub fn check_signatures(&self, entropy: [u8; 32]) -> BlockVerdict {
        let transactions: Vec<&Transaction> = self.transactions().iter().map(Arc::as_ref).collect();
        let verdicts = verify_signatures(&transactions, self.timestamp().seconds(), entropy);
        for (index, verdict) in verdicts.into_iter().enumerate() {
            verdict.map_err(|rejection| self.transaction_fault(index, rejection))?;
        }
        Ok(())
    }

    /// The fault that the transaction at `index` has, for callers that verify signatures in parts.
    ///
    /// # Panics
    ///
    /// There is no such transaction.
    pub fn transaction_fault(&self, index: usize, rejection: Rejection) -> BlockFault {
        BlockFault::Transaction { index, id: self.transactions()[index].id(), rejection }
    }
}

/// Checks a transaction that is to follow `before` in one block on `view`.
pub(super) fn check_next(
    transaction: &Transaction,
    before: &Layer,
    view: &(impl LedgerView + ?Sized),
) -> Result<Result<(), Rejection>, ViewError> {
    match conflict(transaction, before) {
        Some(rejection) => Ok(Err(rejection)),
        None => check_state(transaction, view),
    }
}

/// What is wrong with a transaction in a block that holds the transactions `before` it already.
fn conflict(transaction: &Transaction, before: &Layer) -> Option<Rejection> {
    if before.transactions.contains_key(&transaction.id()) {
        let message = format!("id: transaction {} is in the block already", transaction.id());
        return Some(Rejection::new(RejectionCode::DuplicateTransaction, message));
    }
    let taken = created_uuid(transaction).filter(|uuid| before.assets.contains_key(uuid));
    if let Some(uuid) = taken {
        let message = format!("asset.id: asset {uuid} is created in the same block already");
        return Some(Rejection::new(RejectionCode::DuplicateAsset, message));
    }
    let outputs = transaction.inputs().iter().enumerate();
    outputs.filter_map(|(index, input)| Some((index, input.spends?))).find_map(|(index, output)| {
        if let Some(other) = before.spenders.get(&output) {
            let message = format!("output {output} is spent by {other} in the same block");
            Some(transaction.reject_input(RejectionCode::DoubleSpend, index, &message))
        } else if before.transactions.contains_key(&output.transaction) {
            let message = format!("output {output} is of the same block");
            Some(transaction.reject_input(RejectionCode::InputNotValid, index, &message))
        } else {
            None
        }
    })
}
