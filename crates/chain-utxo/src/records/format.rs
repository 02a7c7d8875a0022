//! The binary form of records: `opreturn*.byte`.
//!
//! All integers are big-endian: `length i32 ‖ txid 32 ‖ height i64 ‖ time i64 ‖ index i32 ‖
//! signer 34 ‖ recipient 34 ‖ coin-days destroyed i64 ‖ text`, where `length` counts what follows
//! it; a mark that undoes is `40 ‖ "Rollback" and 24 points ‖ height i64`. Addresses that are not
//! there are spaces.

use super::Malformed;
use std::io::{self, Read, Write};
use tally_chain::utxo::Record;
use tally_primitives::{BlockNumber, Fid, Txid};

/// Length of what stands before a record's text, without the length itself.
const HEAD_BYTES: usize = 128;
/// Some writers put another integer before the text.
const EXTRA_BYTES: usize = 8;
/// Length of a mark, which no record can have.
const MARK_BYTES: usize = 40;
/// What a mark has in the place of an id.
const MARK: &[u8; 32] = b"Rollback........................";
const ADDRESS_BYTES: usize = 34;
/// The longest text that is taken for one; the longest that Freecash's blocks carry has 4,000 bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Whether there is another integer before the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Judge by the file's first record: a text does not begin with a zero byte, the integer does.
    #[default]
    Detect,
    /// The text follows the coin-days.
    Plain,
    /// Eight bytes stand between the coin-days and the text.
    Extended,
}

/// What a file of records says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedEntry {
    /// Somebody wrote something into the chain.
    Record(Record),
    /// Everything above this height was undone.
    RolledBackTo(BlockNumber),
}

/// Reads entries one after the other.
#[derive(Debug)]
pub struct RecordReader<R> {
    reader: R,
    layout: Layout,
    offset: u64,
    /// What was read of the next entry.
    partial: Vec<u8>,
}

/// Why the next entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Malformed(Malformed),
}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl<R: Read> RecordReader<R> {
    /// Begins to read.
    pub fn new(reader: R, layout: Layout) -> Self {
        Self { reader, layout, offset: 0, partial: Vec::new() }
    }

    /// Returns where the next entry begins, in bytes from the beginning.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns whether the end cuts an entry.
    pub(super) fn is_cut(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Reads the next entry; `None` at the end, and at an entry that is not whole yet: should the
    /// file grow, the next call reads on.
    ///
    /// # Errors
    ///
    /// `InvalidData` with what is wrong, and those of the reader. After `InvalidData` the reader
    /// stays where it is.
    pub fn next_entry(&mut self) -> io::Result<Option<LoggedEntry>> {
        self.read_entry().map_err(|error| match error {
            ReadError::Io(error) => error,
            ReadError::Malformed(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        })
    }

    pub(super) fn read_entry(&mut self) -> Result<Option<LoggedEntry>, ReadError> {
        if !self.fill(4)? {
            return Ok(None);
        }
        let mut length = Cursor(&self.partial);
        let length = i32::from_be_bytes(length.take()?);
        let size = check_length(length)?;
        if !self.fill(4 + size)? {
            return Ok(None);
        }
        let body = self.partial.get(4..).unwrap_or_default();
        let entry = if size == MARK_BYTES {
            read_mark(body, length)
        } else {
            read_record(body, &mut self.layout)
        }?;
        self.offset += self.partial.len() as u64;
        self.partial.clear();
        Ok(Some(entry))
    }

    /// Reads until the entry has `size` bytes; `false` if the end comes first. Memory grows with
    /// what is there, not with what a length promises.
    fn fill(&mut self, size: usize) -> io::Result<bool> {
        let missing = size.saturating_sub(self.partial.len());
        let mut part = (&mut self.reader).take(missing as u64);
        part.read_to_end(&mut self.partial)?;
        Ok(self.partial.len() >= size)
    }
}

fn check_length(length: i32) -> Result<usize, Malformed> {
    let size = usize::try_from(length).map_err(|_| Malformed::Length(length))?;
    let is_record = (HEAD_BYTES..=HEAD_BYTES + EXTRA_BYTES + TEXT_BYTES_MAX).contains(&size);
    if size == MARK_BYTES || is_record { Ok(size) } else { Err(Malformed::Length(length)) }
}

fn read_mark(body: &[u8], length: i32) -> Result<LoggedEntry, Malformed> {
    let mut body = Cursor(body);
    if body.take::<32>()? != *MARK {
        return Err(Malformed::Length(length));
    }
    body.number("height").map(|height| LoggedEntry::RolledBackTo(BlockNumber(height)))
}

fn read_record(body: &[u8], layout: &mut Layout) -> Result<LoggedEntry, Malformed> {
    let mut body = Cursor(body);
    let txid = Txid::from_shown(body.take()?);
    let height = BlockNumber(body.number("height")?);
    let time = body.number("time")?;
    let index = i32::from_be_bytes(body.take()?);
    let index = u32::try_from(index).map_err(|_| Malformed::Negative("index"))?;
    let signer = body.address("signer")?;
    let recipient = body.address("recipient")?;
    // Real files have a few below zero, from blocks whose clock ran behind an earlier one's.
    let cdd = i64::from_be_bytes(body.take()?).max(0).unsigned_abs();
    let text = text_of(body.0, layout).to_vec();
    let payments = Vec::new();
    Ok(LoggedEntry::Record(Record {
        txid,
        height,
        index,
        time,
        signer,
        recipient,
        cdd,
        text,
        payments,
    }))
}

fn text_of<'a>(rest: &'a [u8], layout: &mut Layout) -> &'a [u8] {
    if *layout == Layout::Detect {
        let is_extended = rest.len() >= EXTRA_BYTES && rest.first() == Some(&0);
        *layout = if is_extended { Layout::Extended } else { Layout::Plain };
    }
    match *layout {
        Layout::Extended => rest.get(EXTRA_BYTES..).unwrap_or_default(),
        Layout::Plain | Layout::Detect => rest,
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed::Cut)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self, name: &'static str) -> Result<u64, Malformed> {
        u64::try_from(i64::from_be_bytes(self.take()?)).map_err(|_| Malformed::Negative(name))
    }

    fn address(&mut self, name: &'static str) -> Result<Option<Fid>, Malformed> {
        let bytes = self.take::<ADDRESS_BYTES>()?;
        let text = bytes.trim_ascii_end();
        if text.is_empty() {
            return Ok(None);
        }
        let address = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        address.map(Some).ok_or(Malformed::Address(name))
    }
}

