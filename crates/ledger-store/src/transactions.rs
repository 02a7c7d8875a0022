use crate::{
    LedgerStore, Page, Place, ReadError,
    records::{Location, Member},
    tables::{
        ASSETS, GROUP, GROUPS, METADATA, TEXTS, TRANSACTIONS, TRANSFERS, asset_key, listing, tail,
    },
};
use std::sync::Arc;
use tally_ledger::{AssetId, AssetUuid, MetadataId, Operation, Transaction, TransactionId};
use tally_storage::{Direction, KeyRange, Table};

/// A transaction of the chain, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTransaction {
    /// Its id.
    pub id: TransactionId,
    /// Where it is.
    pub place: Place,
    /// Its canonical JSON.
    pub text: String,
    /// The number of the text.
    pub(crate) number: u64,
}

impl StoredTransaction {
    /// Parses the text.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if it is damaged.
    pub fn parse(&self) -> Result<Arc<Transaction>, ReadError> {
        LedgerStore::parse(self.text.as_bytes(), self.number)
    }
}

impl LedgerStore {
    /// Returns the place of a transaction of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn place(&self, id: &TransactionId) -> Result<Option<Place>, ReadError> {
        Ok(self.location(id)?.map(|location| location.place))
    }

    /// Returns a transaction of the chain by its id.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn stored(&self, id: &TransactionId) -> Result<Option<StoredTransaction>, ReadError> {
        let Some(Location { place, number }) = self.location(id)? else { return Ok(None) };
        self.load(place, Member { id: *id, number }).map(Some)
    }

    /// Returns the transaction at a place of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn stored_at(&self, place: Place) -> Result<Option<StoredTransaction>, ReadError> {
        match self.find_member(place)? {
            Some(member) => self.load(place, member).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the transactions of an asset with an operation, or all of them, in chain order from
    /// after `after`: first the one that created it, then its transfers.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn transactions_of_asset(
        &self,
        asset: &AssetId,
        operation: Option<Operation>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page<StoredTransaction, Place>, ReadError> {
        let Some(tip) = self.height() else { return Page::read(0, |_| Ok(vec![])) };
        let Some((creator, created)) = self.creator(asset)?.filter(|(at, _)| at.height() <= tip)
        else {
            return Page::read(0, |_| Ok(vec![]));
        };
        Page::read(limit, |count| {
            let mut places = vec![];
            let is_wanted = operation.is_none_or(|wanted| wanted == created);
            if is_wanted && after.is_none_or(|after| after < creator) {
                places.push(creator);
            }
            if matches!(operation, None | Some(Operation::Transfer)) {
                let after = after.map(Place::to_bytes);
                let after = after.as_ref().map(<[u8; 8]>::as_slice);
                let range = listing(&creator.to_bytes(), after, tip);
                places.extend(self.places(TRANSFERS, &range, 8, count - places.len())?);
            }
            self.load_all(places)
        })
    }

    /// Returns the newest transaction of an asset: its last transfer, or the one that created it.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn last_of_asset(&self, asset: &AssetId) -> Result<Option<StoredTransaction>, ReadError> {
        let Some((creator, _)) = self.creator(asset)? else { return Ok(None) };
        let transfers = KeyRange::prefix(creator.to_bytes());
        let place = match self.store.last(TRANSFERS, &transfers)? {
            Some(row) => tail(&row.key, 8)
                .map(Place::from_bytes)
                .ok_or_else(|| ReadError::undecodable(TRANSFERS, &row.key))?,
            None => creator,
        };
        self.load(place, self.member(place)?).map(Some)
    }

    /// Returns the transactions whose metadata has this uuid, in chain order from after `after`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn transactions_by_metadata(
        &self,
        metadata: &MetadataId,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page<StoredTransaction, Place>, ReadError> {
        let Some(tip) = self.height() else { return Page::read(0, |_| Ok(vec![])) };
        let after = after.map(Place::to_bytes);
        let range = listing(metadata.as_bytes(), after.as_ref().map(<[u8; 8]>::as_slice), tip);
        Page::read(limit, |count| self.load_all(self.places(METADATA, &range, 16, count)?))
    }

    /// Reads where a transaction of the chain is.
    pub(crate) fn location(&self, id: &TransactionId) -> Result<Option<Location>, ReadError> {
        let Some(row) = self.store.get(TRANSACTIONS, id.as_bytes())? else { return Ok(None) };
        let location = Location::from_slice(&row);
        location.map(Some).ok_or_else(|| ReadError::undecodable(TRANSACTIONS, id.as_bytes()))
    }

    /// Reads where the transaction is that created an asset with a uuid.
    pub(crate) fn creator_place(&self, asset: &AssetUuid) -> Result<Option<Place>, ReadError> {
        let key = asset_key(asset);
        let Some(row) = self.store.get(ASSETS, &key)? else { return Ok(None) };
        let place = tail(&row, 0).map(Place::from_bytes);
        place.map(Some).ok_or_else(|| ReadError::undecodable(ASSETS, &key))
    }

    /// Reads where the transaction is that names an asset. For the id of a transaction it need not be
    /// one that created the asset: [`creator`](Self::creator) looks.
    pub(crate) fn asset_place(&self, asset: &AssetId) -> Result<Option<Place>, ReadError> {
        match asset {
            AssetId::Uuid(uuid) => self.creator_place(uuid),
            AssetId::Transaction(id) => self.place(id),
        }
    }

    /// Reads where the transaction is that created an asset, and with which operation.
    fn creator(&self, asset: &AssetId) -> Result<Option<(Place, Operation)>, ReadError> {
        let Some(place) = self.asset_place(asset)? else { return Ok(None) };
        let Member { id, number } = self.member(place)?;
        let found = self.parsed(&id, Location { place, number })?;
        Ok(match found.operation() {
            Operation::Create | Operation::Genesis if found.asset_id() == *asset => {
                Some((place, found.operation()))
            }
            // The asset that this one carries has another name.
            Operation::Create | Operation::Genesis | Operation::Transfer => None,
        })
    }

    /// Reads which transaction is at a place; `None` if the chain has no such place.
    pub(crate) fn find_member(&self, place: Place) -> Result<Option<Member>, ReadError> {
        let key = place.round_down(GROUP).to_bytes();
        let Some(group) = self.store.get(GROUPS, &key)? else { return Ok(None) };
        Ok(Member::read_at(&group, usize::from(place.position() % GROUP)))
    }

    /// Reads which transaction is at a place that another row names.
    pub(crate) fn member(&self, place: Place) -> Result<Member, ReadError> {
        let missing = || ReadError::missing(GROUPS, &place.round_down(GROUP).to_bytes());
        self.find_member(place)?.ok_or_else(missing)
    }

    /// Reads the places at the ends of the keys of a range, which begin with `prefix` other bytes.
    pub(crate) fn places(
        &self,
        table: Table,
        range: &KeyRange,
        prefix: usize,
        limit: usize,
    ) -> Result<Vec<Place>, ReadError> {
        let rows = self.store.scan(table, range, Direction::Forward, limit)?;
        rows.iter()
            .map(|row| {
                let place = tail(&row.key, prefix).map(Place::from_bytes);
                place.ok_or_else(|| ReadError::undecodable(table, &row.key))
            })
            .collect()
    }

    /// Reads the transactions at places, each with its place as the cursor.
    pub(crate) fn load_all(
        &self,
        places: Vec<Place>,
    ) -> Result<Vec<(Place, StoredTransaction)>, ReadError> {
        let load = |place| Ok((place, self.load(place, self.member(place)?)?));
        places.into_iter().map(load).collect()
    }

    pub(crate) fn load(
        &self,
        place: Place,
        member: Member,
    ) -> Result<StoredTransaction, ReadError> {
        let Member { id, number } = member;
        let text = String::from_utf8(self.text(number)?);
        let text = text.map_err(|_| ReadError::undecodable(TEXTS, &number.to_be_bytes()))?;
        Ok(StoredTransaction { id, place, text, number })
    }
}
