//! How fast the directory is, for the log.

use crate::load::rate;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// How fast a directory catches up.
pub(crate) struct Pace {
    reported: Instant,
    pub(crate) blocks: u64,
    blocks_before: u64,
    records_before: Option<u64>,
    started: Instant,
    is_over: bool,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

impl Pace {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            reported: now,
            blocks: 0,
            blocks_before: 0,
            records_before: None,
            started: now,
            is_over: false,
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        !self.is_over && self.reported.elapsed() >= REPORT_EVERY
    }

    pub(crate) fn report(&mut self, height: u64, records: u64, head: Option<u64>) {
        let time = self.reported.elapsed();
        let blocks_per_second = rate(self.blocks - self.blocks_before, time);
        let before = self.records_before.unwrap_or(records);
        let records_per_second = rate(records.saturating_sub(before), time);
        tracing::info!(height, head, records, blocks_per_second, records_per_second, "indexing");
        self.reported = Instant::now();
        self.blocks_before = self.blocks;
        self.records_before = Some(records);
    }

    pub(crate) fn caught_up(&mut self, height: Option<u64>) {
        if !self.is_over {
            self.is_over = true;
            let seconds = self.started.elapsed().as_secs();
            tracing::info!(height, blocks = self.blocks, seconds, "the directory has caught up");
        }
    }
}
