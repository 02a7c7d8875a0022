//! Records on their way to the reader: by height, each once.

use super::{LoggedEntry, Malformed, history::History};
use crate::{feed::Output, queue::Closed};
use tally_chain::utxo::{Record, Records, Update};
use tally_primitives::BlockNumber;

/// Groups records by height and hands them on.
pub(super) struct Delivery<'a> {
    output: &'a Output,
    history: History,
    /// How many entries were taken, and how many marks among them.
    taken: u64,
    marks_taken: usize,
    /// Up to where the follower has what the log says now.
    starts_after: Option<BlockNumber>,
    /// The last height that the follower has.
    delivered: Option<BlockNumber>,
    /// The records of that height, as far as they are known.
    last: Option<Records>,
    /// The records of the next height; more may come.
    pending: Option<Records>,
    owes_caught_up: bool,
    owes_rollback: bool,
}

/// Whether the entry makes sense, and if so whether anybody still reads.
pub(super) type Taken = Result<Result<(), Closed>, Malformed>;

impl<'a> Delivery<'a> {
    pub(super) fn new(mut history: History, output: &'a Output) -> Self {
        history.lowest_marks();
        let starts_after = history.undone_to.or(history.has);
        output.set_head(history.height.max(starts_after.unwrap_or_default()));
        Self {
            starts_after,
            output,
            taken: 0,
            marks_taken: 0,
            delivered: starts_after,
            owes_rollback: history.undone_to.is_some(),
            history,
            last: None,
            pending: None,
            owes_caught_up: true,
        }
    }

    pub(super) fn take(&mut self, entry: LoggedEntry) -> Taken {
        let position = self.taken;
        self.taken += 1;
        let is_new = position >= self.history.entries;
        match entry {
            LoggedEntry::RolledBackTo(to) if is_new => Ok(self.roll_back(to)),
            LoggedEntry::RolledBackTo(_) => {
                self.marks_taken += 1;
                Ok(Ok(()))
            }
            LoggedEntry::Record(record) => {
                let mark = self.history.marks.get(self.marks_taken);
                let is_undone = !is_new && mark.is_some_and(|(_, to)| record.height > *to);
                if is_undone { Ok(Ok(())) } else { self.record(record) }
            }
        }
    }

    fn record(&mut self, record: Record) -> Taken {
        let height = record.height;
        if let Some(pending) = self.pending.as_mut().filter(|pending| pending.height == height) {
            pending.records.push(record);
            return Ok(Ok(()));
        }
        if self.flush().is_err() {
            return Ok(Err(Closed));
        }
        let records = Records { height, time: record.time, records: vec![record] };
        match self.delivered {
            Some(delivered) if height > delivered => self.history.has_reached = true,
            None => {}
            // What the follower has. The newest height is kept, should more of it come.
            Some(delivered) if self.is_known(height) => {
                if height == delivered {
                    self.keep(records);
                }
                return Ok(Ok(()));
            }
            Some(delivered) if height == delivered => return self.complete(records),
            Some(after) => return Err(Malformed::Order { height, after }),
        }
        self.output.set_head(height);
        self.pending = Some(records);
        Ok(Ok(()))
    }

    /// Returns whether the follower had the height before the source was started: the log repeats
    /// what it has from the beginning, and a new log until it has come as far.
    fn is_known(&self, height: BlockNumber) -> bool {
        let is_repeated = self.taken <= self.history.entries || !self.history.has_reached;
        is_repeated && self.starts_after.is_some_and(|known| height <= known)
    }

    fn keep(&mut self, records: Records) {
        match &mut self.last {
            Some(last) if last.height == records.height => last.records.extend(records.records),
            _ => self.last = Some(records),
        }
    }

    /// More records of a height that was delivered already: it is undone and delivered whole.
    fn complete(&mut self, late: Records) -> Taken {
        let height = late.height;
        let Some(below) = height.0.checked_sub(1).map(BlockNumber) else {
            return Err(Malformed::Order { height, after: height });
        };
        self.keep(late);
        self.pending = self.last.take();
        Ok(self.undo(below))
    }

    fn roll_back(&mut self, to: BlockNumber) -> Result<(), Closed> {
        if self.pending.as_ref().is_some_and(|pending| pending.height > to) {
            self.pending = None;
        }
        self.flush()?;
        if self.history.has_reached && self.delivered.is_some_and(|delivered| delivered > to) {
            self.last = None;
            self.undo(to)?;
        }
        Ok(())
    }

    fn undo(&mut self, to: BlockNumber) -> Result<(), Closed> {
        self.delivered = Some(to);
        self.owes_caught_up = true;
        self.output.push(Update::RolledBackTo(to))
    }

    /// Hands the pending records on.
    fn flush(&mut self) -> Result<(), Closed> {
        self.settle_rollback()?;
        let Some(records) = self.pending.take() else { return Ok(()) };
        self.delivered = Some(records.height);
        self.owes_caught_up = true;
        self.last = Some(records.clone());
        self.output.push(Update::Records(records))
    }

    /// Undoes first what the follower has but the log took back meanwhile.
    fn settle_rollback(&mut self) -> Result<(), Closed> {
        if !self.owes_rollback {
            return Ok(());
        }
        self.owes_rollback = false;
        self.delivered.map_or(Ok(()), |to| self.output.push(Update::RolledBackTo(to)))
    }

    /// Hands on all there is, and says so.
    pub(super) fn catch_up(&mut self) -> Result<(), Closed> {
        self.flush()?;
        if !std::mem::take(&mut self.owes_caught_up) {
            return Ok(());
        }
        let height = self.delivered.unwrap_or_default();
        self.output.push(Update::CaughtUp(height))
    }
}
