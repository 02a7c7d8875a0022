use crate::{
    AddressVersions, BlockError, DirectoryConfig, ReadError,
    changes::IndexChanges,
    layers::{Changes, Layers},
    orders::orders_in,
    records::{OrderRow, Revocation, Tip, decode, encode},
    resolve::{Resolved, resolve},
    tables::{
        ENTITIES, HISTORY, NAMES, ORDERS, RECENT, REVOCATION_KEY, STATE, TIP_KEY, UNDO, entity_key,
        history_key, order_key,
    },
    undo::Undo,
    view::LayersView,
};
use std::{collections::VecDeque, sync::Arc};
use tally_accounts::OrderPlace;
use tally_chain::utxo::{Block, Record, Records};
use tally_feip::{Change, HistoryRow, Outcome, Rules, View as _};
use tally_primitives::{BlockId, BlockNumber, Txid};
use tally_storage::Table;

/// Blocks that can be undone: more than any network's limit.
pub(crate) const UNDO_BLOCKS: u64 = 128;

/// Turns blocks into changes of the state, step by step.
///
/// # Invariants
///
/// * Between two calls the state is that after the tip's block: every block is applied whole.
/// * Whatever a block changes is in its undo row, so undoing it gives exactly the state before.
/// * After an error nothing may be committed: the last commit counts.
#[derive(Debug)]
pub(crate) struct Writer {
    layers: Layers,
    rules: Rules,
    versions: AddressVersions,
    /// The operator's service: of its orders the accounts are told.
    service: Option<Txid>,
    tip: Option<Tip>,
    /// Heights that have undo rows, ascending.
    undoable: VecDeque<u64>,
    index: IndexChanges,
}

/// What one commit stores, and what is published after it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) changes: Arc<Changes>,
    pub(crate) index: IndexChanges,
    pub(crate) tip: Tip,
}

impl Writer {
    pub(crate) fn new(
        layers: Layers,
        config: &DirectoryConfig,
        tip: Option<Tip>,
        undoable: VecDeque<u64>,
    ) -> Self {
        let DirectoryConfig { rules, versions, service, .. } = *config;
        let index = IndexChanges::default();
        Self { layers, rules, versions, service, tip, undoable, index }
    }

    pub(crate) const fn tip(&self) -> Option<Tip> {
        self.tip
    }

    pub(crate) const fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Applies the next block. `is_undoable` says whether it may ever have to be undone.
    pub(crate) fn block(&mut self, block: &Block, is_undoable: bool) -> Result<(), BlockError> {
        if let Some(tip) = self.tip {
            let Some(last) = tip.block else {
                return Err(BlockError::OtherSource { had: "records", found: "blocks" });
            };
            if tip.height.checked_add(1) != Some(block.height.0) {
                return Err(not_next(tip, block.height));
            }
            if last != block.previous {
                return Err(BlockError::NotChild { block: block.id, height: block.height });
            }
        }
        let Resolved { records, undo } = resolve(&mut self.layers, block, self.versions)?;
        self.apply(block.height, block.time, Some(block.id), &records, undo, is_undoable)
    }

    /// Applies the next records of a source that knows no blocks.
    pub(crate) fn records(&mut self, next: &Records, is_undoable: bool) -> Result<(), BlockError> {
        if let Some(tip) = self.tip {
            if tip.block.is_some() {
                return Err(BlockError::OtherSource { had: "blocks", found: "records" });
            }
            if next.height.0 <= tip.height {
                return Err(not_next(tip, next.height));
            }
        }
        self.apply(next.height, next.time, None, &next.records, Undo::default(), is_undoable)
    }

    /// Notes that a source of records has none up to this height beside those that came.
    pub(crate) fn caught_up(&mut self, height: BlockNumber) {
        match &mut self.tip {
            Some(tip) if tip.block.is_none() => tip.height = tip.height.max(height.0),
            Some(_) | None => {}
        }
    }

