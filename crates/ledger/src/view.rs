use std::{error::Error, sync::Arc};

use crate::{AssetUuid, OutputRef, Transaction, TransactionId};

/// A state of the ledger: one chain of blocks, from the genesis block up to one of them.
///
/// Every rule about what exists, what is spent and what is taken reads it through these four
/// questions.
///
/// # Requirements
///
/// * All answers belong to the same state: nobody appends a block between two questions of one
///   check.
/// * A transaction that `contains` knows is answered by `transaction`, and each output that it
///   spends has it as its `spender`.
/// * Transactions of blocks that are invalid, undecided or of another branch are not part of it.
/// * No answer is a guess: a state that cannot be read is a [`ViewError`], never `None`.
pub trait LedgerView {
    /// The transaction of that id, when a block of this chain holds it.
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError>;

    /// Whether a block of this chain holds the transaction of that id.
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError>;

    /// The transaction of this chain that spends the output.
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError>;

    /// The CREATE or GENESIS transaction of this chain that carries the asset's uuid (nested v1).
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError>;
}

/// The state of the ledger could not be read: a fault of this node's storage, which says nothing
/// about the transaction or block that was being checked.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {what} of the ledger's state")]
pub struct ViewError {
    /// What was being read, for example `a transaction`.
    pub what: &'static str,
    /// Why it could not.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl<V: LedgerView + ?Sized> LedgerView for &V {
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError> {
        (**self).transaction(id)
    }

    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError> {
        (**self).contains(id)
    }

    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError> {
        (**self).spender(output)
    }

    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError> {
        (**self).asset_creator(asset)
    }
}
