use crate::{LedgerStore, OutputPlace, Place, ReadError, records::Location};
use std::sync::Arc;
use tally_ledger::{AssetUuid, LedgerView, OutputRef, Transaction, TransactionId, ViewError};

/// The state of the ledger after one of its blocks, or before the first one. It stays as it is while
/// blocks are appended: the chain only grows, so what later blocks added is left out.
#[derive(Debug, Clone, Copy)]
pub struct ChainView<'a> {
    ledger: &'a LedgerStore,
    /// How many blocks are part of it.
    blocks: u64,
}

impl LedgerStore {
    /// Returns the state after the last block.
    #[must_use]
    pub fn view(&self) -> ChainView<'_> {
        self.view_before(self.height().map_or(0, |height| height + 1))
    }

    /// Returns the state before the block of a height.
    #[must_use]
    pub const fn view_before(&self, height: u64) -> ChainView<'_> {
        ChainView { ledger: self, blocks: height }
    }
}

impl ChainView<'_> {
    /// Returns how many blocks the state consists of: the height of the next one.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    fn has(&self, place: Place) -> bool {
        place.height() < self.blocks
    }

    fn location(&self, id: &TransactionId) -> Result<Option<Location>, ReadError> {
        let cached = self.ledger.cache().location(id);
        let location = match cached {
            Some(location) => Some(location),
            None => self.ledger.location(id)?,
        };
        Ok(location.filter(|location| self.has(location.place)))
    }

    /// Reads the id of the transaction at a place, if the place is part of this state.
    fn id_at(&self, place: Option<Place>) -> Result<Option<TransactionId>, ReadError> {
        match place.filter(|place| self.has(*place)) {
            Some(place) => Ok(Some(self.ledger.member(place)?.id)),
            None => Ok(None),
        }
    }

    fn find(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ReadError> {
        let known = self.ledger.known(id)?;
        Ok(known.filter(|known| self.has(known.location.place)).map(|known| known.transaction))
    }

    fn find_spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ReadError> {
        // The cache is told of a block before the tip is moved to it, so up to the tip it is
        // complete. A state that may be ahead of it is what the disk says.
        let is_complete = self.ledger.height().is_some_and(|tip| self.blocks <= tip + 1);
        if is_complete && let Some((place, spender)) = self.ledger.cache().spender(output) {
            return if self.has(place) { self.id_at(spender) } else { Ok(None) };
        }
        let Some(location) = self.location(&output.transaction)? else { return Ok(None) };
        let output = OutputPlace { transaction: location.place, index: output.index };
        self.id_at(self.ledger.spender_place(output)?)
    }
}

impl LedgerView for ChainView<'_> {
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError> {
        self.find(id).map_err(|error| view_error("a transaction", error))
    }

    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError> {
        let found =
            self.location(id).map_err(|error| view_error("a transaction's place", error))?;
        Ok(found.is_some())
    }

    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError> {
        self.find_spender(output).map_err(|error| view_error("the spender of an output", error))
    }

    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError> {
        let place = self.ledger.creator_place(asset);
        let creator = place.and_then(|place| self.id_at(place));
        creator.map_err(|error| view_error("the creator of an asset", error))
    }
}

impl LedgerView for LedgerStore {
    fn transaction(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ViewError> {
        self.newest().transaction(id)
    }

    fn contains(&self, id: &TransactionId) -> Result<bool, ViewError> {
        self.newest().contains(id)
    }

    fn spender(&self, output: &OutputRef) -> Result<Option<TransactionId>, ViewError> {
        self.newest().spender(output)
    }

    fn asset_creator(&self, asset: &AssetUuid) -> Result<Option<TransactionId>, ViewError> {
        self.newest().asset_creator(asset)
    }
}

impl LedgerStore {
    /// The state after all blocks there are and will be.
    const fn newest(&self) -> ChainView<'_> {
        self.view_before(u64::MAX)
    }
}

fn view_error(what: &'static str, error: ReadError) -> ViewError {
    ViewError { what, source: Box::new(error) }
}
