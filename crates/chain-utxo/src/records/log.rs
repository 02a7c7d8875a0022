//! Following a log of records: what it says now, and what is added.

use super::{
    LoggedEntry, Malformed, RecordError, RecordReader, RecordSettings, format::ReadError,
    parse_json_records,
};
use crate::{feed::Output, queue::Closed};
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    time::Duration,
};
use tally_chain::{
    ChainError,
    utxo::{Record, Records, Start, Update},
};
use tally_primitives::BlockNumber;

/// The longest JSON file that is read: it is held in memory while it is. Larger ones are to be
/// converted to the binary form.
const JSON_BYTES_MAX: u64 = 256 << 20;
/// The longest pause after a file could not be read.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// How long a source whose file cannot grow sleeps at a time.
const NOTHING_MORE: Duration = Duration::from_secs(3_600);
/// Extensions of JSON files.
const JSON_EXTENSIONS: [&str; 3] = ["json", "jsonl", "ndjson"];

/// Follows a file until nobody reads any more, or until it cannot be read.
pub(super) fn follow(
    settings: &RecordSettings,
    start: &Start,
    output: &Output,
) -> Result<Closed, ChainError> {
    let extension = settings.path.extension().and_then(|extension| extension.to_str());
    let mut backoff = settings.poll;
    loop {
        let outcome = if extension.is_some_and(|it| JSON_EXTENSIONS.contains(&it)) {
            read_json(&settings.path, start, output)
        } else {
            read_binary(settings, start, output)
        };
        let error = match outcome {
            Ok(Closed) => return Ok(Closed),
            // Only opening fails before anything was delivered; so it can be begun again.
            Err(error @ RecordError::Io { .. }) => error,
            Err(error) => return Err(error.into_chain_error()),
        };
        tracing::warn!(%error, retry_in = ?backoff, "no records yet");
        if output.pause(backoff).is_err() {
            return Ok(Closed);
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

fn read_json(path: &Path, start: &Start, output: &Output) -> Result<Closed, RecordError> {
    let io = |source| RecordError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length > JSON_BYTES_MAX {
        return Err(RecordError::TooLong { path: path.to_owned(), length, max: JSON_BYTES_MAX });
    }
    let mut text = String::new();
    file.take(JSON_BYTES_MAX).read_to_string(&mut text).map_err(io)?;
    let entries = parse_json_records(&text).map_err(|source| {
        let (line, column) = (source.line(), source.column());
        RecordError::Json { path: path.to_owned(), line, column, source }
    })?;
    drop(text);
    let mut history = History::new(start);
    entries.iter().for_each(|entry| history.see(entry));
    let mut delivery = Delivery::new(history, output);
    for entry in entries {
        let delivered = delivery.take(entry).map_err(|reason| RecordError::Malformed {
            path: path.to_owned(),
            offset: 0,
            reason,
        })?;
        if delivered.is_err() {
            return Ok(Closed);
        }
    }
    let mut outcome = delivery.catch_up();
    while outcome.is_ok() {
        outcome = output.pause(NOTHING_MORE);
    }
    Ok(Closed)
}

fn read_binary(
    settings: &RecordSettings,
    start: &Start,
    output: &Output,
) -> Result<Closed, RecordError> {
    let mut history = History::new(start);
    let mut files = Files::open(settings)?;
    while let Some(entry) = files.next_entry()? {
        history.see(&entry);
        if output.is_closed() {
            return Ok(Closed);
        }
    }
    let mut files = Files::open(settings)?;
    let mut delivery = Delivery::new(history, output);
    let mut is_quiet = false;
    loop {
        let offset = files.reader.offset();
        let closed = match files.next_entry() {
            Ok(Some(entry)) => {
                is_quiet = false;
                delivery.take(entry).map_err(|reason| files.malformed(offset, reason))?
            }
            Ok(None) => {
                let outcome = if is_quiet { delivery.catch_up() } else { Ok(()) };
                is_quiet = true;
                outcome.and_then(|()| output.pause(settings.poll))
            }
            Err(error @ RecordError::Io { .. }) => {
                tracing::warn!(%error, "records cannot be read for now");
                output.pause(settings.poll)
            }
            Err(error) => return Err(error),
        };
        if closed.is_err() {
            return Ok(Closed);
        }
    }
}

/// The entries of a file and of those that continue it.
struct Files {
    path: PathBuf,
    settings: RecordSettings,
    reader: RecordReader<BufReader<File>>,
}

impl Files {
    fn open(settings: &RecordSettings) -> Result<Self, RecordError> {
        let path = settings.path.clone();
        let reader = open(&path, settings)?;
        Ok(Self { path, settings: settings.clone(), reader })
    }

    fn next_entry(&mut self) -> Result<Option<LoggedEntry>, RecordError> {
        loop {
            // Asked before the file is read: whoever begins the next one is done with this one.
            let next = next_path(&self.path).filter(|next| next.is_file());
            let offset = self.reader.offset();
            let entry = self.reader.read_entry().map_err(|error| match error {
                ReadError::Io(source) => RecordError::Io { path: self.path.clone(), source },
                ReadError::Malformed(reason) => self.malformed(offset, reason),
            })?;
            match (entry, next) {
                (Some(entry), _) => return Ok(Some(entry)),
                (None, None) => return Ok(None),
                (None, Some(_)) if self.reader.is_cut() => {
                    return Err(self.malformed(offset, Malformed::Cut));
                }
                (None, Some(next)) => {
                    self.reader = open(&next, &self.settings)?;
                    self.path = next;
                }
            }
        }
    }

    fn malformed(&self, offset: u64, reason: Malformed) -> RecordError {
        RecordError::Malformed { path: self.path.clone(), offset, reason }
    }
}

fn open(
    path: &Path,
    settings: &RecordSettings,
) -> Result<RecordReader<BufReader<File>>, RecordError> {
    let io = |source: io::Error| RecordError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    Ok(RecordReader::new(BufReader::with_capacity(1 << 16, file), settings.layout))
}

/// Returns the file that continues this one: `opreturn0.byte` is followed by `opreturn1.byte`.
fn next_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let prefix = stem.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let number: u32 = stem.get(prefix.len()..)?.parse().ok()?;
    Some(path.with_file_name(format!("{prefix}{}.{extension}", number.checked_add(1)?)))
}

/// What the log says about itself before anything is delivered: which of its records were undone
/// later, and whether a follower has to undo any.
struct History {
    /// The height that the follower has.
    has: Option<BlockNumber>,
    entries: u64,
    /// The height after the entries seen so far.
    height: BlockNumber,
    /// Whether the log has come as far as the follower.
    has_reached: bool,
    /// The marks: after how many entries, and what they undo everything above of.
    marks: Vec<(u64, BlockNumber)>,
    /// The lowest mark after the log had come as far as the follower.
    undone_to: Option<BlockNumber>,
}

impl History {
    fn new(start: &Start) -> Self {
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

    fn see(&mut self, entry: &LoggedEntry) {
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
    fn lowest_marks(&mut self) {
        let mut lowest = BlockNumber(u64::MAX);
        for (_, to) in self.marks.iter_mut().rev() {
            lowest = lowest.min(*to);
            *to = lowest;
        }
    }
}

/// Groups records by height and hands them on.
struct Delivery<'a> {
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

type Taken = Result<Result<(), Closed>, Malformed>;

impl<'a> Delivery<'a> {
    fn new(mut history: History, output: &'a Output) -> Self {
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

    fn take(&mut self, entry: LoggedEntry) -> Taken {
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
    fn catch_up(&mut self) -> Result<(), Closed> {
        self.flush()?;
        if !std::mem::take(&mut self.owes_caught_up) {
            return Ok(());
        }
        let height = self.delivered.unwrap_or_default();
        self.output.push(Update::CaughtUp(height))
    }
}
