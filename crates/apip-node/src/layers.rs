use crate::{
    ReadError,
    output_row::{self, OutputRow},
    tables::OUTPUTS,
    warm::Warm,
};
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
};
use tally_chain::utxo::OutPoint;
use tally_storage::{Batch, Store, Table};

/// What changed since the last commit.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    outputs: HashMap<OutPoint, Change>,
    /// `None`: removed.
    rows: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// About how much memory they need.
    bytes: usize,
}

/// What became of an output.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// It was made, and nothing below knows it.
    Made(OutputRow),
    /// It is unspent again; something below may know it, as spent or as unspent.
    Restored(OutputRow),
    /// It is spent, or what made it was undone.
    Gone,
}

impl Change {
    const fn row(self) -> Option<OutputRow> {
        match self {
            Self::Made(row) | Self::Restored(row) => Some(row),
            Self::Gone => None,
        }
    }
}

/// What a changed output costs in memory: key and row, twice for the batch.
const OUTPUT_BYTES: usize = 160;
/// What a changed row costs beside its key and value.
const ROW_BYTES: usize = 120;

impl Changes {
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds everything to a batch, in the order of the keys, which stores like best.
    pub(crate) fn write(&self, batch: &mut Batch) {
        let mut outputs: Vec<_> = self.outputs.iter().collect();
        outputs.sort_unstable_by_key(|(output, _)| **output);
        for (output, change) in outputs {
            let key = output_row::key(output);
            match change.row() {
                Some(row) => batch.put(OUTPUTS, key, row.to_bytes()),
                None => batch.delete(OUTPUTS, key),
            }
        }
        for ((table, key), value) in &self.rows {
            match value {
                Some(value) => batch.put(*table, key.clone(), value.clone()),
                None => batch.delete(*table, key.clone()),
            }
        }
    }
}

/// The newest state: what changed since the last commit, on top of what is being committed right
/// now, on top of the store.
#[derive(Debug)]
pub(crate) struct Layers {
    store: Arc<dyn Store>,
    changes: Changes,
    committing: Option<Arc<Changes>>,
    warm: Warm,
}

impl Layers {
    pub(crate) fn new(store: Arc<dyn Store>, warm_outputs: usize) -> Self {
        let (changes, committing) = (Changes::default(), None);
        Self { store, changes, committing, warm: Warm::new(warm_outputs) }
    }

    /// Reads a row of any table but the outputs'.
    pub(crate) fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let name = (table, key.to_vec());
        let committing = || self.committing.as_ref().and_then(|changes| changes.rows.get(&name));
        match self.changes.rows.get(&name).or_else(committing) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.store.get(table, key)?),
        }
    }

    /// Changes a row of any table but the outputs'.
    pub(crate) fn set_row(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.changes.bytes += ROW_BYTES + key.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.rows.insert((table, key), value);
    }

    /// Removes a row that nobody will ask for again. Such a row may stay in the store if it was
    /// written twice, which does no harm.
    pub(crate) fn discard_row(&mut self, table: Table, key: Vec<u8>) {
        let name = (table, key);
        if let Some(Some(_)) = self.changes.rows.get(&name) {
            // Written and removed between two commits: the store never hears of it.
            self.changes.rows.remove(&name);
        } else {
            self.set_row(table, name.1, None);
        }
    }

    /// Adds an unspent output that a block made.
    pub(crate) fn create(&mut self, output: OutPoint, row: OutputRow) {
        let change = match self.changes.outputs.contains_key(&output) {
            // What made it was undone before, or it was spent: the rows below are another matter.
            true => Change::Restored(row),
            false => Change::Made(row),
        };
        self.set_output(output, change);
        self.warm.insert(output, row);
    }

    /// Removes an unspent output and returns what it was; `None` if there is none.
    pub(crate) fn spend(&mut self, output: &OutPoint) -> Result<Option<OutputRow>, ReadError> {
        let row = match self.warm.take(output) {
            Some(row) => Some(row),
            None => self.cold(output)?,
        };
        let Some(row) = row else { return Ok(None) };
        if let Some(Change::Made(_)) = self.changes.outputs.get(output) {
            // Made and spent between two commits: the store never hears of it.
            self.changes.outputs.remove(output);
        } else {
            self.set_output(*output, Change::Gone);
        }
        Ok(Some(row))
    }

    /// Makes an output unspent again, because what spent it was undone.
    pub(crate) fn restore(&mut self, output: OutPoint, row: OutputRow) {
        self.set_output(output, Change::Restored(row));
    }

    /// Removes an output, because what made it was undone.
    pub(crate) fn remove(&mut self, output: OutPoint) {
        self.set_output(output, Change::Gone);
    }

    fn set_output(&mut self, output: OutPoint, change: Change) {
        self.changes.bytes += OUTPUT_BYTES;
        self.changes.outputs.insert(output, change);
    }

    /// Forgets which outputs were seen last; after blocks were undone.
    pub(crate) fn cool(&mut self) {
        self.warm.clear();
    }

    /// Looks an output up where it is if it is not among the recent ones.
    fn cold(&self, output: &OutPoint) -> Result<Option<OutputRow>, ReadError> {
        let committing = || self.committing.as_ref().and_then(|below| below.outputs.get(output));
        if let Some(change) = self.changes.outputs.get(output).or_else(committing) {
            return Ok(change.row());
        }
        let key = output_row::key(output);
        let Some(bytes) = self.store.get(OUTPUTS, &key)? else { return Ok(None) };
        OutputRow::from_slice(&bytes).map(Some).ok_or_else(|| ReadError::undecodable(OUTPUTS, &key))
    }

    /// Returns how much memory the changes since the last commit need.
    pub(crate) const fn changed_bytes(&self) -> usize {
        self.changes.bytes()
    }

    /// Hands over the changes since the last commit. Until [`committed`](Self::committed) they are
    /// still read from memory, as they may not be in the store yet.
    pub(crate) fn begin_commit(&mut self) -> Arc<Changes> {
        debug_assert!(self.committing.is_none(), "one commit at a time");
        let changes = Arc::new(mem::take(&mut self.changes));
        self.committing = Some(Arc::clone(&changes));
        changes
    }

    /// Notes that what was handed over is in the store.
    pub(crate) fn committed(&mut self) {
        self.committing = None;
    }

    #[cfg(test)]
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn warm_outputs(&self) -> usize {
        self.warm.len()
    }
}
