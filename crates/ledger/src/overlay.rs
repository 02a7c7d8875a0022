use std::{collections::BTreeMap, sync::Arc};

use crate::{
    AssetId, AssetUuid, Block, LedgerView, Operation, OutputRef, Transaction, TransactionId,
    ViewError,
};

/// What one block, or several, add to a state: their transactions, the outputs that these spend and
/// the uuids that they take.
///
/// Made once per block and shared by every [`Overlay`] that stands on it. Laid on nothing, a layer
/// is a chain of its own, and so a [`LedgerView`] in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    pub(crate) transactions: BTreeMap<TransactionId, Arc<Transaction>>,
    pub(crate) spenders: BTreeMap<OutputRef, TransactionId>,
    pub(crate) assets: BTreeMap<AssetUuid, TransactionId>,
}

impl Layer {
    /// What the block adds.
    pub fn of(block: &Block) -> Self {
        let mut layer = Self::default();
        for transaction in block.transactions() {
            layer.add(transaction);
        }
        layer
    }

    /// Adds a transaction that was checked against everything below and in this layer; the layer
    /// does not check it again. One that is in it already changes nothing.
    pub fn add(&mut self, transaction: &Arc<Transaction>) {
        let id = transaction.id();
        self.transactions.insert(id, Arc::clone(transaction));
        for input in transaction.inputs() {
            if let Some(output) = input.spends {
                self.spenders.insert(output, id);
            }
        }
        if let Some(asset) = created_uuid(transaction) {
            self.assets.insert(asset, id);
        }
    }

    /// The transactions, by id.
    pub fn transactions(&self) -> impl ExactSizeIterator<Item = &Arc<Transaction>> {
        self.transactions.values()
    }

    /// The outputs that are spent here and the transaction that spends each, by output.
    pub fn spenders(&self) -> impl ExactSizeIterator<Item = (&OutputRef, &TransactionId)> {
        self.spenders.iter()
    }
}

impl LedgerView for Layer {
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError> {
        Ok(self.transactions.get(id).map(Arc::clone))
    }

    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError> {
        Ok(self.transactions.contains_key(id))
    }

    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError> {
        Ok(self.spenders.get(output).copied())
    }

    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError> {
        Ok(self.assets.get(asset).copied())
    }
}

/// A state with blocks on top that are not part of it yet: what holds after the proposed ancestors
/// of a block.
///
/// Stacking costs one shared pointer a layer. A look-up asks the layers, newest first, then the
/// base.
#[derive(Debug)]
pub struct Overlay<'a, V: ?Sized> {
    base: &'a V,
    layers: Vec<Arc<Layer>>,
}

impl<'a, V: LedgerView + ?Sized> Overlay<'a, V> {
    /// The layers on the base, oldest first. None of them may repeat what is below it.
    pub fn new(base: &'a V, layers: Vec<Arc<Layer>>) -> Self {
        Self { base, layers }
    }

    /// The state that the layers stand on.
    pub fn base(&self) -> &'a V {
        self.base
    }

    /// The layers, oldest first.
    pub fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// Lays one more block on top.
    pub fn push(&mut self, layer: Arc<Layer>) {
        self.layers.push(layer);
    }

    fn newest_first(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().rev().map(Arc::as_ref)
    }
}

impl<V: LedgerView + ?Sized> LedgerView for Overlay<'_, V> {
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError> {
        match self.newest_first().find_map(|layer| layer.transactions.get(id)) {
            Some(transaction) => Ok(Some(Arc::clone(transaction))),
            None => self.base.transaction(id),
        }
    }

    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError> {
        match self.newest_first().any(|layer| layer.transactions.contains_key(id)) {
            true => Ok(true),
            false => self.base.contains(id),
        }
    }

    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError> {
        match self.newest_first().find_map(|layer| layer.spenders.get(output)) {
            Some(spender) => Ok(Some(*spender)),
            None => self.base.spender(output),
        }
    }

    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError> {
        match self.newest_first().find_map(|layer| layer.assets.get(asset)) {
            Some(creator) => Ok(Some(*creator)),
            None => self.base.asset_creator(asset),
        }
    }
}

/// The uuid that the transaction takes for a new asset: only nested CREATE and GENESIS have one.
pub(crate) fn created_uuid(transaction: &Transaction) -> Option<AssetUuid> {
    match (transaction.operation(), transaction.asset_id()) {
        (Operation::Create | Operation::Genesis, AssetId::Uuid(uuid)) => Some(uuid),
        (Operation::Create | Operation::Genesis, AssetId::Transaction(_))
        | (Operation::Transfer, _) => None,
    }
}