    fn apply(
        &mut self,
        height: BlockNumber,
        time: u64,
        block: Option<BlockId>,
        records: &[Record],
        mut undo: Undo,
        is_undoable: bool,
    ) -> Result<(), BlockError> {
        let mut accepted = 0;
        for record in records {
            accepted += u64::from(self.record(record, block, &mut undo)?);
        }
        // The floor is a matter of how the directory came here, and what is undone does not lower it.
        undo.before = self.tip.map(|tip| Tip { undo_floor: 0, ..tip });
        let before = self.tip.unwrap_or(Tip {
            height: 0,
            block: None,
            time: 0,
            undo_floor: 0,
            records: 0,
            accepted: 0,
        });
        let mut tip = Tip {
            height: height.0,
            block,
            time,
            undo_floor: before.undo_floor,
            records: before.records + records.len() as u64,
            accepted: before.accepted + accepted,
        };
        let key = height.0.to_be_bytes();
        if is_undoable {
            self.layers.set_row(UNDO, key.to_vec(), Some(undo.to_bytes()));
            let id = block.map(|id| id.as_shown().to_vec()).unwrap_or_default();
            self.layers.set_row(RECENT, key.to_vec(), Some(id));
            self.undoable.push_back(height.0);
        } else {
            tip.undo_floor = height.0;
        }
        while let Some(oldest) = self.undoable.front().copied() {
            if oldest.saturating_add(UNDO_BLOCKS) > height.0 {
                break;
            }
            for table in [UNDO, RECENT] {
                self.layers.discard_row(table, oldest.to_be_bytes().to_vec());
            }
            self.undoable.pop_front();
            tip.undo_floor = tip.undo_floor.max(oldest);
        }
        self.tip = Some(tip);
        Ok(())
    }

    fn forget(&mut self, height: u64) {
        for table in [UNDO, RECENT] {
            self.layers.set_row(table, height.to_be_bytes().to_vec(), None);
        }
    }

    /// Applies one record. Says whether it changed anything.
    fn record(
        &mut self,
        record: &Record,
        block: Option<BlockId>,
        undo: &mut Undo,
    ) -> Result<bool, BlockError> {
        let view = LayersView(&self.layers);
        match tally_feip::apply(record, &view, &self.rules)? {
            Ok(outcome) => {
                self.take(outcome, undo);
                Ok(true)
            }
            Err(ignored) => {
                tracing::trace!(transaction = %record.txid, reason = %ignored, "record ignored");
                let orders = orders_in(record, block, |key| view.entity(key))?;
                for (vout, row) in &orders {
                    let key = order_key(record.height.0, record.index, *vout);
                    self.set(undo, ORDERS, key, None, Some(encode(row)));
                }
                Ok(!orders.is_empty())
            }
        }
    }

    fn take(&mut self, outcome: Outcome, undo: &mut Undo) {
        for Change { key, before, after } in outcome.changes {
            let known = before.as_ref().map(tally_feip::Entity::reserved_cids).unwrap_or_default();
            for name in after.reserved_cids().iter().filter(|name| !known.contains(*name)) {
                let holder = key.id.as_bytes().to_vec();
                self.set(undo, NAMES, name.as_bytes().to_vec(), None, Some(holder));
            }
            let before = before.as_ref().map(encode);
            self.set(undo, ENTITIES, entity_key(&key), before, Some(encode(&after)));
            self.index.entity(key, Some(after));
        }
        if let Some(row) = outcome.history {
            self.set(undo, HISTORY, history_key(&row), None, Some(encode(&row)));
            self.index.row(row);
        }
    }

    /// Changes a row and notes what was there.
    fn set(
        &mut self,
        undo: &mut Undo,
        table: Table,
        key: Vec<u8>,
        before: Option<Vec<u8>>,
        after: Option<Vec<u8>>,
    ) {
        undo.rows.push((table, key.clone(), before));
        self.layers.set_row(table, key, after);
    }

