use std::collections::BTreeMap;
use tally_feip::{Entity, EntityKey, HistoryRow, Kind};
use tally_primitives::Txid;

/// What changes in the index with one step.
#[derive(Debug, Default)]
pub(crate) struct IndexChanges {
    /// What each changed entity is now; `None` if it is not there any more.
    pub(crate) entities: BTreeMap<EntityKey, Option<Entity>>,
    /// Rows of histories that come and go, in order.
    pub(crate) rows: Vec<RowChange>,
    bytes: usize,
}

/// A row of a history comes or goes.
#[derive(Debug)]
pub(crate) enum RowChange {
    Added(HistoryRow),
    Gone { kind: Kind, txid: Txid },
}

/// What a changed document costs in memory until it is published.
const DOCUMENT_BYTES: usize = 600;

impl IndexChanges {
    pub(crate) fn entity(&mut self, key: EntityKey, now: Option<Entity>) {
        self.bytes += DOCUMENT_BYTES;
        self.entities.insert(key, now);
    }

    pub(crate) fn row(&mut self, row: HistoryRow) {
        self.bytes += DOCUMENT_BYTES;
        self.rows.push(RowChange::Added(row));
    }

    pub(crate) fn row_gone(&mut self, row: &HistoryRow) {
        self.bytes += DOCUMENT_BYTES;
        self.rows.push(RowChange::Gone { kind: row.kind, txid: row.txid });
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
