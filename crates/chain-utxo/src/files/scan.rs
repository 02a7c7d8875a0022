//! Finding the blocks in a block file: `magic ‖ length, u32 little-endian ‖ block`, again and again,
//! with anything between.

use crate::block::{BLOCK_BYTES_MAX, HEADER_BYTES, HeaderFacts, read_header};
use std::io::{self, Read, Seek, SeekFrom, Write};
use tally_primitives::BlockId;

/// What is read at once. Most blocks are far smaller; of larger ones only the header is needed.
const CHUNK_BYTES: usize = 64 << 10;
/// Length of magic and length.
const PREFIX_BYTES: usize = 8;
/// Shorter records are marks without transactions.
const BLOCK_BYTES_MIN: usize = HEADER_BYTES + 1;

/// Finds the blocks of one file, in the order in which they stand there.
///
/// What is not a record of the network whose header proves its work is skipped: zeros that were
/// allocated but not written, marks shorter than a block, remains of a node that was stopped hard.
/// At the end of a file that may grow, the scan stops before a record that is not whole yet, and a
/// later scan from [`position`](Self::position) finds it.
///
/// The time taken is linear in the file's length.
#[derive(Debug)]
pub struct RecordScan<R> {
    reader: R,
    magic: [u8; 4],
    key: Option<[u8; 8]>,
    may_grow: bool,
    position: u64,
    length: u64,
    chunk: Vec<u8>,
    chunk_at: u64,
}

/// A block in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScannedRecord {
    /// Where the block begins, in bytes from the file's beginning.
    pub offset: u64,
    /// The block's length in bytes.
    pub length: u32,
    pub(crate) header: HeaderFacts,
}

impl ScannedRecord {
    /// Returns the block's id.
    pub fn id(&self) -> BlockId {
        self.header.id
    }
}

impl<R: Read + Seek> RecordScan<R> {
    /// Begins at `position`, with the file's present length.
    ///
    /// `key` is what the file is masked with, `may_grow` whether a node may still write to it.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub fn new(
        mut reader: R,
        magic: [u8; 4],
        key: Option<[u8; 8]>,
        position: u64,
        may_grow: bool,
    ) -> io::Result<Self> {
        let length = reader.seek(SeekFrom::End(0))?;
        let chunk = Vec::new();
        Ok(Self { reader, magic, key, may_grow, position, length, chunk, chunk_at: 0 })
    }

    /// Returns where a later scan of the same file has to begin.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Finds the next block; `None` at the end of what can be read now.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub fn next_record(&mut self) -> io::Result<Option<ScannedRecord>> {
        while self.find_magic()? {
            match self.judge()? {
                Verdict::Block(record) => {
                    self.position = record.offset + u64::from(record.length);
                    return Ok(Some(record));
                }
                Verdict::Mark { end } => self.position = end,
                Verdict::Garbage => self.position += 1,
                Verdict::NotYet => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Returns the first bytes of the file, unmasked; zeros where there are none.
    pub(super) fn peek(&mut self) -> io::Result<[u8; 4]> {
        Ok(self.window(0, 4)?.first_chunk().copied().unwrap_or_default())
    }

    /// Returns whether a record may begin at the position.
    pub(super) fn is_at_record(&mut self) -> io::Result<bool> {
        self.is_magic(self.position)
    }

    fn is_magic(&mut self, offset: u64) -> io::Result<bool> {
        let magic = self.magic;
        Ok(self.window(offset, magic.len())?.starts_with(&magic))
    }

    /// Moves to the next magic; if there is none, stays where it is as long as the file may grow.
    fn find_magic(&mut self) -> io::Result<bool> {
        let magic = self.magic;
        let mut offset = self.position;
        loop {
            let window = self.window(offset, magic.len())?;
            if window.len() < magic.len() {
                break;
            }
            if let Some(found) = window.windows(magic.len()).position(|bytes| bytes == magic) {
                self.position = offset + found as u64;
                return Ok(true);
            }
            // The magic may begin in the last three bytes.
            offset += (window.len() - magic.len() + 1) as u64;
        }
        if !self.may_grow {
            self.position = self.length;
        }
        Ok(false)
    }

    /// Judges what stands at the position, which is a magic.
    fn judge(&mut self) -> io::Result<Verdict> {
        let at = self.position;
        let window = self.window(at, PREFIX_BYTES + HEADER_BYTES)?;
        let header: Option<[u8; HEADER_BYTES]> =
            window.get(PREFIX_BYTES..).and_then(|rest| rest.first_chunk()).copied();
        let length: Option<[u8; 4]> = window.get(4..PREFIX_BYTES).and_then(|it| it.try_into().ok());
        let cut = if self.may_grow { Verdict::NotYet } else { Verdict::Garbage };
        let Some(length) = length.map(u32::from_le_bytes) else { return Ok(cut) };
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        let offset = at + PREFIX_BYTES as u64;
        let end = offset + u64::from(length);
        if size > BLOCK_BYTES_MAX {
            return Ok(Verdict::Garbage);
        }
        if end > self.length {
            return Ok(cut);
        }
        if size < BLOCK_BYTES_MIN {
            return Ok(Verdict::Mark { end });
        }
        match header.and_then(|header| read_header(&header)) {
            Some(header) if header.is_proven => {
                Ok(Verdict::Block(ScannedRecord { offset, length, header }))
            }
            // Room was allocated, and the header will be written. If more follows, it never was.
            _ if self.may_grow && !self.is_magic(end)? => Ok(Verdict::NotYet),
            _ => Ok(Verdict::Garbage),
        }
    }

    /// Returns the bytes from `offset` on, at least `least` of them unless the file ends before.
    fn window(&mut self, offset: u64, least: usize) -> io::Result<&[u8]> {
        let left = self.length.saturating_sub(offset);
        let least = least.min(usize::try_from(left).unwrap_or(usize::MAX));
        let inside = offset.checked_sub(self.chunk_at).and_then(|skip| usize::try_from(skip).ok());
        let start = match inside {
            Some(skip) if skip + least <= self.chunk.len() => skip,
            _ => {
                let size = CHUNK_BYTES.min(usize::try_from(left).unwrap_or(usize::MAX));
                self.chunk.resize(size, 0);
                let read = read_at(&mut self.reader, self.key, offset, &mut self.chunk)?;
                self.chunk.truncate(read);
                self.chunk_at = offset;
                0
            }
        };
        Ok(self.chunk.get(start..).unwrap_or_default())
    }
}

enum Verdict {
    Block(ScannedRecord),
    Mark { end: u64 },
    Garbage,
    NotYet,
}

/// Fills `bytes` from the place at `offset`, unmasked. Returns how many there were.
pub(super) fn read_at(
    reader: &mut (impl Read + Seek),
    key: Option<[u8; 8]>,
    offset: u64,
    bytes: &mut [u8],
) -> io::Result<usize> {
    reader.seek(SeekFrom::Start(offset))?;
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(mut key) = key {
        key.rotate_left((offset % 8) as usize);
        for (byte, mask) in bytes[..filled].iter_mut().zip(key.iter().cycle()) {
            *byte ^= mask;
        }
    }
    Ok(filled)
}

/// Writes a record of a block file.
///
/// # Errors
///
/// Those of the writer; `InvalidInput` if the block is too long for a record.
pub fn write_record(writer: &mut impl Write, magic: [u8; 4], block: &[u8]) -> io::Result<()> {
    let length = u32::try_from(block.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    writer.write_all(&magic)?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(block)
}
