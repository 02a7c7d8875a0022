use crate::Counters;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What [`Counters`] are read from.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) busy: Counter,
    pub(crate) rejected: Counter,
    pub(crate) blocks: Counter,
    pub(crate) own_blocks: Counter,
    pub(crate) invalid_proposals: Counter,
    pub(crate) bad_messages: Counter,
}

impl Tallies {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            accepted: self.accepted.get(),
            refused: self.refused.get(),
            busy: self.busy.get(),
            rejected: self.rejected.get(),
            blocks: self.blocks.get(),
            own_blocks: self.own_blocks.get(),
            invalid_proposals: self.invalid_proposals.get(),
            bad_messages: self.bad_messages.get(),
        }
    }
}
