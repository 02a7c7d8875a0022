//! The tables of the directory and how their keys are written: the layout at a glance.
//!
//! Numbers in keys are big-endian, so that scans run in order. `docs/apip.md` says what the rows are
//! for, `docs/formats.md` how they are written.

use tally_feip::{EntityKey, HistoryRow, Kind};
use tally_storage::{Access, Table, schema::Schema};

/// Name → fact about the directory as a whole: [`TIP_KEY`], [`SETTINGS_KEY`], [`REVOCATION_KEY`],
/// [`COMPARED_KEY`].
pub(crate) const STATE: Table = Table::new("directory_state");
/// Output that nobody has spent → value, time, owner: `output_row.rs`.
pub(crate) const OUTPUTS: Table = Table::new("outputs").with_access(Access::Points);
/// Kind, id → entity.
pub(crate) const ENTITIES: Table = Table::new("entities");
/// Kind, height, index in the block → history row.
pub(crate) const HISTORY: Table = Table::new("history").with_access(Access::Log);
/// Name of an identity → the address that holds it.
pub(crate) const NAMES: Table = Table::new("names").with_access(Access::Points);
/// Height, index in the block, output → payment for a service.
pub(crate) const ORDERS: Table = Table::new("orders");
/// Height → what the block replaced: the newest blocks only.
pub(crate) const UNDO: Table = Table::new("undo").with_access(Access::Churn);
/// Height → id of the block, 32 bytes, or nothing with a source of records: of each row of [`UNDO`].
pub(crate) const RECENT: Table = Table::new("recent_blocks").with_access(Access::Churn);

/// All tables that a store for a directory must have.
pub const TABLES: &[Table] = &[STATE, OUTPUTS, ENTITIES, HISTORY, NAMES, ORDERS, UNDO, RECENT];

/// Version 1 of the tables. A change of a row's form is a migration here.
pub(crate) const SCHEMA: Schema = Schema { name: "apip-server", migrations: &[] };

/// Key of [`STATE`]: where the directory is.
pub(crate) const TIP_KEY: &[u8] = b"tip";
/// Key of [`STATE`]: what the state depends on beside the chain.
pub(crate) const SETTINGS_KEY: &[u8] = b"settings";
/// Key of [`STATE`]: the orders that were undone, as long as the accounts were not told.
pub(crate) const REVOCATION_KEY: &[u8] = b"revocation";
/// Key of [`STATE`]: the service whose orders were compared with those of the accounts.
pub(crate) const COMPARED_KEY: &[u8] = b"compared";

/// The tables whose rows a block replaces and whose old rows its undo row holds. The position in
/// this list is written to disk: append only.
pub(crate) const UNDONE: &[Table] = &[ENTITIES, HISTORY, NAMES, ORDERS];

/// How keys write what something is. Append only.
pub(crate) const fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::Protocol => 1,
        Kind::Code => 2,
        Kind::Service => 3,
        Kind::App => 4,
        Kind::Cid => 5,
    }
}

/// Key of [`ENTITIES`]: kind 1, id.
pub(crate) fn entity_key(key: &EntityKey) -> Vec<u8> {
    [&[kind_byte(key.kind)][..], key.id.as_bytes()].concat()
}

/// Key of [`HISTORY`]: kind 1, height 8, index 4.
pub(crate) fn history_key(row: &HistoryRow) -> Vec<u8> {
    let place = [&row.height.0.to_be_bytes()[..], &row.index.to_be_bytes()].concat();
    [&[kind_byte(row.kind)][..], &place].concat()
}

/// Key of [`ORDERS`]: height 8, index 4, output 4.
pub(crate) fn order_key(height: u64, index: u32, vout: u32) -> Vec<u8> {
    [&height.to_be_bytes()[..], &index.to_be_bytes(), &vout.to_be_bytes()].concat()
}
