use crate::{
    LedgerStore, OutputPlace, Page, Place, ReadError, StoredTransaction,
    records::Location,
    tables::{SPENDERS, SPENT, UNSPENT, listing, owned_key, tail},
};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{OutputRef, TransactionId};
use tally_storage::{Direction, KeyRange, Table};

/// Which outputs of an owner are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFilter {
    /// Those that nobody has spent.
    Unspent,
    /// Those that a transaction of the chain spends.
    Spent,
    /// All.
    Any,
}

/// An output that one of its owners asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedOutput {
    /// The output.
    pub output: OutputRef,
    /// Where it is.
    pub place: OutputPlace,
    /// Whether a transaction of the chain spends it.
    pub is_spent: bool,
}

impl LedgerStore {
    /// Returns the outputs that a key owns, alone or with others, in chain order from after `after`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn outputs_by_owner(
        &self,
        owner: &PublicKey,
        filter: OutputFilter,
        after: Option<OutputPlace>,
        limit: usize,
    ) -> Result<Page<OwnedOutput, OutputPlace>, ReadError> {
        let Some(tip) = self.height() else { return Page::read(0, |_| Ok(vec![])) };
        Page::read(limit, |count| {
            let outputs = self.owned(owner, filter, after, tip, count)?;
            let owned = |(place, is_spent): (OutputPlace, bool)| {
                let transaction = self.member(place.transaction)?.id;
                let output = OutputRef { transaction, index: place.index };
                Ok((place, OwnedOutput { output, place, is_spent }))
            };
            outputs.into_iter().map(owned).collect()
        })
    }

    /// Returns the transactions with such an output of an owner, each once, in chain order from
    /// after `after`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn transactions_by_owner(
        &self,
        owner: &PublicKey,
        filter: OutputFilter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page<StoredTransaction, Place>, ReadError> {
        let Some(tip) = self.height() else { return Page::read(0, |_| Ok(vec![])) };
        Page::read(limit, |count| {
            let mut places: Vec<Place> = vec![];
            let mut after = after.map(last_output);
            while places.len() < count {
                let wanted = count - places.len();
                let outputs = self.owned(owner, filter, after, tip, wanted)?;
                let found = outputs.len();
                places.extend(outputs.into_iter().map(|(place, _)| place.transaction));
                places.dedup();
                // Whatever else this owner has of the last transaction adds nothing.
                after = places.last().copied().map(last_output);
                if found < wanted {
                    break;
                }
            }
            self.load_all(places)
        })
    }

    /// Returns the transaction of the chain that spends an output.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn spender_of(&self, output: &OutputRef) -> Result<Option<TransactionId>, ReadError> {
        let Some(Location { place, .. }) = self.location(&output.transaction)? else {
            return Ok(None);
        };
        let output = OutputPlace { transaction: place, index: output.index };
        let Some(spender) = self.spender_place(output)? else { return Ok(None) };
        Ok(Some(self.member(spender)?.id))
    }

    /// Reads where the transaction is that spends an output.
    pub(crate) fn spender_place(&self, output: OutputPlace) -> Result<Option<Place>, ReadError> {
        let key = output.to_bytes();
        let Some(row) = self.store.get(SPENDERS, &key)? else { return Ok(None) };
        let place = tail(&row, 0).map(Place::from_bytes);
        place.map(Some).ok_or_else(|| ReadError::undecodable(SPENDERS, &key))
    }

    /// Reads the first `limit` outputs of an owner after `after`, up to height `tip`, and whether
    /// each is spent.
    ///
    /// For [`OutputFilter::Any`] two tables are read, the unspent ones first: an output that is
    /// spent in between is found in both and listed once, and none is missed.
    fn owned(
        &self,
        owner: &PublicKey,
        filter: OutputFilter,
        after: Option<OutputPlace>,
        tip: u64,
        limit: usize,
    ) -> Result<Vec<(OutputPlace, bool)>, ReadError> {
        let spent = || -> Result<Vec<(OutputPlace, bool)>, ReadError> {
            let outputs = self.outputs_in(SPENT, owner, after, None, tip, limit)?;
            Ok(outputs.into_iter().map(|output| (output, true)).collect())
        };
        let unspent = || -> Result<Vec<(OutputPlace, bool)>, ReadError> {
            let outputs = self.unspent(owner, after, tip, limit)?;
            Ok(outputs.into_iter().map(|output| (output, false)).collect())
        };
        match filter {
            OutputFilter::Unspent => unspent(),
            OutputFilter::Spent => spent(),
            OutputFilter::Any => {
                let mut outputs = unspent()?;
                outputs.extend(spent()?);
                // Of two entries of an output the spent one is the newer.
                outputs.sort_unstable_by_key(|(output, is_spent)| (*output, !is_spent));
                outputs.dedup_by_key(|(output, _)| *output);
                outputs.truncate(limit);
                Ok(outputs)
            }
        }
    }

    /// Reads the first `limit` unspent outputs of an owner; skips what is known to be spent.
    fn unspent(
        &self,
        owner: &PublicKey,
        after: Option<OutputPlace>,
        tip: u64,
        limit: usize,
    ) -> Result<Vec<OutputPlace>, ReadError> {
        let first = self.first_unspent().get(owner);
        let outputs = self.outputs_in(UNSPENT, owner, after, first, tip, limit)?;
        // A scan that left out nothing but what is spent says where the first one is.
        if limit > 0 && after.is_none_or(|after| first.is_some_and(|first| after < first)) {
            let end = || Place::new(tip.saturating_add(1), 0);
            let end = || end().map(|transaction| OutputPlace { transaction, index: 0 });
            if let Some(first) = outputs.first().copied().or_else(end) {
                self.first_unspent().set(owner, first);
            }
        }
        Ok(outputs)
    }

    /// Reads the first `limit` outputs in a table after `after`, from `first`, up to height `tip`.
    fn outputs_in(
        &self,
        table: Table,
        owner: &PublicKey,
        after: Option<OutputPlace>,
        first: Option<OutputPlace>,
        tip: u64,
        limit: usize,
    ) -> Result<Vec<OutputPlace>, ReadError> {
        let after = after.map(OutputPlace::to_bytes);
        let mut range = listing(owner.as_bytes(), after.as_ref().map(<[u8; 12]>::as_slice), tip);
        if let Some(first) = first.map(|first| owned_key(owner, first))
            && range.start() < first.as_slice()
        {
            range = KeyRange::between(first, range.end().unwrap_or_default());
        }
        let rows = self.store.scan(table, &range, Direction::Forward, limit)?;
        rows.iter()
            .map(|row| {
                let output: Option<[u8; 12]> = tail(&row.key, 32);
                let output = output.and_then(|bytes| OutputPlace::from_slice(&bytes));
                output.ok_or_else(|| ReadError::undecodable(table, &row.key))
            })
            .collect()
    }
}

/// The last output that a transaction could have: what follows it belongs to later transactions.
const fn last_output(transaction: Place) -> OutputPlace {
    OutputPlace { transaction, index: u32::MAX }
}
