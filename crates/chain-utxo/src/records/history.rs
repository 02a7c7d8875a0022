//! What has to be known of a log before any of it is delivered.

use super::LoggedEntry;
use tally_chain::utxo::Start;
use tally_primitives::BlockNumber;

/// What the log says about itself before anything is delivered: which of its records were undone
/// later, and whether a follower has to undo any.
pub(super) struct History {
    /// The height that the follower has.
    pub(super) has: Option<BlockNumber>,
    pub(super) entries: u64,
    /// The height after the entries seen so far.
    pub(super) height: BlockNumber,
    /// Whether the log has come as far as the follower.
    pub(super) has_reached: bool,
    /// The marks: after how many entries, and what they undo everything above of.
    pub(super) marks: Vec<(u64, BlockNumber)>,
    /// The lowest mark after the log had come as far as the follower.
    pub(super) undone_to: Option<BlockNumber>,
}

impl History {
    pub(super) fn new(start: &Start) -> Self {
        let has = match start {
            Start::Fresh => None,
            Start::After { height, .. } => Some(*height),
        };
        Self {
            has,
            entries: 0,
            height: BlockNumber(0),
            has_reached: has.is_none(),
            marks: Vec::new(),
            undone_to: None,
        }
    }

    pub(super) fn see(&mut self, entry: &LoggedEntry) {
        match entry {
            LoggedEntry::Record(record) => self.height = self.height.max(record.height),
            LoggedEntry::RolledBackTo(to) => {
                self.height = self.height.min(*to);
                self.marks.push((self.entries, *to));
                if self.has_reached && self.has.is_some_and(|has| *to < has) {
                    self.undone_to = Some(self.undone_to.map_or(*to, |lowest| lowest.min(*to)));
                }
            }
        }
        self.entries += 1;
        self.has_reached |= self.has.is_some_and(|has| self.height >= has);
    }

    /// Turns each mark into the lowest of it and those after it: what stands before it and above
    /// that does not count any more.
    pub(super) fn lowest_marks(&mut self) {
        let mut lowest = BlockNumber(u64::MAX);
        for (_, to) in self.marks.iter_mut().rev() {
            lowest = lowest.min(*to);
            *to = lowest;
        }
    }
}
