//! The walk that checks everything again: blocks by the rules, index rows against the blocks.

use crate::{LedgerStore, ReadError, RowKey, Tip, tables};
use std::collections::BTreeMap;
use tally_crypto::{ed25519::PublicKey, sha3_256_parts};
use tally_storage::{Direction, KeyRange, Table};

mod block;
mod row;

/// Rows of a table that are looked at in one step.
const STEP_ROWS: usize = 4096;

/// The tables whose rows follow from the blocks: after the walk through the blocks it is known how
/// many each must have.
const COUNTED: &[Table] = &[
    tables::BLOCKS,
    tables::HEIGHTS,
    tables::GROUPS,
    tables::TRANSACTIONS,
    tables::ASSETS,
    tables::TRANSFERS,
    tables::METADATA,
    tables::UNSPENT,
    tables::SPENT,
    tables::SPENDERS,
    tables::TEXTS,
];

/// The tables whose rows are looked at one by one.
const SINGLE: &[Table] = &[
    tables::BACKLOG,
    tables::VOTES,
    tables::INVALID,
    tables::INVALID_BLOCKS,
    tables::REJECTED,
    tables::REJECTIONS,
    tables::EQUIVOCATIONS,
];

/// Something that is not as it must be.
#[derive(Debug)]
pub enum Finding {
    /// A row is absent that follows from a block.
    MissingRow {
        /// Its table.
        table: Table,
        /// Its key.
        key: RowKey,
    },
    /// A row is there that follows from nothing.
    ExtraRow {
        /// Its table.
        table: Table,
        /// Its key.
        key: RowKey,
    },
    /// A row says something else than the block that it follows from.
    WrongRow {
        /// Its table.
        table: Table,
        /// Its key.
        key: RowKey,
    },
    /// A block breaks a rule.
    InvalidBlock {
        /// Its height.
        height: u64,
        /// The rule's code and what is wrong where.
        reason: crate::Reason,
    },
    /// The counts that are kept of the chain are not those of its blocks.
    WrongCounts {
        /// What is kept.
        kept: Tip,
        /// What the blocks say.
        counted: Tip,
    },
    /// Something could not be read.
    Unreadable(ReadError),
}

/// How far a verification is, and what it found since the step before.
#[derive(Debug)]
pub struct Step {
    /// What is being looked at: `blocks`, or the name of a table.
    pub part: &'static str,
    /// How many blocks or rows of this part are done.
    pub done: u64,
    /// How many there are, where that is known.
    pub total: Option<u64>,
    /// What was found in this step.
    pub findings: Vec<Finding>,
}

/// The walk: an iterator over steps that ends when everything was looked at. Made by
/// [`LedgerStore::verify`].
#[derive(Debug)]
pub struct Verify<'a> {
    ledger: &'a LedgerStore,
    members: Option<Vec<PublicKey>>,
    entropy: [u8; 32],
    /// The tip when the walk began. Nothing may be appended before it ends.
    tip: Option<Tip>,
    /// The tip that the blocks make, up to the one before `height`.
    counted: Option<Tip>,
    height: u64,
    /// Rows found that follow from blocks, by table.
    expected: BTreeMap<Table, u64>,
    /// What is looked at after the blocks, last first.
    walks: Vec<Walk>,
}

/// A walk through one table.
#[derive(Debug)]
struct Walk {
    table: Table,
    /// Whether each row is looked at, and not only counted.
    looks: bool,
    rest: KeyRange,
    done: u64,
}

impl LedgerStore {
    /// Checks everything again: each block by all rules against the state before it, signatures
    /// included; that each row which follows from a block is there and says what it must; and that
    /// there are no others. `members` are the federation's; without them each block is checked
    /// against its own voters. `entropy` is 32 random bytes, for the batches of signatures.
    ///
    /// Nothing may be changed before the walk ends, or it finds what is not there.
    #[must_use]
    pub fn verify(&self, members: Option<Vec<PublicKey>>, entropy: [u8; 32]) -> Verify<'_> {
        let walk = |looks| {
            move |table: &Table| Walk { table: *table, looks, rest: KeyRange::all(), done: 0 }
        };
        let walks = COUNTED.iter().map(walk(false)).chain(SINGLE.iter().map(walk(true)));
        Verify {
            ledger: self,
            members,
            entropy,
            tip: self.tip(),
            counted: None,
            height: 0,
            expected: BTreeMap::new(),
            walks: walks.rev().collect(),
        }
    }
}

impl Iterator for Verify<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        match self.tip {
            Some(tip) if self.height <= tip.height => Some(self.block_step(tip)),
            Some(_) | None => self.table_step(),
        }
    }
}

impl Verify<'_> {
    fn block_step(&mut self, tip: Tip) -> Step {
        let height = self.height;
        self.height += 1;
        let mut findings = vec![];
        if let Err(error) = self.check_block(height, &mut findings) {
            findings.push(Finding::Unreadable(error));
        }
        if height == tip.height
            && let Some(counted) = self.counted.filter(|counted| *counted != tip)
        {
            findings.push(Finding::WrongCounts { kept: tip, counted });
        }
        Step { part: "blocks", done: self.height, total: Some(tip.height + 1), findings }
    }

    fn table_step(&mut self) -> Option<Step> {
        let mut walk = self.walks.pop()?;
        let mut findings = vec![];
        let read = self.ledger.store.scan(walk.table, &walk.rest, Direction::Forward, STEP_ROWS);
        let rows = read.unwrap_or_else(|error| {
            findings.push(Finding::Unreadable(error.into()));
            vec![]
        });
        let step_total = if walk.looks { None } else { Some(self.expected_rows(walk.table)) };
        walk.done += rows.len() as u64;
        if walk.looks {
            for row in &rows {
                match self.justifies(walk.table, row) {
                    Ok(true) => {}
                    Ok(false) => findings.push(Finding::ExtraRow {
                        table: walk.table,
                        key: RowKey(row.key.clone()),
                    }),
                    Err(error) => findings.push(Finding::Unreadable(error)),
                }
            }
        }
        let step = Step { part: walk.table.name(), done: walk.done, total: step_total, findings };
        match rows.last().filter(|_| rows.len() == STEP_ROWS) {
            Some(last) => {
                walk.rest = walk.rest.resume_after(last.key.clone());
                self.walks.push(walk);
            }
            // There are more than there should be: look which.
            None if !walk.looks && walk.done != self.expected_rows(walk.table) => {
                self.walks.push(Walk { looks: true, rest: KeyRange::all(), done: 0, ..walk });
            }
            None => {}
        }
        Some(step)
    }

    /// How many rows of a table were found that have to be there.
    fn expected_rows(&self, table: Table) -> u64 {
        let found = self.expected.get(&table).copied().unwrap_or_default();
        let waiting = if table == tables::TEXTS { self.ledger.backlog.lock().len() } else { 0 };
        found + waiting as u64
    }

    /// The random bytes for one block: nobody can foresee them who does not know the seed.
    fn entropy(&self, height: u64) -> [u8; 32] {
        sha3_256_parts(&[&self.entropy, &height.to_be_bytes()])
    }
}