/// Writes entries in the plain layout.
#[derive(Debug)]
pub struct RecordWriter<W> {
    writer: W,
}

impl<W: Write> RecordWriter<W> {
    /// Begins to write.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    /// Writes an entry. Payments are not written: the format has no room for them.
    ///
    /// # Errors
    ///
    /// Those of the writer; `InvalidInput` if a number, an address or the text is too long for the
    /// format. Then nothing was written.
    pub fn write(&mut self, entry: &LoggedEntry) -> io::Result<()> {
        let too_long = || io::Error::from(io::ErrorKind::InvalidInput);
        let bytes = encode(entry).ok_or_else(too_long)?;
        let length = i32::try_from(bytes.len()).map_err(|_| too_long())?;
        self.writer.write_all(&length.to_be_bytes())?;
        self.writer.write_all(&bytes)
    }

    /// Returns the writer.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

fn encode(entry: &LoggedEntry) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, value: u64| {
        i64::try_from(value).ok().map(|value| bytes.extend(value.to_be_bytes()))
    };
    match entry {
        LoggedEntry::RolledBackTo(height) => {
            bytes.extend(MARK);
            number(&mut bytes, height.0)?;
        }
        LoggedEntry::Record(record) => {
            if record.text.len() > TEXT_BYTES_MAX {
                return None;
            }
            bytes.extend(record.txid.as_shown());
            number(&mut bytes, record.height.0)?;
            number(&mut bytes, record.time)?;
            bytes.extend(i32::try_from(record.index).ok()?.to_be_bytes());
            for address in [&record.signer, &record.recipient] {
                let text = address.as_ref().map_or("", Fid::as_str);
                bytes.extend(format!("{text:<ADDRESS_BYTES$}").as_bytes());
                if text.len() > ADDRESS_BYTES {
                    return None;
                }
            }
            number(&mut bytes, record.cdd)?;
            bytes.extend(&record.text);
        }
    }
    Some(bytes)
}
