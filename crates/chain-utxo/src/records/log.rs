//! Following a log of records: what it says now, and what is added.

use super::{
    LoggedEntry, Malformed, RecordError, RecordReader, RecordSettings, delivery::Delivery,
    format::ReadError, history::History, parse_json_records,
};
use crate::{feed::Output, queue::Closed};
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    time::Duration,
};
use tally_chain::{ChainError, utxo::Start};

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
    for (entry, number) in entries.into_iter().zip(1..) {
        let delivered = delivery.take(entry).map_err(|reason| RecordError::Disordered {
            path: path.to_owned(),
            number,
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
