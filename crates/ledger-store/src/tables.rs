//! The tables of the ledger and how their keys are written: the layout at a glance.
//!
//! Numbers in keys are big-endian, so that scans run in order. A *place* is 8 bytes, see
//! [`Place`](crate::Place); a *number* is the 8 bytes that a text was given when it was stored; an
//! *output* is a place and the output's index, 4 bytes.

use crate::{OutputPlace, Place};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{AssetUuid, BlockId, MetadataId};
use tally_storage::{Access, KeyRange, Table, schema::Schema};

/// Name → fact about the ledger as a whole: [`TIP_KEY`] → where the chain ends and how much it
/// holds; [`note_key`] → what the owner of the ledger wants to find again.
pub(crate) const STATE: Table = Table::new("ledger_state");
/// Number → canonical JSON of a transaction. Written once, whatever becomes of it; short of those
/// in the chain, removed when neither the backlog holds it any more.
pub(crate) const TEXTS: Table = Table::new("texts").with_access(Access::Log);
/// Number → id of an accepted transaction that no block of the chain holds yet.
pub(crate) const BACKLOG: Table = Table::new("backlog").with_access(Access::Log);
/// Transaction id → place, number.
pub(crate) const TRANSACTIONS: Table = Table::new("transactions").with_access(Access::Points);
/// Place of the first of [`GROUP`] neighbours in a block → id and number of each, 40 bytes.
pub(crate) const GROUPS: Table = Table::new("groups").with_access(Access::Log);
/// Height → head of the block: all of it but its transactions.
pub(crate) const BLOCKS: Table = Table::new("blocks").with_access(Access::Log);
/// Block id → height.
pub(crate) const HEIGHTS: Table = Table::new("heights").with_access(Access::Points);
/// Asset uuid → place of the transaction that created it. Assets of the flat formats need no row:
/// they are named by their transaction.
pub(crate) const ASSETS: Table = Table::new("assets").with_access(Access::Points);
/// Place of the asset's creator, place of a transfer → nothing.
pub(crate) const TRANSFERS: Table = Table::new("transfers");
/// Metadata uuid, place of a transaction with this metadata → nothing.
pub(crate) const METADATA: Table = Table::new("metadata");
/// Owner, output that nobody has spent → nothing.
pub(crate) const UNSPENT: Table = Table::new("unspent").with_access(Access::Churn);
/// Owner, spent output → nothing.
pub(crate) const SPENT: Table = Table::new("spent");
/// Spent output → place of the transaction that spends it.
pub(crate) const SPENDERS: Table = Table::new("spenders").with_access(Access::Points);
/// Block id, voter → canonical JSON of the vote.
pub(crate) const VOTES: Table = Table::new("votes");
/// Number of an invalid block → what is wrong with it, and the ids of its transactions.
pub(crate) const INVALID: Table = Table::new("invalid");
/// Number of an invalid block → the block, as it is sent.
pub(crate) const INVALID_BLOCKS: Table = Table::new("invalid_blocks");
/// Transaction id → number of the rejection and why.
pub(crate) const REJECTED: Table = Table::new("rejected").with_access(Access::Points);
/// Number of the rejection → transaction id.
pub(crate) const REJECTIONS: Table = Table::new("rejections").with_access(Access::Log);
/// Number → two messages that one member signed and that contradict each other.
pub(crate) const EQUIVOCATIONS: Table = Table::new("equivocations");

/// All tables that a store for a ledger must have.
pub const TABLES: &[Table] = &[
    STATE,
    TEXTS,
    BACKLOG,
    TRANSACTIONS,
    GROUPS,
    BLOCKS,
    HEIGHTS,
    ASSETS,
    TRANSFERS,
    METADATA,
    UNSPENT,
    SPENT,
    SPENDERS,
    VOTES,
    INVALID,
    INVALID_BLOCKS,
    REJECTED,
    REJECTIONS,
    EQUIVOCATIONS,
];

/// Version 1 of the tables. A change of a row's form is a migration here.
pub(crate) const SCHEMA: Schema = Schema { name: "bigchain-node", migrations: &[] };

/// Transactions whose ids share a row of [`GROUPS`]: enough that a block of a thousand has 16 rows
/// in place of 1000, few enough that a look-up of one reads 2.5 kB.
pub(crate) const GROUP: u16 = 64;

/// The key of [`STATE`] under which the tip is.
pub(crate) const TIP_KEY: &[u8] = b"tip";

/// Key of [`STATE`] for a note of the ledger's owner: `note/` and its name.
pub(crate) fn note_key(name: &str) -> Vec<u8> {
    [b"note/", name.as_bytes()].concat()
}

/// Key of [`TRANSFERS`]: 16 bytes.
pub(crate) fn transfer_key(creator: Place, transfer: Place) -> Vec<u8> {
    [creator.to_bytes(), transfer.to_bytes()].concat()
}

/// Key of [`METADATA`]: 24 bytes.
pub(crate) fn metadata_key(metadata: &MetadataId, place: Place) -> Vec<u8> {
    [&metadata.as_bytes()[..], &place.to_bytes()].concat()
}

/// Key of [`UNSPENT`] and [`SPENT`]: 44 bytes.
pub(crate) fn owned_key(owner: &PublicKey, output: OutputPlace) -> Vec<u8> {
    [&owner.as_bytes()[..], &output.to_bytes()].concat()
}

/// Key of [`VOTES`]: 64 bytes.
pub(crate) fn vote_key(block: &BlockId, voter: &PublicKey) -> Vec<u8> {
    [&block.as_bytes()[..], voter.as_bytes()].concat()
}

/// Key of [`ASSETS`]: 16 bytes.
pub(crate) fn asset_key(asset: &AssetUuid) -> [u8; 16] {
    *asset.as_bytes()
}

/// The keys that are `prefix` and a place or an output, from `after` (not included; from the start
/// if there is none) to the end of block `height` (included).
pub(crate) fn listing(prefix: &[u8], after: Option<&[u8]>, height: u64) -> KeyRange {
    let end = match Place::new(height.saturating_add(1), 0) {
        Some(place) => [prefix, &place.to_bytes()].concat(),
        // No place is as high as that, so nothing follows.
        None => [prefix, &[0xff; 9]].concat(),
    };
    let range = KeyRange::between(prefix, end);
    match after {
        Some(after) => range.resume_after([prefix, after].concat()),
        None => range,
    }
}

/// Returns the part of `key` after its first `length` bytes.
pub(crate) fn tail<const N: usize>(key: &[u8], length: usize) -> Option<[u8; N]> {
    key.get(length..)?.try_into().ok()
}