    /// Undoes everything above a height.
    pub(crate) fn roll_back_to(&mut self, to: BlockNumber) -> Result<(), BlockError> {
        let Some(tip) = self.tip.filter(|tip| tip.height > to.0) else { return Ok(()) };
        if to.0 < tip.undo_floor {
            return Err(BlockError::TooDeep { to, floor: BlockNumber(tip.undo_floor) });
        }
        let mut before = Some(tip);
        let (mut has_orders, mut own_orders) = (false, vec![]);
        while let Some(height) = self.undoable.pop_back_if(|height| *height > to.0) {
            let key = height.to_be_bytes();
            let row = self.layers.row(UNDO, &key)?;
            let undo = Undo::from_slice(&key, &row.ok_or_else(|| ReadError::missing(UNDO, &key))?)?;
            has_orders |= undo.rows.iter().any(|(table, ..)| *table == ORDERS);
            before = undo.before;
            self.undo(undo, &mut own_orders)?;
            self.forget(height);
        }
        self.layers.cool();
        self.tip = Some(match before {
            // A source of records may name a height between two that have some.
            Some(before) => Tip { height: to.0, undo_floor: tip.undo_floor, ..before },
            None => Tip { height: to.0, block: None, time: 0, records: 0, accepted: 0, ..tip },
        });
        if has_orders {
            self.revoke(to, own_orders)?;
        }
        Ok(())
    }

    /// Takes back what a block did; adds the orders of the operator's service to `own_orders`.
    fn undo(&mut self, undo: Undo, own_orders: &mut Vec<OrderPlace>) -> Result<(), BlockError> {
        undo.apply_outputs(&mut self.layers);
        for (table, key, before) in undo.rows.into_iter().rev() {
            if table == HISTORY {
                let row = self.layers.row(HISTORY, &key)?;
                let row = row.ok_or_else(|| ReadError::missing(HISTORY, &key))?;
                self.index.row_gone(&decode::<HistoryRow>(HISTORY, &key, &row)?);
            } else if table == ENTITIES {
                self.restore_entity(&key, before.as_deref())?;
            } else if table == ORDERS {
                let row = self.layers.row(ORDERS, &key)?;
                let row = row.ok_or_else(|| ReadError::missing(ORDERS, &key))?;
                let OrderRow { service, order } = decode(ORDERS, &key, &row)?;
                if self.service == Some(service) {
                    own_orders.push(order.place());
                }
            }
            self.layers.set_row(table, key, before);
        }
        Ok(())
    }

    fn restore_entity(&mut self, key: &[u8], before: Option<&[u8]>) -> Result<(), BlockError> {
        let row = self.layers.row(ENTITIES, key)?;
        let row = row.ok_or_else(|| ReadError::missing(ENTITIES, key))?;
        let now: tally_feip::Entity = decode(ENTITIES, key, &row)?;
        let before = before.map(|before| decode(ENTITIES, key, before)).transpose()?;
        self.index.entity(now.key, before);
        Ok(())
    }

    /// Leaves a note for the accounts of the orders that were undone. It stays until they were told,
    /// so that neither a crash nor accounts that cannot be reached lose it. Orders that the chain
    /// brings again stay on it: who tells the accounts looks what stands in the chain then.
    fn revoke(&mut self, above: BlockNumber, undone: Vec<OrderPlace>) -> Result<(), BlockError> {
        let mut note = Revocation { above: above.0, undone };
        if let Some(row) = self.layers.row(STATE, REVOCATION_KEY)? {
            let pending: Revocation = decode(STATE, REVOCATION_KEY, &row)?;
            note.above = note.above.min(pending.above);
            note.undone.extend(pending.undone);
            note.undone.sort_unstable();
            note.undone.dedup();
        }
        self.layers.set_row(STATE, REVOCATION_KEY.to_vec(), Some(encode(&note)));
        Ok(())
    }

    /// Returns about how much memory the changes since the last step need.
    pub(crate) const fn changed_bytes(&self) -> usize {
        self.layers.changed_bytes() + self.index.bytes()
    }

    /// Hands over all changes since the last step; `None` if nothing ever came. The next step may be
    /// made after [`committed`](Self::committed).
    pub(crate) fn step(&mut self) -> Option<Step> {
        let tip = self.tip?;
        self.layers.set_row(STATE, TIP_KEY.to_vec(), Some(encode(&tip)));
        Some(Step {
            changes: self.layers.begin_commit(),
            index: std::mem::take(&mut self.index),
            tip,
        })
    }

    /// Notes that the last step is in the store.
    pub(crate) fn committed(&mut self) {
        self.layers.committed();
    }
}

fn not_next(tip: Tip, found: BlockNumber) -> BlockError {
    BlockError::NotNext { tip: BlockNumber(tip.height), found }
}
