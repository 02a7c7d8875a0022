use crate::{
    error::{ConditionError, Fault},
    reader::Reader,
};

/// A primitive part by its position.
pub(super) const fn primitive(position: u8) -> u8 {
    0x80 | position
}

/// A constructed part by its position.
pub(super) const fn constructed(position: u8) -> u8 {
    0xa0 | position
}

/// The tag of a sequence.
pub(super) const SEQUENCE: u8 = 0x30;

/// Appends a tag, a length and the bytes.
pub(super) fn write(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    if bytes.len() < 0x80 {
        out.push(bytes.len() as u8);
    } else {
        let length = (bytes.len() as u32).to_be_bytes();
        let shortest = &length[bytes.len().leading_zeros() as usize / 8 - 4..];
        out.push(0x80 | shortest.len() as u8);
        out.extend_from_slice(shortest);
    }
    out.extend_from_slice(bytes);
}

/// Appends a number: the shortest two's complement.
pub(super) fn write_number(out: &mut Vec<u8>, tag: u8, number: u32) {
    let bytes = u64::from(number).to_be_bytes();
    let bits = 64 - u64::from(number).leading_zeros() as usize;
    // One bit more than it has, for the sign.
    write(out, tag, &bytes[7 - bits / 8..]);
}

/// Returns a reader of the bytes of the next part, which must have this tag.
pub(super) fn read<'a>(reader: &mut Reader<'a>, tag: u8) -> Result<Reader<'a>, ConditionError> {
    let start = *reader;
    let found = reader.u8()?;
    if found != tag {
        return Err(start.error(Fault::Tag { expected: tag, found }));
    }
    let first = reader.u8()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let bytes = reader.take(usize::from(first & 0x7f))?;
            let length = bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
            if bytes[0] == 0 || length < 0x80 {
                return Err(start.error(Fault::NotCanonical));
            }
            length
        }
        0x80 | 0x85..=0xff => return Err(start.error(Fault::NotCanonical)),
    };
    reader.part(length)
}

/// Reads a number of at most 32 bits that is not negative.
pub(super) fn read_number(reader: &mut Reader<'_>, tag: u8) -> Result<u32, ConditionError> {
    let start = *reader;
    let mut part = read(reader, tag)?;
    let bytes = part.rest();
    let is_shortest = match bytes {
        [] => false,
        [first] => *first < 0x80,
        [0, second, ..] => *second >= 0x80,
        [first, ..] => *first < 0x80,
    };
    if !is_shortest || bytes.len() > 5 {
        return Err(start.error(Fault::NotCanonical));
    }
    let number = bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    u32::try_from(number).map_err(|_| start.error(Fault::NotCanonical))
}
