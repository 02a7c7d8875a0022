use crate::{
    ReadError,
    store::numbered,
    tables::{EQUIVOCATIONS, INVALID, REJECTIONS},
};
use std::ops::Range;
use tally_storage::{Direction, KeyRange, Store, Table};

/// The tables that keep a bounded number of rows under ascending numbers, the oldest dropped first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rings {
    pub(crate) rejections: Ring,
    pub(crate) invalid: Ring,
    pub(crate) equivocations: Ring,
}

/// The numbers in use in one table: some of them may be free, none outside is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ring {
    numbers: Range<u64>,
}

impl Rings {
    pub(crate) fn load(store: &dyn Store) -> Result<Self, ReadError> {
        Ok(Self {
            rejections: Ring::load(store, REJECTIONS)?,
            invalid: Ring::load(store, INVALID)?,
            equivocations: Ring::load(store, EQUIVOCATIONS)?,
        })
    }

    /// Returns how many rejections and how many equivocations there are.
    pub(crate) fn lengths(&self) -> (u64, u64) {
        (self.rejections.len(), self.equivocations.len())
    }
}

impl Ring {
    fn load(store: &dyn Store, table: Table) -> Result<Self, ReadError> {
        let first = store.scan(table, &KeyRange::all(), Direction::Forward, 1)?.pop();
        let last = store.last(table, &KeyRange::all())?;
        Ok(match (first, last) {
            (Some(first), Some(last)) => {
                Self { numbers: numbered(table, &first)?..numbered(table, &last)? + 1 }
            }
            (None, _) | (_, None) => Self::default(),
        })
    }

    /// Gives out the next number.
    pub(crate) fn push(&mut self) -> u64 {
        let number = self.numbers.end;
        self.numbers.end += 1;
        number
    }

    /// Returns the oldest number and forgets it, if there are more than `max`.
    pub(crate) fn pop_above(&mut self, max: u64) -> Option<u64> {
        let oldest = self.numbers.start;
        if self.len() <= max {
            return None;
        }
        self.numbers.start += 1;
        Some(oldest)
    }

    /// Returns how many numbers are between the oldest and the newest, both counted.
    pub(crate) fn len(&self) -> u64 {
        self.numbers.end - self.numbers.start
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self { numbers: 0..0 }
    }
}
